"""Whether a series has settled: the first half of a run against the second."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr

from experiments.results.statistics.series import ROUNDING, BinnedSeries

SETTLING_SIGNIFICANCE = 0.05
"""The error rate of the test in a steady state."""


@dataclass(frozen=True)
class Settling:
    """Whether replications are in a steady state, as far as a test can tell.

    Attributes:
        settled: False where the halves differ significantly, True where they do not, None where
            the test cannot be made.
        statistic: Student's t of the difference, second half less first.
        p: Two-sided probability of such a difference in a steady state.
        change: Mean over replications of the second half less the first, in the series' unit.
        reason: Why the test cannot be made; empty where it was.
    """

    settled: bool | None
    statistic: float
    p: float
    change: float
    reason: str = ""


def halves_test(
    series: BinnedSeries, start: int = 0, significance: float = SETTLING_SIGNIFICANCE
) -> Settling:
    """Return the paired t-test of the first half of each replication against its second.

    In a steady state both halves have the same mean, however the observations are correlated,
    and replications are independent: the differences are tested by Student's t with r-1 degrees
    of freedom. "Settled" means that no difference was shown, not that there is none.

    Args:
        series: What each replication observed in each time bin.
        start: The first bin after the warm-up.
        significance: The error rate in a steady state. For several design points divide it by
            their number (Bonferroni).
    """
    half = (series.bins - start) // 2
    first = series.means(start, start + half)
    second = series.means(series.bins - half, series.bins)
    differences = second - first
    differences = differences[~np.isnan(differences)]
    count = len(differences)
    if count < 2:
        return Settling(
            None,
            math.nan,
            math.nan,
            math.nan,
            "the test needs two replications with observations in both halves of the run",
        )
    change = float(differences.mean())
    error = float(differences.std(ddof=1)) / math.sqrt(count)
    if abs(change) <= ROUNDING * float(np.nanmean(np.abs(first) + np.abs(second))):
        statistic = 0.0
    else:
        statistic = change / error if error > 0 else math.copysign(math.inf, change)
    p = float(2 * stdtr(count - 1, -abs(statistic)))
    return Settling(p >= significance, statistic, p, change)
