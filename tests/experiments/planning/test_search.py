"""The search for the first design that meets, the values it tries, and how it judges one."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.planning.judging import confidence_of_a_look, looks
from experiments.planning.search import first_that_meets
from experiments.scenario_files.ladder import ladder


@given(
    count=st.integers(1, 3000),
    first=st.integers(0, 3000),
    guess=st.one_of(st.none(), st.integers(-5, 4000)),
)
def test_the_first_that_meets_is_found(count: int, first: int, guess: int | None) -> None:
    asked: list[int] = []

    def meets(index: int) -> bool:
        asked.append(index)
        return index >= first

    found = first_that_meets(count, meets, lambda: guess)
    assert found == (first if first < count else None)
    assert len(asked) == len(set(asked))
    assert len(asked) <= 3 * math.log2(count + 1) + 4
    if found:
        assert found - 1 in asked


@given(distance=st.integers(0, 50), first=st.integers(1, 2999))
def test_a_good_guess_saves_most_of_the_search(distance: int, first: int) -> None:
    asked: list[int] = []

    def meets(index: int) -> bool:
        asked.append(index)
        return index >= first

    first_that_meets(3000, meets, lambda: first + distance)
    assert len(asked) <= 2 * math.log2(distance + 1) + 6


@given(least=st.integers(0, 10**6), span=st.integers(0, 10**9), resolution=st.floats(0.01, 1))
def test_whole_numbers_rise_by_one_or_a_share(least: int, span: int, resolution: float) -> None:
    values = ladder(least, least + span, resolution)
    assert (values[0], values[-1]) == (least, least + span)
    assert all(isinstance(value, int) for value in values)
    for one, other in itertools.pairwise(map(int, values)):
        assert one < other
        assert span < 100 or other <= max(one, 1) * (1 + resolution) * 1.011 + 1


@pytest.mark.parametrize(
    ("least", "most", "first", "last"),
    [
        ("1 min", "60 min", "1 min", "60 min"),
        ("0.5 s", "2 s", "0.5 s", "2 s"),
        (0.1, 1.0, 0.1, 1.0),
    ],
)
def test_quantities_keep_their_unit(
    least: str | float, most: str | float, first: str | float, last: str | float
) -> None:
    values = ladder(least, most, 0.1)
    assert (values[0], values[-1]) == (first, last)
    assert len(values) > 5


@pytest.mark.parametrize(
    ("least", "most", "words"),
    [
        (9, 3, "swap the ends"),
        ("1 min", "60 s", "no unit in common"),
        ("1 min", 60, "no unit in common"),
        (0.0, 1.0, "begin above 0"),
        ("few", "many", "write a number or a quantity"),
        (1, 10**16, "out of reach"),
    ],
)
def test_what_is_no_range_says_so(least: int | str, most: int | str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ladder(least, most, 0.1)


def test_looks_double_and_share_the_error() -> None:
    assert looks(4, 64) == (4, 8, 16, 32, 64)
    assert looks(1, 5) == (2, 4, 5)
    assert looks(80, 64) == (64,)
    each = confidence_of_a_look(0.95, 5, 2)
    assert (1 - each) / 2 * 5 * 2 == pytest.approx(0.05)
