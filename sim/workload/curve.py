"""Arrivals that follow a curve of counts, such as a day's requests a minute."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import accumulate
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, field_validator

from sim.streams import unit_rate_process
from sim.units import Duration, PositiveDuration, at_most
from sim.workload.arrival_process import ArrivalProcess


class Curve(ArrivalProcess):
    """A non-homogeneous Poisson process whose rate follows counts an interval.

    Counts are expected requests; a visit makes `requests_per_visit` of them. Within an interval
    the rate is constant. The curve begins with the scenario's start and repeats with its own
    length, before the start too.
    """

    process: Literal["curve"]
    counts: tuple[Annotated[float, Field(ge=0, le=1e12)], ...] = Field(max_length=1_000_000)
    """Requests an interval, in the order of time."""
    interval: PositiveDuration
    """The length of each interval: "1 min"."""
    requests_per_visit: float = Field(default=1.0, ge=1e-3, le=1e9)
    """Requests that one visit makes."""
    offset: Annotated[Duration, at_most("3653 d")] = 0.0
    """Where in the curve the scenario starts: "21 h"; else at its beginning."""

    @field_validator("counts")
    @classmethod
    def _some_requests(cls, counts: tuple[float, ...]) -> tuple[float, ...]:
        if not any(counts):
            raise ValueError("a curve needs at least one count above 0")
        return counts

    @property
    def length(self) -> float:
        """Seconds until the curve repeats."""
        return len(self.counts) * self.interval

    @property
    def mean_rate(self) -> float:
        """Visits a second over the whole curve, before scaling."""
        return sum(self.counts) / self.requests_per_visit / self.length

    def expected(self, moment: float) -> float:
        """Visits from the scenario's start to a moment, before scaling; negative before it."""
        return self._since_beginning(moment + self.offset) - self._since_beginning(self.offset)

    def _since_beginning(self, moment: float) -> float:
        """Visits from the curve's beginning to a moment of it."""
        cycles, within = divmod(moment / self.interval, len(self.counts))
        part = min(int(within), len(self.counts) - 1)
        before = self._before
        requests = cycles * before[-1] + before[part] + self.counts[part] * (within - part)
        return requests / self.requests_per_visit

    @cached_property
    def _before(self) -> tuple[float, ...]:
        """Requests before each interval of the curve, and in all."""
        return tuple(accumulate(self.counts, initial=0.0))

    def times(self, generator: np.random.Generator, start: float, scale: float) -> Iterator[float]:
        """Arrival times from `start` on (seconds), ascending, without end."""
        edges = self.interval * np.arange(len(self.counts) + 1)
        expected = np.concatenate(([0.0], np.cumsum(self.counts)))
        expected *= scale / self.requests_per_visit
        a_cycle = float(expected[-1])
        whole_cycles, position = divmod(start + self.offset, self.length)
        before_start = whole_cycles * a_cycle + float(np.interp(position, edges, expected))
        for visits in unit_rate_process(generator):
            cycles, within = np.divmod(before_start + visits, a_cycle)
            times = cycles * self.length + np.interp(within, expected, edges)
            yield from (times - self.offset).tolist()
