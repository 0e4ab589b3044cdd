"""A processor as a virtual clock: first come, first served, without an event."""

from __future__ import annotations

from collections import deque

from sim.hosts.cores import Cores
from sim.hosts.job import Job


class VirtualClock(Cores):
    """`Processor` whose queue is first come, first served, and nothing can withdraw a job.

    When a job begins is known when it arrives, then: at its arrival, or when the first core falls
    free. No event is needed for either; the waits are those of `RunQueue` to the last bit.

    Args:
        cores: how many.
        now: seconds since the scenario's start.

    Attributes:
        latest: when the last job arrived (seconds).
    """

    __slots__ = ("_waiting", "latest")

    def __init__(self, cores: int, now: float) -> None:
        super().__init__(cores, now)
        self.latest = now
        self._waiting: deque[float] = deque()

    def begins(self, arrival: float) -> float:
        """When a job begins that arrives now, no earlier than any before it."""
        self.latest = arrival
        begin = self._free[0]
        if begin <= arrival:
            return arrival
        waiting = self._waiting
        while waiting and waiting[0] <= arrival:
            waiting.popleft()
        waiting.append(begin)
        return begin

    def queue(self, arrival: float) -> Job:
        """Nobody waits for a job. Raises `AssertionError`, always."""
        raise AssertionError("when a job begins is known when it arrives")

    def serve(self, arrival: float, demand: float) -> tuple[float, float]:
        """When a job begins and ends that arrives now, and of which is known what it demands."""
        begin = self.begins(arrival)
        return begin, self.run(begin, demand)

    def queue_length(self, now: float) -> int:
        """Jobs that have arrived by `now` and wait for a core."""
        waiting = self._waiting
        while waiting and waiting[0] <= now:
            waiting.popleft()
        return len(waiting)
