"""The servers of a world in a study's figures: pool by pool, and in words."""

from __future__ import annotations

import math

import pandas as pd

import sim
from experiments.results.statistics import Interval
from experiments.studies.study import Study
from experiments.wording import counted


def pool_of_node(study: Study) -> pd.DataFrame:
    """Return each server's pool at each design point.

    Columns: `point`, `node` (the server), `pool`, `node_cores` (its own),
    `scale` (the world's), `idle_memory` (its own without connections, bytes; NaN if unknown).
    """
    rows = [
        (point.index, node, name, pool.cores, point.scenario.scale, pool.idle_memory)
        for point in study.points
        for name, pool in point.scenario.pools.items()
        for node in pool.nodes(name)
    ]
    columns = ["point", "node", "pool", "node_cores", "scale", "idle_memory"]
    return pd.DataFrame(rows, columns=columns).astype({"idle_memory": "float64"})


def servers_together(servers: pd.DataFrame, study: Study, by: list[str]) -> pd.DataFrame:
    """Return the samples of servers in figures, those of several servers taken together.

    Args:
        servers: as `Measurements.servers` has them.
        study: what was run.
        by: the columns that tell what is taken together: a `point`, a `replication`, a `pool`.

    Columns besides: `utilisation` (mean, by cores), `utilisation_busiest` (of any sample of any),
    `queue_most`, `open_most` and `accept_most` (of any), `live_entries_most` (sum), and of
    any, in bytes at the whole load, `memory` (mean), `memory_most` and `idle_memory` (without
    connections).
    """
    placed = servers.merge(pool_of_node(study), on=["point", "node"], how="inner")
    placed["busy_cores"] = placed["utilisation"] * placed["node_cores"]
    for name in ("memory", "memory_most"):
        # Processes are not scaled, connections and cached sessions are.
        grown = (placed[name].astype(float) - placed["idle_memory"]) / placed["scale"]
        placed[name] = placed["idle_memory"] + grown
    together = placed.groupby(by, as_index=False, sort=True).agg(
        busy_cores=("busy_cores", "sum"),
        node_cores=("node_cores", "sum"),
        utilisation_busiest=("utilisation_busiest", "max"),
        queue_most=("queue_most", "max"),
        open_most=("open_most", "max"),
        accept_most=("accept_most", "max"),
        live_entries_most=("live_entries_most", "sum"),
        memory=("memory", "max"),
        memory_most=("memory_most", "max"),
        idle_memory=("idle_memory", "max"),
    )
    return together.assign(utilisation=together["busy_cores"] / together["node_cores"])


def asked_by_servers(servers: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return the samples, in figures, of what servers ask: signers, and caches that they share."""
    placed = servers.merge(pool_of_node(study), on=["point", "node"], how="left")
    return servers[placed["pool"].isna().to_numpy()]


def number_of_servers(world: sim.Scenario) -> int:
    """Return how many servers a world has."""
    return sum(pool.count for pool in world.pools.values())


def servers_in_words(world: sim.Scenario) -> str:
    """Return "the server, with 2 cores," or "the 4 servers, with 8 cores each,"."""
    number = number_of_servers(world)
    if number == 1:
        return f"the server, with {counted(world.cores, 'core')},"
    each = {pool.cores for pool in world.pools.values()}
    if len(each) == 1:
        return f"the {number:,} servers, with {counted(each.pop(), 'core')} each,"
    return f"the {number:,} servers, with {counted(world.cores, 'core')} together,"


def servers_needed_in_words(world: sim.Scenario, cores: Interval) -> str:
    """Return ", 3 servers of 8 cores", or nothing where there are no equal servers to count.

    Args:
        world: whose servers they are.
        cores: that the load needs; where its ends make different numbers, both are told.
    """
    each = {pool.cores for pool in world.pools.values()}
    if number_of_servers(world) == 1 or len(each) > 1:
        return ""
    size = each.pop()
    low, high = (
        math.ceil(end / size) if math.isfinite(end) else None for end in (cores.low, cores.high)
    )
    if low is None or high is None:
        return ""
    of = f"of {counted(size, 'core')}"
    if any(pool.connections is not None for pool in world.pools.values()):
        of += " by CPU alone"
    if low == high:
        return f", {counted(low, 'server')} {of}"
    return f", {low:,} to {counted(high, 'server')} {of}"


def pool_in_words(name: str, pool: sim.ServerPool) -> str:
    """Return a pool's name, and how many servers it has where it has several."""
    return name if pool.count == 1 else f"{name} ({pool.count:,} servers)"
