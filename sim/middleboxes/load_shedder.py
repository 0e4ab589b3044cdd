"""A front that keeps too many connections, and floods of SYNs, away from the servers."""

from __future__ import annotations

from collections import OrderedDict
from math import nan
from typing import Literal

from pydantic import Field, PrivateAttr

from sim.middleboxes.connection_table import ConnectionTable
from sim.middleboxes.middlebox import PASS, Flow, Middlebox, Refusal, Seen, Verdict, refused
from sim.units import Capacity, Frequency, PositiveDuration


class LoadShedder(Middlebox):
    """It lets so many new connections a second through, and so many at once.

    A token bucket holds `burst` connections and fills at `rate`; each connection that it lets
    through takes one.
    """

    kind: Literal["load-shedder"]
    rate: Frequency | None = None
    """New connections a second, before scaling: "500 /s"; else any number."""
    burst: int = Field(default=1, gt=0, le=10**9)
    """How many may come at once, before scaling."""
    at_once: Capacity = None
    """Connections that may be open, before scaling; else "unlimited"."""
    excess: Refusal = "reset"
    """What becomes of connections beyond either limit."""

    scaled_fields = ("rate", "burst", "at_once")

    _tokens: float = PrivateAttr(0.0)
    _filled_at: float = PrivateAttr(0.0)
    _table: ConnectionTable = PrivateAttr()

    def begin(self, now: float) -> None:
        """A full bucket, and nothing open."""
        self._tokens, self._filled_at = float(self.burst), now
        self._table = ConnectionTable(self.at_once, None, 0.0)

    def opens(self, flow: Flow, now: float) -> Verdict:
        """Needs a token of the bucket, and room among the open connections."""
        if self._table.is_open(flow, now):
            return PASS
        if not self._table.has_room(now):
            return refused(self.excess, "too many at once")
        if self.rate is not None:
            filled = self._tokens + (now - self._filled_at) * self.rate
            self._tokens, self._filled_at = min(filled, float(self.burst)), now
            if self._tokens < 1:
                return refused(self.excess, "too many a second")
            self._tokens -= 1
        self._table.open(flow, now)
        return PASS

    def closes(self, flow: Flow, moment: float) -> None:
        """Makes room for another connection from that moment on."""
        self._table.close(flow, moment)

    @property
    def capacity(self) -> float:
        """Connections that may be open."""
        return nan if self.at_once is None else self.at_once

    def entries(self, now: float) -> int:
        """Connections that it has let through and that are still open."""
        return self._table.entries(now)


class SynCookieFront(Middlebox):
    """It answers SYNs in the servers' place, and passes on the connections whose client is real.

    A half-open connection, whose client has not answered yet, takes an entry. A flood of SYNs from
    addresses that never answer fills them all; with SYN cookies (RFC 4987 §3.6) no entry is needed,
    and without them a client's SYN is dropped that finds none.
    """

    kind: Literal["syn-cookie-front"]
    half_open: int = Field(default=1024, gt=0, le=10**9)
    """Half-open connections that it can remember."""
    cookies: bool = True
    """Whether it goes on without entries when they are used up."""
    flood: Frequency | None = None
    """SYNs a second of a flood, evenly: "10000 /s"; else there is none."""
    half_open_timeout: PositiveDuration = 63.0
    """How long an entry waits for its client: "63 s" is five repetitions of a SYN-ACK."""

    reads = "nothing"

    _spoofed_since: float = PrivateAttr(0.0)
    _waiting: OrderedDict[Flow, float] = PrivateAttr(default_factory=OrderedDict)

    def begin(self, now: float) -> None:
        """The flood begins with the world."""
        self._spoofed_since = now

    def opens(self, flow: Flow, now: float) -> Verdict:
        """An entry, or a cookie; a SYN that is sent again has an entry."""
        entries, waiting = self.entries(now), self._waiting
        if flow in waiting:
            return PASS
        if entries < self.half_open:
            waiting[flow] = now
            return PASS
        return PASS if self.cookies else refused("drop", "half-open table full")

    def carries(self, flow: Flow, now: float, seen: Seen, *, to_server: bool) -> Verdict:
        """The client has answered: its entry is free."""
        if to_server:
            self._waiting.pop(flow, None)
        return PASS

    @property
    def capacity(self) -> float:
        """Half-open connections that it can remember."""
        return self.half_open

    def entries(self, now: float) -> int:
        """Half-open connections, the flood's included."""
        waiting = self._waiting
        while waiting and waiting[next(iter(waiting))] <= now - self.half_open_timeout:
            waiting.popitem(last=False)
        if self.flood is None:
            return len(waiting)
        spoofed = self.flood * min(now - self._spoofed_since, self.half_open_timeout)
        return min(self.half_open, len(waiting) + int(spoofed))
