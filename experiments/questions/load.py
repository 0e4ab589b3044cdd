"""The work that a world offers its processors, and what they would need at the peak."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pandas as pd

import sim
from experiments.questions.farm import asked_by_servers
from experiments.questions.peak import peak_of
from experiments.results.measures import Measurements
from experiments.studies.study import DesignPoint, Study


def processors(world: sim.Scenario) -> dict[str, int]:
    """Return the cores of each processor of a world, by the pool or box that has it.

    Those of what is asked aside, signers for instance, are not among them.
    """
    boxes = {name: box.cores for name, box in world.all_boxes.items() if hasattr(box, "cores")}
    return {name: pool.count * pool.cores for name, pool in world.pools.items()} | boxes


def offered_loads(measurements: Measurements, study: Study, servers: pd.DataFrame) -> pd.DataFrame:
    """Return the load that is offered to each processor, as a share of what its cores can do.

    Args:
        measurements: of what was run.
        study: what was run.
        servers: as `Measurements.servers` has them.

    Columns: `point`, `replication`, `node` (a pool of servers, a box, a signer or another that
    servers ask), `offered_load` (in the mean of the recorded time), `offered_at_peak` (in the
    busiest interval of the arrivals), both at the scale simulated, and `busy_cores` (at the peak,
    of the whole load). What a connection costs the servers is what a visit costs them, with all
    connections that it makes, by those that it is meant to make: at the peak the mean of the visits
    that began near it, elsewhere the mean of all; each pool's share of it is its share of the work.
    Cores that do nothing while they wait for a signer count as busy.
    """
    work = measurements.work_of_nodes()
    frames = [
        _of_servers(measurements, study, work),
        _of_proxies(study, work),
        _of_asides(servers, study),
    ]
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else frames[0]


def _of_servers(measurements: Measurements, study: Study, work: pd.DataFrame) -> pd.DataFrame:
    windows = {point.index: peak_of(point.scenario) for point in study.points}
    everywhere, waits = measurements.visits(), _waits_for_signers(measurements, study)
    at_peak = {
        peak: measurements.visits(since=peak.since, until=peak.until)
        for peak in sorted(set(windows.values()), key=lambda peak: (peak.since, peak.until))
    }
    frames = []
    for point in study.points:
        peak, world = windows[point.index], point.scenario
        mean = _cost(_of_point(everywhere, point.index), world)
        near = _cost(_of_point(at_peak[peak], point.index), world).reindex(mean.index)
        shares = _shares_of_pools(_of_point(work, point.index), world)
        for name, pool in world.pools.items():
            cores, share = pool.count * pool.cores, shares[name].reindex(mean.index)
            waited = waits[name, point.index].reindex(mean.index) if pool.waits_for_signer else 0.0
            in_mean, in_peak = mean * share + waited, near * share + waited
            frame = pd.DataFrame(
                {
                    "offered_load": peak.mean_rate * world.scale * in_mean / cores,
                    "offered_at_peak": peak.rate * world.scale * in_peak / cores,
                    "busy_cores": peak.rate * in_peak,
                }
            )
            frames.append(frame.reset_index().assign(point=point.index, node=name))
    return pd.concat(frames, ignore_index=True)


def _cost(visits: pd.DataFrame, world: sim.Scenario) -> pd.Series:
    """Return the servers' CPU seconds a connection that is meant to be made, by replication.

    Connections that are made again because one has failed are a cost of that one.
    """
    return visits["server_cpu"] / world.connections_per_visit


def _waits_for_signers(
    measurements: Measurements, study: Study
) -> dict[tuple[str, int], pd.Series]:
    """Return the seconds a connection of the world that a pool's cores wait, by replication."""
    having = [each for each in pools_of(study) if each[2].waits_for_signer]
    if not having:
        return {}
    held, found = measurements.holding(), {}
    for point, name, pool in having:
        of_point = _of_point(held, point.index)
        came = of_point.groupby("replication")["connections"].sum()
        own = of_point[of_point["server"].isin(pool.nodes(name))]
        found[name, point.index] = own.groupby("replication")["signer_seconds"].sum() / came
    return found


def _of_asides(servers: pd.DataFrame, study: Study) -> pd.DataFrame:
    asked = asked_by_servers(servers, study).dropna(subset=["offered_load"])
    frames = []
    for point in study.points:
        of_point = asked[asked["point"] == point.index]
        at_peak = "offered_load" if peak_of(point.scenario).is_constant else "offered_busiest"
        frames.append(
            of_point[["point", "replication", "node", "offered_load"]].assign(
                offered_at_peak=of_point[at_peak], busy_cores=math.nan
            )
        )
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()


def _shares_of_pools(work: pd.DataFrame, world: sim.Scenario) -> pd.DataFrame:
    """Return the share that each pool (a column) did of all servers' work, by replication."""
    by_pool = work.pivot_table("cpu_seconds", "replication", "node", aggfunc="sum")
    by_pool = by_pool.reindex(columns=list(world.pools), fill_value=0.0).fillna(0.0)
    return by_pool.div(by_pool.sum(axis=1), axis=0)


def _of_proxies(study: Study, work: pd.DataFrame) -> pd.DataFrame:
    frames = []
    for point in study.points:
        world, peak = point.scenario, peak_of(point.scenario)
        cores = processors(world)
        proxies = [name for name in cores if name not in world.pools]
        of_point = work[(work["point"] == point.index) & work["node"].isin(proxies)]
        if of_point.empty:
            continue
        load = of_point["cpu_seconds"] / world.duration / of_point["node"].map(cores)
        at_peak = load * peak.rate / peak.mean_rate
        busy = at_peak * of_point["node"].map(cores) / world.scale
        columns = of_point[["point", "replication", "node"]]
        frames.append(columns.assign(offered_load=load, offered_at_peak=at_peak, busy_cores=busy))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def pools_of(study: Study) -> Iterator[tuple[DesignPoint, str, sim.ServerPool]]:
    """Yield the pools of every design point, with their names."""
    for point in study.points:
        for name, pool in point.scenario.pools.items():
            yield point, name, pool


def _of_point(frame: pd.DataFrame, point: int) -> pd.DataFrame:
    return frame[frame["point"] == point].set_index("replication")


def slowing_when_busy(measurements: Measurements, study: Study) -> dict[tuple[int, str], pd.Series]:
    """Return by how much more a connection costs a pool when all its cores are busy than it did.

    By design point and pool, for each replication; of those whose threads slow each other down. A
    connection that has its core to itself costs what its operations do at full speed.
    """
    having = [each for each in pools_of(study) if each[2].has_contention]
    if not having:
        return {}
    spent, work = measurements.cpu_of_servers(), measurements.work_of_nodes()
    found = {}
    for point, name, pool in having:
        own = _of_point(spent, point.index)
        own = own[own["server"].isin(pool.nodes(name))]
        slowed = own.groupby("replication")["cpu_seconds"].sum()
        done = _of_point(work, point.index)
        unslowed = done[done["node"] == name]["cpu_seconds"]
        found[point.index, name] = unslowed / pool.speed_when_busy / slowed
    return found
