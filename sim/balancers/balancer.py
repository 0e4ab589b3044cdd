"""A balancer in front of the servers of a site."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import Annotated, Protocol, Self

from pydantic import Field, model_validator

from sim.balancers.candidate import Arriving, Candidate
from sim.balancers.forwarding import Forwarding, ForwardingProcessor
from sim.balancers.health_check import HealthCheck
from sim.balancers.termination import TlsTermination
from sim.description import Description, fault_at
from sim.hosts.server import Server
from sim.streams import ConnectionEntropy
from sim.units import Duration, at_most

Weight = Annotated[float, Field(ge=0, le=1e6)]
Draws = Callable[[int], ConnectionEntropy]
"""The random bytes of the connection of a number."""


class Policy(Protocol):
    """Who gets the next connection."""

    def choose(self, candidates: Sequence[Candidate], arriving: Arriving, now: float) -> Candidate:
        """One of the candidates for a connection that begins now.

        There is at least one; which there are changes where servers drain.
        """


class Balancer(Description):
    """A balancer: one `[balancers.NAME]` table. It passes TCP connections through, or ends TLS.

    A kind of one's own is a class derived from this, with a `policy` of its own, a `Literal`, and
    `placed`.
    """

    servers: tuple[str, ...] | None = Field(default=None, min_length=1)
    """The pools whose servers it gives connections to: ["web", "spare"]; else all."""
    weights: dict[str, Weight] = Field(default={})
    """How many connections each server of a pool gets beside others: { web = 2 }; else 1. Those of
    weight 0 get none."""
    draining: dict[str, Annotated[Duration, at_most("3653 d")]] = Field(default={})
    """From when on, since the scenario's start, a server or a whole pool gets no new connections:
    { web-3 = "10 min" }. Those that it has go on."""
    health_check: HealthCheck | None = None
    """How it notices that a server is down; without it, it does not."""
    forwarding: Forwarding | None = None
    """What passing a connection through takes it, { service_time = "30 us", cores = 2 }; else
    nothing."""
    termination: TlsTermination | None = None
    """How it ends TLS, { machine = "nginx-2026", cores = 4, behind = "clear" } with what a server's
    TLS has besides (`identity`, `versions`, `suites`, `sessions`, `tickets`); else servers do."""

    @model_validator(mode="after")
    def _one_way_through(self) -> Self:
        if self.forwarding is not None and self.termination is not None:
            raise fault_at(
                ("forwarding",),
                "a balancer that ends TLS forwards no connections: its work is priced by the "
                "`machine` of its `termination`; remove one of both",
            )
        return self

    def finds_maker(self, shares: Sequence[float], *, by_ticket: bool) -> float:
        """The share of those who come back that meet who made their session, or has its key.

        Args:
            shares: of all connections, by who knows sessions of its own: a server, or some that
                share theirs.
            by_ticket: whether they come with a ticket, which names no server.
        """
        return sum(share * share for share in shares)

    def placed(self, draws: Draws) -> Policy:
        """The policy in a world, with random bytes for each connection."""
        raise NotImplementedError(f"{type(self).__name__} has no method `placed`")


class PlacedBalancer:
    """A balancer in its world.

    Args:
        policy: who gets the next connection.
        servers: those of its pools, with the pool of each.
        weights, draining, health_check: as described.
        forwarding: its cores; `None` where passing connections through takes it nothing.

    Attributes:
        forwarding: as above.
    """

    def __init__(
        self,
        policy: Policy,
        servers: Sequence[tuple[str, Server]],
        weights: Mapping[str, float],
        draining: Mapping[str, float],
        health_check: HealthCheck | None,
        forwarding: ForwardingProcessor | None = None,
    ) -> None:
        self.forwarding = forwarding
        self._choose = policy.choose
        candidates = [
            Candidate(
                server,
                weights.get(pool, 1.0),
                min(draining.get(pool, inf), draining.get(server.name, inf)),
            )
            for pool, server in servers
        ]
        self._all = self._candidates = [each for each in candidates if each.weight > 0]
        self._down = {
            each: tuple(health_check.marked_down(each.server.outages))
            for each in self._all
            if health_check is not None
        }
        moments = {each.until for each in self._all}
        moments.update(moment for times in self._down.values() for time in times for moment in time)
        self._changes = deque(sorted(moments - {inf}))

    def choose(self, arriving: Arriving, now: float) -> Candidate:
        """The server of a connection that begins now."""
        if self._changes and self._changes[0] <= now:
            self._look(now)
        chosen = self._choose(self._candidates, arriving, now)
        chosen.give(now)
        return chosen

    def _look(self, now: float) -> None:
        """Find out who gets new connections from now on."""
        while self._changes and self._changes[0] <= now:
            self._changes.popleft()
        # Where none is up, or none stays, there is nobody else to turn to.
        staying = [each for each in self._all if each.until > now] or self._all
        up = [each for each in staying if not self._is_down(each, now)]
        self._candidates = up or staying

    def _is_down(self, candidate: Candidate, now: float) -> bool:
        return any(down <= now < up for down, up in self._down.get(candidate, ()))
