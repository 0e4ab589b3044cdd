"""What a host sends over TCP where nothing is lost or kept: rounds in closed form."""

from __future__ import annotations

from sim.network.tcp import Tcp
from sim.network.timeouts import RoundTripEstimate


class LosslessSender:
    """What one host sends where nothing is lost or kept: its window, and how it opens.

    A flight of n segments in a window of w takes as many rounds as it takes w, 2w, 4w ... to add up
    to n; one round trip lies between two rounds. The window opens by a segment with each that is
    acknowledged (slow start, RFC 5681 §3.1), no further than to twice what was on the way.
    """

    __slots__ = ("_initial", "_round_trip", "_segment", "_sent_at", "_timeout", "_window")

    def __init__(self, tcp: Tcp, segment: int, round_trip: float) -> None:
        self._initial = self._window = tcp.initial_window
        self._segment = segment
        self._round_trip = round_trip
        # No round trip differs from the first.
        self._timeout = RoundTripEstimate(round_trip, tcp.minimum_timeout).timeout
        if not tcp.slow_start_after_idle:
            self._timeout = float("inf")
        self._sent_at = float("inf")

    def rounds(self, now: float, size: int) -> list[int]:
        """How many segments each round of a flight would have, sent at `now`."""
        left = -(-size // self._segment)
        window = self._window
        if window > self._initial and now - self._sent_at > self._timeout:
            window = self._initial
        found = []
        while left > 0:
            found.append(min(window, left))
            left -= window
            window += window
        return found

    def more(self, now: float, size: int) -> int:
        """How many rounds a flight takes, sent at `now`, beyond the first."""
        segments = -(-size // self._segment)
        window = self._window
        if window > self._initial and now - self._sent_at > self._timeout:
            window = self._window = self._initial
        self._sent_at = now
        if segments <= window:
            # A window that was not made use of proves nothing (RFC 7661).
            self._window = max(window, min(window + segments, 2 * segments))
            return 0
        rounds = 0
        while segments > window:
            segments -= window
            window += window
            rounds += 1
        self._sent_at = now + rounds * self._round_trip
        # An odd segment of the last round is alone behind an acknowledgement that allowed two.
        self._window = window + segments - segments % 2
        return rounds
