"""What happens to the segments of one flight, in the order of time."""

from __future__ import annotations

from enum import IntEnum
from heapq import heappop, heappush
from typing import NamedTuple

from sim.network.track import Passage


class SegmentEvent(IntEnum):
    """What happens."""

    ARRIVAL = 0
    ACKNOWLEDGEMENT = 1
    LATE_ACKNOWLEDGEMENT = 2
    LATE_SEGMENT = 3
    TIMER = 4


class Happening(NamedTuple):
    """One event.

    Attributes:
        time: when, seconds.
        order: its place among all that were announced, which decides between equal times.
        kind: what happens.
        number: which copy of a segment arrives, or which segment is late; for acknowledgements
            how many arrivals; for timers which.
        passage: where the time since the flight was sent went.
    """

    time: float
    order: int
    kind: SegmentEvent
    number: int
    passage: Passage


class SegmentEvents:
    """Events that are to come."""

    __slots__ = ("_announced", "_heap")

    def __init__(self) -> None:
        self._heap: list[Happening] = []
        self._announced = 0

    def push(self, time: float, kind: SegmentEvent, number: int, passage: Passage) -> None:
        """Announce one."""
        self._announced += 1
        heappush(self._heap, Happening(time, self._announced, kind, number, passage))

    def pop(self) -> Happening:
        """The next one. A timer is always to come."""
        return heappop(self._heap)

    def last(self, kind: SegmentEvent, default: float) -> float:
        """When the last of this kind that is announced happens; `default` without one."""
        return max((event.time for event in self._heap if event.kind == kind), default=default)
