"""What cores that are busy at once cost each other."""

from __future__ import annotations

from heapq import heappop, heappush

from sim.costs import ContentionCurve


class Contention:
    """How long jobs take that begin while others run on the same machine.

    A job runs at the speed of as many threads as are busy when it begins, itself included, from its
    beginning to its end: those that begin or end meanwhile change nothing for it. A core that is
    held, waiting for something else, is not busy.

    Args:
        curve: the machine's.
    """

    __slots__ = ("_ends", "_speed")

    def __init__(self, curve: ContentionCurve) -> None:
        self._speed = curve.speed
        self._ends: list[float] = []

    def seconds(self, begin: float, demand: float) -> float:
        """A job begins then, no earlier than any before it: how long it takes a core.

        Args:
            begin: when (seconds).
            demand: what it takes at full speed (seconds).
        """
        ends = self._ends
        while ends and ends[0] <= begin:
            heappop(ends)
        taken = demand / self._speed(len(ends) + 1)
        heappush(ends, begin + taken)
        return taken

    def lose_all(self) -> None:
        """Nothing is busy any more."""
        self._ends.clear()


def contention_of(curve: ContentionCurve | None) -> Contention | None:
    """The contention of a machine's threads; `None` where each runs at full speed."""
    return None if curve is None else Contention(curve)
