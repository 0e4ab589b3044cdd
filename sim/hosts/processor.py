"""A machine's processor, whatever its discipline: jobs arrive, begin and end."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Protocol

from sim.activity import Wake
from sim.telemetry import COUNT, TIME, Column

COLUMNS = (
    Column("utilisation", TIME),
    Column("queue_length", COUNT),
)
"""What a sample says of a processor: the share of its cores' time that was busy since the sample
before, and the jobs that wait for a core at this moment."""


class Job(Wake):
    """A job that waits for a core: wait for it to hear when it begins.

    Whoever waits is sent the moment at which the job begins (seconds), and says at that moment what
    it demands (`Processor.run`); or infinity when it has been withdrawn. Who is cancelled while
    waiting withdraws it.

    Args:
        arrival: when it arrived.
        leave: called when it is withdrawn.

    Attributes:
        arrival: when it arrived.
        withdrawn: whether it will never begin.
    """

    __slots__ = ("_leave", "arrival", "withdrawn")

    def __init__(self, arrival: float, leave: Callable[[], None]) -> None:
        super().__init__()
        self.arrival = arrival
        self.withdrawn = False
        self._leave = leave

    def withdraw(self) -> None:
        """Leave the queue, where it has not begun: by who gives up, or by a crash."""
        self.withdrawn = True
        self._leave()
        self.wake(inf)

    def abandon(self) -> None:
        """Who waited for it has been cancelled."""
        super().abandon()
        self.withdraw()


class Processor(Protocol):
    """Cores that serve jobs. What a job demands is known when it begins.

    Attributes:
        latest: when the last job arrived (seconds).
    """

    latest: float

    def begins(self, arrival: float) -> float | None:
        """When a job begins that arrives now, no earlier than any before it.

        `None` where that is not known yet: put it into the `queue` and wait for it.
        """

    def queue(self, arrival: float) -> Job:
        """Put a job that arrives now into the queue."""

    def run(self, arrival: float, begin: float, demand: float) -> float:
        """A job that has arrived then, and begins then, takes so many seconds: when it ends."""

    def queue_length(self, now: float) -> int:
        """Jobs that have arrived by `now` and wait for a core."""

    def sample_utilisation(self, now: float) -> float:
        """The share of the cores' time since the last call (or the beginning) that was busy."""
