"""What a study of a scaled load says of the whole load, and what of the scaled one only."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

import sim
from experiments.studies.study import DesignPoint, Study
from experiments.wording import counted, fraction, listed

_NAMED = 4
_CONNECTION_LIMIT = "connection limit"


def remarks_on_scale(study: Study) -> list[str]:
    """Return what holds for the load as simulated only, where that is not the whole."""
    scales = sorted({point.scenario.scale for point in study.points})
    if scales == [1.0]:
        return []
    cores = sorted({point.scenario.cores for point in study.points})
    remarks = [
        f"Simulated at {listed([fraction(scale) for scale in scales])} of the load on "
        f"{listed([counted(number, 'core') for number in cores])}, caches and tables scaled alike: "
        "utilisation, queues and latencies are those of that small world; shares of outcomes, CPU "
        "time and cores needed are those of the whole load."
    ]
    having = [point for point in study.points if point.scenario.scale < 1]
    undivided = list(dict.fromkeys(words for point in having for words in _undivided(point)))
    if undivided:
        if len(undivided) > _NAMED:
            more = counted(len(undivided) - _NAMED + 1, "further part")
            undivided = [*undivided[: _NAMED - 1], more]
        remarks.append(
            f"Not scaled, as cores are not, {'is' if len(undivided) == 1 else 'are'} "
            f"{listed(undivided)}: how long one waits there, or whether it fills, is not what it "
            "is under the whole load."
        )
    slowed = list(dict.fromkeys(name for point in having for name in _contended(point.scenario)))
    if slowed:
        remarks.append(
            f"Threads of {listed(slowed)} slow each other down as far as few are busy in that "
            "small world: under the whole load CPU time, and with it the cores needed, is more."
        )
    return remarks


def _undivided(point: DesignPoint) -> Iterator[str]:
    """Yield what holds a queue, and is as large as for the whole load."""
    world = point.scenario
    for name, pool in world.pools.items():
        if pool.backlog is not None and pool.scaled_backlog(world.scale) == pool.backlog:
            yield f"the backlog of {name} ({pool.backlog:,})"
        if pool.private_key is not None:
            yield f"the signer of {name} ({pool.private_key.parallelism:,} at a time)"
        way = None if pool.sessions is None else pool.sessions.way
        if way is not None:
            yield f"the session cache that {name} asks ({way.parallelism:,} at a time)"
    for name, balancer in world.balancers.items():
        if balancer.forwarding is not None:
            yield f"the balancer {name} ({counted(balancer.forwarding.cores, 'core')})"


def _contended(world: sim.Scenario) -> Iterator[str]:
    """Yield the pools whose machine's threads slow each other down."""
    for name, pool in world.pools.items():
        if pool.has_contention:
            yield name


def full_limits(
    study: Study, servers: pd.DataFrame, failures: pd.DataFrame
) -> dict[str, list[DesignPoint]]:
    """Return the limits of connections that were reached in scaled worlds, in words.

    Args:
        study: what was run.
        servers: pool by pool, with the columns `point`, `pool` and `open_most`.
        failures: as `Measurements.failure_reasons` has them.
    """
    reached: dict[str, list[DesignPoint]] = {}
    for point in study.points:
        world = point.scenario
        refused = failures[
            (failures["point"] == point.index) & (failures["reason"] == _CONNECTION_LIMIT)
        ]
        for name, pool in world.pools.items():
            limit = pool.connections
            if world.scale == 1 or limit is None:
                continue
            most = limit.scaled(world.scale)
            of_pool = servers[(servers["point"] == point.index) & (servers["pool"] == name)]
            nodes = set(pool.nodes(name)) | {pool.name}
            is_refused = refused["stopped_by"].isin(nodes).any()
            if is_refused or bool((of_pool["open_most"] >= most).any()):
                words = (
                    f"the {limit.most:,} connections that {name} serves at a time are {most:,} at "
                    f"{fraction(world.scale)} of the load"
                )
                reached.setdefault(words, []).append(point)
    return reached
