"""A population that comes back: who was here some time ago returns."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from itertools import pairwise
from math import inf
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, field_validator

from sim.units import PositiveDuration
from sim.workload.population import ClientPopulation

Share = Annotated[float, Field(ge=0, le=1)]

_LEAST_TO_COMPACT = 8192


class Revisits(ClientPopulation):
    """Visitors who come back after intervals of a given distribution, and new ones.

    For each visit an age is drawn, and the visitor who was last seen nearest to that long ago
    returns. Between two listed intervals the distribution is linear, from 0 on. The share beyond
    the last one, and an age from before anyone was seen, give a new visitor. The number of
    visitors follows from the arrivals, so that scaling these leaves everyone's habits as they are.
    """

    kind: Literal["revisits"]
    intervals: tuple[tuple[PositiveDuration, Share], ...] = Field(max_length=10_000)
    """The cumulative distribution, share back within: [["5 min", 0.177], ["1 h", 0.483]]."""

    @field_validator("intervals")
    @classmethod
    def _ascending(cls, pairs: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
        if not pairs:
            raise ValueError('at least one interval is needed, such as ["5 min", 0.177]')
        before, below = 0.0, 0.0
        for interval, share in pairs:
            if interval <= before:
                raise ValueError("intervals must get longer from each to the next")
            if share < below:
                raise ValueError("shares are cumulative: each is at least the one before")
            before, below = interval, share
        return pairs

    def visitors(self, scale: float) -> RevisitingVisitors:
        """Nobody seen yet; the scale plays no part."""
        return RevisitingVisitors(self.intervals)


class RevisitingVisitors:
    """Who was last seen when.

    Last visits stand in arrays in order of time. A visitor who returns leaves a tombstone at the
    former visit; tombstones link to their neighbours, with path halving (union-find), so that the
    living visit nearest to a moment is found in O(log n). Tombstones, and visits further back than
    the longest interval, which nobody can ask for again, are dropped whenever the arrays have
    grown by half. A visitor takes 20 to 30 bytes.

    Node i + 1 of the links is slot i; node 0 stands for "none below" and the last for "none above".
    """

    def __init__(self, intervals: tuple[tuple[float, float], ...]) -> None:
        self._ages = ages = [0.0, *(interval for interval, _ in intervals)]
        self._shares = shares = [0.0, *(share for _, share in intervals)]
        # The mean of the intervals of those who come back.
        steps = zip(pairwise(ages), pairwise(shares), strict=True)
        whole = sum((low + high) / 2 * (above - below) for (low, high), (below, above) in steps)
        self._mean_interval = whole / shares[-1] if shares[-1] else inf
        self._first_seen: float | None = None
        self._number_of_visitors = 0
        self._compact_at = _LEAST_TO_COMPACT
        self._hold(array("d"), array("i"))

    def __len__(self) -> int:
        """How many different visitors there have been."""
        return self._number_of_visitors

    def visitor(self, now: float, draw: float) -> int:
        """Who comes at `now` (seconds, never less than before), by a draw from [0, 1)."""
        slot = self._slot_for(now, draw)
        if slot is None:
            who = self._number_of_visitors
            self._number_of_visitors += 1
        else:
            who = self._who[slot]
            self._bury(slot)
        if len(self._times) >= self._compact_at:
            self._compact(now)
        self._append(now, who)
        return who

    def rate_of(self, client: int, rate: float) -> float:
        """As long as it comes back; the arrivals play no part."""
        return 1.0 / self._mean_interval

    def share_seen_before(self, since: float) -> float:
        """Those who come back after longer, beside those who are new."""
        returning = self._shares[-1]
        within = float(np.interp(since, self._ages, self._shares))
        return (returning - within) / (1.0 - within) if within < 1.0 else 0.0

    def _slot_for(self, now: float, draw: float) -> int | None:
        """Where the visitor stands who was last seen nearest to the drawn age ago."""
        if self._first_seen is None:
            self._first_seen = now
        if draw >= self._shares[-1]:
            return None
        then = now - self._age(draw)
        if then < self._first_seen:
            return None
        times = self._times
        position = bisect_left(times, then)
        later = _find(self._above, position + 1) - 1
        earlier = _find(self._below, position) - 1
        if earlier >= 0 and times[earlier] < now - self._ages[-1]:
            earlier = -1
        if later == len(times):
            return earlier if earlier >= 0 else None
        if earlier < 0:
            return later
        return earlier if then - times[earlier] <= times[later] - then else later

    def _age(self, draw: float) -> float:
        """The inverse of the distribution."""
        shares, ages = self._shares, self._ages
        above = bisect_right(shares, draw)
        share, age = shares[above - 1], ages[above - 1]
        return age + (draw - share) / (shares[above] - share) * (ages[above] - age)

    def _hold(self, times: array[float], who: array[int]) -> None:
        """Hold these visits, all of them living."""
        self._times = times
        self._who = who
        self._below = array("i", range(len(times) + 1))
        self._above = array("i", range(len(times) + 2))

    def _append(self, now: float, who: int) -> None:
        self._times.append(now)
        self._who.append(who)
        node = len(self._times)
        self._below.append(node)
        self._above.append(node + 1)

    def _bury(self, slot: int) -> None:
        node = slot + 1
        self._below[node] = node - 1
        self._above[node] = node + 1

    def _compact(self, now: float) -> None:
        times = np.frombuffer(self._times)
        below = np.frombuffer(self._below, np.intc)[1:]
        living = below == np.arange(1, len(times) + 1, dtype=np.intc)
        living &= times >= now - self._ages[-1]
        # One array after the other: with ten million visitors two copies of all are too many.
        del below, self._below, self._above
        living_times, who = array("d"), array("i")
        living_times.frombytes(times[living].view(np.uint8).data)
        del times
        who.frombytes(np.frombuffer(self._who, np.intc)[living].view(np.uint8).data)
        self._hold(living_times, who)
        self._compact_at = max(_LEAST_TO_COMPACT, len(self._times) * 3 // 2)


def _find(links: array[int], node: int) -> int:
    while (following := links[node]) != node:
        links[node] = node = links[following]
    return node
