"""How many connections a world is expected to simulate, in all and up to a moment."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate

import sim


def connections_of(world: sim.Scenario) -> float:
    """Return how many connections one replication is expected to simulate, its warm-up included."""
    mean = _mean_arrivals(world)
    return mean(world.duration) - mean(-world.warm_up)


def share_of_work(world: sim.Scenario) -> Callable[[float], float]:
    """Return the function from the share of simulated time to the share of expected connections.

    Both are from 0 to 1. What simulates a world takes its time for connections, and hardly any for
    hours in which nobody comes.
    """
    mean = _mean_arrivals(world)
    begin, length = -world.warm_up, world.warm_up + world.duration
    before, whole = mean(begin), connections_of(world)

    def share(of_time: float) -> float:
        if whole <= 0:
            return of_time
        return min(1.0, max(0.0, (mean(begin + of_time * length) - before) / whole))

    return share


def _mean_arrivals(world: sim.Scenario) -> Callable[[float], float]:
    """Return the mean of how many have come from the start to a moment; negative before it."""
    arrivals = world.arrivals
    if arrivals.process != "curve":
        rate = arrivals.rate * world.scale
        return lambda moment: rate * moment
    counts, interval = arrivals.counts, arrivals.interval
    a_count = world.scale / arrivals.requests_per_visit
    before = [0.0, *accumulate(counts)]

    def mean(moment: float) -> float:
        cycles, within = divmod(moment / interval, len(counts))
        part = min(int(within), len(counts) - 1)
        return a_count * (cycles * before[-1] + before[part] + counts[part] * (within - part))

    return mean
