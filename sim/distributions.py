"""Distributions of durations: one number for all, log-normal, or as measured."""

from __future__ import annotations

from bisect import bisect_left
from itertools import pairwise
from math import exp
from statistics import NormalDist
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator

from sim.description import Description
from sim.units import Duration, PositiveDuration, at_most

_STANDARD_NORMAL = NormalDist()
_SMALLEST = 2.0**-53


class LogNormal(Description):
    """Durations whose logarithm is normally distributed: round-trip times over many paths are."""

    distribution: Literal["log-normal"]
    median: Annotated[PositiveDuration, at_most("1 d")]
    """Half of all are longer: "80 ms"; at most a day."""
    sigma: float = Field(ge=0, le=5)
    """The standard deviation of the natural logarithm; 0.5 puts 95 % within a factor of 2.7."""

    def quantile(self, share: float) -> float:
        """The duration (seconds) that this share, from [0, 1), of all stays below."""
        return self.median * exp(self.sigma * _STANDARD_NORMAL.inv_cdf(max(share, _SMALLEST)))


class Empirical(Description):
    """Durations as they were measured: a table of quantiles, linear in between."""

    distribution: Literal["empirical"]
    within: tuple[
        tuple[Annotated[Duration, at_most("1 d")], Annotated[float, Field(ge=0, le=1)]], ...
    ]
    """Durations with the share of all that is no longer, both ascending, the last with all of
    them: [["20 ms", 0.1], ["60 ms", 0.5], ["400 ms", 1.0]]. None is shorter than the first, and
    the last is at most a day."""

    @field_validator("within")
    @classmethod
    def _ascending(cls, within: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
        if not within or within[-1][1] != 1:
            raise ValueError("the last duration of a table stands for all: its share must be 1")
        for (shorter, fewer), (longer, more) in pairwise(within):
            if shorter > longer or fewer >= more:
                raise ValueError("durations and shares of a table must ascend")
        return within

    def quantile(self, share: float) -> float:
        """The duration (seconds) that this share, from [0, 1), of all stays below."""
        position = bisect_left(self.within, share, key=lambda point: point[1])
        longer, more = self.within[position]
        if position == 0:
            return longer
        shorter, fewer = self.within[position - 1]
        return shorter + (longer - shorter) * (share - fewer) / (more - fewer)


def _which(value: Any) -> str:
    if isinstance(value, LogNormal | Empirical):
        return f"({value.distribution})"
    if isinstance(value, dict):
        return f"({value.get('distribution', 'log-normal')})"
    return "(constant)"


RandomDuration = Annotated[
    Annotated[Duration, at_most("1 d"), Tag("(constant)")]
    | Annotated[LogNormal, Tag("(log-normal)")]
    | Annotated[Empirical, Tag("(empirical)")],
    Discriminator(_which),
]
"""Seconds, from 0 to a day, written "50 ms"; or a table with a `distribution`."""


def quantile(duration: float | LogNormal | Empirical, share: float) -> float:
    """The duration (seconds) that this share, from [0, 1), of all stays below."""
    return duration if isinstance(duration, float) else duration.quantile(share)
