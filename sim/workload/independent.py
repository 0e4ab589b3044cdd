"""A population of equals who come independently of each other."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sim.units import scaled
from sim.workload.population import ClientPopulation


class Independent(ClientPopulation):
    """N clients, each coming by a Poisson process of its own.

    Together they make the scenario's arrivals: with Poisson arrivals at rate R each client comes
    at rate R / N. The scale divides N like the arrivals, so that this rate stays.
    """

    kind: Literal["independent"]
    clients: int = Field(gt=0)
    """How many clients, before scaling; scaled at most 50 million, as each takes memory."""

    def visitors(self, scale: float) -> EquallyLikelyVisitors:
        """The scaled number of clients, at least one."""
        return EquallyLikelyVisitors(scaled(self.clients, scale))


class EquallyLikelyVisitors:
    """All of them equally likely at every arrival."""

    def __init__(self, clients: int) -> None:
        self._clients = clients

    def visitor(self, now: float, draw: float) -> int:
        """Who comes, by a draw from [0, 1)."""
        return int(draw * self._clients)

    def rate_of(self, client: int, rate: float) -> float:
        """The same for all."""
        return rate / self._clients

    def share_seen_before(self, since: float) -> float:
        """All: nobody is new for ever."""
        return 1.0
