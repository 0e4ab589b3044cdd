"""Intervals of shares against the formulas they are made of."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from experiments.results.statistics import share_interval

shares_and_trials = st.lists(
    st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    min_size=2,
    max_size=30,
)


@given(shares_and_trials)
def test_an_interval_lies_within_0_and_1_and_about_the_mean(
    counted: list[tuple[int, int]],
) -> None:
    shares = [successes / trials for successes, trials in counted]
    interval = share_interval(shares, [trials for _, trials in counted])
    assert interval.estimate == pytest.approx(np.mean(shares))
    assert 0 <= interval.low <= interval.estimate + 1e-12
    assert interval.estimate - 1e-12 <= interval.high <= 1
    assert interval.half_width > 0


@given(shares_and_trials)
def test_the_share_of_the_others_has_the_mirrored_interval(counted: list[tuple[int, int]]) -> None:
    trials = [number for _, number in counted]
    shares = [successes / number for successes, number in counted]
    interval = share_interval(shares, trials)
    mirrored = share_interval([1 - share for share in shares], trials)
    assert interval.low == pytest.approx(1 - mirrored.high, abs=1e-6)
    assert interval.high == pytest.approx(1 - mirrored.low, abs=1e-6)


def test_none_of_240_is_clopper_and_pearsons() -> None:
    exact = scipy.stats.binomtest(0, 240).proportion_ci(0.95, method="exact")
    none = share_interval([0.0] * 4, [60] * 4)
    assert (none.estimate, none.low) == (0, 0)
    assert none.high == pytest.approx(exact.high)
    everything = share_interval([1.0] * 4, [60] * 4)
    assert (everything.estimate, everything.high) == (1, 1)
    assert everything.low == pytest.approx(1 - exact.high)


def test_it_is_wilsons_with_as_many_trials_as_the_variance_speaks_for() -> None:
    shares = [0.28, 0.35, 0.31, 0.26]
    mean, error = np.mean(shares), scipy.stats.sem(shares)
    trials = mean * (1 - mean) / error**2
    t = scipy.stats.t.ppf(0.975, 3)
    interval = share_interval(shares, [1_000] * 4)
    # The ends are the shares p whose score |mean - p| / √(p(1-p)/n*) is t (Wilson 1927).
    for end in (interval.low, interval.high):
        assert abs(mean - end) / math.sqrt(end * (1 - end) / trials) == pytest.approx(t)


def test_what_varies_within_a_run_together_widens_it() -> None:
    independent = share_interval([0.70, 0.71, 0.69, 0.70], [2_000] * 4)
    correlated = share_interval([0.80, 0.60, 0.75, 0.65], [2_000] * 4)
    assert correlated.half_width > 5 * independent.half_width


def test_equal_shares_are_no_certainty() -> None:
    interval = share_interval([0.5, 0.5], [10, 10])
    assert interval.low < 0.3
    assert interval.high > 0.7


def test_replications_without_trials_are_left_out() -> None:
    assert share_interval([math.nan, 0.2, 0.3], [0, 50, 50]) == share_interval([0.2, 0.3], [50, 50])
    assert share_interval([math.nan], [0]).reason == "no replication gave a value"
    one = share_interval([0.4], [50])
    assert (one.estimate, one.replications) == (0.4, 1)
    assert math.isnan(one.low)


def test_what_is_no_share_is_refused() -> None:
    with pytest.raises(ValueError, match="2 shares cannot go with 1"):
        share_interval([0.2, 0.3], [50])
    with pytest.raises(ValueError, match="between 0 and 1"):
        share_interval([0.2, 30], [50, 50])
