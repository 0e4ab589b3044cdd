"""Arrivals: when visits begin.

Each process turns a unit-rate Poisson process into arrival times by the inverse of its expected
number of visits, a block at a time: one exponential draw a visit, whatever the rate.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, field_validator

from sim.description import Description
from sim.streams import BLOCK
from sim.units import Frequency, PositiveDuration


class Poisson(Description):
    """A Poisson process: visits at a constant rate, without memory."""

    process: Literal["poisson"]
    rate: Frequency
    """Visits a second, before scaling: "30 /s"."""

    def times(self, generator: np.random.Generator, start: float, scale: float) -> Iterator[float]:
        """Arrival times from `start` on (seconds), ascending, without end."""
        mean = 1.0 / (self.rate * scale)
        for visits in _unit_rate_process(generator):
            yield from (start + mean * visits).tolist()


class Curve(Description):
    """A non-homogeneous Poisson process whose rate follows counts an interval.

    Counts are expected requests; a visit makes `requests_per_visit` of them. Within an interval
    the rate is constant. The curve begins with the scenario's start and repeats with its own
    length, before the start too.
    """

    process: Literal["curve"]
    counts: tuple[Annotated[float, Field(ge=0)], ...]
    """Requests an interval, in the order of time."""
    interval: PositiveDuration
    """The length of each interval: "1 min"."""
    requests_per_visit: float = Field(default=1.0, gt=0)
    """Requests that one visit makes."""

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

    def times(self, generator: np.random.Generator, start: float, scale: float) -> Iterator[float]:
        """Arrival times from `start` on (seconds), ascending, without end."""
        edges = self.interval * np.arange(len(self.counts) + 1)
        expected = np.concatenate(([0.0], np.cumsum(self.counts)))
        expected *= scale / self.requests_per_visit
        a_cycle = float(expected[-1])
        whole_cycles, position = divmod(start, self.length)
        before_start = whole_cycles * a_cycle + float(np.interp(position, edges, expected))
        for visits in _unit_rate_process(generator):
            cycles, within = np.divmod(before_start + visits, a_cycle)
            yield from (cycles * self.length + np.interp(within, expected, edges)).tolist()


Arrivals = Annotated[Poisson | Curve, Field(discriminator="process")]
"""Every arrival process; one more is one more class here."""


def _unit_rate_process(generator: np.random.Generator) -> Iterator[np.ndarray]:
    """A Poisson process of rate 1: blocks of ascending times from 0 on."""
    last = 0.0
    while True:
        times = last + np.cumsum(generator.standard_exponential(BLOCK))
        last = float(times[-1])
        yield times
