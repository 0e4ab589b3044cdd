"""How levels, shares and scales are written for people."""

from __future__ import annotations

import math


def level_words(level: object) -> str:
    """Return a factor's level in words: whole numbers with thousands, else as TOML writes it."""
    if isinstance(level, bool):
        return "true" if level else "false"
    if isinstance(level, int):
        return f"{level:,}"
    if isinstance(level, list):
        return ", ".join(map(level_words, level))
    return str(level)


def factor_words(path: str) -> str:
    """Return what a factor is called in heads and on axes: the last part of its dotted path."""
    return path.rsplit(".", 1)[-1].replace("_", " ")


def percent(share: float) -> str:
    """Return a share from 0 to 1 as a whole percentage, such as "70 %"."""
    return f"{share:.0%}".replace("%", " %")


def decimals_for(number: float, least: int) -> int:
    """Return how many decimals show a number below 1 with three digits, and never fewer."""
    if not math.isfinite(number) or abs(number) >= 1 or number == 0:
        return least
    return max(least, min(8, 2 - math.floor(math.log10(abs(number)))))


def size_words(size: float) -> str:
    """Return a size in bytes with a fitting unit, such as "4 GB"."""
    for unit, power in (("GB", 9), ("MB", 6), ("kB", 3)):
        if size >= 10**power:
            return f"{size / 10**power:,.3g} {unit}"
    return f"{size:,.0f} B"


def fraction(scale: float) -> str:
    """Return a scale as a fraction, such as "1/4,000"; "1" is full load."""
    inverse = 1 / scale
    if scale >= 1 or abs(inverse - round(inverse)) > 1e-6 * inverse:
        return f"{scale:g}"
    return f"1/{inverse:,.0f}"
