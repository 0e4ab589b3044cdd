"""Worker processes: each an event loop that serves its own connections, one job at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from sim.costs import ContentionCurve
from sim.environment import Environment
from sim.processors.contention import contention_of
from sim.processors.description import ProcessorDescription
from sim.processors.job import Job
from sim.processors.run_queue import RunQueue
from sim.processors.virtual_clock import VirtualClock


class WorkerProcesses(ProcessorDescription):
    """Event loops, as nginx and HAProxy have them: a connection stays with the one it came to.

    Each has a core and a queue of its own, first come, first served; one may be busy while others
    idle.
    """

    discipline: Literal["workers"]
    count: int | None = Field(default=None, gt=0, le=100_000)
    """How many worker processes there are, at most one a core; one a core where nothing is said."""
    accept: Literal["own queues", "shared queue"] = "own queues"
    """Who takes a new connection. "own queues": any of them, as likely as each other, as by
    SO_REUSEPORT; "shared queue": who would come to it first, as far as is known when it comes."""

    @property
    def has_loops(self) -> bool:
        """A connection stays with its worker."""
        return True

    def number_of_loops(self, cores: int) -> int:
        """As many as are said, or one a core."""
        return self.count or cores

    def processor(
        self,
        environment: Environment,
        cores: int,
        *,
        blocking: bool,
        contention: ContentionCurve | None = None,
    ) -> Workers:
        """Idle workers.

        How many are busy when a job begins is not known before that moment: where this matters
        they have explicit queues.
        """
        stretched = contention_of(contention)
        loops: list[VirtualClock | RunQueue] = []
        for _ in range(self.number_of_loops(cores)):
            if blocking or stretched is not None:
                loops.append(RunQueue(environment, 1, stretched))
            else:
                loops.append(VirtualClock(1, environment.now))
        return Workers(loops, cores, environment.now, shared=self.accept == "shared queue")


class Workers:
    """`Processor` of several event loops; a connection is served by that which `loop` gives it.

    Args:
        loops: the workers.
        cores: of the machine.
        now: seconds since the scenario's start.
        shared: whether they accept from one queue.

    Attributes:
        latest: when the last connection came in (seconds).
    """

    def __init__(
        self,
        loops: Sequence[VirtualClock | RunQueue],
        cores: int,
        now: float,
        *,
        shared: bool,
    ) -> None:
        self._loops = loops
        self._cores = cores
        self._shared = shared
        self.latest = now

    def crash(self, now: float, until: float) -> None:
        """All jobs of all workers are lost now."""
        for loop in self._loops:
            loop.crash(now, until)

    def loop(self, now: float, draw: float) -> VirtualClock | RunQueue:
        """The worker that takes a connection which comes now."""
        self.latest = now
        if not self._shared:
            return self._loops[int(draw * len(self._loops))]
        return min(self._loops, key=lambda loop: loop.free_at(now))

    def number_of(self, loop: object) -> int:
        """Its place among the workers, from 0."""
        return next(number for number, each in enumerate(self._loops) if each is loop)

    def begins(self, arrival: float) -> float:
        """A worker's job. Raises `AssertionError`, always."""
        raise AssertionError("each connection has a loop of its own")

    def queue(self, arrival: float) -> Job:
        """A worker's job. Raises `AssertionError`, always."""
        raise AssertionError("each connection has a loop of its own")

    def run(self, begin: float, demand: float) -> float:
        """A worker's job. Raises `AssertionError`, always."""
        raise AssertionError("each connection has a loop of its own")

    def hold(self, begin: float, demand: float) -> float:
        """A worker's job. Raises `AssertionError`, always."""
        raise AssertionError("each connection has a loop of its own")

    def let_go(self, now: float) -> None:
        """A worker's job. Raises `AssertionError`, always."""
        raise AssertionError("each connection has a loop of its own")

    def queue_length(self, now: float) -> int:
        """Jobs that have arrived by `now` and wait for their worker."""
        return sum(loop.queue_length(now) for loop in self._loops)

    def sample_utilisation(self, now: float) -> float:
        """The share of the cores' time since the last call (or the beginning) that was busy."""
        busy = sum(loop.sample_utilisation(now) for loop in self._loops)
        return busy / self._cores
