"""What every question reads of a study's tables beside its metrics, measured once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import pandas as pd

from experiments.questions.initial_state import begins_empty
from experiments.questions.load import offered_loads, slowing_when_busy
from experiments.questions.peak import Peak, peak_of
from experiments.questions.places import places_in_use
from experiments.questions.resources import Resource, holding_times, resources
from experiments.results.measures import Measurements
from experiments.studies.study import Study


@dataclass(frozen=True)
class Findings:
    """A study's tables in figures, a row a replication where nothing else is said.

    Attributes:
        study: what was run.
        connections: means and quantiles, as `Measurements.connections` has them.
        failures: why connections failed, as `Measurements.failure_reasons` has it.
        first_visits: the share of visits that are their client's first, at the points that
            begin with an empty cache, as `Measurements.first_visits` has it.
        servers: each server's samples, as `Measurements.servers` has them.
        links: each direction of each link, as `Measurements.links` has them.
        offered: the load offered to each processor, as `offered_loads` has it.
        resources: the limited resources of each design point, those most in use first.
        saturation: how long servers were busy, as `Measurements.saturation` has it.
        settling: whether series have settled, a row a design point and series.
        warm_up: the initial transients of steady-state worlds, a row a design point, as
            `Measurements.warm_up` has them; `None` where there is no such world.
    """

    study: Study
    connections: pd.DataFrame
    failures: pd.DataFrame
    first_visits: pd.DataFrame
    servers: pd.DataFrame
    links: pd.DataFrame
    offered: pd.DataFrame
    resources: dict[int, list[Resource]]
    saturation: pd.DataFrame
    settling: pd.DataFrame
    warm_up: pd.DataFrame | None

    @classmethod
    def of(cls, measurements: Measurements, study: Study) -> Self:
        """Measure a study's tables."""
        peaks = {point.index: peak_of(point.scenario) for point in study.points}
        servers = measurements.servers()
        links = measurements.links({index: (one.first, one.last) for index, one in peaks.items()})
        connections, failures = measurements.connections(), measurements.failure_reasons()
        offered = offered_loads(measurements, study, servers)
        in_use = resources(
            study,
            servers=servers,
            links=links,
            boxes=measurements.boxes_in_use(holding_times(study)),
            offered=offered,
            connections=connections,
            failures=failures,
            slowing=slowing_when_busy(measurements, study),
            places=places_in_use(study, servers, measurements.holding(), measurements.warm_up),
            at_peak=_at_peak(measurements, peaks),
        )
        return cls(
            study=study,
            connections=connections,
            failures=failures,
            first_visits=measurements.first_visits(
                [point.index for point in study.points if begins_empty(point.scenario)]
            ),
            servers=servers,
            links=links,
            offered=offered,
            resources=in_use,
            saturation=measurements.saturation(),
            settling=measurements.settling(),
            warm_up=measurements.warm_up,
        )

    def recorded(self, point: int) -> int:
        """Return how many connections a design point recorded, all replications together."""
        of_point = self.connections[self.connections["point"] == point]
        return int(of_point["connections"].sum())


def _at_peak(
    measurements: Measurements, peaks: Mapping[int, Peak]
) -> dict[int, tuple[pd.DataFrame, pd.DataFrame]]:
    """Return each point's connections and failures of those that arrived when most did."""
    measured = {
        (first, last): (
            measurements.connections(since=first, until=last),
            measurements.failure_reasons(since=first, until=last),
        )
        for first, last in sorted({(peak.first, peak.last) for peak in peaks.values()})
    }
    found = {}
    for index, peak in peaks.items():
        connections, failures = measured[peak.first, peak.last]
        found[index] = (
            connections[connections["point"] == index],
            failures[failures["point"] == index],
        )
    return found
