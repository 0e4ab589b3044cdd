"""The values between two that a search may try: whole numbers, or each a little larger."""

from __future__ import annotations

import math
import re

from experiments.scenario_files.suggestions import shortened

Bound = int | float | str
"""An end of a range, as a scenario file has it: 4, 0.5, "64 MB", "5 min"."""

_EACH = 100
"""So many whole numbers are tried one by one; of more, each a share larger."""

_QUANTITY = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-zµ/]+)\s*", re.ASCII)


def ladder(least: Bound, most: Bound, resolution: float) -> tuple[Bound, ...]:
    """Return the values from `least` to `most`, both of one kind, in rising order.

    Whole numbers are tried one by one where they are few; others, and quantities with a unit, each
    by `resolution` larger than the one before, to three digits.

    Raises:
        ValueError: the two are not of one kind or unit, or not in order.
    """
    low, unit = _number(least)
    high, other = _number(most)
    if unit != other:
        raise ValueError(
            f"{_written(least)} and {_written(most)} have no unit in common; write both ends of "
            "the range with the same unit"
        )
    if low > high:
        raise ValueError(
            f"{_written(least)} is more than {_written(most)}; swap the ends of the range"
        )
    if low <= 0 and not (unit is None and isinstance(least, int)):
        raise ValueError(f"{_written(least)} will not do; begin above 0")
    whole = isinstance(least, int) and isinstance(most, int)
    if whole and high - low < _EACH:
        return tuple(range(int(low), int(high) + 1))
    values = [low]
    while values[-1] < high:
        following = _digits(max(values[-1], 1.0 if whole else values[-1]) * (1 + resolution))
        if whole:
            following = max(math.ceil(following), values[-1] + 1)
        values.append(min(following, high))
    if unit is None:
        return tuple(int(value) if whole else value for value in values)
    return tuple(f"{value:.12g} {unit}" for value in values)


def _number(bound: Bound) -> tuple[float, str | None]:
    if isinstance(bound, bool) or not isinstance(bound, int | float | str):
        raise ValueError(f"{_written(bound)} is no end of a range")
    if isinstance(bound, int | float):
        if not math.isfinite(bound) or abs(bound) > 1e15:
            raise ValueError(f"{_written(bound)} is out of reach")
        return bound, None
    found = _QUANTITY.fullmatch(bound)
    if found is None:
        raise ValueError(
            f'{_written(bound)} is no end of a range; write a number or a quantity such as "5 min"'
        )
    return float(found[1]), found[2]


def _digits(value: float) -> float:
    """Return a value rounded up to three digits."""
    place = 10.0 ** (2 - math.floor(math.log10(value)))
    return math.ceil(round(value * place, 6)) / place


def _written(bound: object) -> str:
    return f'"{shortened(bound)}"' if isinstance(bound, str) else shortened(str(bound))
