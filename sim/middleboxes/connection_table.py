"""The connections that a stateful box remembers, and when it forgets them."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from math import inf

from sim.middleboxes.middlebox import Flow


class _Entry:
    """A connection, until when it is remembered if nothing more comes."""

    __slots__ = ("until",)

    def __init__(self) -> None:
        self.until = inf


class ConnectionTable:
    """Entries by flow.

    Args:
        capacity: how many; `None` for any number.
        idle_timeout: seconds without a packet after which an entry is forgotten; `None` for never.
        closing_timeout: seconds that it is kept after the connection's end.
        forgotten: called with the flow of each entry that goes.
    """

    def __init__(
        self,
        capacity: int | None,
        idle_timeout: float | None,
        closing_timeout: float,
        forgotten: Callable[[Flow], None] | None = None,
    ) -> None:
        self._capacity = capacity
        self._idle_timeout = inf if idle_timeout is None else idle_timeout
        self._closing_timeout = closing_timeout
        self._entries: dict[Flow, _Entry] = {}
        self._idle: list[tuple[float, int, Flow, _Entry]] = []
        self._closing: list[tuple[float, int, Flow, _Entry]] = []
        self._order = count()
        self._forgotten = forgotten

    def has_room(self, now: float) -> bool:
        """Whether there is room for one more."""
        return self._capacity is None or self.entries(now) < self._capacity

    def open(self, flow: Flow, now: float) -> None:
        """A connection begins: there is a new entry, whatever was remembered of the flow."""
        entry = self._entries[flow] = _Entry()
        self.refresh(flow, now)
        self._watch(flow, entry)

    def refresh(self, flow: Flow, now: float) -> bool:
        """A packet is here: keep the entry for another time-out. Returns whether there is one."""
        entry = self._entries.get(flow)
        if entry is None or entry.until <= now:
            return False
        entry.until = now + self._idle_timeout
        return True

    def close(self, flow: Flow, now: float) -> None:
        """The connection ends at that moment, which may be yet to come."""
        entry = self._entries.get(flow)
        if entry is not None:
            forgotten = now + self._closing_timeout
            heappush(self._closing, (forgotten, next(self._order), flow, entry))

    def entries(self, now: float) -> int:
        """How many there are, `now` never less than before.

        Entries may have been kept for moments that are yet to come, in any order.
        """
        entries, closing, idle = self._entries, self._closing, self._idle
        while closing and closing[0][0] <= now:
            _, _, flow, entry = heappop(closing)
            if entries.get(flow) is entry:
                self._forget(flow)
        while idle and idle[0][0] <= now:
            _, _, flow, entry = heappop(idle)
            if entries.get(flow) is not entry:
                continue
            if entry.until <= now:
                self._forget(flow)
            else:
                self._watch(flow, entry)
        return len(entries)

    def _watch(self, flow: Flow, entry: _Entry) -> None:
        """Look at it again when it would be forgotten as things stand."""
        if entry.until < inf:
            heappush(self._idle, (entry.until, next(self._order), flow, entry))

    def _forget(self, flow: Flow) -> None:
        del self._entries[flow]
        if self._forgotten is not None:
            self._forgotten(flow)
