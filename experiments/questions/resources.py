"""What a world can run out of, how much of it is in use, and at which load it would be full."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

import sim
from experiments.questions.farm import asked_by_servers, servers_together
from experiments.questions.figures import NOTHING, figure, rounded_figure
from experiments.questions.metric import Metric, Quantity
from experiments.questions.peak import peak_of
from experiments.questions.table import Table
from experiments.results.statistics import Interval, replication_interval, share_interval
from experiments.studies.study import DesignPoint, Study
from experiments.wording import rounded

PROCESSOR = "processor"
LINK = "link"
TABLE = "connection table"
PORTS = "port pool"
BACKLOG = "backlog"
MEMORY = "memory"
PLACES = "connection limit"

_FULL = 0.995
_ROUNDING = 1e-9
_REASONS = {
    TABLE: ("table full", "half-open table full", "too many at once"),
    PORTS: ("no free port",),
    BACKLOG: ("backlog full",),
    PLACES: ("connection limit",),
}
"""What a connection fails of that finds no room, as the table `connections` has it."""
_GROWS = 0.05
_PORT_POOLS = ("nat", "connect-proxy", "terminating-proxy")

_IN_USE = Metric("in_use", "In use", Quantity.SHARE, "Share of a resource that is in use.")


@dataclass(frozen=True)
class Resource:
    """A resource of a design point, over its replications.

    Attributes:
        kind: a processor, a link, a connection table, a port pool, a backlog, memory or a limit of
            connections.
        name: whose, with the direction of a link.
        mean, busiest: shares in use, of the mean sample and of the busiest, at the whole load: what
            is not scaled (cores, rates) is more in use there than in the world simulated. A
            backlog has no mean: its samples are of the most since the sample before.
        demand: the share that decides: of a processor that is offered more than it can do, that
            waits for a signer, or in a scaled world, the load offered at the peak; of a backlog and
            of memory the busiest; of a limit of connections what is asked for; else the mean under
            a constant rate, and the busiest otherwise. Above 1 more is asked than there is.
        full_at: connections a second, of the whole load, at which it would be full, as the share
            in use grows with the load; `None` where nothing is in use, where it does not grow so (a
            backlog fills when the processor behind it is busy), or where all of it is in use.
        offered: connections a second, of the whole load, at which the shares in use were measured.
        lost: share of the connections that failed for want of it; `None` for what refuses none.
        lost_at_peak: that share of those that arrived in the busiest interval, at the rate
            `offered`; `None` for what refuses none, or where nobody came then.
    """

    kind: str
    name: str
    mean: Interval
    busiest: Interval
    demand: Interval
    full_at: Interval | None
    offered: float
    lost: Interval | None
    lost_at_peak: Interval | None

    @property
    def is_full(self) -> bool:
        """Whether all of it is in use at this load; of what refuses connections, at any moment."""
        at_times = self.lost is not None and self.busiest.estimate >= _FULL
        return self.demand.estimate >= _FULL or at_times or self.fails

    @property
    def fails(self) -> bool:
        """Whether connections fail for want of it."""
        return self.lost is not None and self.lost.estimate > 0

    @property
    def is_overloaded(self) -> bool:
        """Whether more comes than a processor can do, or than finds places that are waited for."""
        load = self.full_at
        queues = self.kind == PROCESSOR or (self.kind == PLACES and self.lost is None)
        return queues and load is not None and load.estimate <= self.offered

    @property
    def asks_for_more(self) -> bool:
        """Whether more is asked of it than it can do."""
        return self.is_overloaded or self.demand.estimate > 1 + _ROUNDING

    @property
    def admitted(self) -> Interval | None:
        """Connections a second that find room at the peak, where some find none then."""
        lost = self.lost_at_peak
        if lost is None or not lost.estimate > 0:
            return None
        return lost._replace(
            estimate=self.offered * (1 - lost.estimate),
            low=self.offered * (1 - lost.high),
            high=self.offered * (1 - lost.low),
        )

    @property
    def words(self) -> str:
        """What it is called in a sentence: "the processor of www.contoso.com"."""
        return f"the {self.kind} of {self.name}" if self.kind != LINK else f"the link {self.name}"


def resources(
    study: Study,
    *,
    servers: pd.DataFrame,
    links: pd.DataFrame,
    boxes: pd.DataFrame,
    offered: pd.DataFrame,
    connections: pd.DataFrame,
    failures: pd.DataFrame,
    slowing: Mapping[tuple[int, str], pd.Series],
    places: pd.DataFrame,
    at_peak: Mapping[int, tuple[pd.DataFrame, pd.DataFrame]],
) -> dict[int, list[Resource]]:
    """Return the limited resources of every design point, those most in use first.

    Args:
        study: what was run.
        servers: as `Measurements.servers` has them.
        links: as `Measurements.links` has them.
        boxes: as `Measurements.boxes_in_use` has them.
        offered: as `offered_loads` has them.
        connections: as `Measurements.connections` has them.
        failures: as `Measurements.failure_reasons` has them.
        slowing: as `slowing_when_busy` has it.
        places: as `places_in_use` has them.
        at_peak: `connections` and `failures` of those that arrived in the busiest interval, by
            design point.
    """
    worlds = {point.index: point.scenario for point in study.points}
    pools = servers_together(servers, study, ["point", "replication", "pool"])
    asked = asked_by_servers(servers, study)
    frames = [
        _memories(pools, worlds),
        _processors(pools.assign(name=pools["pool"])),
        _processors(asked[asked["utilisation_busiest"] > 0].assign(name=asked["node"])),
        _backlogs(pools, worlds),
        _links(links),
        *_boxes(boxes),
        places.assign(kind=PLACES),
    ]
    samples = pd.concat([frame for frame in frames if len(frame)], ignore_index=True)
    found: dict[int, list[Resource]] = {}
    for point in study.points:
        of_point, loads, recorded, failed = (
            frame[frame["point"] == point.index]
            for frame in (samples, offered, connections, failures)
        )
        each = [
            _resource(
                point,
                str(kind),
                str(name),
                group,
                loads,
                slowing.get((point.index, str(name))) if kind == PROCESSOR else None,
                _lost(point, str(kind), str(name), recorded, failed),
                _lost(point, str(kind), str(name), *at_peak[point.index]),
            )
            for (kind, name), group in of_point.groupby(["kind", "name"], sort=True)
        ]
        each = [one for one in each if not math.isnan(one.demand.mean)]
        found[point.index] = sorted(
            each,
            key=lambda one: (
                not one.is_overloaded,
                not one.fails,
                -one.demand.mean,
                one.kind,
                one.name,
            ),
        )
    return found


def binding(of_point: list[Resource]) -> Resource | None:
    """Return the resource that binds first, if any is in use at all.

    It is a processor that is offered more than it can do (a backlog before it fills for that
    reason), else what connections fail for want of, else what is most in use.
    """
    first = of_point[0] if of_point else None
    return first if first is not None and first.demand.mean > 0 else None


def resource_table(found: dict[int, list[Resource]], study: Study) -> Table:
    """Return every resource of every design point in words."""
    rows = tuple(
        (
            point.label,
            f"{resource.kind}: {resource.name}",
            figure(_all_at_most(resource.mean), _IN_USE),
            figure(_all_at_most(resource.busiest), _IN_USE),
            full_words(resource),
        )
        for point in study.points
        for resource in found[point.index]
    )
    head = ("at", "resource", "in use, mean", "in use, most", "full at, connections/s")
    return Table(
        "What is in use at the whole load, and what binds first", head, rows, identifying=2
    )


def _all_at_most(share: Interval) -> Interval:
    """Return a share in use; more than all is asked for, not in use."""
    estimate, low, high = (float(np.minimum(1.0, one)) for one in share[:3])
    return share._replace(estimate=estimate, low=low, high=high)


def full_words(resource: Resource) -> str:
    """Return the load at which a resource would be full, with its interval, or that it is."""
    if resource.admitted is not None:
        admitted = rounded_figure(resource.admitted)
        return f"already at {rounded(resource.offered)}, room for {admitted}"
    full_at = resource.full_at
    if full_at is not None and not math.isnan(full_at.mean):
        return rounded_figure(full_at)
    return f"already at {rounded(resource.offered)}" if resource.is_full else NOTHING


def _resource(
    point: DesignPoint,
    kind: str,
    name: str,
    group: pd.DataFrame,
    offered: pd.DataFrame,
    slowing: pd.Series | None,
    lost: Interval | None,
    lost_at_peak: Interval | None,
) -> Resource:
    group = group.sort_values("replication")
    # Cores and rates are not scaled, tables and pools are: shares are those of the whole load.
    scale = point.scenario.scale if kind in (PROCESSOR, LINK) else 1.0
    mean, busiest = (group[name].to_numpy(float) / scale for name in ("mean", "busiest"))
    peak = peak_of(point.scenario)
    demand = mean if peak.is_constant and kind not in (BACKLOG, MEMORY) else busiest
    load = demand
    if kind == PROCESSOR:
        # More may be offered than a processor can do: its own share in use ends at 1. And moments
        # of a scaled world at which it happens to be busy are not those of the whole load.
        of_node = offered[offered["node"] == name].sort_values("replication")
        if len(of_node):
            load = of_node["offered_at_peak"].to_numpy(float) / scale
            if scale < 1 or float(load.mean()) >= 1 or _waits_for_signer(point, name):
                demand = load
        if len(of_node) and scale < 1:
            mean, busiest = of_node["offered_load"].to_numpy(float) / scale, load
    elif peak.is_constant and kind in (TABLE, PORTS):
        load = _settled(group)
    elif kind == LINK and not peak.is_constant:
        load = group["at_peak"].to_numpy(float) / scale
    elif kind == MEMORY:
        load = group["growing"].to_numpy(float)
    elif kind == PLACES and peak.is_constant:
        demand = load = group["asked"].to_numpy(float)
    if slowing is not None:
        load = load * slowing.reindex(group["replication"]).to_numpy(float)
    full_at = None
    most = demand if lost is None else busiest
    queues = kind == PROCESSOR or (kind == PLACES and lost is None)
    is_known = queues or float(most.mean()) < _FULL
    if kind != BACKLOG and is_known and len(load) and (load > 0).all():
        full_at = replication_interval(peak.rate / load).within(0.0, math.inf)
    return Resource(
        kind=kind,
        name=name,
        mean=_bounded(mean),
        busiest=_bounded(busiest),
        demand=_bounded(demand),
        full_at=full_at,
        offered=peak.rate,
        lost=lost,
        lost_at_peak=lost_at_peak,
    )


def _settled(group: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Return the shares in use since a table filled; NaN where it was not seen to have filled."""
    settled, growth = (group[name].to_numpy(float) for name in ("settled", "growth"))
    change = replication_interval(growth)
    grows = change.low > 0 and change.estimate > _GROWS * settled.mean()
    return np.full_like(settled, math.nan) if grows else settled


def _waits_for_signer(point: DesignPoint, name: str) -> bool:
    pool = point.scenario.pools.get(name)
    return pool is not None and pool.waits_for_signer


def _lost(
    point: DesignPoint, kind: str, name: str, connections: pd.DataFrame, failures: pd.DataFrame
) -> Interval | None:
    """Return the share of one point's connections that failed for want of a resource."""
    if kind not in _REASONS or connections.empty:
        return None
    pool = point.scenario.pools.get(name)
    limit = None if pool is None else pool.connections
    if kind == PLACES and limit is not None and limit.when_full == "wait":
        return None
    nodes = (name,) if pool is None else pool.nodes(name)
    trials = connections.set_index("replication")["connections"].sort_index()
    for_want = failures[
        failures["stopped_by"].isin(nodes) & failures["reason"].isin(_REASONS[kind])
    ]
    counts = for_want.groupby("replication")["connections"].sum()
    shares = counts.reindex(trials.index, fill_value=0) / trials
    return share_interval(shares.to_numpy(np.float64), trials.to_numpy(np.float64))


def _bounded(shares: npt.NDArray[np.float64]) -> Interval:
    """Return the interval of shares, not below 0, and within 1 where they are."""
    interval = replication_interval(shares)
    if not len(shares):
        return interval
    return interval.within(0.0, 1.0 if shares.max() <= 1 else math.inf)


def _shares(frame: pd.DataFrame, kind: str, name: str | pd.Series[str]) -> pd.DataFrame:
    """Return each replication's `mean` and `busiest` share in use by `kind` and `name`."""
    columns = frame[["point", "replication"]].assign(kind=kind, name=name)
    return columns.assign(mean=frame["utilisation"], busiest=frame["utilisation_busiest"])


def _processors(named: pd.DataFrame) -> pd.DataFrame:
    return _shares(named, PROCESSOR, named["name"])


def _backlogs(pools: pd.DataFrame, worlds: dict[int, sim.Scenario]) -> pd.DataFrame:
    room = [
        worlds[point].pools[pool].scaled_backlog(worlds[point].scale) or math.nan
        for point, pool in zip(pools["point"], pools["pool"], strict=True)
    ]
    limited = pools.assign(room=np.array(room, dtype=np.float64)).dropna(subset="room")
    share = limited["accept_most"] / limited["room"]
    return _shares(
        limited.assign(utilisation=math.nan, utilisation_busiest=share), BACKLOG, limited["pool"]
    )


def _memories(pools: pd.DataFrame, worlds: dict[int, sim.Scenario]) -> pd.DataFrame:
    """Return the shares of servers' memory in use; `growing` of what is there for connections."""
    has = [
        worlds[point].pools[pool].memory or math.nan
        for point, pool in zip(pools["point"], pools["pool"], strict=True)
    ]
    limited = pools.assign(has=np.array(has, dtype=np.float64)).dropna(subset=["has", "memory"])
    limited = limited.assign(
        utilisation=limited["memory"] / limited["has"],
        utilisation_busiest=limited["memory_most"] / limited["has"],
    )
    idle = limited["idle_memory"]
    room = (limited["has"] - idle).clip(lower=1.0)
    growing = (limited["memory_most"] - idle) / room
    return _shares(limited, MEMORY, limited["pool"]).assign(growing=growing)


def _links(links: pd.DataFrame) -> pd.DataFrame:
    """Return the shares of links in use; `at_peak` in the interval in which most arrive."""
    named = _shares(links, LINK, links["node"] + ", " + links["direction"])
    return named.assign(at_peak=links["utilisation_within"])


def _boxes(boxes: pd.DataFrame) -> list[pd.DataFrame]:
    busy = boxes[boxes["utilisation_busiest"] > 0]
    limited = boxes[boxes["capacity"] > 0]
    tables = limited.assign(
        utilisation=limited["entries"] / limited["capacity"],
        utilisation_busiest=limited["entries_most"] / limited["capacity"],
    )
    is_pool = tables["kind"].isin(_PORT_POOLS)
    return [
        _shares(busy, PROCESSOR, busy["node"]),
        _with_settled(tables[is_pool], PORTS),
        _with_settled(tables[~is_pool], TABLE),
    ]


def _with_settled(tables: pd.DataFrame, kind: str) -> pd.DataFrame:
    return _shares(tables, kind, tables["node"]).assign(
        settled=tables["entries_settled"] / tables["capacity"],
        growth=tables["entries_growth"] / tables["capacity"],
    )


def holding_times(study: Study) -> pd.DataFrame:
    """Return the `seconds` of the recorded time until boxes forget what ended at its beginning.

    A row a `point` and `node`. Boxes are empty when the warm-up begins.
    """
    rows = [
        (point.index, name, getattr(box, "closing_timeout", 0.0) - point.scenario.warm_up)
        for point in study.points
        for name, box in point.scenario.all_boxes.items()
    ]
    frame = pd.DataFrame(rows, columns=["point", "node", "seconds"])
    return frame.astype({"point": "int64", "node": "object", "seconds": "float64"})
