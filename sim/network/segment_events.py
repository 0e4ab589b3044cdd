"""What happens to the segments of one flight, in the order of time."""

from __future__ import annotations

from enum import IntEnum
from heapq import heappop, heappush
from typing import NamedTuple

from sim.network.delays import DelayComponents


class SegmentEventKind(IntEnum):
    """What happens to a segment, an acknowledgement or the sender's timer."""

    ARRIVAL = 0
    ACKNOWLEDGEMENT = 1
    LATE_ACKNOWLEDGEMENT = 2
    LATE_SEGMENT = 3
    TIMER = 4


class SegmentEvent(NamedTuple):
    """One event of one segment, acknowledgement or timer.

    Attributes:
        time: when, seconds.
        order: its place among all that were announced, which decides between equal times.
        kind: what happens.
        number: which copy of a segment arrives, or which segment is late; for acknowledgements
            how many arrivals; for timers which.
        delays: where the time since the flight was sent went.
    """

    time: float
    order: int
    kind: SegmentEventKind
    number: int
    delays: DelayComponents


class SegmentEvents:
    """Future events of a flight's segments, the earliest first."""

    __slots__ = ("_announced", "_heap")

    def __init__(self) -> None:
        self._heap: list[SegmentEvent] = []
        self._announced = 0

    def push(
        self, time: float, kind: SegmentEventKind, number: int, delays: DelayComponents
    ) -> None:
        """Announce an event at that time (seconds)."""
        self._announced += 1
        heappush(self._heap, SegmentEvent(time, self._announced, kind, number, delays))

    def pop(self) -> SegmentEvent:
        """Remove and return the next one; there always is one, a timer at least."""
        return heappop(self._heap)

    def last(self, kind: SegmentEventKind, default: float) -> float:
        """When the last of this kind that is announced happens; `default` without one."""
        return max((event.time for event in self._heap if event.kind == kind), default=default)
