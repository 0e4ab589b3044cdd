"""Warm-up and settling: MSER-5 on the average of the replications, halves against each other."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from experiments.results.statistics import (
    BinnedSeries,
    WarmUp,
    find_warm_up,
    halves_test,
    mser5,
)


def series(values: np.ndarray) -> BinnedSeries:
    """One observation a bin; `values` is replications × bins."""
    return BinnedSeries(values, np.ones_like(values))


def brute_force_mser5(values: list[float]) -> int:
    batches = [float(np.mean(values[i : i + 5])) for i in range(0, len(values) // 5 * 5, 5)]
    errors = []
    for dropped in range(len(batches) - 4):
        kept = np.array(batches[dropped:])
        errors.append(float(((kept - kept.mean()) ** 2).sum() / len(kept) ** 2))
    return 5 * int(np.argmin(errors))


def test_mser5_is_the_formula() -> None:
    generator = np.random.default_rng(3)
    for size in (30, 57, 200):
        values = list(generator.normal(size=size) + 5 * np.exp(-np.arange(size) / 20))
        assert mser5(values) == brute_force_mser5(values)


def test_mser5_drops_a_transient_and_little_else() -> None:
    generator = np.random.default_rng(4)
    steady = generator.normal(10, 1, size=2_000)
    with_transient = np.concatenate([np.linspace(60, 11, 200), steady])
    assert 150 <= mser5(with_transient) <= 400
    assert mser5([1.0] * 100) == 0
    assert mser5([1.0] * 7) == 0
    assert mser5([]) == 0


def test_a_table_of_bins_is_averaged_as_welch_does() -> None:
    table = pd.DataFrame(
        {
            "replication": [0, 0, 4],
            "bin": [0, 2, 2],
            "mean": [1.0, 2.0, 6.0],
            "count": [10, 10, 30],
        }
    )
    binned = BinnedSeries.of(table, 4)
    np.testing.assert_array_equal(binned.average(), [1.0, math.nan, 4.0, math.nan])
    np.testing.assert_array_equal(binned.means(0, 4), [1.5, 6.0])
    np.testing.assert_array_equal(binned.means(0, 2), [1.0, math.nan])


def transient(seed: int, replications: int, end: int, bins: int = 250) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(10, 1, size=(replications, bins))
    noise[:, :end] += 10
    return noise


@pytest.mark.parametrize("end", [20, 60, 100])
@pytest.mark.parametrize("replications", [1, 2, 4, 30])
def test_one_cut_serves_all_replications(end: int, replications: int) -> None:
    found = find_warm_up(series(transient(5, replications, end)))
    assert end <= found.bins <= end + (15 if replications >= 4 else 50)
    assert found.share == found.bins / 250
    assert found.trusted


def test_a_transient_over_half_of_the_run_is_not_trusted() -> None:
    found = find_warm_up(series(transient(6, 4, 160)))
    assert found == WarmUp(125, 0.5, trusted=False)


def test_a_series_that_grows_all_the_time_is_not_trusted() -> None:
    growing = np.arange(250) + np.random.default_rng(7).normal(size=(4, 250))
    assert not find_warm_up(series(growing)).trusted


def test_what_the_replications_do_not_agree_on_is_not_cut() -> None:
    """One replication's busy period at the front is no transient of them all."""
    values = np.random.default_rng(8).normal(10, 1, size=(4, 250))
    values[0, :60] += 20
    assert mser5(values.mean(axis=0)) > 0
    assert find_warm_up(series(values)) == WarmUp(0, 0.0)


def test_bins_without_an_observation_are_passed_over() -> None:
    values = transient(9, 4, 60)
    empty = np.zeros(250, dtype=bool)
    empty[np.arange(0, 250, 7)] = True
    counts = np.where(empty, 0.0, np.ones_like(values))
    found = find_warm_up(BinnedSeries(np.where(empty, 0.0, values), counts))
    assert 60 <= found.bins <= 80


@pytest.mark.parametrize("value", [0.0, 1e-4 / 3])
def test_a_constant_has_neither_warm_up_nor_drift(value: float) -> None:
    counts = np.random.default_rng(10).integers(1, 50, size=(4, 250)).astype(np.float64)
    constant = BinnedSeries(value * counts * (1 + 1e-15 * np.arange(250)), counts)
    assert find_warm_up(constant) == WarmUp(0, 0.0)
    test = halves_test(constant)
    assert test.settled
    assert test.p == 1


def test_the_halves_are_compared_as_scipy_does() -> None:
    values = np.random.default_rng(11).normal(size=(6, 101))
    first, second = values[:, :50].mean(axis=1), values[:, 51:].mean(axis=1)
    scipys = scipy.stats.ttest_rel(second, first)
    test = halves_test(series(values))
    assert test.statistic == pytest.approx(scipys.statistic)
    assert test.p == pytest.approx(scipys.pvalue)
    assert test.change == pytest.approx((second - first).mean())


def test_the_warm_up_counts_for_neither_half() -> None:
    values = transient(12, 4, 100)
    assert halves_test(series(values)).settled is False
    assert halves_test(series(values), start=100).settled


def test_too_little_to_tell() -> None:
    one = halves_test(series(transient(13, 1, 100)))
    assert one.settled is None
    assert "two replications" in one.reason
    counts = np.ones((3, 10))
    counts[:, :5] = 0
    assert halves_test(BinnedSeries(counts, counts)).settled is None
