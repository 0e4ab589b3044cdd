"""A processor as a virtual clock: first come, first served, without an event."""

from __future__ import annotations

from collections import deque
from typing import Literal

from sim.costs import ContentionCurve
from sim.environment import Environment
from sim.processors.contention import Contention, contention_of
from sim.processors.cores import Cores
from sim.processors.description import ProcessorDescription
from sim.processors.job import Job
from sim.processors.run_queue import RunQueue


class FirstComeFirstServed(ProcessorDescription):
    """Any free core takes the job that has waited longest, to its end."""

    discipline: Literal["fifo"] = "fifo"

    def processor(
        self,
        environment: Environment,
        cores: int,
        *,
        blocking: bool,
        contention: ContentionCurve | None = None,
    ) -> VirtualClock | RunQueue:
        """Idle cores; where no job keeps one, and nothing withdraws a job, no event is needed."""
        stretched = contention_of(contention)
        if blocking:
            return RunQueue(environment, cores, stretched)
        return VirtualClock(cores, environment.now, stretched)


class VirtualClock(Cores):
    """`Processor` whose queue is first come, first served, and nothing can withdraw a job.

    When a job begins is known when it arrives, then: at its arrival, or when the first core falls
    free. No event is needed for either; the waits are those of `RunQueue` to the last bit.

    Args:
        cores: how many.
        now: seconds since the scenario's start.
        contention: of their machine's threads; `None` where each runs at full speed.

    Attributes:
        latest: when the last job arrived (seconds).
    """

    __slots__ = ("_asked_before", "_waiting", "latest")

    def __init__(self, cores: int, now: float, contention: Contention | None = None) -> None:
        super().__init__(cores, now, contention)
        self.latest = now
        self._waiting: deque[float] = deque()
        self._asked_before = 0.0

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

    def hold(self, begin: float, demand: float) -> float:
        """No job keeps a core. Raises `AssertionError`, always."""
        raise AssertionError("a job that keeps its core needs an explicit queue")

    def let_go(self, now: float) -> None:
        """No job keeps a core. Raises `AssertionError`, always."""
        raise AssertionError("a job that keeps its core needs an explicit queue")

    def crash(self, now: float, until: float) -> None:
        """All jobs are lost now, whatever ends have been told."""
        self._lose_all(now, until)
        self._waiting.clear()

    def loop(self, now: float, draw: float) -> VirtualClock:
        """All of it."""
        return self

    def number_of(self, loop: object) -> int:
        """There is one."""
        return 0

    def queue_length(self, now: float) -> int:
        """Jobs that have arrived by `now` and wait for a core."""
        waiting = self._waiting
        while waiting and waiting[0] <= now:
            waiting.popleft()
        return len(waiting)

    def sample_offered_load(self, passed: float) -> float:
        """What has been asked for since the last call, as a share of what all cores can do.

        Args:
            passed: how long ago the last call was (seconds).
        """
        asked, before = self._demanded, self._asked_before
        self._asked_before = asked
        return (asked - before) / (passed * len(self._free)) if passed > 0 else 0.0
