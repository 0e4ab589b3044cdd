"""Arrivals at a constant rate: a Poisson process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from sim.streams import unit_rate_process
from sim.units import Frequency
from sim.workload.arrival_process import ArrivalProcess


class Poisson(ArrivalProcess):
    """A Poisson process: visits at a constant rate, without memory."""

    process: Literal["poisson"]
    rate: Frequency
    """Visits a second, before scaling: "30 /s"."""

    @property
    def mean_rate(self) -> float:
        """Visits a second, before scaling."""
        return self.rate

    def expected(self, moment: float) -> float:
        """Visits from the scenario's start to a moment, before scaling; negative before it."""
        return self.rate * moment

    def times(self, generator: np.random.Generator, start: float, scale: float) -> Iterator[float]:
        """Arrival times from `start` on (seconds), ascending, without end."""
        mean = 1.0 / (self.rate * scale)
        for visits in unit_rate_process(generator):
            yield from (start + mean * visits).tolist()
