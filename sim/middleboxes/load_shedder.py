"""A front that keeps too many connections, and floods of SYNs, away from the servers."""

from __future__ import annotations

from collections import OrderedDict
from math import nan
from typing import Literal

from pydantic import Field

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
    reads = "nothing"

    @property
    def capacity(self) -> float:
        """Connections that may be open."""
        return nan if self.at_once is None else self.at_once

    def new_behaviour(self, now: float) -> Behaviour:
        """A full bucket, and nothing open."""
        return TokenBucket(self, now)


class TokenBucket(Behaviour):
    """A load shedder at work."""

    def __init__(self, shedder: LoadShedder, now: float) -> None:
        self._rate, self._burst = shedder.rate, float(shedder.burst)
        self._excess: Refusal = shedder.excess
        self._tokens, self._filled_at = self._burst, now
        self._table = ConnectionTable(shedder.at_once, None, 0.0)

    def opens(self, flow: Flow, now: float) -> Verdict:
        """Needs a token of the bucket, and room among the open connections."""
        if self._table.is_open(flow, now):
            return PASS
        if not self._table.has_room(now):
            return refused(self._excess, "too many at once")
        if self._rate is not None:
            filled = self._tokens + (now - self._filled_at) * self._rate
            self._tokens, self._filled_at = min(filled, self._burst), now
            if self._tokens < 1:
                return refused(self._excess, "too many a second")
            self._tokens -= 1
        self._table.open(flow, now)
        return PASS

    def closes(self, flow: Flow, moment: float) -> None:
        """Makes room for another connection from that moment on."""
        self._table.close(flow, moment)

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

    @property
    def capacity(self) -> float:
        """Half-open connections that it can remember."""
        return self.half_open

    def new_behaviour(self, now: float) -> Behaviour:
        """The flood begins with the world."""
        return HalfOpenConnections(self, now)


class HalfOpenConnections(Behaviour):
    """A front that answers SYNs, at work."""

    def __init__(self, front: SynCookieFront, now: float) -> None:
        self._front = front
        self._spoofed_since = now
        self._waiting: OrderedDict[Flow, float] = OrderedDict()

    def opens(self, flow: Flow, now: float) -> Verdict:
        """An entry, or a cookie; a SYN that is sent again has an entry."""
        entries, waiting = self.entries(now), self._waiting
        if flow in waiting:
            return PASS
        if entries < self._front.half_open:
            waiting[flow] = now
            return PASS
        return PASS if self._front.cookies else refused("drop", "half-open table full")

    def carries(self, flow: Flow, now: float, seen: Seen, *, to_server: bool) -> Verdict:
        """The client has answered: its entry is free."""
        if to_server:
            self._waiting.pop(flow, None)
        return PASS

    def entries(self, now: float) -> int:
        """Half-open connections, the flood's included."""
        waiting, front = self._waiting, self._front
        while waiting and waiting[next(iter(waiting))] <= now - front.half_open_timeout:
            waiting.popitem(last=False)
        if front.flood is None:
            return len(waiting)
        spoofed = front.flood * min(now - self._spoofed_since, front.half_open_timeout)
        return min(front.half_open, len(waiting) + int(spoofed))
