from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from experiments.results.statistics import (
    paired_difference,
    replication_interval,
)

numbers = st.floats(-1e6, 1e6)


@given(st.lists(numbers, min_size=2, max_size=30), st.sampled_from([0.9, 0.95, 0.99]))
def test_the_interval_is_scipys(values: list[float], confidence: float) -> None:
    interval = replication_interval(values, confidence)
    error = np.std(values, ddof=1) / math.sqrt(len(values))
    half = scipy.stats.t.ppf(0.5 + confidence / 2, len(values) - 1) * error
    assert interval.mean == pytest.approx(np.mean(values), abs=1e-6)
    assert interval.half_width == pytest.approx(half, rel=1e-6, abs=1e-6)
    assert interval.replications == len(values)


def test_the_interval_of_a_known_sample() -> None:
    # A. M. Law, Simulation Modeling and Analysis, example 4.26: 1.34 ± 0.24 at 90 %.
    sample = [1.20, 1.50, 1.68, 1.89, 0.95, 1.49, 1.58, 1.55, 0.50, 1.09]
    interval = replication_interval(sample, 0.90)
    assert interval.mean == pytest.approx(1.343)
    assert interval.half_width == pytest.approx(0.24, abs=0.005)


def test_few_values_give_no_interval() -> None:
    nothing = replication_interval([])
    assert math.isnan(nothing.mean)
    assert nothing.replications == 0
    assert nothing.reason == "no replication gave a value"
    one = replication_interval([3.0])
    assert one.mean == 3.0
    assert math.isnan(one.low)
    assert math.isnan(one.half_width)
    assert one.reason == "one replication has no interval; at least 2 are needed"


@given(st.lists(numbers, min_size=2, max_size=10))
def test_a_replication_without_a_value_is_left_out(values: list[float]) -> None:
    assert replication_interval([*values, math.nan]) == replication_interval(values)


def test_intervals_cover_at_their_confidence() -> None:
    generator = np.random.default_rng(1)
    covered = sum(
        interval.low <= 10 <= interval.high
        for interval in (
            replication_interval(generator.normal(10, 3, size=5)) for _ in range(4_000)
        )
    )
    # 0.95 ± 3 standard errors of a share over 4,000.
    assert covered / 4_000 == pytest.approx(0.95, abs=3 * math.sqrt(0.95 * 0.05 / 4_000))


@given(st.lists(st.tuples(numbers, numbers), min_size=2, max_size=10))
def test_a_paired_difference_is_scipys(pairs: list[tuple[float, float]]) -> None:
    first, second = np.array(pairs).T
    interval = paired_difference(first, second)
    error = np.std(first - second, ddof=1) / math.sqrt(len(pairs))
    half = scipy.stats.t.ppf(0.975, len(pairs) - 1) * error
    assert interval.mean == pytest.approx(np.mean(first) - np.mean(second), abs=1e-6)
    assert interval.half_width == pytest.approx(half, rel=1e-6, abs=1e-6)


def test_pairs_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match="3 replications cannot be paired with 2"):
        paired_difference([1, 2, 3], [1, 2])


def test_common_random_numbers_narrow_the_difference() -> None:
    generator = np.random.default_rng(2)
    shared = generator.normal(0, 5, size=8)
    first = shared + generator.normal(1, 0.1, size=8)
    second = shared + generator.normal(0, 0.1, size=8)
    paired = paired_difference(first, second)
    assert paired.low <= 1 <= paired.high
    assert paired.half_width < replication_interval(first).half_width / 10
