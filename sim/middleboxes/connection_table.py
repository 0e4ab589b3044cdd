"""The connections that a stateful box remembers, and when it forgets them."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from itertools import count
from math import inf

from sim.middleboxes.middlebox import Flow

_FEW = 16


class _Entry:
    """A connection, until when it is remembered if nothing more comes, and whether it has ended."""

    __slots__ = ("closed", "until")

    def __init__(self, until: float) -> None:
        self.closed = False
        self.until = until


class ConnectionTable:
    """Entries by flow.

    Args:
        capacity: how many; `None` for any number.
        idle_timeout: seconds without a packet after which an entry is forgotten; `None` for never.
        closing_timeout: seconds that it is kept after the connection's end, instead.
        forgotten: called with the flow of each entry that goes, in order of time.
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
        self._watched: list[tuple[float, int, Flow, _Entry]] = []
        self._order = count()
        self._forgotten = forgotten

    def has_room(self, now: float) -> bool:
        """Whether there is room for one more."""
        return self._capacity is None or self.entries(now) < self._capacity

    def open(self, flow: Flow, now: float) -> None:
        """A connection begins: there is a new entry, whatever was remembered of the flow."""
        self.entries(now)
        entry = self._entries[flow] = _Entry(now + self._idle_timeout)
        self._watch(flow, entry)

    def is_open(self, flow: Flow, now: float) -> bool:
        """Whether it is remembered and has not been closed: a SYN of it is one sent again."""
        entry = self._entries.get(flow)
        return entry is not None and not entry.closed and entry.until > now

    def refresh(self, flow: Flow, now: float) -> bool:
        """A packet is here: keep the entry for another time-out. Returns whether there is one.

        One that has been closed is kept no longer for it.
        """
        entry = self._entries.get(flow)
        if entry is None or entry.until <= now:
            return False
        if not entry.closed:
            entry.until = now + self._idle_timeout
        return True

    def close(self, flow: Flow, moment: float) -> None:
        """The connection ends at that moment, which may lie in the future."""
        entry = self._entries.get(flow)
        if entry is not None and entry.until > moment:
            entry.closed = True
            entry.until = moment + self._closing_timeout
            self._watch(flow, entry)

    def entries(self, now: float) -> int:
        """How many there are, `now` never less than before.

        Entries may have been kept for moments in the future, in any order.
        """
        entries, watched = self._entries, self._watched
        while watched and watched[0][0] <= now:
            moment, _, flow, entry = heappop(watched)
            if entries.get(flow) is not entry:
                continue
            if entry.until <= moment:
                self._forget(flow)
            else:
                self._watch(flow, entry)
        return len(entries)

    def _watch(self, flow: Flow, entry: _Entry) -> None:
        """Look at it again when it would be forgotten as things stand."""
        if entry.until < inf:
            heappush(self._watched, (entry.until, next(self._order), flow, entry))
            if len(self._watched) > 2 * len(self._entries) + _FEW:
                self._rebuild_watch_list()

    def _rebuild_watch_list(self) -> None:
        """Look no more at what has gone before its time."""
        self._watched[:] = [
            (entry.until, next(self._order), flow, entry)
            for flow, entry in self._entries.items()
            if entry.until < inf
        ]
        heapify(self._watched)

    def _forget(self, flow: Flow) -> None:
        del self._entries[flow]
        if self._forgotten is not None:
            self._forgotten(flow)
