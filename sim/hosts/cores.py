"""The cores of a processor: when each falls free, and how busy all were."""

from __future__ import annotations

from heapq import heapreplace


class Cores:
    """Cores, each of which runs one job after another to its end.

    Args:
        number: of them.
        now: seconds since the scenario's start; all are free.
    """

    __slots__ = ("_busy_before", "_demanded", "_free", "_sampled_at")

    def __init__(self, number: int, now: float) -> None:
        self._free = [now] * number
        self._demanded = self._busy_before = 0.0
        self._sampled_at = now

    def run(self, begin: float, demand: float) -> float:
        """The first free one takes a job up at that moment, for so many seconds: its end."""
        end = begin + demand
        heapreplace(self._free, end)
        self._demanded += demand
        return end

    def sample_utilisation(self, now: float) -> float:
        """The share of their time since the last call (or the beginning) that was busy."""
        busy = self._demanded - sum(free - now for free in self._free if free > now)
        cores_time = (now - self._sampled_at) * len(self._free)
        utilisation = (busy - self._busy_before) / cores_time if cores_time > 0 else 0.0
        self._busy_before, self._sampled_at = busy, now
        return min(max(utilisation, 0.0), 1.0)
