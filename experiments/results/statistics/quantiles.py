"""Intervals of quantiles over the observations of all replications."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from experiments.results.statistics.intervals import (
    CONFIDENCE,
    ONE_REPLICATION,
    Interval,
    Values,
    student_t,
)

TAIL_OBSERVATIONS = 10
"""How many observations each replication must be expected to have on either side of a quantile."""


def quantile_interval(
    replications: Sequence[Values], probability: float, confidence: float = CONFIDENCE
) -> Interval:
    """Return a quantile of all observations together and its interval.

    R. S. Woodruff, "Confidence intervals for medians and other position measures" (1952), with
    the replications as clusters: the estimate is an order statistic of all observations, the
    standard error that of the share of observations at or below it, over the replications, and
    the interval's ends are the order statistics at `quantile_bounds`. Shares are nearly
    normal where the quantiles of single replications are biased and skewed. The interval
    lies within the observations.

    Args:
        replications: Each replication's observations; one without any is left out.
        probability: Between 0 and 1, exclusive: 0.95 for the 95th percentile.
        confidence: Nominal coverage.
    """
    data = [np.sort(np.asarray(one, dtype=np.float64)) for one in replications if len(one)]
    if not data:
        return Interval.absent(math.nan, 0, "no replication gave a value")
    pooled = np.sort(np.concatenate(data))
    estimate = _order_statistic(pooled, probability)
    counts = np.array([len(one) for one in data], dtype=np.float64)
    reason = too_few_for_quantile(counts, probability)
    if reason:
        return Interval.absent(estimate, len(data), reason)
    low, high = quantile_bounds(
        counts,
        np.array([np.searchsorted(one, estimate, side="left") for one in data], dtype=np.float64),
        np.array([np.searchsorted(one, estimate, side="right") for one in data], dtype=np.float64),
        probability,
        confidence,
    )
    return Interval(
        estimate, _order_statistic(pooled, low), _order_statistic(pooled, high), len(data)
    )


def too_few_for_quantile(counts: Values, probability: float) -> str:
    """Return why a quantile has no interval, empty where it has one.

    It has one only where each of at least two replications may expect ten observations on
    either side, n·q ≥ 10 and n·(1-q) ≥ 10: with fewer the shares are far from normal.

    Args:
        counts: The number of observations of each replication.
        probability: Between 0 and 1, exclusive.
    """
    if len(counts) < 2:
        return ONE_REPLICATION
    needed = math.ceil(TAIL_OBSERVATIONS / min(probability, 1 - probability) - 1e-9)
    fewest = int(min(counts))
    if fewest >= needed:
        return ""
    return (
        f"the {_ordinal(probability)} percentile needs {needed:,} observations in each "
        f"replication; the smallest has {fewest:,}"
    )


def quantile_bounds(
    counts: Values,
    below: Values,
    at_or_below: Values,
    probability: float,
    confidence: float = CONFIDENCE,
) -> tuple[float, float]:
    """Return the probabilities whose quantiles are the ends of a quantile's interval.

    They are q ± t(r-1, 1-α/2) · s/√r (Woodruff 1952), s² the variance over replications of
    the share at or below the estimate, as of a ratio where the counts differ. Of the shares
    at or below and strictly below that with the larger variance counts, which matters where
    many observations are equal.

    Args:
        counts: The number of observations of each of at least two replications.
        below: How many of them are less than the estimate.
        at_or_below: How many of them are not more than the estimate.
        probability: The quantile's own.
        confidence: Nominal coverage.
    """
    numbers = np.asarray(counts, dtype=np.float64)
    weights = numbers / numbers.mean()
    replications = len(numbers)
    variance = 0.0
    for part in (below, at_or_below):
        shares = np.asarray(part, dtype=np.float64) / numbers
        residuals = weights * (shares - np.average(shares, weights=numbers))
        variance = max(variance, float((residuals**2).sum()) / (replications - 1))
    half = student_t(replications - 1, confidence) * math.sqrt(variance / replications)
    return max(0.0, probability - half), min(1.0, probability + half)


def _order_statistic(ordered: Values, probability: float) -> float:
    """Return the inverse of the empirical distribution, ordered[⌈n·probability⌉ - 1]."""
    rank = math.ceil(len(ordered) * probability - 1e-9)
    return float(ordered[min(max(rank, 1), len(ordered)) - 1])


def _ordinal(probability: float) -> str:
    percent = f"{100 * probability:g}"
    teen = percent[-2:] in ("11", "12", "13")
    return percent + ("th" if teen else {"1": "st", "2": "nd", "3": "rd"}.get(percent[-1], "th"))
