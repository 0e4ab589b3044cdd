"""How levels, shares and scales are written for people."""

from __future__ import annotations


def level_words(level: object) -> str:
    """Return a factor's level in words: whole numbers with thousands, else as it was written."""
    if isinstance(level, int) and not isinstance(level, bool):
        return f"{level:,}"
    return str(level)


def factor_words(path: str) -> str:
    """Return what a factor is called in heads and on axes: the last part of its dotted path."""
    return path.rsplit(".", 1)[-1].replace("_", " ")


def percent(share: float) -> str:
    """Return a share from 0 to 1 as a whole percentage, such as "70 %"."""
    return f"{share:.0%}".replace("%", " %")


def fraction(scale: float) -> str:
    """Return a scale as a fraction, such as "1/4,000"; "1" is full load."""
    inverse = 1 / scale
    if scale >= 1 or abs(inverse - round(inverse)) > 1e-6 * inverse:
        return f"{scale:g}"
    return f"1/{inverse:,.0f}"
