"""The statistics of replications: intervals, quantiles, warm-up, paired differences.

Terms and formulas as in A. M. Law, *Simulation Modeling and Analysis*, 5th edition, chapters 9
and 10.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

CONFIDENCE = 0.95

Values = Sequence[float] | npt.NDArray[np.float64]


class Interval(NamedTuple):
    """A mean over replications and its confidence interval, in the values' unit.

    `low` and `high` are NaN when fewer than two replications gave a value, `mean` too when
    none did.
    """

    mean: float
    low: float
    high: float
    replications: int

    @property
    def half_width(self) -> float:
        """Half the interval's length, NaN when there is none."""
        return (self.high - self.low) / 2


def replication_interval(values: Values, confidence: float = CONFIDENCE) -> Interval:
    """Return the Student-t interval of the mean of independent replications.

    `values` has one number a replication; NaN is a replication that gave none. The interval is
    mean ± t(n-1, 1-α/2) · s/√n.
    """
    data = np.asarray(values, dtype=np.float64)
    data = data[~np.isnan(data)]
    count = len(data)
    if count == 0:
        return Interval(math.nan, math.nan, math.nan, 0)
    mean = float(data.mean())
    if count == 1:
        return Interval(mean, math.nan, math.nan, 1)
    t = float(stdtrit(count - 1, 0.5 + confidence / 2))
    half = t * float(data.std(ddof=1)) / math.sqrt(count)
    return Interval(mean, mean - half, mean + half, count)


def paired_difference(first: Values, second: Values, confidence: float = CONFIDENCE) -> Interval:
    """Return the interval of the mean of `first - second`, replication by replication.

    With common random numbers the pairs are positively correlated, which makes this interval
    narrower than that of two independent means (Law, section 10.2.1).

    Raises:
        ValueError: the two have different lengths.
    """
    one, other = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if one.shape != other.shape:
        raise ValueError(f"{len(one)} replications cannot be paired with {len(other)}")
    return replication_interval(one - other, confidence)


def quantile_interval(
    replications: Sequence[Values], probability: float, confidence: float = CONFIDENCE
) -> Interval:
    """Return the interval of a quantile: estimated in each replication, then as for a mean.

    `replications` holds each replication's observations; an empty one gives no estimate.
    """
    return replication_interval(
        [
            float(np.quantile(np.asarray(one, dtype=np.float64), probability))
            if len(one)
            else math.nan
            for one in replications
        ],
        confidence,
    )


def mser5(observations: Values) -> int:
    """Return how many observations to drop from the front as warm-up, by MSER-5.

    The series is averaged in batches of 5; of all truncation points d in its first half, the
    one is taken that minimises the marginal standard error (sum of squares about the mean of what
    remains, over its number squared). White, Cobb and Spratt, "A comparison of five steady-state
    truncation heuristics for simulation", WSC 2000.
    """
    data = np.asarray(observations, dtype=np.float64)
    batches = data[: len(data) // 5 * 5].reshape(-1, 5).mean(axis=1)
    count = len(batches)
    if count < 2:
        return 0
    remaining = np.arange(count, 0, -1)
    centred = batches - batches.mean()
    sums = np.cumsum(centred[::-1])[::-1]
    squares = np.cumsum((centred**2)[::-1])[::-1]
    errors = np.maximum(squares - sums**2 / remaining, 0.0) / remaining.astype(np.float64) ** 2
    return 5 * int(np.argmin(errors[: count // 2 + 1]))
