"""Differences of quantiles: what they are of, and how often their intervals cover."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.results.statistics import (
    Interval,
    PooledQuantile,
    paired_difference,
    quantile_difference,
    quantile_interval,
    quantile_residuals,
    replication_interval,
    simultaneous_differences,
)

STUDIES = 400


def pooled(replications: list[np.ndarray], probability: float) -> PooledQuantile:
    interval = quantile_interval(replications, probability)
    residuals = quantile_residuals(
        [len(one) for one in replications],
        [float((one < interval.estimate).sum()) for one in replications],
        [float((one <= interval.estimate).sum()) for one in replications],
    )
    return PooledQuantile(interval, dict(enumerate(map(float, residuals))))


def linear(values: np.ndarray) -> PooledQuantile:
    """A quantile that moves as a mean does."""
    return PooledQuantile(
        replication_interval(values), dict(enumerate(map(float, values - values.mean())))
    )


finite = st.floats(-1e3, 1e3)


@given(st.lists(st.tuples(finite, finite), min_size=2, max_size=8))
def test_of_symmetric_intervals_it_is_the_paired_interval(pairs: list[tuple[float, float]]) -> None:
    first, second = np.array(pairs).T
    found = quantile_difference(linear(first), linear(second))
    assert found[:3] == pytest.approx(paired_difference(first, second)[:3], rel=1e-6, abs=1e-3)


ends = st.tuples(st.floats(0, 9), st.floats(0, 9))
shares = st.lists(st.floats(-1, 1), min_size=3, max_size=3)


@given(finite, finite, ends, ends, shares, shares)
def test_it_contains_the_difference_of_the_estimates(
    one: float,
    other: float,
    around: tuple[float, float],
    around_other: tuple[float, float],
    first: list[float],
    second: list[float],
) -> None:
    found = quantile_difference(
        PooledQuantile(Interval(one, one - around[0], one + around[1], 3), dict(enumerate(first))),
        PooledQuantile(
            Interval(other, other - around_other[0], other + around_other[1], 3),
            dict(enumerate(second)),
        ),
    )
    assert found.estimate == one - other
    assert found.low <= found.estimate <= found.high


@settings(max_examples=25)
@given(st.integers(0, 10**6))
def test_points_that_do_the_same_do_not_differ(seed: int) -> None:
    generator = np.random.default_rng(seed)
    same = pooled([generator.exponential(size=100) for _ in range(3)], 0.5)
    assert quantile_difference(same, same)[:3] == pytest.approx((0, 0, 0), abs=1e-6)


def test_a_quantile_at_a_jump_differs_by_the_jump_at_most() -> None:
    sometimes = [np.repeat([180.0, 240.0], [many, 100 - many]) for many in (52, 47, 49, 51)]
    never = [np.full(100, 240.0)] * 4
    found = quantile_difference(pooled(sometimes, 0.5), pooled(never, 0.5))
    assert found.estimate in (0, -60)
    assert (found.low, found.high) == (-60, 0)


@pytest.mark.parametrize("correlation", [0.0, 1.0, -1.0])
@pytest.mark.parametrize(("probability", "truth"), [(0.5, -0.2083), (0.95, -0.9186)])
def test_coverage(correlation: float, probability: float, truth: float) -> None:
    # The truth is the quantile of an exponential time a lognormal factor, by simulation; three
    # standard errors of 0.95 over the studies are 0.033.
    generator = np.random.default_rng(20261126)
    covered = 0
    for _ in range(STUDIES):
        first, second = [], []
        for factor in generator.normal(0, 0.15, size=4):
            other = correlation * factor if correlation else generator.normal(0, 0.15)
            times = generator.exponential(size=400)
            others = times if correlation > 0 else generator.exponential(size=400)
            first.append(np.exp(factor) * times)
            second.append(1.3 * np.exp(other) * others)
        found = quantile_difference(pooled(first, probability), pooled(second, probability))
        covered += found.low <= truth <= found.high
    assert covered / STUDIES >= 0.95 - 0.033


@given(st.lists(st.floats(1e-6, 1e6), min_size=2, max_size=6), st.integers(0, 10**6))
def test_the_last_digits_of_floating_point_are_no_difference(
    values: list[float], seed: int
) -> None:
    noise = 1 + 1e-13 * np.random.default_rng(seed).normal(size=len(values))
    assert paired_difference(values, values * noise)[:3] == (0, 0, 0)
    jittered = PooledQuantile(
        Interval(values[0] * noise[0], values[0] * noise[1], values[0] * noise[1], 2), {0: 0, 1: 0}
    )
    exact = PooledQuantile(Interval(values[0], values[0], values[0], 2), {0: 0, 1: 0})
    assert quantile_difference(jittered, exact)[:3] == (0, 0, 0)


def test_what_floating_point_can_tell_is_a_difference() -> None:
    found = paired_difference([1.000001, 1.000001], [1.0, 1.0])
    assert found.low > 0


def test_a_difference_of_shares_lies_within_what_is_possible() -> None:
    """What is cut away was not possible: it covers as often as before."""
    first, second = [1.0, 0.2, 0.9], [0.1, 0.05, 0.2]
    plain = paired_difference(first, second)
    clipped = paired_difference(first, second, limit=1.0)
    assert plain.high > 1
    assert (clipped.low, clipped.high) == (plain.low, 1.0)
    turned = paired_difference(second, first, limit=1.0)
    assert (turned.low, turned.high) == (-1.0, -clipped.low)
    both = simultaneous_differences({"a": first, "b": second}, limit=1.0)
    assert both["a", "b"] == clipped
    assert (both["b", "a"].low, both["b", "a"].high) == (-1.0, -clipped.low)


@pytest.mark.parametrize(("replications", "share"), [(2, 0.9), (3, 0.95), (5, 0.05)])
def test_they_cover_as_often_as_they_say(replications: int, share: float) -> None:
    draws = np.random.default_rng(1927)
    trials, worlds = 400, 4_000
    first = draws.binomial(trials, share, (worlds, replications)) / trials
    second = draws.binomial(trials, 1 - share, (worlds, replications)) / trials
    intervals = [
        paired_difference(one, other, limit=1.0) for one, other in zip(first, second, strict=True)
    ]
    right = 2 * share - 1
    covered = np.mean([each.low <= right <= each.high for each in intervals])
    assert covered == pytest.approx(0.95, abs=0.02)
    assert all(-1 <= each.low <= each.estimate <= each.high <= 1 for each in intervals)
