"""Intervals of means over replications, and of paired differences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

CONFIDENCE = 0.95

_ROUNDING = 1e-9

Values = Sequence[float] | npt.NDArray[np.float64]


class Interval(NamedTuple):
    """An estimate from replications and its confidence interval, in the values' unit.

    Attributes:
        estimate: The point estimate; NaN when no replication gave a value.
        low: Lower end; NaN where there is no interval.
        high: Upper end; NaN where there is no interval.
        replications: How many gave a value.
        reason: Why there is no interval; empty where there is one.
    """

    estimate: float
    low: float
    high: float
    replications: int
    reason: str = ""

    @property
    def mean(self) -> float:
        """The estimate, where it is a mean over replications."""
        return self.estimate

    @property
    def excludes_zero(self) -> bool:
        """Whether a difference is shown: 0 is not within its interval."""
        return self.low > 0 or self.high < 0

    @property
    def half_width(self) -> float:
        """Half the interval's length, NaN when there is none."""
        return (self.high - self.low) / 2

    def within(self, least: float, most: float) -> Interval:
        """Return the part of it that is possible: it covers what it has covered.

        Args:
            least: No true value is smaller.
            most: No true value is larger.
        """
        if math.isnan(self.low):
            return self
        low, high = max(self.low, least), min(self.high, most)
        return self._replace(low=min(low, self.estimate), high=max(high, self.estimate))

    @classmethod
    def absent(cls, estimate: float, replications: int, reason: str) -> Interval:
        """Return an estimate without an interval.

        Args:
            estimate: The point estimate, or NaN.
            replications: How many gave a value.
            reason: Why there is no interval.
        """
        return cls(estimate, math.nan, math.nan, replications, reason)


def replication_interval(values: Values, confidence: float = CONFIDENCE) -> Interval:
    """Return the Student-t interval of the mean of independent replications.

    The interval is mean ± t(n-1, 1-α/2) · s/√n (Law, section 9.4.1).

    Args:
        values: One number a replication; NaN is a replication that gave none.
        confidence: Nominal coverage.
    """
    data = np.asarray(values, dtype=np.float64)
    data = data[~np.isnan(data)]
    count = len(data)
    if count == 0:
        return Interval.absent(math.nan, 0, "no replication gave a value")
    mean = float(data.mean())
    if count == 1:
        return Interval.absent(mean, 1, ONE_REPLICATION)
    half = student_t(count - 1, confidence) * float(data.std(ddof=1)) / math.sqrt(count)
    return Interval(mean, mean - half, mean + half, count)


def paired_difference(
    first: Values, second: Values, confidence: float = CONFIDENCE, *, limit: float = math.inf
) -> Interval:
    """Return the interval of the mean of `first - second`, replication by replication.

    With common random numbers the pairs are positively correlated, which makes this interval
    narrower than that of two independent means (Law, section 10.2.1).

    Args:
        first: One number a replication.
        second: As many numbers, in the same order of replications.
        confidence: Nominal coverage.
        limit: No difference is larger, either way: 1 for shares.

    Raises:
        ValueError: The two have different lengths.
    """
    one, other = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if one.shape != other.shape:
        raise ValueError(f"{len(one)} replications cannot be paired with {len(other)}")
    return replication_interval(differences(one, other), confidence).within(-limit, limit)


def differences(first: Values, second: Values) -> npt.NDArray[np.float64]:
    """Return `first - second`, exactly 0 where they differ by less than floating point can tell.

    Sums that add up in another order differ in their last digits: 1e-9 of the larger of two values
    is no difference.

    Args:
        first: Numbers.
        second: As many numbers.
    """
    one, other = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    found = one - other
    size = np.maximum(np.abs(one), np.abs(other))
    return np.where(np.abs(found) <= _ROUNDING * size, 0.0, found)


ONE_REPLICATION = "one replication has no interval; at least 2 are needed"


def student_t(degrees: int, confidence: float) -> float:
    """Return the two-sided critical value t(degrees, 1-α/2).

    Args:
        degrees: Degrees of freedom, at least 1.
        confidence: 1-α.
    """
    return float(stdtrit(degrees, 0.5 + confidence / 2))
