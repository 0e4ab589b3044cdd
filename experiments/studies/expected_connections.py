"""How many connections a world is expected to simulate, in all and up to a moment."""

from __future__ import annotations

from collections.abc import Callable

import sim


def connections_of(world: sim.Scenario) -> float:
    """Return how many connections one replication is expected to simulate, its warm-up included.

    Those of which a fast-forward books the sessions only do not count.

    Those apart that are made again because one has failed: how many that are is for the simulation
    to find out.
    """
    expected = world.arrivals.expected
    visits = world.scale * (expected(world.duration) - expected(world.fast_forward - world.warm_up))
    return visits * world.connections_per_visit


def share_of_work(world: sim.Scenario) -> Callable[[float], float]:
    """Return the function from the share of simulated time to the share of expected connections.

    Both are from 0 to 1. What simulates a world takes its time for connections, and hardly any for
    hours in which nobody comes.
    """
    expected, begin, length = (
        world.arrivals.expected,
        -world.warm_up,
        world.warm_up + world.duration,
    )
    before = expected(begin)
    whole = expected(world.duration) - before

    def share(of_time: float) -> float:
        if whole <= 0:
            return of_time
        return min(1.0, max(0.0, (expected(begin + of_time * length) - before) / whole))

    return share
