"""The cores of a processor: when each falls free, and how busy all were."""

from __future__ import annotations

from heapq import heapify, heapreplace
from math import inf

from sim.processors.contention import Contention


class Cores:
    """Cores, each of which runs one job after another to its end.

    Where there is contention a job runs, from its beginning to its end, at the speed of as many
    threads as are busy when it begins.

    Args:
        number: of them.
        now: seconds since the scenario's start; all are free.
        contention: of their machine's threads; `None` where each runs at full speed.
    """

    __slots__ = ("_busy_before", "_contention", "_demanded", "_down_until", "_free", "_sampled_at")

    def __init__(self, number: int, now: float, contention: Contention | None = None) -> None:
        self._free = [now] * number
        self._demanded = self._busy_before = 0.0
        self._sampled_at = now
        self._contention = contention
        self._down_until = now

    def run(self, begin: float, demand: float) -> float:
        """The first free one takes a job up at that moment: when it ends.

        Args:
            begin: when it begins, no earlier than any before it (seconds).
            demand: seconds that it takes at full speed. Where others are busy then, contention
                stretches all of it by as much as so many threads, itself included, are slower than
                one: those that begin or end later change nothing for it.
        """
        if self._contention is not None:
            demand = self._contention.seconds(begin, demand)
        end = begin + demand
        heapreplace(self._free, end)
        self._demanded += demand
        return end

    def _hold(self) -> None:
        """The first free one is held, doing nothing, until it is let go."""
        heapreplace(self._free, inf)

    def _let_go(self, now: float) -> None:
        """One that is held falls free now, unless all have been lost since."""
        if inf in self._free:
            self._free.remove(inf)
            self._free.append(now)
            heapify(self._free)

    def _lose_all(self, now: float, until: float) -> None:
        """All are lost now, with what they do, and back at that moment."""
        self._demanded -= self._ahead(now)
        self._free = [until] * len(self._free)
        self._down_until = until
        if self._contention is not None:
            self._contention.lose_all()

    def _ahead(self, now: float) -> float:
        """Seconds that they will work behind `now` for what has begun."""
        begin = max(now, self._down_until)
        return sum(free - begin for free in self._free if begin < free < inf)

    def free_at(self, now: float) -> float:
        """When the first one falls free, as far as is known; now where one is."""
        return max(self._free[0], now)

    def sample_utilisation(self, now: float) -> float:
        """The share of their time since the last call (or the beginning) that was busy.

        One that is held is not, nor one that is down.
        """
        busy = self._demanded - self._ahead(now)
        cores_time = (now - self._sampled_at) * len(self._free)
        utilisation = (busy - self._busy_before) / cores_time if cores_time > 0 else 0.0
        self._busy_before, self._sampled_at = busy, now
        return min(max(utilisation, 0.0), 1.0)
