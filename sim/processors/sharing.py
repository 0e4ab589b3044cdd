"""A processor whose cores are shared by all jobs at once, as an operating system shares them."""

from __future__ import annotations

from heapq import heappop, heappush
from math import inf
from typing import Literal

from sim.activity import Activity, Moments
from sim.costs import ContentionCurve
from sim.environment import Environment
from sim.processors.description import ProcessorDescription
from sim.processors.job import Job, RunningJob


class ProcessorSharing(ProcessorDescription):
    """All jobs are served at once, each as fast as the others: many threads on few cores.

    A job has a core of its own as long as there are enough; of n jobs on c cores each runs at c/n
    of that speed (egalitarian processor sharing). Nothing waits for a core: what sharing adds to
    a job's time counts as waiting. Where the machine's threads slow each other down, all jobs run
    at the speed of as many threads as cores are busy at each moment.
    """

    discipline: Literal["processor-sharing"]

    @property
    def keeps_cores(self) -> bool:
        """A thread that waits leaves its core to others."""
        return False

    def processor(
        self,
        environment: Environment,
        cores: int,
        *,
        blocking: bool,
        contention: ContentionCurve | None = None,
    ) -> SharedCores:
        """Idle. A job that waits for something else takes no core."""
        return SharedCores(environment, cores, contention)


class SharedCores:
    """`Processor` that serves all its jobs at once.

    Args:
        environment: where time passes.
        cores: how many.
        contention: of their machine's threads; `None` where each runs at full speed.

    Attributes:
        latest: when the last job arrived (seconds).
    """

    __slots__ = (
        "_attained",
        "_busy",
        "_busy_before",
        "_cores",
        "_ending",
        "_environment",
        "_next",
        "_number",
        "_occupied",
        "_sampled_at",
        "_since",
        "_speed",
        "latest",
    )

    def __init__(
        self, environment: Environment, cores: int, contention: ContentionCurve | None = None
    ) -> None:
        self._environment = environment
        self._cores = cores
        self.latest = self._since = self._sampled_at = environment.now
        self._speed = None if contention is None else contention.speed
        # Seconds at full speed that a job has got which was here all the time, and those that it
        # has occupied a core.
        self._attained = self._occupied = 0.0
        # By what it will have attained when it ends, then in order of arrival.
        self._ending: list[tuple[float, int, RunningJob]] = []
        self._number = 0
        self._next: Activity | None = None
        self._busy = self._busy_before = 0.0

    def begins(self, arrival: float) -> float:
        """At once, always."""
        self.latest = arrival
        return arrival

    def queue(self, arrival: float) -> Job:
        """Nobody waits for a core. Raises `AssertionError`, always."""
        raise AssertionError("all jobs are served at once")

    def run(self, begin: float, demand: float) -> float | RunningJob:
        """The job that begins now takes so many seconds of a core: what wakes when it ends."""
        if not demand:
            return begin
        self._advance(begin)
        self._number += 1
        job = RunningJob(demand if self._speed is None else -self._occupied)
        heappush(self._ending, (self._attained + demand, self._number, job))
        self._plan()
        return job

    def hold(self, begin: float, demand: float) -> float | RunningJob:
        """As `run`: its thread waits, and its core serves others."""
        return self.run(begin, demand)

    def let_go(self, now: float) -> None:
        """It has kept no core."""

    def crash(self, now: float, until: float) -> None:
        """All jobs are lost now; who waits is sent infinity."""
        self._advance(now)
        lost, self._ending = self._ending, []
        self._plan()
        for end, _, job in sorted(lost, key=lambda each: each[1]):
            job.undone = end - self._attained
            job.seconds += -job.undone if self._speed is None else self._occupied
            job.wake(inf)

    def loop(self, now: float, draw: float) -> SharedCores:
        """All of it."""
        return self

    def number_of(self, loop: object) -> int:
        """There is one."""
        return 0

    def queue_length(self, now: float) -> int:
        """Jobs beyond one a core."""
        return max(len(self._ending) - self._cores, 0)

    def sample_utilisation(self, now: float) -> float:
        """The share of the cores' time since the last call (or the beginning) that was busy."""
        self._advance(now)
        cores_time = (now - self._sampled_at) * self._cores
        utilisation = (self._busy - self._busy_before) / cores_time if cores_time > 0 else 0.0
        self._busy_before, self._sampled_at = self._busy, now
        return min(max(utilisation, 0.0), 1.0)

    def _advance(self, now: float) -> None:
        """Serve all jobs until now."""
        passed, jobs = now - self._since, len(self._ending)
        if passed > 0 and jobs:
            busy = min(jobs, self._cores)
            self._busy += passed * busy
            share = passed * busy / jobs
            if self._speed is None:
                self._attained += share
            else:
                self._occupied += share
                self._attained += share * self._speed(busy)
        self._since = max(now, self._since)

    def _plan(self) -> None:
        """Have the job end that is first to, if no other comes before it."""
        if self._next is not None:
            self._next.cancel()
        self._next = Activity(self._environment, self._end()) if self._ending else None

    def _end(self) -> Moments:
        """Those jobs end that are the first to."""
        ending = self._ending
        attained = ending[0][0]
        jobs = len(ending)
        busy = min(jobs, self._cores)
        left = (attained - self._attained) * jobs / busy
        if self._speed is not None:
            left /= self._speed(busy)
        now = yield self._since + max(left, 0.0)
        self._advance(now)
        self._attained = attained
        ended = []
        while ending and ending[0][0] <= attained:
            ended.append(heappop(ending)[2])
        if not ending:
            self._attained = 0.0
        if self._speed is not None:
            for job in ended:
                job.seconds += self._occupied
            if not ending:
                self._occupied = 0.0
        self._next = Activity(self._environment, self._end()) if ending else None
        for job in ended:
            job.wake(now)
