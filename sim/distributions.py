"""Distributions of durations, sizes and counts: one number for all, or what a table describes.

Everything is drawn by its quantile function, one draw from [0, 1) a value, so that two designs that
are simulated with one seed draw alike. A number that is the same for all draws nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import pairwise
from math import ceil, erf, exp, expm1, floor, log, log1p, sqrt
from statistics import NormalDist
from typing import Annotated, Any, Literal, Protocol, Self

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from sim.description import Description, fault_at
from sim.units import Duration, PositiveDuration, PositiveSize, at_most

_STANDARD_NORMAL = NormalDist()
_SMALLEST = 2.0**-53

A_DAY = 86_400.0
A_GIGABYTE = 10**9
A_MILLION = 10**6

Share = Annotated[float, Field(ge=0, le=1)]
UpToADay = Annotated[Duration, at_most("1 d")]
PositiveUpToADay = Annotated[PositiveDuration, at_most("1 d")]
UpToAGigabyte = Annotated[PositiveSize, at_most("1 GB")]
Count = Annotated[int, Field(gt=0, le=A_MILLION)]


class Distribution(Protocol):
    """What a quantity's values are drawn from."""

    def quantile(self, share: float) -> float:
        """What this share, from [0, 1), of all values stays below."""

    def average(self, most: float) -> float:
        """The mean of all values, where those above `most` are cut to it."""


# -- shapes, whatever the quantity


class _LogNormal(Description):
    distribution: Literal["log-normal"]
    median: Any
    sigma: float = Field(ge=0, le=5)
    """The standard deviation of the natural logarithm; 0.5 puts 95 % within a factor of 2.7."""

    def quantile(self, share: float) -> float:
        """What this share, from [0, 1), of all values stays below."""
        factor: float = exp(self.sigma * _STANDARD_NORMAL.inv_cdf(max(share, _SMALLEST)))
        value: float = self.median * factor
        return value

    def average(self, most: float) -> float:
        """The mean of all values, where those above `most` are cut to it."""
        sigma, median = self.sigma, self.median
        if not sigma:
            return min(float(median), most)
        limit = log(most / median) / sigma
        below = median * exp(sigma**2 / 2) * _normal(limit - sigma)
        return float(below + most * _normal(-limit))


class _Exponential(Description):
    distribution: Literal["exponential"]
    mean: Any

    def quantile(self, share: float) -> float:
        """What this share, from [0, 1), of all values stays below."""
        value: float = -self.mean * log1p(-share)
        return value

    def average(self, most: float) -> float:
        """The mean of all values, where those above `most` are cut to it."""
        return float(-self.mean * expm1(-most / self.mean))


class _Bounded(Description):
    least: Any
    most: Any

    @model_validator(mode="after")
    def _least_before_most(self) -> Self:
        if self.least >= self.most:
            raise fault_at(("most",), "must be more than the least; write a larger one")
        return self


class _Uniform(_Bounded):
    distribution: Literal["uniform"]

    def quantile(self, share: float) -> float:
        """What this share, from [0, 1), of all values stays below."""
        value: float = self.least + share * (self.most - self.least)
        return value

    def average(self, most: float) -> float:
        """The mean of all values; none is above the limits of what is described."""
        return float(self.least + self.most) / 2


class _Pareto(_Bounded):
    distribution: Literal["pareto"]
    shape: float = Field(ge=0.01, le=100)
    """The exponent of the tail: files of the web have 1.0 to 1.5 (Crovella and Bestavros, 1997);
    the smaller, the heavier."""

    def quantile(self, share: float) -> float:
        """What this share, from [0, 1), of all values stays below."""
        beyond = (self.least / self.most) ** self.shape
        value: float = self.least * (1 - share * (1 - beyond)) ** (-1 / self.shape)
        return min(value, float(self.most))

    def average(self, most: float) -> float:
        """The mean of all values; none is above the limits of what is described."""
        least, greatest, shape = float(self.least), float(self.most), self.shape
        ratio = log(greatest / least)
        # The integral of x^-shape, by expm1: exact where the shape is near 1.
        power = 1 - shape
        whole = ratio if not power else expm1(power * ratio) / power
        return shape * least * whole / -expm1(-shape * ratio)


class _Empirical(Description):
    distribution: Literal["empirical"]
    within: tuple[tuple[Any, Share], ...]

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        within = self.within
        if not within or within[-1][1] != 1:
            raise fault_at(
                ("within",), "the last value of a table stands for all: its share must be 1"
            )
        for (smaller, fewer), (larger, more) in pairwise(within):
            if smaller > larger or fewer >= more:
                raise fault_at(("within",), "values and shares of a table must ascend")
        return self

    def quantile(self, share: float) -> float:
        """What this share, from [0, 1), of all values stays below."""
        position = bisect_left(self.within, share, key=lambda point: point[1])
        larger, more = self.within[position]
        if position == 0:
            return float(larger)
        smaller, fewer = self.within[position - 1]
        value: float = smaller + (larger - smaller) * (share - fewer) / (more - fewer)
        return value

    def average(self, most: float) -> float:
        """The mean of all values; none is above the limits of what is described."""
        first, share = self.within[0]
        steps = pairwise(self.within)
        return float(
            first * share + sum((low + high) / 2 * (to - by) for (low, by), (high, to) in steps)
        )


def _normal(deviations: float) -> float:
    return 0.5 * (1 + erf(deviations / sqrt(2)))


# -- durations


class LogNormal(_LogNormal):
    """Durations whose logarithm is normally distributed: round-trip times over many paths."""

    median: PositiveUpToADay
    """Half of all are longer: "80 ms"; at most a day."""


class ExponentialDuration(_Exponential):
    """Durations without memory: what is left of one says nothing about how long it has lasted."""

    mean: PositiveUpToADay
    """Their mean: "5 s"; at most a day."""


class UniformDuration(_Uniform):
    """Durations that are equally likely between two limits."""

    least: UpToADay
    """None is shorter: "1 s"."""
    most: UpToADay
    """None is longer: "10 s"; at most a day."""


class ParetoDuration(_Pareto):
    """Durations of which few are very long: a bounded Pareto distribution."""

    least: PositiveUpToADay
    """None is shorter: "1 s"."""
    most: UpToADay
    """None is longer: "10 min"; at most a day."""


class Empirical(_Empirical):
    """Durations as they were measured: a table of quantiles, linear in between."""

    within: tuple[tuple[UpToADay, Share], ...]
    """Durations with the share of all that is no longer, both ascending, the last with all of
    them: [["20 ms", 0.1], ["60 ms", 0.5], ["400 ms", 1.0]]. None is shorter than the first, and
    the last is at most a day."""


# -- sizes


class LogNormalSize(_LogNormal):
    """Sizes whose logarithm is normally distributed: the bodies of most responses."""

    median: UpToAGigabyte
    """Half of all are larger: "10 kB"; at most 1 GB, to which larger ones are cut."""


class ExponentialSize(_Exponential):
    """Sizes that fall off exponentially."""

    mean: UpToAGigabyte
    """Their mean: "10 kB"; at most 1 GB, to which larger ones are cut."""


class UniformSize(_Uniform):
    """Sizes that are equally likely between two limits."""

    least: UpToAGigabyte
    """None is smaller: "1 kB"."""
    most: UpToAGigabyte
    """None is larger: "20 kB"; at most 1 GB."""


class ParetoSize(_Pareto):
    """Sizes of which few make most of the bytes: a bounded Pareto distribution."""

    least: UpToAGigabyte
    """None is smaller: "1 kB"."""
    most: UpToAGigabyte
    """None is larger: "10 MB"; at most 1 GB."""


class EmpiricalSize(_Empirical):
    """Sizes as they were measured: a table of quantiles, linear in between."""

    within: tuple[tuple[UpToAGigabyte, Share], ...]
    """Sizes with the share of all that is no larger, both ascending, the last with all of them:
    [["1 kB", 0.1], ["8 kB", 0.5], ["400 kB", 1.0]]. None is smaller than the first."""


# -- counts


class Geometric(Description):
    """Counts from 1 on, after each of which one more is equally likely."""

    distribution: Literal["geometric"]
    mean: float = Field(ge=1, le=A_MILLION)
    """Their mean: 4.5; from 1 to a million, to which larger ones are cut."""

    def quantile(self, share: float) -> float:
        """The count that this share, from [0, 1), of all stays below."""
        if self.mean == 1:
            return 1.0
        return float(1 + floor(log1p(-share) / log1p(-1 / self.mean)))

    def average(self, most: float) -> float:
        """The mean of all counts, where those above `most` are cut to it."""
        if self.mean == 1:
            return 1.0
        return -self.mean * expm1(most * log1p(-1 / self.mean))


class UniformCount(_Bounded):
    """Whole numbers that are equally likely from one to another."""

    distribution: Literal["uniform"]
    least: Count
    """The smallest: 1."""
    most: Count
    """The largest: 10; at most a million."""

    def quantile(self, share: float) -> float:
        """The count that this share, from [0, 1), of all stays below."""
        return float(self.least + floor(share * (self.most - self.least + 1)))

    def average(self, most: float) -> float:
        """The mean of all counts; none is above the limits of what is described."""
        return (self.least + self.most) / 2


class ParetoCount(_Pareto):
    """Counts of which few are very large: a bounded Pareto distribution, rounded up."""

    least: Count
    """All are larger, where they are not rounded to it: 1."""
    most: Count
    """None is larger: 1000; at most a million."""

    def quantile(self, share: float) -> float:
        """The count that this share, from [0, 1), of all stays below."""
        return float(ceil(super().quantile(share)))

    def average(self, most: float) -> float:
        """The mean of all counts; none is above the limits of what is described."""
        least, beyond = float(self.least), (self.least / self.most) ** self.shape
        # A count is above n where what is rounded up is.
        above = ((least / n) ** self.shape - beyond for n in range(self.least, self.most))
        return float(least + sum(above) / (1 - beyond))


class EmpiricalCount(_Empirical):
    """Counts as they were observed."""

    within: tuple[tuple[Count, Share], ...]
    """Counts with the share of all that is no larger, both ascending, the last with all of them:
    [[1, 0.5], [2, 0.8], [10, 1.0]]. There are no others."""

    def quantile(self, share: float) -> float:
        """The count that this share, from [0, 1), of all stays below."""
        # A draw of exactly the share below a count is that count's.
        for count, below in self.within:
            if share < below:
                return float(count)
        return float(self.within[-1][0])

    def average(self, most: float) -> float:
        """The mean of all counts."""
        before, mean = 0.0, 0.0
        for count, below in self.within:
            mean += count * (below - before)
            before = below
        return mean


# -- what stands in a scenario


def _which(value: Any) -> str:
    if isinstance(value, dict):
        return f"({value.get('distribution', 'log-normal')})"
    return f"({getattr(value, 'distribution', 'constant')})"


RandomDuration = Annotated[
    Annotated[UpToADay, Tag("(constant)")]
    | Annotated[LogNormal, Tag("(log-normal)")]
    | Annotated[Empirical, Tag("(empirical)")]
    | Annotated[ExponentialDuration, Tag("(exponential)")]
    | Annotated[UniformDuration, Tag("(uniform)")]
    | Annotated[ParetoDuration, Tag("(pareto)")],
    Discriminator(_which),
]
"""Seconds, from 0 to a day, written "50 ms"; or a table with a `distribution`."""


def _above_zero(duration: Any) -> Any:
    if duration == 0:
        raise ValueError("must be above 0; write a longer one, or leave it out")
    return duration


PositiveRandomDuration = Annotated[RandomDuration, AfterValidator(_above_zero)]
"""The same, above 0 where it is one for all."""

RandomSize = Annotated[
    Annotated[UpToAGigabyte, Tag("(constant)")]
    | Annotated[LogNormalSize, Tag("(log-normal)")]
    | Annotated[EmpiricalSize, Tag("(empirical)")]
    | Annotated[ExponentialSize, Tag("(exponential)")]
    | Annotated[UniformSize, Tag("(uniform)")]
    | Annotated[ParetoSize, Tag("(pareto)")],
    Discriminator(_which),
]
"""Bytes, from 1 to 1 GB, written "3.7 kB"; or a table with a `distribution`."""

RandomCount = Annotated[
    Annotated[Count, Tag("(constant)")]
    | Annotated[Geometric, Tag("(geometric)")]
    | Annotated[UniformCount, Tag("(uniform)")]
    | Annotated[ParetoCount, Tag("(pareto)")]
    | Annotated[EmpiricalCount, Tag("(empirical)")],
    Discriminator(_which),
]
"""A whole number, from 1 to a million; or a table with a `distribution`."""


def quantile(duration: float | Distribution, share: float) -> float:
    """The duration (seconds) that this share, from [0, 1), of all stays below."""
    return duration if isinstance(duration, float) else duration.quantile(share)


def drawn_duration(duration: float | Distribution, share: float) -> float:
    """The same, where those above a day are cut to it."""
    return duration if isinstance(duration, float) else min(duration.quantile(share), A_DAY)


def drawn_size(size: int | Distribution, share: float) -> int:
    """The size (whole bytes, from 1 to 1 GB) that this share, from [0, 1), of all stays below."""
    return size if isinstance(size, int) else _whole(size, share, A_GIGABYTE)


def drawn_count(count: int | Distribution, share: float) -> int:
    """The count (from 1 to a million) that this share, from [0, 1), of all stays below."""
    return count if isinstance(count, int) else _whole(count, share, A_MILLION)


def _whole(described: Distribution, share: float, most: int) -> int:
    return max(1, min(round(described.quantile(share)), most))


def varies(quantity: float | Distribution) -> bool:
    """Whether a quantity has to be drawn."""
    return not isinstance(quantity, int | float)


def mean_duration(duration: float | Distribution) -> float:
    """The mean of `drawn_duration` (seconds)."""
    return duration if isinstance(duration, float) else duration.average(A_DAY)


def mean_size(size: int | Distribution) -> float:
    """The mean of `drawn_size` (bytes), roundings apart."""
    return size if isinstance(size, int) else size.average(A_GIGABYTE)


def mean_count(count: int | Distribution) -> float:
    """The mean of `drawn_count`."""
    return count if isinstance(count, int) else count.average(A_MILLION)
