"""Comparisons of all points: together at their confidence, against a known truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats

from experiments.results.statistics import (
    paired_difference,
    select_within,
    simultaneous_differences,
)

MEANS = (10.0, 10.0, 10.3, 10.5, 11.0, 13.0)
"""Within 5 % of the smallest: the first four, the last of them just."""


def world(generator: np.random.Generator, replications: int) -> dict[int, np.ndarray]:
    """Six points on common random numbers."""
    common = generator.normal(0, 1, size=replications)
    return {
        point: mean + common + generator.normal(0, 0.2, size=replications)
        for point, mean in enumerate(MEANS)
    }


def test_all_pairs_are_compared_by_bonferroni() -> None:
    values = world(np.random.default_rng(1), 5)
    differences = simultaneous_differences(values)
    assert len(differences) == 6 * 5
    interval = differences[4, 1]
    difference = values[4] - values[1]
    half = scipy.stats.t.ppf(1 - 0.025 / 15, 4) * scipy.stats.sem(difference)
    assert interval.estimate == pytest.approx(difference.mean())
    assert (interval.low, interval.high) == pytest.approx(
        (difference.mean() - half, difference.mean() + half)
    )
    assert differences[1, 4].low == -interval.high


def test_two_points_need_no_correction() -> None:
    assert simultaneous_differences({"a": [1, 2, 4], "b": [2, 2, 3]})["a", "b"] == (
        paired_difference([1, 2, 4], [2, 2, 3])
    )


@pytest.mark.parametrize("replications", [4, 8])
def test_intervals_of_given_pairs_cover_together(replications: int) -> None:
    generator = np.random.default_rng(2)
    pairs = [(point, 0) for point in range(1, 6)]
    covered = 0
    for _ in range(400):
        differences = simultaneous_differences(world(generator, replications), pairs=pairs)
        assert set(differences) == {*pairs, *((other, one) for one, other in pairs)}
        covered += all(
            differences[one, other].low <= MEANS[one] - MEANS[other] <= differences[one, other].high
            for one, other in pairs
        )
    assert covered / 400 >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / 400)


@pytest.mark.parametrize("sign", [1, -1], ids=["smallest", "largest"])
@pytest.mark.parametrize("replications", [2, 4, 8])
def test_wrong_claims_are_rare(replications: int, sign: int) -> None:
    """Of six points, one of them exactly at the limit, in 5 % of the studies at most."""
    generator = np.random.default_rng(3)
    limit = 1.05 if sign > 0 else 0.95
    means = MEANS if sign > 0 else (10.0, 10.0, 9.8, 9.5, 9.0, 7.0)
    best = min(means) if sign > 0 else max(means)
    true = [sign * mean <= sign * limit * best + 1e-12 for mean in means]
    wrong, right = 0, 0
    for _ in range(600):
        common = generator.normal(0, 1, size=replications)
        values = {
            point: mean + common + generator.normal(0, 0.2, size=replications)
            for point, mean in enumerate(means)
        }
        selection = select_within(values, 0.05, smaller_is_better=sign > 0)
        claims = [(selection[point], true[point]) for point in values]
        wrong += any(claim is not None and claim != truth for claim, truth in claims)
        right += sum(claim == truth for claim, truth in claims)
    assert wrong / 600 <= 0.05 + 3 * math.sqrt(0.95 * 0.05 / 600)
    assert right / (600 * 6) > {2: 0.0, 4: 0.05, 8: 0.4}[replications]


def test_choosing_the_best_first_would_err_more_often() -> None:
    """Six equal points: the uncorrected test against the best of the data excludes some."""
    generator = np.random.default_rng(4)
    corrected, uncorrected = 0, 0
    for _ in range(400):
        values = dict(enumerate(generator.normal(10, 1, size=(6, 8))))
        corrected += False in select_within(values, 0.0).values()
        best = min(values, key=lambda point: float(values[point].mean()))
        uncorrected += any(
            paired_difference(values[point], values[best]).low > 0
            for point in values
            if point != best
        )
    assert corrected / 400 <= 0.05 + 3 * math.sqrt(0.95 * 0.05 / 400)
    assert uncorrected / 400 > 0.2


def test_neither_is_shown_by_few_replications() -> None:
    selection = select_within({"a": [10, 12], "b": [11, 10]}, 0.05)
    assert selection == {"a": None, "b": None}
    assert select_within({"a": [10.0], "b": [20.0]}, 0.05) == {"a": None, "b": None}


def test_equal_values_are_within_any_tolerance() -> None:
    values = {"small": [3.0, 4.0, 5.0], "large": [3.0, 4.0, 5.0], "worse": [16.0, 17.0, 18.0]}
    assert select_within(values, 0.0) == {"small": True, "large": True, "worse": False}


def test_one_point_is_the_best() -> None:
    assert select_within({"a": [1.0, 2.0]}, 0.05) == {"a": True}
    assert simultaneous_differences({"a": [1.0, 2.0]}) == {}


def test_missing_values_are_left_out_in_pairs() -> None:
    values = {"a": [1.0, math.nan, 1.2, 1.1], "b": [5.0, 5.0, 5.1, 5.3]}
    assert select_within(values, 0.05) == {"a": True, "b": False}
    nothing = simultaneous_differences({"a": [math.nan, math.nan], "b": [1.0, 2.0]})
    assert nothing["a", "b"].reason == "no replication gave a value"


def test_points_of_unequal_replications_are_refused() -> None:
    with pytest.raises(ValueError, match="paired"):
        select_within({"a": [1.0, 2.0], "b": [1.0]}, 0.05)
