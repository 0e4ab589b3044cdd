"""Network address translation: many clients behind one address, and its ports."""

from __future__ import annotations

from collections import deque
from ipaddress import IPv4Address
from typing import Literal

from pydantic import model_validator

from sim.hosts.addresses import Address
from sim.hosts.ports import Port
from sim.middleboxes.connection_table import ConnectionTable
from sim.middleboxes.middlebox import (
    PASS,
    Behaviour,
    Flow,
    Middlebox,
    Refusal,
    Seen,
    Verdict,
    refused,
)
from sim.units import Duration, Lifetime, scaled


class Nat(Middlebox):
    """One address for all clients: each connection to a server takes a port of its own.

    A port is free again when its connection has ended and its closing time is over, or when it was
    silent for too long. Ports of different servers are different ones (RFC 4787 §4.1 calls that
    address- and port-dependent mapping, which is what runs out last).
    """

    kind: Literal["nat"]
    address: Address = IPv4Address("192.0.2.1")
    """Where its connections seem to come from."""
    first_port: Port = 1024
    last_port: Port = 65535
    """The ports that it hands out, before scaling."""
    idle_timeout: Lifetime = 3600.0
    """How long a silent connection keeps its port: "1 h", "unlimited"."""
    closing_timeout: Duration = 120.0
    """How long one that has ended keeps it: "2 min" (TIME-WAIT)."""
    exhausted: Refusal = "drop"
    """What becomes of a new connection when no port is free."""
    forgotten: Refusal = "drop"
    """What becomes of a packet of a connection that has lost its port."""

    reads = "nothing"

    @model_validator(mode="after")
    def _some_ports(self) -> Nat:
        if self.last_port < self.first_port:
            raise ValueError(
                f"there is no port from {self.first_port} to {self.last_port}; exchange the two"
            )
        return self

    @property
    def capacity(self) -> float:
        """The ports towards one server."""
        return scaled(self.last_port - self.first_port + 1, self._scale)

    def new_behaviour(self, now: float) -> Behaviour:
        """All ports are free."""
        return Translation(self, int(self.capacity))


class Translation(Behaviour):
    """A NAT at work.

    Args:
        nat: which.
        ports: how many it hands out towards one server, scaled.
    """

    def __init__(self, nat: Nat, ports: int) -> None:
        self._nat = nat
        self._address = int(nat.address)
        self._count = ports
        self._servers: dict[tuple[int, int], _Ports] = {}

    def opens(self, flow: Flow, now: float) -> Verdict:
        """Takes a port for the connection, if one is free."""
        if self._towards(flow).take(flow, now):
            return PASS
        return refused(self._nat.exhausted, "no free port")

    def translated(self, flow: Flow) -> Flow:
        """From its own address, and the port that it gave."""
        port = self._towards(flow).of[flow]
        return flow._replace(source=self._address, source_port=port)

    def carries(self, flow: Flow, now: float, seen: Seen, *, to_server: bool) -> Verdict:
        """Passes only what has a port; its idle time-out starts again."""
        if self._towards(flow).table.refresh(flow, now):
            return PASS
        return refused(self._nat.forgotten, "idle too long")

    def continues(self, flow: Flow, moment: float) -> None:
        """Keeps the port: its idle time-out starts again at that moment."""
        self._towards(flow).table.refresh(flow, moment)

    def closes(self, flow: Flow, moment: float) -> None:
        """The port is free after the closing time."""
        self._towards(flow).table.close(flow, moment)

    def entries(self, now: float) -> int:
        """Ports that are taken."""
        return sum(ports.table.entries(now) for ports in self._servers.values())

    def _towards(self, flow: Flow) -> _Ports:
        server = flow.destination, flow.destination_port
        ports = self._servers.get(server)
        if ports is None:
            ports = self._servers[server] = _Ports(self._nat, self._count)
        return ports


class _Ports:
    """The ports towards one server; the one that was free longest is taken next.

    Attributes:
        table: the connections that have one.
        of: the port of each.
    """

    def __init__(self, nat: Nat, ports: int) -> None:
        self._free = deque(range(nat.first_port, nat.first_port + ports))
        self.of: dict[Flow, int] = {}
        self.table = ConnectionTable(
            len(self._free), nat.idle_timeout, nat.closing_timeout, self._give_back
        )

    def take(self, flow: Flow, now: float) -> bool:
        """A port for a new connection; one that tries again, or comes again, keeps its own."""
        if not (self.table.refresh(flow, now) or self.table.has_room(now)):
            return False
        self.table.open(flow, now)
        if flow not in self.of:
            self.of[flow] = self._free.popleft()
        return True

    def _give_back(self, flow: Flow) -> None:
        self._free.append(self.of.pop(flow))
