"""How levels, shares, rates, times and scales are written for people."""

from __future__ import annotations

import math

_UNITS = ((86400.0, "day"), (3600.0, "hour"), (60.0, "minute"), (1.0, "second"))
_SHORT = {"day": "d", "hour": "h", "minute": "min", "second": "s"}


def level_words(level: object) -> str:
    """Return a factor's level in words: whole numbers with thousands, else as TOML writes it.

    Tables of an array stand between "+", an empty array is "none"; the key of a certificate is
    its kind alone.
    """
    if isinstance(level, bool):
        return "true" if level else "false"
    if isinstance(level, int):
        return f"{level:,}"
    if isinstance(level, list | tuple):
        apart = " + " if any(isinstance(one, dict) for one in level) else ", "
        return apart.join(map(level_words, level)) or "none"
    if isinstance(level, dict):
        return ", ".join(
            level_words(value) if key == "key" else f"{key} {level_words(value)}"
            for key, value in level.items()
        )
    return str(level)


def factor_words(path: str, among: tuple[str, ...] = ()) -> str:
    """Return what a factor is called in heads and on axes: the end of its dotted path.

    As much of the end as tells it from the others it stands `among`: "capacity", or "server
    capacity" where another factor ends in "capacity" too.
    """
    parts = path.replace('"', "").split(".")
    others = [other.replace('"', "").split(".") for other in among if other != path]
    for length in range(1, len(parts) + 1):
        apart = all(other[-length:] != parts[-length:] for other in others)
        if apart and not parts[-length].isdigit():
            break
    return " ".join(parts[-length:]).replace("_", " ")


def percent(share: float) -> str:
    """Return a share from 0 to 1 as a percentage without needless digits: "70 %", "2.5 %"."""
    return f"{round(100 * share, 2):g} %"


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


def rounded(number: float) -> str:
    """Return a number with three significant digits and thousands, such as "1,230" or "0.0123"."""
    text = rounded_to(number, significant_place(number))
    return text.rstrip("0").rstrip(".") if "." in text else text


def significant_place(number: float) -> int:
    """Return the decimals that show three significant digits; negative for tens and beyond."""
    if number == 0 or not math.isfinite(number):
        return 0
    return min(12, 2 - math.floor(math.log10(abs(number))))


def rounded_to(number: float, decimals: int) -> str:
    """Return a number rounded to so many decimals, negative for tens and beyond: "18,600"."""
    if not math.isfinite(number):
        return f"{number:g}"
    return f"{round(number, decimals):,.{max(0, decimals)}f}"


def rate_words(rate: float) -> str:
    """Return connections a second, such as "1,200 connections/s"."""
    return f"{rounded(rate)} connection{'' if rate == 1 else 's'}/s"


def duration_words(seconds: float, *, article: bool = False) -> str:
    """Return a duration in the largest unit that fits, such as "90 s", "5 min" or "2 d".

    With `article` one of a unit is the unit alone, as it stands behind "the busiest": "minute",
    "10 s".
    """
    for length, name in _UNITS:
        number = seconds / length
        if number >= 1 and abs(number - round(number, 1)) < 1e-9 * number:
            if article and number == 1:
                return name
            return f"{number:,g} {_SHORT[name]}"
    if seconds and seconds < 1:
        return f"{1e3 * seconds:,.3g} ms"
    return f"{seconds:,.4g} s"


def time_unit(seconds: float) -> tuple[str, float]:
    """Return the unit in which an axis of that length is told, in the plural, and its seconds."""
    for length, name in _UNITS:
        if seconds >= 3 * length:
            return f"{name}s", length
    return "seconds", 1.0


def fraction(scale: float) -> str:
    """Return a scale as a fraction, such as "1/4,000"; "1" is full load."""
    inverse = 1 / scale
    if scale >= 1 or abs(inverse - round(inverse)) > 1e-6 * inverse:
        return f"{scale:g}"
    return f"1/{inverse:,.0f}"


def listed(words: list[str]) -> str:
    """Return words as a list in prose: "a", "a and b", "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def counted(number: int, noun: str) -> str:
    """Return "1 point", "2 points"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
