"""A machine's processor, whatever its discipline: jobs arrive, begin and end."""

from __future__ import annotations

from typing import Protocol

from sim.hosts.job import Job
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

    def run(self, begin: float, demand: float) -> float:
        """The job that begins then takes so many seconds: when it ends."""

    def queue_length(self, now: float) -> int:
        """Jobs that have arrived by `now` and wait for a core."""

    def sample_utilisation(self, now: float) -> float:
        """The share of the cores' time since the last call (or the beginning) that was busy."""
