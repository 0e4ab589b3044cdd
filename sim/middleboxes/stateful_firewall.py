"""A stateful firewall: it lets through what belongs to a connection that it saw open."""

from __future__ import annotations

from math import nan
from typing import Literal

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
from sim.units import Capacity, Duration, Lifetime


class StatefulFirewall(Middlebox):
    """Connection tracking: a table of connections that forgets those that are silent.

    What comes of a forgotten connection, such as the next request of a client that kept it alive,
    belongs to none; RFC 5382 asks for at least 2 h 4 min.
    """

    kind: Literal["stateful-firewall"]
    table_size: Capacity = None
    """Connections that it can remember, before scaling: 65536; else "unlimited"."""
    idle_timeout: Lifetime = 3600.0
    """How long it remembers a silent connection: "1 h", "unlimited"."""
    closing_timeout: Duration = 0.0
    """How long it remembers one that has ended: "2 min"."""
    forgotten: Refusal = "drop"
    """What becomes of a packet of a connection that it has forgotten."""
    full: Refusal = "drop"
    """What becomes of a new connection when the table is full."""

    scaled_fields = ("table_size",)
    reads = "nothing"

    @property
    def capacity(self) -> float:
        """The size of the table."""
        return nan if self.table_size is None else self.table_size

    def new_behaviour(self, now: float) -> Behaviour:
        """No connection remembered, as after a restart."""
        return ConnectionTracking(self)


class ConnectionTracking(Behaviour):
    """A stateful firewall at work."""

    def __init__(self, firewall: StatefulFirewall) -> None:
        self._table = ConnectionTable(
            firewall.table_size, firewall.idle_timeout, firewall.closing_timeout
        )
        self._full = refused(firewall.full, "table full")
        self._forgotten = refused(firewall.forgotten, "idle too long")

    def opens(self, flow: Flow, now: float) -> Verdict:
        """A new entry, if there is room."""
        if not (self._table.refresh(flow, now) or self._table.has_room(now)):
            return self._full
        self._table.open(flow, now)
        return PASS

    def carries(self, flow: Flow, now: float, seen: Seen, *, to_server: bool) -> Verdict:
        """Only what belongs to an entry."""
        if self._table.refresh(flow, now):
            return PASS
        return self._forgotten

    def continues(self, flow: Flow, moment: float) -> None:
        """Keeps the entry: its idle time-out starts again at that moment."""
        self._table.refresh(flow, moment)

    def closes(self, flow: Flow, moment: float) -> None:
        """The entry stays for its closing time."""
        self._table.close(flow, moment)

    def entries(self, now: float) -> int:
        """Connections that it remembers, those that have ended included."""
        return self._table.entries(now)
