"""Comparing all design points with each other, and choosing among them."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from itertools import combinations
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr

from experiments.results.statistics.intervals import (
    CONFIDENCE,
    Interval,
    Values,
    paired_difference,
)

Point = TypeVar("Point", bound=Hashable)


def simultaneous_differences(
    values_by_point: Mapping[Point, Values],
    confidence: float = CONFIDENCE,
    *,
    pairs: Sequence[tuple[Point, Point]] | None = None,
    limit: float = math.inf,
) -> dict[tuple[Point, Point], Interval]:
    """Return the paired differences of pairs of points, which hold simultaneously.

    Bonferroni: each of m intervals has the confidence 1 - α/m, so that all cover together with
    1-α at least (Law, section 10.3). Pairs make use of common random numbers.

    Args:
        values_by_point: One number a replication for each point, in the same order of
            replications; NaN is a replication that gave none.
        confidence: Of all intervals together.
        pairs: Which points are compared, known before the data are; all k(k-1)/2 without it.
        limit: No difference is larger, either way: 1 for shares.

    Returns:
        For each pair, and for the same pair turned round, the interval of the first less the
        second.

    Raises:
        ValueError: The points of a pair have different numbers of replications.
    """
    compared = list(combinations(values_by_point, 2)) if pairs is None else list(pairs)
    differences: dict[tuple[Point, Point], Interval] = {}
    for one, other in compared:
        interval = paired_difference(
            values_by_point[one],
            values_by_point[other],
            1 - (1 - confidence) / len(compared),
            limit=limit,
        )
        differences[one, other] = interval
        differences[other, one] = interval._replace(
            estimate=-interval.estimate, low=-interval.high, high=-interval.low
        )
    return differences


def select_within(
    values_by_point: Mapping[Point, Values],
    tolerance: float,
    *,
    smaller_is_better: bool = True,
    confidence: float = CONFIDENCE,
) -> dict[Point, bool | None]:
    """Return which points are shown to lie within a tolerance of the best, and which not to.

    The best is not chosen from the data: a point is compared with every other one, by one-sided
    paired t-tests of θᵢ - (1+tolerance)·θⱼ, and all claims hold together with `confidence`.

    - True, shown to be within: the difference is negative for every j. All must be shown, so
      none needs a correction for their number (intersection-union test, R. L. Berger, 1982):
      each at α/k.
    - False, shown not to be: it is positive for some j. That one was chosen from the data, so each
      is tested at α/(k(k-1)) (subset selection by Bonferroni, B. L. Nelson and
      F. J. Matejcik, 1995; B. L. Nelson and others, 2001).
    - None: neither is shown. That is not "within" and not "not within": more replications tell.

    A point is truly in one of the two states, so that a wrong claim of it has the probability
    α/k at most, and of all k points together α.

    Args:
        values_by_point: One number a replication for each point, not negative, in the same order
            of replications; NaN is a replication that gave none.
        tolerance: Relative to the best: 0.05 admits up to 1.05 times the smallest, or down to
            0.95 times the largest.
        smaller_is_better: Which end is the best.
        confidence: Of all claims together.

    Raises:
        ValueError: The points have different numbers of replications.
    """
    number, alpha = len(values_by_point), 1 - confidence
    sign, limit = (1.0, 1 + tolerance) if smaller_is_better else (-1.0, 1 - tolerance)
    arrays = {
        point: np.asarray(values, dtype=np.float64) for point, values in values_by_point.items()
    }
    if len({array.shape for array in arrays.values()}) > 1:
        raise ValueError("points with different numbers of replications cannot be paired")
    selection: dict[Point, bool | None] = {}
    for point, values in arrays.items():
        excesses = [
            sign * (values - limit * other) for rival, other in arrays.items() if rival != point
        ]
        tests = [_one_sided(excess) for excess in excesses]
        if all(negative <= alpha / number for negative, _ in tests):
            selection[point] = True
        elif any(positive <= alpha / (number * (number - 1)) for _, positive in tests):
            selection[point] = False
        else:
            selection[point] = None
    return selection


def _one_sided(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Return the p-values of the claims that the mean is at most 0, and that it is above 0."""
    values = values[~np.isnan(values)]
    count = len(values)
    if count < 2:
        return 1.0, 1.0
    mean, error = float(values.mean()), float(values.std(ddof=1)) / math.sqrt(count)
    if error == 0:
        return (0.0, 1.0) if mean <= 0 else (1.0, 0.0)
    p = float(stdtr(count - 1, mean / error))
    return p, 1 - p
