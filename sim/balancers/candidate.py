"""What a balancer chooses from, and for whom."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from sim.hosts.open_connections import OpenConnections
from sim.hosts.server import Server


class Candidate:
    """A server that a balancer may give a connection to.

    Args:
        server: it.
        weight: how many connections it gets beside others, above 0.
        until: when it begins to drain (seconds since the scenario's start).

    Attributes:
        server, weight, until: as above.
        name: the server's.
    """

    __slots__ = ("_given", "_since", "name", "server", "until", "weight")

    def __init__(self, server: Server, weight: float, until: float) -> None:
        self.server = server
        self.name = server.name
        self.weight = weight
        self.until = until
        self._given = OpenConnections()
        self._since = -inf

    def connections(self, now: float) -> int:
        """How many are open of those that this balancer has given to it."""
        return self._given.count(now)

    def give(self, now: float) -> None:
        """A connection that begins now is given to it."""
        self._since = now
        self._given.open()

    def take_back(self, moment: float) -> None:
        """One of them will be over at that moment, which may lie in the future."""
        self._given.close(moment, self._since)


@dataclass(frozen=True, slots=True)
class Arriving:
    """A connection that begins.

    Attributes:
        number: the connection's.
        address: the one that it comes from, a whole number.
        made_by: the server that made the session whose ID it offers; else `None`.
    """

    number: int
    address: int
    made_by: Server | None = None
