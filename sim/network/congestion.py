"""Congestion control: how many segments a host may have on the way."""

from __future__ import annotations

from abc import ABC, abstractmethod
from math import cbrt, inf
from typing import Literal

_MINIMUM_THRESHOLD = 2.0


class CongestionWindow(ABC):
    """The window of one host over a connection: slow start, avoidance, and what a loss does.

    Args:
        initial: segments at the beginning.

    Attributes:
        segments: cwnd, how many may be on the way.
        threshold: ssthresh, in segments; infinite until a loss has shown how much the path takes.
    """

    __slots__ = ("_initial", "segments", "threshold")

    decrease: float
    """What a loss leaves of the window."""

    def __init__(self, initial: int) -> None:
        self._initial = initial
        self.segments = float(initial)
        self.threshold = inf

    @property
    def allowed(self) -> int:
        """Whole segments that may be on the way."""
        return max(1, int(self.segments))

    def on_acknowledgement(
        self, now: float, acknowledged: int, in_flight: int, round_trip: float
    ) -> None:
        """Grow by so many acknowledged segments, of at most `in_flight` that were on the way.

        A window that was not made use of does not grow (RFC 7661). `now` and the smoothed
        `round_trip` are seconds.
        """
        rest = float(acknowledged)
        if self.segments < self.threshold:
            grown = min(self.segments + rest, 2.0 * in_flight, self.threshold)
            rest -= max(0.0, grown - self.segments)
            self.segments = max(self.segments, grown)
            if self.segments < self.threshold:
                return
        if rest > 0 and in_flight >= int(self.segments):
            self._avoid_congestion(now, rest, round_trip)

    @abstractmethod
    def _avoid_congestion(self, now: float, acknowledged: float, round_trip: float) -> None:
        """Grow by so many acknowledged segments in congestion avoidance."""

    def on_loss(self) -> None:
        """A segment was lost, and others after it were not: fast recovery (RFC 5681 §3.2)."""
        self._reduce_threshold()
        self.segments = self.threshold

    def on_timeout(self, *, reduces: bool) -> None:
        """No acknowledgement for a whole time-out: slow start from one segment (RFC 5681 §3.1).

        Args:
            reduces: whether the threshold falls: not when the time-out is a repeated one, or when
                it ends a recovery that has reduced it.
        """
        if reduces:
            self._reduce_threshold()
        self.segments = 1.0

    def restart_after_idle(self) -> None:
        """After a pause: no more than the initial window (RFC 5681 §4.1)."""
        self.segments = min(self.segments, float(self._initial))

    @abstractmethod
    def skip_idle(self, seconds: float) -> None:
        """Nothing was sent for so long."""

    def _reduce_threshold(self) -> None:
        """By what the window allowed, as Linux has it, where RFC 5681 has what was in flight."""
        self.threshold = max(self.segments * self.decrease, _MINIMUM_THRESHOLD)


class Reno(CongestionWindow):
    """NewReno: a segment more with each window that is acknowledged (RFC 5681 §3.1)."""

    __slots__ = ()

    decrease = 0.5

    def _avoid_congestion(self, now: float, acknowledged: float, round_trip: float) -> None:
        self.segments += acknowledged / self.segments

    def skip_idle(self, seconds: float) -> None:
        """Nothing: Reno grows by acknowledgements alone, not by time."""


class Cubic(CongestionWindow):
    """CUBIC: a cubic function of the time since congestion avoidance began (RFC 9438)."""

    __slots__ = ("_began", "_estimate", "_largest", "_origin", "_prior")

    decrease = 0.7  # β_cubic, RFC 9438 §4.6
    _SCALING = 0.4  # C, RFC 9438 §5
    _RENO_INCREASE = 3 * (1 - decrease) / (1 + decrease)  # α_cubic, RFC 9438 §4.3

    def __init__(self, initial: int) -> None:
        super().__init__(initial)
        self._began = inf
        self._largest = 0.0
        self._prior = 0.0
        self._origin = 0.0
        self._estimate = 0.0

    def _avoid_congestion(self, now: float, acknowledged: float, round_trip: float) -> None:
        if self._began == inf:
            self._begin(now)
        share = acknowledged / self.segments
        passed = now - self._began + round_trip
        target = self._largest + self._SCALING * (passed - self._origin) ** 3
        target = min(max(target, self.segments), 1.5 * self.segments)
        self._estimate += share * (1 if self._estimate >= self._prior else self._RENO_INCREASE)
        self.segments = max(self.segments + share * (target - self.segments), self._estimate)

    def _begin(self, now: float) -> None:
        """Congestion avoidance begins: below the window of the last loss, or above all seen."""
        self._began = now
        self._largest = max(self._largest, self.segments)
        self._origin = cbrt((self._largest - self.segments) / self._SCALING)
        self._estimate = self.segments

    def on_timeout(self, *, reduces: bool) -> None:
        """As any, and the plateau before it is forgotten (RFC 9438 §4.8)."""
        super().on_timeout(reduces=reduces)
        self._largest, self._began = 0.0, inf

    def skip_idle(self, seconds: float) -> None:
        """The time of a pause does not count (RFC 9438 §5.8)."""
        self._began += seconds

    def _reduce_threshold(self) -> None:
        super()._reduce_threshold()
        # Fast convergence, RFC 9438 §4.7: who shrinks again before the old plateau leaves room.
        shrinks = self.segments < self._largest
        self._largest = self.segments * ((1 + self.decrease) / 2 if shrinks else 1)
        self._prior, self._began = self.segments, inf


CongestionControl = Literal["reno", "cubic"]
_KINDS: dict[CongestionControl, type[CongestionWindow]] = {"reno": Reno, "cubic": Cubic}


def congestion_window(kind: CongestionControl, initial: int) -> CongestionWindow:
    """The window of a connection that begins, by the kind's name."""
    return _KINDS[kind](initial)
