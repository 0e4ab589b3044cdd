"""A processor with an explicit queue: first come, first served, and jobs can be withdrawn."""

from __future__ import annotations

from collections import deque

from sim.activity import Activity, Moments
from sim.environment import Environment
from sim.hosts.cores import Cores
from sim.hosts.job import Job


class RunQueue(Cores):
    """`Processor` whose jobs wait in a queue, first come, first served, until they begin.

    A job that has not begun can be withdrawn (`Job.withdraw`). Each wait takes an event; where
    nothing is withdrawn, `VirtualClock` gives the same waits without one.

    Args:
        environment: where time passes.
        cores: how many.

    Attributes:
        latest: when the last job arrived (seconds).
    """

    __slots__ = ("_environment", "_length", "_serving", "_waiting", "latest")

    def __init__(self, environment: Environment, cores: int) -> None:
        super().__init__(cores, environment.now)
        self.latest = environment.now
        self._environment = environment
        self._waiting: deque[Job] = deque()
        self._length = 0
        self._serving = False

    def begins(self, arrival: float) -> float | None:
        """At once where a core is free and nobody waits; else that is not known yet."""
        self.latest = arrival
        return arrival if not self._length and self._free[0] <= arrival else None

    def queue(self, arrival: float) -> Job:
        """Put a job that arrives now at the end of the queue."""
        job = Job(arrival, self._one_leaves)
        self._waiting.append(job)
        self._length += 1
        if not self._serving:
            self._serving = True
            Activity(self._environment, self._begin_jobs())
        return job

    def queue_length(self, now: float) -> int:
        """Jobs that have arrived by `now` and wait for a core."""
        return self._length

    def _one_leaves(self) -> None:
        self._length -= 1

    def _begin_jobs(self) -> Moments:
        """Jobs begin as cores fall free, until none waits."""
        waiting = self._waiting
        while waiting:
            yield max(self._free[0], self._environment.now)
            while waiting and waiting[0].withdrawn:
                waiting.popleft()
            if waiting:
                job = waiting.popleft()
                self._length -= 1
                job.wake(max(self._free[0], job.arrival))
        self._serving = False
