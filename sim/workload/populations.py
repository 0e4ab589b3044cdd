"""Populations: who comes at each arrival."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from typing import Annotated, Literal, Protocol

import numpy as np
from pydantic import Field

from sim.description import Description
from sim.units import scaled
from sim.workload.revisits import Revisits


class Visitors(Protocol):
    """Who has come so far, and who comes next. Clients are numbered from 0."""

    def visitor(self, now: float, draw: float) -> int:
        """Who comes at `now` (seconds, never less than before), by a draw from [0, 1)."""


class Independent(Description):
    """N clients, each coming by a Poisson process of its own.

    Together they make the scenario's arrivals: with Poisson arrivals at rate R each client comes
    at rate R / N. The scale divides N like the arrivals, so that this rate stays.
    """

    kind: Literal["independent"]
    clients: int = Field(gt=0)
    """How many clients, before scaling."""

    def visitors(self, scale: float) -> Visitors:
        """The scaled number of clients, at least one."""
        return _EquallyLikely(scaled(self.clients, scale))


class Zipf(Description):
    """N clients of unequal popularity: the k-th comes with a share proportional to k^-exponent.

    Each arrival is independent of all others: the independent reference model of cache theory
    (Che, Tung, Wang 2002). The scale divides N like the arrivals.
    """

    kind: Literal["zipf"]
    clients: int = Field(gt=0)
    """How many clients, before scaling."""
    exponent: float = Field(ge=0)
    """0 makes all equally likely."""

    def visitors(self, scale: float) -> Visitors:
        """The scaled number of clients, at least one."""
        return _ByPopularity(self.popularity(scale))

    def popularity(self, scale: float = 1.0) -> np.ndarray:
        """Each client's share of the visits, the most popular first."""
        weights = np.arange(1, scaled(self.clients, scale) + 1, dtype=np.float64) ** -self.exponent
        popularity: np.ndarray = weights / weights.sum()
        return popularity


Population = Annotated[Revisits | Independent | Zipf, Field(discriminator="kind")]
"""Every population; one more is one more class."""


class _EquallyLikely:
    def __init__(self, clients: int) -> None:
        self._clients = clients

    def visitor(self, now: float, draw: float) -> int:
        return int(draw * self._clients)


class _ByPopularity:
    def __init__(self, popularity: np.ndarray) -> None:
        self._last = len(popularity) - 1
        self._cumulative = array("d", np.cumsum(popularity).tobytes())

    def visitor(self, now: float, draw: float) -> int:
        return min(bisect_right(self._cumulative, draw), self._last)
