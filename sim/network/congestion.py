"""Congestion control: how many segments a host may have on the way."""

from __future__ import annotations

from math import cbrt, inf
from typing import Literal

_CUBIC_BETA = 0.7
_CUBIC_C = 0.4


class CongestionWindow:
    """The window of one host over a connection: slow start, avoidance, and what a loss does.

    Args:
        kind: "reno" (RFC 5681) or "cubic" (RFC 9438).
        initial: segments at the beginning.

    Attributes:
        segments: how many may be on the way.
    """

    __slots__ = ("_decrease", "_initial", "_kind", "_largest", "_since", "_threshold", "segments")

    def __init__(self, kind: Literal["reno", "cubic"], initial: int) -> None:
        self._kind = kind
        self._initial = initial
        self._decrease = 0.5 if kind == "reno" else _CUBIC_BETA
        self._threshold = inf
        self._largest = 0.0
        self._since = inf
        self.segments = float(initial)

    @property
    def slow_start(self) -> bool:
        """Whether no loss has shown yet how much the path takes."""
        return self.segments < self._threshold

    def acknowledge(self, now: float, acknowledged: int, in_flight: int, round_trip: float) -> None:
        """Grow by so many acknowledged segments, of at most `in_flight` that were on the way.

        A window that was not made use of does not grow (RFC 7661).
        """
        if self.slow_start:
            self.segments = max(self.segments, min(self.segments + acknowledged, 2.0 * in_flight))
        elif in_flight >= int(self.segments):
            self.segments += acknowledged * self._growth(now, round_trip) / self.segments

    def _growth(self, now: float, round_trip: float) -> float:
        """How many segments more a whole window of acknowledgements gives."""
        if self._kind == "reno":
            return 1.0
        if self._since == inf:
            self._since, self._largest = now, max(self._largest, self.segments)
        passed = now - self._since + round_trip
        origin = cbrt((1 - _CUBIC_BETA) * self._largest / _CUBIC_C)
        target = self._largest + _CUBIC_C * (passed - origin) ** 3
        # At least what Reno would do (RFC 9438 §4.3), at most half as much again (§4.4).
        reno = 3 * (1 - _CUBIC_BETA) / (1 + _CUBIC_BETA)
        return min(max(target - self.segments, reno), 0.5 * self.segments)

    def lose(self) -> None:
        """A segment was lost, and others after it were not: fast recovery."""
        self._remember()
        self.segments = self._threshold

    def time_out(self) -> None:
        """Nothing was heard for a whole time-out: slow start from one segment."""
        self._remember()
        self.segments = 1.0

    def rest(self) -> None:
        """After a pause: no more than the initial window (RFC 5681 §4.1)."""
        self.segments = min(self.segments, float(self._initial))

    def _remember(self) -> None:
        self._largest, self._since = self.segments, inf
        self._threshold = max(self.segments * self._decrease, 2.0)
