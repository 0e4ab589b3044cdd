"""The initial transient: what to leave out at the front of a steady-state run."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr

from experiments.results.statistics.intervals import Values
from experiments.results.statistics.series import ROUNDING, BinnedSeries

_SIGNIFICANCE = 0.2
"""Over the number of replications: of the test whether what would be cut differs from the rest.

Few replications show a transient only to a lenient test, and many do so to a strict one.
"""

_SPARED = 5
"""Batches at the end that are never cut: the rule is erratic where few remain."""


@dataclass(frozen=True)
class WarmUp:
    """What to leave out at the front of each replication of one design point.

    Attributes:
        bins: How many time bins; at most half of them.
        share: Those as a share of the run.
        trusted: False where the rule would cut more than half of the run.
    """

    bins: int
    share: float
    trusted: bool = True


def find_warm_up(series: BinnedSeries) -> WarmUp:
    """Return the warm-up common to all replications, by MSER-5 on their average.

    K. Hoad, S. Robinson and R. Davies, "Automating warm-up length estimation", Journal of the
    Operational Research Society 61, 2010: MSER-5 on the average of the replications, not to be
    trusted where it would cut more than half of the run. Then half is cut.

    A queue that is warm from the start has its busy periods cut by the rule, which biases what
    remains and costs an interval of the mean up to five points of its coverage. So the cut is
    made only where the replications show a difference: a paired t-test of (a-b)/(a+b), a and b a
    replication's mean before and after the cut, p < 0.2/r: 0.05 for four replications, 0.01 for
    twenty. One replication allows no test, and is cut as the rule says.

    Args:
        series: Observations that are not negative.
    """
    average = series.average()
    observed = np.flatnonzero(~np.isnan(average))
    dropped = mser5(average[observed])
    if dropped == 0:
        return WarmUp(0, 0.0)
    found = int(observed[dropped])
    bins = min(found, series.bins // 2)
    if not _differs(series, bins):
        return WarmUp(0, 0.0)
    return WarmUp(bins, bins / series.bins, trusted=2 * found <= series.bins)


def mser5(observations: Values) -> int:
    """Return how many observations to drop from the front as warm-up, by MSER-5.

    The series is averaged in batches of 5; that truncation point is taken that minimises the
    marginal standard error, the sum of squares about the mean of what remains over its number
    squared. K. P. White, "An effective truncation heuristic for bias reduction in simulation
    output" (1997); K. P. White, M. J. Cobb and S. C. Spratt, "A comparison of five steady-state
    truncation heuristics for simulation" (2000). The last five batches always remain.

    Args:
        observations: A series in order of time.
    """
    data = np.asarray(observations, dtype=np.float64)
    batches = data[: len(data) // 5 * 5].reshape(-1, 5).mean(axis=1)
    count = len(batches)
    if count <= _SPARED:
        return 0
    remaining = np.arange(count, 0, -1)
    centred = batches - batches.mean()
    sums = np.cumsum(centred[::-1])[::-1]
    squares = np.cumsum((centred**2)[::-1])[::-1]
    errors = np.maximum(squares - sums**2 / remaining, 0.0) / remaining.astype(np.float64) ** 2
    return 5 * int(np.argmin(errors[: count - _SPARED + 1]))


def _differs(series: BinnedSeries, bins: int) -> bool:
    before, after = series.means(0, bins), series.means(bins, series.bins)
    total = before + after
    valid = total > 0
    relative = (before[valid] - after[valid]) / total[valid]
    count = len(relative)
    difference = float(relative.mean()) if count else 0.0
    if abs(difference) <= ROUNDING:
        return False
    if count < 2:
        return len(series.counts) == 1
    error = float(relative.std(ddof=1)) / math.sqrt(count)
    p = 2 * stdtr(count - 1, -abs(difference) / error) if error > 0 else 0.0
    return bool(p < _SIGNIFICANCE / count)
