"""A machine's processor, whatever its discipline: jobs arrive, begin and end."""

from __future__ import annotations

from typing import Protocol

from sim.processors.job import Job, RunningJob
from sim.telemetry import COUNT, TIME, Column

COLUMNS = (
    Column("utilisation", TIME),
    Column("queue_length", COUNT),
)
"""What a sample says of a processor: the share of its cores' time that was busy since the sample
before, and the jobs that wait for a core at this moment."""


class Processor(Protocol):
    """Cores that serve jobs. What a job demands is known when it begins.

    Attributes:
        latest: when the last job arrived (seconds).
    """

    latest: float

    def begins(self, arrival: float) -> float | None:
        """When a job begins that arrives now, no earlier than any before it.

        `None` where that is not known yet: put it into the `queue` and wait for it. A job whose
        beginning is told counts as waiting until then, and has to be `run`.
        """

    def queue(self, arrival: float) -> Job:
        """Put a job that arrives now into the queue."""

    def run(self, begin: float, demand: float) -> float | RunningJob:
        """The job that begins then takes so many seconds of a core at full speed: when it ends.

        Where that is not known yet, what wakes who waits for it, at that moment.
        """

    def hold(self, begin: float, demand: float) -> float | RunningJob:
        """As `run`, but the job keeps its core until it is let go: when its work so far is done."""

    def let_go(self, now: float) -> None:
        """A job that has kept its core does so no longer: its next part is `run` now."""

    def crash(self, now: float, until: float) -> None:
        """All jobs are lost now, and none begins before `until`.

        Who waits for one to begin, or to end, is sent infinity; an end that was told is void.
        """

    def loop(self, now: float, draw: float) -> Processor:
        """What serves a connection that comes in now, from its first job to its last.

        That is a worker of the processor's, or all of it. `draw` is the connection's, from [0, 1).
        """

    def number_of(self, loop: object) -> int:
        """The number of a worker, from 0."""

    def queue_length(self, now: float) -> int:
        """Jobs that have arrived by `now` and wait for a core."""

    def sample_utilisation(self, now: float) -> float:
        """The share of the cores' time since the last call (or the beginning) that was busy."""
