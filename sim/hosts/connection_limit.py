"""How many connections a server serves at a time, and what becomes of more."""

from __future__ import annotations

from collections import deque
from math import inf
from typing import Literal

from pydantic import Field

from sim.activity import Activity, Moments
from sim.description import Description
from sim.environment import Environment
from sim.processors.job import Job
from sim.units import scaled


class ConnectionLimit(Description):
    """How many connections a server serves at a time.

    A pool of threads, one a connection, is a limit of its size at which connections wait.
    """

    most: int = Field(gt=0, le=10**9)
    """Connections that are open at a time, before scaling."""
    when_full: Literal["reset", "drop", "wait"] = "reset"
    """What becomes of one more. "reset": its SYN is answered by a RST; "drop": its SYN is dropped,
    and its client sends another; "wait": TCP is connected, and it waits in the backlog until a
    connection is closed."""

    def scaled(self, scale: float) -> int:
        """How many are served at a time in a world of that scale."""
        return scaled(self.most, scale)


class Places:
    """Places for connections, for which they wait in the order of their coming.

    Args:
        environment: where time passes.
        number: how many connections there is place for.

    Attributes:
        epoch: how often all have been cleared.
    """

    def __init__(self, environment: Environment, number: int) -> None:
        self._environment = environment
        self._number = self._free = number
        self.epoch = 0
        self._waiting: deque[Job] = deque()

    def take(self, now: float) -> Job | None:
        """A connection comes in now: `None` where there is a place; else what it waits for."""
        if self._free:
            self._free -= 1
            return None
        job = Job(now, _nothing)
        self._waiting.append(job)
        return job

    def leave(self, moment: float, epoch: int) -> None:
        """One who has come in, in that epoch, leaves then, which may lie in the future."""
        if moment > self._environment.now:
            Activity(self._environment, self._leave_at(moment, epoch))
        else:
            self._hand_on(self._environment.now, epoch)

    def clear(self) -> None:
        """All are free, and who waits for one will never have it."""
        self.epoch += 1
        self._free = self._number
        waiting, self._waiting = self._waiting, deque()
        for job in waiting:
            job.wake(inf)

    def _leave_at(self, moment: float, epoch: int) -> Moments:
        self._hand_on((yield moment), epoch)

    def _hand_on(self, now: float, epoch: int) -> None:
        if epoch != self.epoch:
            return
        waiting = self._waiting
        while waiting and waiting[0].withdrawn:
            waiting.popleft()
        if waiting:
            waiting.popleft().wake(now)
        else:
            self._free += 1


def _nothing() -> None:
    """Who withdraws is passed over when its turn comes."""
