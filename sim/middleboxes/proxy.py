"""What proxies have in common: they end TCP connections, and their processor has work."""

from __future__ import annotations

from ipaddress import IPv4Address

from pydantic import Field, PrivateAttr

from sim.hosts.machine import Machine, profile_of
from sim.hosts.open_connections import OpenConnections
from sim.hosts.ports import DYNAMIC_PORTS, source_port
from sim.hosts.virtual_clock import VirtualClock
from sim.hosts.work import Work
from sim.middleboxes.middlebox import Middlebox
from sim.units import scaled


class Proxy(Middlebox):
    """A host between client and server that ends one TCP connection and begins another."""

    address: IPv4Address = IPv4Address("198.51.100.1")
    """Where its own connections come from, and where clients that know it find it."""
    machine: Machine
    """The machine profile that prices its work."""
    cores: int = Field(default=1, gt=0, le=100_000)
    """Processor cores, not scaled."""

    ends_tcp = True

    _processor: VirtualClock = PrivateAttr()
    _work: Work = PrivateAttr()
    _open: OpenConnections = PrivateAttr()
    _connections: int = PrivateAttr(0)

    def begin(self, now: float) -> None:
        """An idle processor, no connection open, nothing done."""
        self._processor = VirtualClock(self.cores, now)
        self._work = Work(self.name, profile_of(self.machine))
        self._open = OpenConnections()

    @property
    def processor(self) -> VirtualClock:
        """Its processor: all its connections wait for the same cores."""
        return self._processor

    @property
    def work(self) -> Work:
        """What it has done so far, priced by its machine profile."""
        return self._work

    def next_port(self) -> int:
        """The source port of its next connection."""
        self._connections += 1
        return source_port(self._connections)

    @property
    def always_admits(self) -> bool:
        """It takes every connection."""
        return True

    def admits(self, now: float) -> bool:
        """It takes every connection."""
        return True

    def accept(self, moment: float) -> None:
        """Its process accepts at once: nothing waits in a backlog."""

    def open_connection(self) -> None:
        """A client's connection opens now."""
        self._open.open()

    def close_connection(self, moment: float) -> None:
        """One will be closed at that moment."""
        self._open.close(moment, self.processor.latest)

    @property
    def capacity(self) -> float:
        """The ports that its own connections come from."""
        return scaled(len(DYNAMIC_PORTS), self._scale)

    def entries(self, now: float) -> int:
        """Clients' connections that are open."""
        return self._open.count(now)

    def utilisation(self, now: float) -> float:
        """The share of its processor's time since the last call that was busy."""
        return self._processor.sample_utilisation(now)
