"""A processor with an explicit queue: first come, first served, and jobs can be withdrawn."""

from __future__ import annotations

from collections import deque
from math import inf

from sim.activity import Activity, Moments
from sim.environment import Environment
from sim.processors.contention import Contention
from sim.processors.cores import Cores
from sim.processors.job import Job

_ROUNDING = 1e-9


class RunQueue(Cores):
    """`Processor` whose jobs wait in a queue until they begin: first come, first served.

    A discipline of one's own is derived from this and overrides `take_next`.

    A job that has not begun can be withdrawn (`Job.withdraw`), and one that has begun may hold its
    core while it waits for something else. Each wait takes an event; where neither happens,
    `VirtualClock` gives the same waits without one.

    Args:
        environment: where time passes.
        cores: how many.
        contention: of their machine's threads; `None` where each runs at full speed.

    Attributes:
        latest: when the last job arrived (seconds).
    """

    __slots__ = ("_environment", "_length", "_serving", "_waiting", "latest")

    def __init__(
        self, environment: Environment, cores: int, contention: Contention | None = None
    ) -> None:
        super().__init__(cores, environment.now, contention)
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
        self._serve()
        return job

    def hold(self, begin: float, demand: float) -> float:
        """The job that begins then keeps its core behind so many seconds of work: when they end."""
        if self._contention is not None:
            demand = self._contention.seconds(begin, demand)
        self._hold()
        self._demanded += demand
        return begin + demand

    def let_go(self, now: float) -> None:
        """A job that has kept its core gives it back now."""
        self._let_go(now)
        self._serve()

    def crash(self, now: float, until: float) -> None:
        """All jobs are lost now; who waits is sent infinity."""
        self._lose_all(now, until)
        for job in tuple(self._waiting):
            if job.waits:
                job.withdraw()

    def loop(self, now: float, draw: float) -> RunQueue:
        """All of it."""
        return self

    def number_of(self, loop: object) -> int:
        """There is one."""
        return 0

    def take_next(self, waiting: deque[Job]) -> Job:
        """Take the job that begins next out of those that wait, in the order of their coming."""
        return waiting.popleft()

    def queue_length(self, now: float) -> int:
        """Jobs that have arrived by `now` and wait for a core."""
        return self._length

    def _one_leaves(self) -> None:
        self._length -= 1

    def _serve(self) -> None:
        """Have jobs begin, unless that goes on already."""
        if self._waiting and not self._serving:
            self._serving = True
            Activity(self._environment, self._begin_jobs())

    def _begin_jobs(self) -> Moments:
        """Jobs begin as cores fall free, until none waits, or all cores are held."""
        waiting = self._waiting
        while waiting and self._free[0] < inf:
            yield max(self._free[0], self._environment.now)
            if self._free[0] <= self._environment.now + _ROUNDING:
                self._begin_next(waiting)
        self._serving = False

    def _begin_next(self, waiting: deque[Job]) -> None:
        """The next job begins that has not been withdrawn."""
        while waiting:
            job = self.take_next(waiting)
            if not job.withdrawn:
                self._length -= 1
                job.wake(max(self._free[0], job.arrival))
                return
