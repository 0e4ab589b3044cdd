"""Intervals of quantiles: where they exist, and that order statistics bound them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from experiments.results.statistics import (
    quantile_bounds,
    quantile_interval,
    replication_interval,
    too_few_for_quantile,
)


def lognormal(seed: int, replications: int, size: int) -> list[np.ndarray]:
    return list(np.exp(np.random.default_rng(seed).normal(size=(replications, size))))


@pytest.mark.parametrize(
    ("probability", "needed", "name"),
    [(0.5, 20, "50th"), (0.95, 200, "95th"), (0.99, 1_000, "99th"), (0.01, 1_000, "1st")],
)
def test_each_replication_needs_ten_observations_on_either_side(
    probability: float, needed: int, name: str
) -> None:
    assert too_few_for_quantile([needed, needed + 5], probability) == ""
    interval = quantile_interval(lognormal(1, 2, needed - 1), probability)
    assert interval.reason == (
        f"the {name} percentile needs {needed:,} observations in each replication; "
        f"the smallest has {needed - 1:,}"
    )
    assert math.isnan(interval.low)
    assert interval.estimate > 0


def test_one_replication_has_no_interval() -> None:
    assert "at least 2" in quantile_interval(lognormal(1, 1, 5_000), 0.5).reason
    assert quantile_interval([[], []], 0.5).reason == "no replication gave a value"


@given(st.integers(2, 30), st.sampled_from([0.1, 0.5, 0.95]), st.integers(0, 1_000))
def test_the_ends_are_observations_about_the_estimate(
    replications: int, probability: float, seed: int
) -> None:
    data = lognormal(seed, replications, 200)
    interval = quantile_interval(data, probability)
    assert interval.low <= interval.estimate <= interval.high
    observed = np.concatenate(data)
    assert {interval.low, interval.estimate, interval.high} <= set(observed)
    assert interval.estimate == np.quantile(observed, probability, method="inverted_cdf")
    assert interval.replications == replications


@given(st.integers(0, 1_000), st.sampled_from([0.5, 0.9]))
def test_a_growing_function_of_the_observations_takes_the_interval_along(
    seed: int, probability: float
) -> None:
    """Seconds or their logarithm: the same order statistics."""
    data = lognormal(seed, 5, 150)
    interval = quantile_interval(data, probability)
    logarithm = quantile_interval([np.log(one) for one in data], probability)
    assert math.log(interval.low) == pytest.approx(logarithm.low)
    assert math.log(interval.high) == pytest.approx(logarithm.high)


def test_the_bounds_are_woodruffs() -> None:
    below = np.array([45.0, 52.0, 49.0, 54.0])
    error = scipy.stats.sem(below / 100)
    half = scipy.stats.t.ppf(0.975, 3) * error
    assert quantile_bounds([100] * 4, below, below, 0.5) == pytest.approx((0.5 - half, 0.5 + half))


def test_the_share_is_a_ratio_where_replications_differ_in_size() -> None:
    """Ten observations more or less in a replication of its own share change little."""
    even = quantile_bounds([100, 100, 200], [45, 52, 104], [45, 52, 104], 0.5)
    sizes, below = np.array([100, 100, 200]), np.array([45, 52, 104])
    residuals = (below - sizes * below.sum() / sizes.sum()) / sizes.mean()
    half = scipy.stats.t.ppf(0.975, 2) * math.sqrt((residuals**2).sum() / 2 / 3)
    assert even == pytest.approx((0.5 - half, 0.5 + half))


def mixed(shares: Sequence[float]) -> list[np.ndarray]:
    """Replications of 1,000 observations, of which these shares are 1 and the others 2."""
    return [np.repeat([1.0, 2.0], [round(1_000 * s), 1_000 - round(1_000 * s)]) for s in shares]


def test_observations_that_are_all_equal_have_no_width() -> None:
    interval = quantile_interval(mixed([1.0, 1.0, 1.0]), 0.5)
    assert (interval.low, interval.estimate, interval.high) == (1, 1, 1)


def test_the_share_below_counts_where_many_are_equal() -> None:
    """The median is 2, all observations are at or below it, yet it may as well be 1."""
    interval = quantile_interval(mixed([0.3, 0.6, 0.45, 0.55]), 0.5)
    assert (interval.low, interval.estimate, interval.high) == (1, 2, 2)


def test_differing_replications_widen_it() -> None:
    alike = quantile_interval(lognormal(2, 4, 500), 0.5)
    unlike = quantile_interval(
        [one * factor for one, factor in zip(lognormal(2, 4, 500), (0.5, 1, 1.5, 2), strict=True)],
        0.5,
    )
    assert unlike.half_width > 3 * alike.half_width


def test_the_interval_shrinks_as_the_mean_of_replications_does() -> None:
    """With many observations it is close to Student's interval of the replications' medians."""
    data = lognormal(3, 10, 20_000)
    student = replication_interval([float(np.median(one)) for one in data])
    interval = quantile_interval(data, 0.5)
    assert interval.low == pytest.approx(student.low, abs=0.2 * student.half_width)
    assert interval.high == pytest.approx(student.high, abs=0.2 * student.half_width)
