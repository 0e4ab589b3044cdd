"""Intervals of quantiles over the observations of all replications."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from experiments.results.statistics.intervals import (
    CONFIDENCE,
    ONE_REPLICATION,
    Interval,
    Values,
    differences,
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


@dataclass(frozen=True)
class PooledQuantile:
    """A quantile of all replications' observations together, and what its interval stems from.

    Attributes:
        interval: the quantile with its interval, as `quantile_interval` has it.
        shares: of each replication, by its number, how far the share of observations at or below
            the quantile is from that of all.
    """

    interval: Interval
    shares: Mapping[int, float]


def quantile_difference(first: PooledQuantile, second: PooledQuantile) -> Interval:
    """Return the difference of two pooled quantiles, first less second, with an interval.

    The estimate is the difference of the two estimates. The interval recovers the variance from
    both intervals' ends (MOVER; G. Y. Zou and A. Donner, 2008), so that it is as lopsided as they
    are and always contains the estimate. Their correlation ρ is that of the shares that
    both intervals stem from, replication by replication: a part ρ of the variance moves both
    quantiles together, the rest each alone. Where both intervals are symmetric it is the paired
    Student-t interval. Both have the confidence that is wanted of the difference.

    Args:
        first: A quantile.
        second: Another one, of the same replications.
    """
    one, other = first.interval, second.interval
    estimate = _difference(one.estimate, other.estimate)
    reason = one.reason or other.reason
    if reason or set(first.shares) != set(second.shares):
        return Interval.absent(
            estimate,
            min(one.replications, other.replications),
            reason or "the replications do not pair",
        )
    correlation = _correlation(first.shares, second.shares)
    down, up = _difference(one.estimate, one.low), _difference(one.high, one.estimate)
    other_down = _difference(other.estimate, other.low)
    other_up = _difference(other.high, other.estimate)
    if correlation < 0:
        # What lifts one lowers the other.
        together = down + other_up, up + other_down
    else:
        fall, rise = _difference(down, other_down), _difference(up, other_up)
        together = max(0.0, fall, -rise), max(0.0, rise, -fall)
    common = abs(correlation)
    below = math.sqrt(common * together[0] ** 2 + (1 - common) * (down**2 + other_up**2))
    above = math.sqrt(common * together[1] ** 2 + (1 - common) * (up**2 + other_down**2))
    return Interval(estimate, estimate - below, estimate + above, one.replications)


def _difference(first: float, second: float) -> float:
    return float(differences([first], [second])[0])


def _correlation(first: Mapping[int, float], second: Mapping[int, float]) -> float:
    keys = sorted(first)
    one, other = np.array([first[key] for key in keys]), np.array([second[key] for key in keys])
    spread = math.sqrt(float((one**2).sum()) * float((other**2).sum()))
    return float(np.clip((one * other).sum() / spread, -1.0, 1.0)) if spread else 0.0


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
    residuals = quantile_residuals(counts, below, at_or_below)
    replications = len(residuals)
    variance = float((residuals**2).sum()) / (replications - 1)
    half = student_t(replications - 1, confidence) * math.sqrt(variance / replications)
    return max(0.0, probability - half), min(1.0, probability + half)


def quantile_residuals(
    counts: Values, below: Values, at_or_below: Values
) -> npt.NDArray[np.float64]:
    """Return how far each replication's share at or below a quantile is from that of all.

    Of the shares at or below and strictly below it is that with the larger variance, as of a ratio
    where the counts differ.

    Args:
        counts: The number of observations of each replication.
        below: How many of them are less than the estimate.
        at_or_below: How many of them are not more than the estimate.
    """
    numbers = np.asarray(counts, dtype=np.float64)
    weights = numbers / numbers.mean()
    residuals = []
    for part in (below, at_or_below):
        shares = np.asarray(part, dtype=np.float64) / numbers
        residuals.append(weights * (shares - np.average(shares, weights=numbers)))
    return max(residuals, key=lambda each: float((each**2).sum()))


def _order_statistic(ordered: Values, probability: float) -> float:
    """Return the inverse of the empirical distribution, ordered[⌈n·probability⌉ - 1]."""
    rank = math.ceil(len(ordered) * probability - 1e-9)
    return float(ordered[min(max(rank, 1), len(ordered)) - 1])


def _ordinal(probability: float) -> str:
    percent = f"{100 * probability:g}"
    teen = percent[-2:] in ("11", "12", "13")
    return percent + ("th" if teen else {"1": "st", "2": "nd", "3": "rd"}.get(percent[-1], "th"))
