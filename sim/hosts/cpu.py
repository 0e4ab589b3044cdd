"""A machine's processor: cores that serve jobs first come, first served."""

from __future__ import annotations

from collections import deque
from heapq import heapreplace

from sim.telemetry import COUNT, TIME, Column

COLUMNS = (
    Column("utilisation", TIME),
    Column("queue_length", COUNT),
)
"""What a sample says of a processor: the share of its cores' time that was busy since the sample
before, and the jobs that wait for a core at this moment."""


class Cpu:
    """Cores with one queue, first come, first served, kept as a virtual clock.

    A job's demand is known when it arrives and nothing can withdraw it, so that its start and its
    end are known as well: the start is its arrival or the moment the first core falls free. No
    event is needed for either; the waits are those of an explicit queue to the last bit.

    Attributes:
        latest: when the last job arrived (seconds).
    """

    def __init__(self, cores: int, now: float) -> None:
        self.latest = now
        self._free = [now] * cores
        self._starts: deque[float] = deque()
        self._accepted = 0.0
        self._busy_before = 0.0
        self._sampled_at = now

    def serve(self, arrival: float, demand: float) -> tuple[float, float]:
        """When a job starts and ends that arrives now, no earlier than any before it (seconds)."""
        self.latest = arrival
        start = self._free[0]
        if start > arrival:
            starts = self._starts
            while starts and starts[0] <= arrival:
                starts.popleft()
            starts.append(start)
        else:
            start = arrival
        end = start + demand
        heapreplace(self._free, end)
        self._accepted += demand
        return start, end

    def queue_length(self, now: float) -> int:
        """Jobs that have arrived by `now` and wait for a core."""
        starts = self._starts
        while starts and starts[0] <= now:
            starts.popleft()
        return len(starts)

    def sample_utilisation(self, now: float) -> float:
        """The share of the cores' time since the last call (or the beginning) that was busy."""
        busy = self._accepted - sum(free - now for free in self._free if free > now)
        cores_time = (now - self._sampled_at) * len(self._free)
        utilisation = (busy - self._busy_before) / cores_time if cores_time > 0 else 0.0
        self._busy_before, self._sampled_at = busy, now
        return min(max(utilisation, 0.0), 1.0)
