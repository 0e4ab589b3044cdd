"""What proxies have in common: they end TCP connections, and their processor has work."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from ipaddress import IPv4Address
from itertools import count

from pydantic import Field

from sim.activity import Waiting
from sim.hosts.addresses import Address
from sim.hosts.machine import Machine, profile_of
from sim.hosts.open_connections import OpenConnections
from sim.hosts.ports import DYNAMIC_PORTS, source_port
from sim.hosts.work import Work
from sim.middleboxes.middlebox import Middlebox
from sim.processors.contention import contention_of
from sim.processors.virtual_clock import VirtualClock
from sim.units import scaled


class Proxy(Middlebox):
    """A host between client and server that ends one TCP connection and begins another."""

    address: Address = IPv4Address("198.51.100.1")
    """Where its own connections come from, and where clients that know it find it."""
    machine: Machine
    """The machine profile that prices its work."""
    cores: int = Field(default=1, gt=0, le=100_000)
    """Processor cores, not scaled."""

    ends_tcp = True

    @cached_property
    def processor(self) -> VirtualClock:
        """Its processor: all its connections wait for the same cores."""
        curve = profile_of(self.machine).contention_curve
        return VirtualClock(self.cores, self._placed_at, contention_of(curve))

    @cached_property
    def work(self) -> Work:
        """What it has done so far, priced by its machine profile."""
        return Work(self.name, profile_of(self.machine))

    @cached_property
    def open_connections(self) -> OpenConnections:
        """Those of its clients."""
        return OpenConnections()

    @cached_property
    def connection_numbers(self) -> Iterator[int]:
        """Those of its own connections, from 1."""
        return count(1)

    def next_port(self) -> int:
        """The source port of its next connection."""
        return source_port(next(self.connection_numbers))

    @property
    def always_admits(self) -> bool:
        """It takes every connection."""
        return True

    def refusal(self, now: float) -> None:
        """It takes every connection."""

    def admits(self, now: float) -> bool:
        """Nothing waits in a backlog."""
        return True

    def accept(self, moment: float | Waiting) -> None:
        """Its process accepts at once: nothing waits in a backlog."""

    def open_connection(self) -> None:
        """A client's connection opens now."""
        self.open_connections.open()

    def complete_handshake(self, moment: float) -> None:
        """Nobody asks what its connections take."""

    def close_connection(self, moment: float) -> None:
        """One will be closed at that moment."""
        self.open_connections.close(moment, self.processor.latest)

    @property
    def capacity(self) -> float:
        """The ports that its own connections come from."""
        return scaled(len(DYNAMIC_PORTS), self._scale)

    def entries(self, now: float) -> int:
        """Clients' connections that are open."""
        return self.open_connections.count(now)

    def utilisation(self, now: float) -> float:
        """The share of its processor's time since the last call that was busy."""
        return self.processor.sample_utilisation(now)
