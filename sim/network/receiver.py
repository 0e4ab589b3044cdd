"""The receiving end of a flight: what arrived, and when that is acknowledged."""

from __future__ import annotations

from sim.network.delays import DelayComponents
from sim.network.one_way_path import OneWayPath
from sim.network.segment_events import SegmentEventKind, SegmentEvents
from sim.network.tcp import Tcp


class Receiver:
    """What one host has of a flight.

    Args:
        tcp: how it speaks.
        backward: the way of its acknowledgements.
        count: segments of the flight.
        events: where it announces what it does.
    """

    __slots__ = ("_arrived", "_backward", "_events", "_expected", "_held_back", "_tcp", "arrivals")

    def __init__(self, tcp: Tcp, backward: OneWayPath, count: int, events: SegmentEvents) -> None:
        self._tcp = tcp
        self._backward = backward
        self._events = events
        self._arrived = [False] * count
        self._expected = 0
        self._held_back: tuple[float, DelayComponents] | None = None
        self.arrivals: list[int] = []
        """Of each segment the copy that came first, in that order."""

    @property
    def complete(self) -> bool:
        """Whether every segment of the flight has arrived."""
        return self._expected == len(self._arrived)

    def arrive(self, now: float, number: int, copy: int, delays: DelayComponents) -> bool:
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
            self._held_back = now, delays
            late = now + self._tcp.delayed_acknowledgement
            self._events.push(
                late, SegmentEventKind.LATE_ACKNOWLEDGEMENT, len(self.arrivals), delays
            )
        else:
            self._held_back = None
            self._acknowledge(now, delays)
        return new

    def holds_back(self, arrivals: int) -> bool:
        """Whether the acknowledgement of the last of so many arrivals is still held back."""
        return self._held_back is not None and arrivals == len(self.arrivals)

    def acknowledge_late(self, now: float) -> None:
        """Acknowledge a lone segment behind which no other has come."""
        assert self._held_back is not None
        since, delays = self._held_back
        self._held_back = None
        delays = delays.copy()
        delays.propagation += now - since
        self._acknowledge(now, delays)

    def _acknowledge(self, now: float, delays: DelayComponents) -> None:
        """Acknowledge all that has arrived."""
        delays = delays.copy()
        arrival = self._backward.cross(now, self._tcp.headers, delays)
        if arrival is not None:
            self._events.push(arrival, SegmentEventKind.ACKNOWLEDGEMENT, len(self.arrivals), delays)
