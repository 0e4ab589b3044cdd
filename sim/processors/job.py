"""A job that waits for a core until it begins, or is withdrawn."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from sim.activity import Wake


class RunningJob(Wake):
    """A job that runs, and whose end is not known yet: wait for it to hear when that is.

    Whoever waits is sent infinity when it has been lost.

    Args:
        seconds: as below.

    Attributes:
        seconds: how long it has occupied a core, once it has ended or has been lost; the rest of
            its time it has waited.
        undone: seconds at full speed that it still demanded when it was lost.
    """

    __slots__ = ("seconds", "undone")

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds
        self.undone = 0.0


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
        waits: whether it has neither begun nor been withdrawn.
        withdrawn: whether it will never begin.
    """

    __slots__ = ("_leave", "arrival", "waits", "withdrawn")

    def __init__(self, arrival: float, leave: Callable[[], None]) -> None:
        super().__init__()
        self.arrival = arrival
        self.waits = True
        self.withdrawn = False
        self._leave = leave

    def wake(self, moment: float) -> None:
        """It begins now, or never will."""
        self.waits = False
        super().wake(moment)

    def withdraw(self) -> None:
        """Leave the queue, where it has not begun: by who gives up, or by a crash."""
        self.withdrawn = True
        self._leave()
        self.wake(inf)

    def abandon(self) -> None:
        """Who waited for it has been cancelled."""
        super().abandon()
        self.withdraw()
