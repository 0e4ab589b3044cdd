"""The work that a world offers its processors, and what they would need at the peak."""

from __future__ import annotations

import pandas as pd

import sim
from experiments.questions.peak import peak_of
from experiments.results.measures import Measurements
from experiments.studies.study import Study


def processors(world: sim.Scenario) -> dict[str, int]:
    """Return the cores of each processor of a world, by the node that has it."""
    boxes = {name: box.cores for name, box in world.middleboxes.items() if hasattr(box, "cores")}
    return {world.server.name: world.server.cores, **boxes}


def offered_loads(measurements: Measurements, study: Study) -> pd.DataFrame:
    """Return the load that is offered to each processor, as a share of what its cores can do.

    Columns: `point`, `replication`, `node`, `offered_load` (in the mean of the recorded time),
    `offered_at_peak` (in the busiest interval of the arrivals), both at the scale simulated, and
    `busy_cores` (at the peak, of the whole load). A connection's cost to the server at the peak is
    the mean of those that arrived near it, elsewhere the mean of all.
    """
    frames = [_of_server(measurements, study), _of_proxies(measurements, study)]
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else frames[0]


def _of_server(measurements: Measurements, study: Study) -> pd.DataFrame:
    windows = {point.index: peak_of(point.scenario) for point in study.points}
    everywhere = measurements.connections()
    at_peak = {
        peak: measurements.connections(since=peak.since, until=peak.until)
        for peak in sorted(set(windows.values()), key=lambda peak: (peak.since, peak.until))
    }
    frames = []
    for point in study.points:
        peak, world = windows[point.index], point.scenario
        mean = _of_point(everywhere, point.index)["server_cpu"]
        near = _of_point(at_peak[peak], point.index)["server_cpu"].reindex(mean.index)
        frame = pd.DataFrame(
            {
                "offered_load": peak.mean_rate * world.scale * mean / world.server.cores,
                "offered_at_peak": peak.rate * world.scale * near / world.server.cores,
                "busy_cores": peak.rate * near,
            }
        )
        frames.append(frame.reset_index().assign(point=point.index, node=world.server.name))
    return pd.concat(frames, ignore_index=True)


def _of_proxies(measurements: Measurements, study: Study) -> pd.DataFrame:
    work = measurements.work_of_nodes()
    frames = []
    for point in study.points:
        world, peak = point.scenario, peak_of(point.scenario)
        cores = processors(world)
        of_point = work[(work["point"] == point.index) & (work["node"] != world.server.name)]
        of_point = of_point[of_point["node"].isin(list(cores))]
        if of_point.empty:
            continue
        load = of_point["cpu_seconds"] / world.duration / of_point["node"].map(cores)
        at_peak = load * peak.rate / peak.mean_rate
        busy = at_peak * of_point["node"].map(cores) / world.scale
        columns = of_point[["point", "replication", "node"]]
        frames.append(columns.assign(offered_load=load, offered_at_peak=at_peak, busy_cores=busy))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def _of_point(frame: pd.DataFrame, point: int) -> pd.DataFrame:
    return frame[frame["point"] == point].set_index("replication")
