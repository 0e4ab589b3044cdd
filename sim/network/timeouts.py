"""The retransmission time-out, from the round trips that were seen (RFC 6298)."""

from __future__ import annotations

_LEAST_MARGIN = 0.002
"""What Linux adds to short waits since 6.6 (TCP_TIMEOUT_MIN_US), seconds."""


class RoundTripEstimate:
    """What one host knows of the round-trip time.

    Attributes:
        smoothed: SRTT, seconds.
        shortest: the shortest round trip seen, seconds.
        timeout: RTO: SRTT and four times its variation, which counts as the minimum at least. RFC
            6298 asks for a minimum of the whole; Linux sets it for the variation, and lets what it
            allows for that fall by a quarter of the difference only.
    """

    __slots__ = ("_allowed", "_minimum", "_variation", "shortest", "smoothed", "timeout")

    def __init__(self, first: float, minimum: float) -> None:
        self._minimum = minimum
        self.smoothed = self.shortest = first
        self._variation = first / 2
        self._allowed = max(4 * self._variation, minimum)
        self.timeout = first + self._allowed

    def sample(self, round_trip: float) -> None:
        """A segment that was sent once was acknowledged after so long."""
        beyond = round_trip - self.smoothed
        self._variation = variation = self._variation + (abs(beyond) - self._variation) / 4
        self.smoothed = smoothed = self.smoothed + beyond / 8
        if round_trip < self.shortest:
            self.shortest = round_trip
        allowed, least = self._allowed, 4 * variation
        if least < self._minimum:
            least = self._minimum
        if allowed != least:
            self._allowed = allowed = max(least, allowed - (allowed - least) / 4)
        self.timeout = smoothed + allowed

    def probe_timeout(self, in_flight: int, tick: float) -> float:
        """PTO: two round trips, and the acknowledgement's longest delay for a lone segment.

        RFC 8985 §7.2; never later than the RTO. As in Linux that delay is taken for the minimum
        time-out; for more segments a margin is added where timers tick.
        """
        margin = self._minimum if in_flight == 1 else _margin(tick)
        return min(2 * self.smoothed + margin, self.timeout)

    def reordering_window(self, tick: float) -> float:
        """How long a segment may come behind one that was sent later, before it counts as lost.

        RFC 8985 §6.2, step 4, where no reordering was seen; as in Linux a margin is added where
        timers tick.
        """
        return min(self.shortest / 4, self.smoothed) + _margin(tick)


def _margin(tick: float) -> float:
    return _LEAST_MARGIN if tick else 0.0
