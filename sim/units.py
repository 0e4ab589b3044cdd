"""Quantities with units: "40 ms", "3.7 kB", "100 Mbit/s", "30 /s", "1/2000".

Units are parsed here and nowhere else. Inside the simulator times are seconds, sizes bytes, bit
rates bits a second, frequencies events a second and scales plain shares.

What is out of all reach is refused: durations above 100 years or, where they must not be 0, below a
nanosecond, sizes above 1 PB, bit rates below 1 bit/s or above 1 Pbit/s, frequencies below one in
30,000 years or above 10^9 /s, scales below 10^-9.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator, Field, PlainSerializer

Number = TypeVar("Number", int, float)

_DURATIONS = {
    "ns": Fraction(1, 10**9),
    "us": Fraction(1, 10**6),
    "µs": Fraction(1, 10**6),
    "ms": Fraction(1, 1000),
    "s": Fraction(1),
    "min": Fraction(60),
    "h": Fraction(3600),
    "d": Fraction(86_400),
}
_SIZES = {
    "B": Fraction(1),
    "kB": Fraction(10**3),
    "MB": Fraction(10**6),
    "GB": Fraction(10**9),
    "KiB": Fraction(2**10),
    "MiB": Fraction(2**20),
    "GiB": Fraction(2**30),
}
_BIT_RATES = {
    "bit/s": Fraction(1),
    "kbit/s": Fraction(10**3),
    "Mbit/s": Fraction(10**6),
    "Gbit/s": Fraction(10**9),
}
_FREQUENCIES = {
    "/s": Fraction(1),
    "/min": Fraction(1, 60),
    "/h": Fraction(1, 3600),
    "/d": Fraction(1, 86_400),
}

LONGEST_DURATION = 36_525 * 86_400
"""Seconds: a hundred years."""
LARGEST_SIZE = 10**15
_RATES = (Fraction(1), Fraction(10**15))
_EVENTS = (Fraction(1, 10**12), Fraction(10**9))
_LEAST_SCALE = Fraction(1, 10**9)
_LEAST_DURATION = Fraction(1, 10**9)

_LOOKALIKES = str.maketrans(
    {
        **dict.fromkeys("\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007", " "),
        **dict.fromkeys("\u2008\u2009\u200a\u202f\u205f\u3000", " "),
        **dict.fromkeys("\u2010\u2011\u2212\ufe63\uff0d", "-"),
        "\u03bc": "µ",
    }
)
"""Signs that look like those of a quantity: spaces of typographers, minus signs, the Greek mu."""

_NUMBER = r"(?:\d+(?:_\d+)*(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d{1,2})?"
_LONGEST = 40
_LONGEST_TEXT = 1000
_QUANTITY = re.compile(rf"\s*([+-]?)({_NUMBER})\s*([A-Za-zµ/]+)?\s*", re.ASCII)
_RATIO = re.compile(rf"\s*([+-]?)({_NUMBER})\s*(?:/\s*({_NUMBER})\s*)?", re.ASCII)


def parse_duration(value: object) -> float:
    """Seconds of a duration such as `"40 ms"`, `"5 min"`, `"10 h"` or `"7 d"`.

    Raises `ValueError` for anything else: a negative one, an unknown unit, a number without one.
    """
    duration = _parse(value, "a duration", _DURATIONS, '"5 min"')
    if duration > LONGEST_DURATION:
        raise ValueError(f"{_quoted(value)} is out of reach; a duration is at most 36525 d")
    return float(duration)


def parse_size(value: object) -> int:
    """Bytes of a size such as `"400 B"`, `"3.7 kB"` (3,700) or `"16 KiB"` (16,384).

    Raises `ValueError` for anything else, and for a size that is not a whole number of bytes.
    """
    size = _parse(value, "a size", _SIZES, '"3.7 kB"')
    if size > LARGEST_SIZE:
        raise ValueError(f"{_quoted(value)} is out of reach; a size is at most 1000000 GB")
    if size.denominator != 1:
        raise ValueError(f"{_quoted(value)} is not a whole number of bytes")
    return int(size)


def parse_bit_rate(value: object) -> float:
    """Bits a second of a bit rate such as `"100 Mbit/s"`. Raises `ValueError` otherwise."""
    rate = _parse(value, "a bit rate", _BIT_RATES, '"100 Mbit/s"')
    return _within(_RATES, rate, value, 'a bit rate is from "1 bit/s" to "1000000 Gbit/s"')


def parse_frequency(value: object) -> float:
    """Events a second of a frequency such as `"30 /s"` or `"5 /min"`.

    Raises `ValueError` otherwise.
    """
    frequency = _parse(value, "a frequency", _FREQUENCIES, '"30 /s"')
    return _within(_EVENTS, frequency, value, 'a frequency is from "1e-12 /s" to "1e9 /s"')


def parse_rate(value: object) -> float:
    """A bit rate in bits a second or a frequency in events a second, as the unit says.

    Raises `ValueError` for anything else.
    """
    return float(_parse(value, "a rate", _BIT_RATES | _FREQUENCIES, '"100 Mbit/s" or "30 /s"'))


def parse_scale(value: object) -> float:
    """A scale above 0 and at most 1: a ratio such as `"1/2000"`, or a plain number.

    Raises `ValueError` otherwise.
    """
    accepted = 'a scale is above 0 and at most 1, such as "1/2000" or 0.01'
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"{_quoted(value)} is no scale; {accepted}")
    match = _RATIO.fullmatch(_plain(value))
    if match is None:
        raise ValueError(f"{_quoted(value)} is no scale; {accepted}")
    sign, above, below = match.groups()
    denominator = _fraction(below) if below else Fraction(1)
    if sign == "-" or not denominator or not 0 < _fraction(above) / denominator <= 1:
        raise ValueError(f"{_quoted(value)} will not do; {accepted}")
    scale = _fraction(above) / denominator
    if scale < _LEAST_SCALE:
        raise ValueError(f'{_quoted(value)} leaves nothing; write a larger scale, such as "1/2000"')
    return float(scale)


def scaled(number: int, scale: float) -> int:
    """A number of things at a scale, rounded (half to even); of some, never fewer than one."""
    return max(1, round(number * scale)) if number else 0


def _parse(value: object, what: str, units: Mapping[str, Fraction], example: str) -> Fraction:
    accepted = f"write {what} as a number with one of the units {', '.join(units)}: {example}"
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"{_quoted(value)} is not {what}; {accepted}")
    match = _QUANTITY.fullmatch(_plain(value))
    if match is None:
        raise ValueError(f"{_quoted(value)} is not {what}; {accepted}")
    sign, number, unit = match.groups()
    if unit is None:
        raise ValueError(f"{_quoted(value)} has no unit; {accepted}")
    factor = units.get(unit)
    if factor is None:
        raise ValueError(f'{_quoted(value)}: the unit "{unit}" is unknown; {accepted}')
    if sign == "-":
        raise ValueError(f"{_quoted(value)} is negative; {what} is at least 0")
    return _fraction(number) * factor


def _fraction(number: str) -> Fraction:
    if len(number) > _LONGEST:
        raise ValueError(f"{number[:_LONGEST]}... is too long a number")
    return Fraction(number.replace("_", ""))


def _within(
    limits: tuple[Fraction, Fraction], number: Fraction, value: object, accepted: str
) -> float:
    """A number that is within its limits, or 0, which is for others to refuse."""
    if number and not limits[0] <= number <= limits[1]:
        raise ValueError(f"{_quoted(value)} is out of reach; {accepted}")
    return float(number)


def _plain(value: object) -> str:
    """A number or a text as it would be typed: with plain spaces, signs and units."""
    if isinstance(value, str):
        return value.translate(_LOOKALIKES) if len(value) <= _LONGEST_TEXT else ""
    return _written_number(value)


def _quoted(value: object) -> str:
    if not isinstance(value, str):
        return _written_number(value)
    return f'"{value}"' if len(value) <= _LONGEST else f'"{value[:_LONGEST]}..."'


def _written_number(value: object) -> str:
    """A number in digits; of one of hundreds, as many as nobody can write."""
    if isinstance(value, int) and abs(value) >= 10**_LONGEST:
        return f"a number of some {len(hex(value)) * 6 // 5} digits"
    words = repr(value)
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}..."


def _above_zero(
    parse: Callable[[object], Number], least: Fraction = Fraction(0)
) -> Callable[[object], Number]:
    """The same parser, with a `ValueError` for nothing at all, such as "0 s", and next to nothing.

    What is below `least` seconds is told so.
    """

    def parse_above_zero(value: object) -> Number:
        parsed = parse(value)
        if parsed == 0:
            raise ValueError(f"{_quoted(value)} will not do; it must be above 0")
        if parsed < least:
            raise ValueError(f'{_quoted(value)} is out of reach; write at least "1 ns"')
        return parsed

    return parse_above_zero


def _none_if_unlimited(value: object) -> object:
    return None if value == "unlimited" else value


def _number_or_none(value: object) -> object:
    """A capacity before pydantic looks at its number."""
    if isinstance(value, str) and value != "unlimited":
        raise ValueError(f'{_quoted(value)} will not do; write a whole number, or "unlimited"')
    return _none_if_unlimited(value)


def _parse_lifetime(value: object) -> float | None:
    unless_unlimited = _none_if_unlimited(value)
    if unless_unlimited is None:
        return None
    try:
        return _above_zero(parse_duration, _LEAST_DURATION)(value)
    except ValueError as error:
        raise ValueError(f'{error}; or "unlimited"') from None


def _written(unit: str) -> PlainSerializer:
    """In JSON a quantity is written with its unit, so that what is dumped can be read again."""
    return PlainSerializer(lambda value: f"{value!r} {unit}", return_type=str, when_used="json")


def _written_or_unlimited(unit: str) -> PlainSerializer:
    return PlainSerializer(
        lambda value: "unlimited" if value is None else f"{value!r} {unit}",
        return_type=str,
        when_used="json",
    )


def _parsed(parse: Callable[[object], Any]) -> BeforeValidator:
    return BeforeValidator(parse, json_schema_input_type=str)


Duration = Annotated[float, _parsed(parse_duration), _written("s")]
"""Seconds, at least 0, written such as "5 min"."""

PositiveDuration = Annotated[
    float, _parsed(_above_zero(parse_duration, _LEAST_DURATION)), _written("s")
]
"""Seconds, above 0, written such as "5 min"."""

Lifetime = Annotated[
    float | None,
    _parsed(_parse_lifetime),
    _written_or_unlimited("s"),
]
"""Seconds, above 0, written such as "5 min"; `None` without end, written "unlimited"."""

Capacity = Annotated[
    Annotated[int, Field(ge=0, le=10**12)] | None,
    BeforeValidator(_number_or_none, json_schema_input_type=int | Literal["unlimited"]),
    PlainSerializer(
        lambda value: "unlimited" if value is None else value,
        return_type=int | str,
        when_used="json",
    ),
]
"""A number of entries, from 0 to 10^12; `None` for any number, written "unlimited"."""


def at_most(limit: str) -> BeforeValidator:
    """The limit of a duration or a size: `Annotated[Duration, at_most("1 d")]`.

    It is looked at first, so that a message tells no wider one.
    """
    units = _SIZES if limit.split()[1] in _SIZES else _DURATIONS
    most = _parse(limit, "a limit", units, limit)

    def check(value: object) -> object:
        try:
            quantity = _parse(value, "a quantity", units, limit)
        except ValueError:
            # What is wrong with it is the parser's to tell.
            return value
        if quantity > most:
            raise ValueError(f'{_quoted(value)} is out of reach here; write at most "{limit}"')
        return value

    return BeforeValidator(check)


def rounded_up(number: float) -> str:
    """A number in six digits that is no smaller: the least that is taken, for a message."""
    text = f"{number:.6g}"
    return text if float(text) >= number else f"{number * (1 + 1e-5):.6g}"


Size = Annotated[int, _parsed(parse_size), _written("B")]
"""Bytes, at least 0, written such as "3.7 kB"."""

PositiveSize = Annotated[int, _parsed(_above_zero(parse_size)), _written("B")]
"""Bytes, above 0, written such as "3.7 kB"."""

BitRate = Annotated[float, _parsed(_above_zero(parse_bit_rate)), _written("bit/s")]
"""Bits a second, above 0, written such as "100 Mbit/s"."""

Frequency = Annotated[float, _parsed(_above_zero(parse_frequency)), _written("/s")]
"""Events a second, above 0, written such as "30 /s"."""

Scale = Annotated[float, BeforeValidator(parse_scale, json_schema_input_type=str | float)]
"""A share above 0 and at most 1, written such as "1/2000" or 0.01."""
