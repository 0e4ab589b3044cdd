"""Intervals of shares: proportions that are averaged over replications."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import betaincinv

from experiments.results.statistics.intervals import (
    CONFIDENCE,
    ONE_REPLICATION,
    Interval,
    Values,
    student_t,
)


def share_interval(shares: Values, trials: Values, confidence: float = CONFIDENCE) -> Interval:
    """Return the interval of a share, within 0 and 1.

    It is Wilson's score interval (E. B. Wilson, 1927) of the mean p of the replications'
    shares, with the number of independent trials that their variance s²/r speaks for,
    n* = p(1-p) / (s²/r), and Student's t of r-1 degrees of freedom in the normal quantile's
    place: N. Dean and M. Pagano, "Evaluating confidence interval methods for binomial proportions
    in clustered surveys", 2015. Hits that are correlated within a run thereby widen it.

    Where all shares are equal the variance says nothing, and the trials are taken for
    independent: n* is their number, and at 0 and 1 the interval is that of C. J. Clopper and
    E. S. Pearson (1934), so that none of N is "at most 1 - (α/2)^(1/N)".

    Args:
        shares: One share a replication, between 0 and 1; NaN is a replication without trials.
        trials: What each is a share of, a count a replication.
        confidence: Nominal coverage.

    Raises:
        ValueError: The two have different lengths, or a share lies outside 0 and 1.
    """
    data, counts = np.asarray(shares, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    if data.shape != counts.shape:
        raise ValueError(f"{len(data)} shares cannot go with {len(counts)} numbers of trials")
    present = ~np.isnan(data) & (counts > 0)
    data, counts = data[present], counts[present]
    if np.any((data < 0) | (data > 1)):
        raise ValueError("a share lies between 0 and 1")
    replications = len(data)
    if replications == 0:
        return Interval.absent(math.nan, 0, "no replication gave a value")
    mean, total = float(data.mean()), float(counts.sum())
    if replications == 1:
        return Interval.absent(mean, 1, ONE_REPLICATION)
    tail = (1 - confidence) / 2
    if not data.any():
        return Interval(0.0, 0.0, float(1 - betaincinv(total, 1, tail)), replications)
    if (data == 1).all():
        return Interval(1.0, float(betaincinv(total, 1, tail)), 1.0, replications)
    variance = float(data.var(ddof=1)) / replications
    spread = mean * (1 - mean)
    independent = spread / variance if np.ptp(data) > 0 else total
    squared = student_t(replications - 1, confidence) ** 2
    centre = (mean + squared / (2 * independent)) / (1 + squared / independent)
    half = math.sqrt(squared * (spread / independent + squared / (4 * independent**2)))
    half /= 1 + squared / independent
    return Interval(mean, max(0.0, centre - half), min(1.0, centre + half), replications)
