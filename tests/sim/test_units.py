"""Units: what is read, and what is said of what cannot be."""

import json
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from sim import units
from sim.units import Capacity, Duration, Lifetime, Size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("40 ms", 0.040),
        ("5 min", 300.0),
        ("10 h", 36_000.0),
        ("7 d", 604_800.0),
        ("120s", 120.0),
        ("0 s", 0.0),
        (" 1.5 us ", 1.5e-6),
        ("1.5 µs", 1.5e-6),
        ("3 ns", 3e-9),
        ("1e-3 s", 0.001),
        (".5 s", 0.5),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert units.parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "size"),
    [("400 B", 400), ("3.7 kB", 3700), ("16 KiB", 16_384), ("1_000 B", 1000), ("2 MB", 2_000_000)],
)
def test_sizes(text: str, size: int) -> None:
    parsed = units.parse_size(text)
    assert parsed == size
    assert isinstance(parsed, int)


def test_rates() -> None:
    assert units.parse_bit_rate("100 Mbit/s") == 100e6
    assert units.parse_frequency("30 /s") == 30.0
    assert units.parse_frequency("6/min") == 0.1
    assert units.parse_rate("100 Mbit/s") == 100e6
    assert units.parse_rate("30 /s") == 30.0


@pytest.mark.parametrize(
    ("value", "scale"), [("1/2000", 1 / 2000), ("1", 1.0), (1, 1.0), (0.01, 0.01), ("0.5", 0.5)]
)
def test_scales(value: object, scale: float) -> None:
    assert units.parse_scale(value) == scale


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("5", "has no unit; write a duration as a number with one of the units ns, us"),
        (5, "5 has no unit"),
        (5.0, "5.0 has no unit"),
        ("5 minutes", 'the unit "minutes" is unknown; write a duration'),
        ("5 Min", 'the unit "Min" is unknown'),
        ("-5 s", "is negative; a duration is at least 0"),
        ("five s", "is not a duration"),
        ("1,5 s", "is not a duration"),
        ("", "is not a duration"),
        ("inf s", "is not a duration"),
        ("1e999 s", "is not a duration"),
        ("9" * 400 + " s", "too long a number"),
        (True, "True is not a duration"),
        (None, "None is not a duration"),
        ([5], "is not a duration"),
        ("٣ s", "is not a duration"),
    ],
)
def test_what_is_no_duration(value: object, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        units.parse_duration(value)


@pytest.mark.parametrize("value", ["1/0", "0", 0, "2", "-1/2", "1/", "a", True, None, math.nan])
def test_what_is_no_scale(value: object) -> None:
    with pytest.raises(ValueError, match="a scale is above 0 and at most 1"):
        units.parse_scale(value)


def test_a_size_is_whole() -> None:
    with pytest.raises(ValueError, match="not a whole number of bytes"):
        units.parse_size("1.2345 kB")


@given(st.text(max_size=30) | st.integers() | st.floats() | st.none() | st.booleans())
def test_parsers_answer_or_raise_value_errors(value: object) -> None:
    for parse in (
        units.parse_duration,
        units.parse_size,
        units.parse_bit_rate,
        units.parse_frequency,
        units.parse_rate,
        units.parse_scale,
    ):
        try:
            parsed = parse(value)
        except ValueError:
            continue
        assert math.isfinite(parsed)
        assert parsed >= 0


@given(st.decimals(min_value=0, max_value=10**6, places=6, allow_nan=False))
def test_durations_are_exact_to_the_last_bit(number: object) -> None:
    assert units.parse_duration(f"{number} s") == float(str(number))


class Quantities(BaseModel):
    duration: Duration
    size: Size
    lifetime: Lifetime
    capacity: Capacity


@pytest.mark.parametrize(("lifetime", "capacity"), [("5 min", 20_000), ("unlimited", "unlimited")])
def test_what_is_dumped_can_be_read_again(lifetime: str, capacity: object) -> None:
    quantities = Quantities.model_validate(
        {"duration": "40 ms", "size": "3.7 kB", "lifetime": lifetime, "capacity": capacity}
    )
    assert Quantities.model_validate(json.loads(quantities.model_dump_json())) == quantities


def test_a_lifetime_may_be_unlimited_and_the_message_says_so() -> None:
    with pytest.raises(ValidationError, match='or "unlimited"'):
        Quantities.model_validate(
            {"duration": "1 s", "size": "1 B", "lifetime": "for ever", "capacity": 1}
        )


@pytest.mark.parametrize(
    ("number", "scale", "expected"),
    [(20_000, 1 / 2000, 10), (100, 1 / 2000, 1), (0, 1 / 2000, 0), (7, 1.0, 7)],
)
def test_scaled_numbers(number: int, scale: float, expected: int) -> None:
    assert units.scaled(number, scale) == expected
