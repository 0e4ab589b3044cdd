"""How fast threads run at once: cores share caches, memory and heat."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, Field

Threads = Annotated[int, Field(gt=0, le=100_000, strict=True)]
Speed = Annotated[float, Field(ge=1e-3, le=1, allow_inf_nan=False, strict=True)]
Points = tuple[tuple[Threads, Speed], ...]


def _checked(points: Points) -> Points:
    if not points or tuple(points[0]) != (1, 1.0):
        raise ValueError("a contention curve begins with one thread at full speed: [1, 1.0]")
    for (threads, speed), (more, slower) in pairwise(points):
        if more <= threads:
            raise ValueError(
                f"{more} threads stand behind {threads}; numbers of threads have to ascend"
            )
        if slower > speed:
            raise ValueError(
                f"{more} threads at once are each faster ({slower:g}) than {threads} ({speed:g}); "
                "speeds have to descend"
            )
    return points


ContentionPoints = Annotated[Points, AfterValidator(_checked)]
"""[threads at once, speed of each, where one alone has 1.0], such as [[1, 1.0], [16, 0.7]]."""


class ContentionCurve:
    """The speed of each of so many threads at once: linear between points, constant beyond.

    Args:
        points: threads at once, in ascending order from 1, and the speed of each.
    """

    def __init__(self, points: Sequence[tuple[int, float]]) -> None:
        self._threads = [threads for threads, _ in points]
        self._speeds = [speed for _, speed in points]
        self._known: dict[int, float] = {}

    def speed(self, threads: int) -> float:
        """The speed of each of so many threads (at least 1), where one alone has 1."""
        speed = self._known.get(threads)
        if speed is None:
            speed = self._known[threads] = self._between(threads)
        return speed

    def _between(self, threads: int) -> float:
        place = bisect_right(self._threads, threads)
        if place == len(self._threads):
            return self._speeds[-1]
        few, many = self._threads[place - 1 : place + 1]
        fast, slow = self._speeds[place - 1 : place + 1]
        return fast + (slow - fast) * (threads - few) / (many - few)
