"""The receiving end of a flight: what arrived, and when that is acknowledged."""

from __future__ import annotations

from sim.network.segment_events import SegmentEvent, SegmentEvents
from sim.network.tcp import Tcp
from sim.network.track import Passage, Track


class Receiver:
    """What one host has of a flight.

    Args:
        tcp: how it speaks.
        backward: the way of its acknowledgements.
        count: segments of the flight.
        events: where it announces what it does.
    """

    __slots__ = ("_arrived", "_backward", "_events", "_expected", "_held_back", "_tcp", "arrivals")

    def __init__(self, tcp: Tcp, backward: Track, count: int, events: SegmentEvents) -> None:
        self._tcp = tcp
        self._backward = backward
        self._events = events
        self._arrived = [False] * count
        self._expected = 0
        self._held_back: tuple[float, Passage] | None = None
        self.arrivals: list[int] = []
        """Of each segment the copy that came first, in that order."""

    @property
    def complete(self) -> bool:
        """Whether all is there."""
        return self._expected == len(self._arrived)

    def arrive(self, now: float, number: int, copy: int, passage: Passage) -> bool:
        """A copy of a segment is there. Returns whether it is the first."""
        new = not self._arrived[number]
        # What fills a gap is acknowledged at once (RFC 5681 §4.2).
        in_order = number == self._expected == len(self.arrivals)
        if new:
            self._arrived[number] = True
            self.arrivals.append(copy)
            while not self.complete and self._arrived[self._expected]:
                self._expected += 1
        if self._tcp.delayed_acknowledgement and in_order and self._held_back is None:
            self._held_back = now, passage
            late = now + self._tcp.delayed_acknowledgement
            self._events.push(late, SegmentEvent.LATE_ACKNOWLEDGEMENT, len(self.arrivals), passage)
        else:
            self._held_back = None
            self._acknowledge(now, passage)
        return new

    def holds_back(self, arrivals: int) -> bool:
        """Whether the acknowledgement of the last of so many arrivals is still held back."""
        return self._held_back is not None and arrivals == len(self.arrivals)

    def acknowledge_late(self, now: float) -> None:
        """Acknowledge a lone segment behind which no other has come."""
        assert self._held_back is not None
        since, passage = self._held_back
        self._held_back = None
        passage = passage.copy()
        passage.propagation += now - since
        self._acknowledge(now, passage)

    def _acknowledge(self, now: float, passage: Passage) -> None:
        """Acknowledge all that has arrived."""
        passage = passage.copy()
        heard = self._backward.cross(now, self._tcp.headers, passage)
        if heard is not None:
            self._events.push(heard, SegmentEvent.ACKNOWLEDGEMENT, len(self.arrivals), passage)
