"""A population of unequal popularity."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from typing import Literal

import numpy as np
from pydantic import Field

from sim.units import scaled
from sim.workload.population import ClientPopulation


class Zipf(ClientPopulation):
    """N clients of unequal popularity: the k-th comes with a share proportional to k^-exponent.

    Each arrival is independent of all others: the independent reference model of cache theory
    (Che, Tung, Wang 2002). The scale divides N like the arrivals.
    """

    kind: Literal["zipf"]
    clients: int = Field(gt=0)
    """How many clients, before scaling; scaled at most 50 million, as each takes memory."""
    exponent: float = Field(ge=0, le=20)
    """0 makes all equally likely."""

    def visitors(self, scale: float) -> PopularVisitors:
        """The scaled number of clients, at least one."""
        return PopularVisitors(self.popularity(scale))

    def popularity(self, scale: float = 1.0) -> np.ndarray:
        """Each client's share of the visits, the most popular first."""
        weights = np.arange(1, scaled(self.clients, scale) + 1, dtype=np.float64) ** -self.exponent
        popularity: np.ndarray = weights / weights.sum()
        return popularity


class PopularVisitors:
    """Each likely by its popularity at every arrival; the most popular is number 0."""

    def __init__(self, popularity: np.ndarray) -> None:
        self._last = len(popularity) - 1
        self._cumulative = array("d", np.cumsum(popularity).tobytes())

    def visitor(self, now: float, draw: float) -> int:
        """Who comes, by a draw from [0, 1)."""
        return min(bisect_right(self._cumulative, draw), self._last)

    def rate_of(self, client: int, rate: float) -> float:
        """In proportion to its popularity."""
        before = self._cumulative[client - 1] if client else 0.0
        return rate * (self._cumulative[client] - before)

    def share_seen_before(self, since: float) -> float:
        """All: nobody is new for ever."""
        return 1.0
