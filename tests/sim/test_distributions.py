"""Distributions: means against the draws themselves, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError
from scipy import stats

from sim.distributions import (
    A_DAY,
    A_GIGABYTE,
    A_MILLION,
    RandomCount,
    RandomDuration,
    RandomSize,
    drawn_count,
    drawn_duration,
    drawn_size,
    mean_count,
    mean_duration,
    mean_size,
    varies,
)

DURATION: TypeAdapter[Any] = TypeAdapter(RandomDuration)
SIZE: TypeAdapter[Any] = TypeAdapter(RandomSize)
COUNT: TypeAdapter[Any] = TypeAdapter(RandomCount)

DURATIONS: list[Any] = [
    "5 s",
    {"distribution": "exponential", "mean": "2 s"},
    {"distribution": "uniform", "least": "0 s", "most": "3 s"},
    {"distribution": "pareto", "least": "1 s", "most": "1 min", "shape": 1.0},
    {"distribution": "pareto", "least": "1 s", "most": "1 h", "shape": 1.2},
    {"distribution": "log-normal", "median": "1 s", "sigma": 1.5},
    {"distribution": "log-normal", "median": "1 d", "sigma": 0.0},
    {"distribution": "empirical", "within": [["1 s", 0.2], ["2 s", 0.5], ["10 s", 1.0]]},
]
SIZES: list[Any] = [
    "5 kB",
    {"distribution": "exponential", "mean": "2 kB"},
    {"distribution": "uniform", "least": "1 kB", "most": "3 kB"},
    {"distribution": "pareto", "least": "1 kB", "most": "1 MB", "shape": 1.3},
    {"distribution": "log-normal", "median": "10 kB", "sigma": 1.0},
    {"distribution": "log-normal", "median": "10 kB", "sigma": 5.0},
    {"distribution": "empirical", "within": [["1 kB", 0.5], ["9 kB", 1.0]]},
]
COUNTS: list[Any] = [
    3,
    {"distribution": "geometric", "mean": 4.5},
    {"distribution": "geometric", "mean": 1.0},
    {"distribution": "uniform", "least": 1, "most": 6},
    {"distribution": "pareto", "least": 1, "most": 100, "shape": 1.2},
    {"distribution": "empirical", "within": [[1, 0.5], [3, 0.75], [10, 1.0]]},
]
CASES = [
    *((DURATION, each, drawn_duration, mean_duration, A_DAY) for each in DURATIONS),
    *((SIZE, each, drawn_size, mean_size, A_GIGABYTE) for each in SIZES),
    *((COUNT, each, drawn_count, mean_count, A_MILLION) for each in COUNTS),
]
SHARES = [(number + 0.5) / 100_000 for number in range(100_000)]


@pytest.mark.parametrize(("kind", "described", "drawn", "mean", "most"), CASES)
def test_the_mean_is_that_of_what_is_drawn(
    kind: TypeAdapter[Any],
    described: Any,
    drawn: Callable[[Any, float], float],
    mean: Callable[[Any], float],
    most: float,
) -> None:
    quantity = kind.validate_python(described)
    values = [drawn(quantity, share) for share in SHARES]
    assert values == sorted(values)
    assert values[0] >= 0
    assert values[-1] <= most
    assert np.mean(values) == pytest.approx(mean(quantity), rel=2e-3)
    assert varies(quantity) == isinstance(described, dict)


@pytest.mark.parametrize(("kind", "described"), [case[:2] for case in CASES])
def test_what_is_written_can_be_read_again(kind: TypeAdapter[Any], described: Any) -> None:
    quantity = kind.validate_python(described)
    assert kind.validate_json(kind.dump_json(quantity)) == quantity


@pytest.mark.parametrize(
    ("described", "theory"),
    [
        (DURATIONS[1], stats.expon(scale=2)),
        (DURATIONS[2], stats.uniform(0, 3)),
        (DURATIONS[4], stats.truncpareto(1.2, 3600)),
        (DURATIONS[5], stats.lognorm(1.5)),
    ],
)
def test_quantiles_are_those_of_theory(described: Any, theory: Any) -> None:
    quantity = DURATION.validate_python(described)
    for share in (0.001, 0.1, 0.5, 0.9, 0.999):
        assert quantity.quantile(share) == pytest.approx(theory.ppf(share))


def test_counts_have_their_probabilities() -> None:
    geometric = COUNT.validate_python(COUNTS[1])
    counts = np.bincount([drawn_count(geometric, share) for share in SHARES])
    for count in range(1, 8):
        expected = stats.geom(1 / 4.5).pmf(count)
        assert counts[count] / len(SHARES) == pytest.approx(expected, abs=2e-5)
    empirical = COUNT.validate_python(COUNTS[-1])
    assert [drawn_count(empirical, share) for share in (0.0, 0.49, 0.5, 0.74, 0.75, 0.999)] == [
        *(1, 1),
        *(3, 3),
        *(10, 10),
    ]


@pytest.mark.parametrize(
    ("kind", "described", "why"),
    [
        (DURATION, {"distribution": "exponential", "mean": 2}, "has no unit"),
        (DURATION, {"distribution": "exponential", "mean": "2 d"}, 'at most "1 d"'),
        (DURATION, {"distribution": "zeta"}, "log-normal"),
        (DURATION, {"distribution": "geometric", "mean": 2.0}, "exponential"),
        (SIZE, {"distribution": "uniform", "least": "5 kB", "most": "1 kB"}, "a larger one"),
        (SIZE, {"distribution": "pareto", "least": "1 kB", "most": "2 s", "shape": 1.0}, "units B"),
        (SIZE, {"distribution": "log-normal", "median": "1 kB", "sigma": 9.0}, "less than or"),
        (SIZE, {"distribution": "empirical", "within": [["1 kB", 0.5]]}, "share must be 1"),
        (COUNT, {"distribution": "geometric", "mean": 0.5}, "greater than or equal to 1"),
        (COUNT, {"distribution": "uniform", "least": 0, "most": 3}, "greater than 0"),
        (COUNT, 2.5, "integer"),
    ],
)
def test_what_is_no_distribution_is_refused(
    kind: TypeAdapter[Any], described: Any, why: str
) -> None:
    with pytest.raises(ValidationError, match=why):
        kind.validate_python(described)
