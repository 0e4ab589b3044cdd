"""Which of a study's objectives are met at each design point, and which are not."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

import pandas as pd

from experiments.questions.farm import servers_together
from experiments.questions.figures import NOTHING, figure
from experiments.questions.metric import Metric, Quantity
from experiments.questions.table import Table
from experiments.results.measures import Measurements
from experiments.results.statistics import CONFIDENCE, Interval, replication_interval
from experiments.results.subset import Subset, by_point
from experiments.scenario_files.objective import Objective, servers_called
from experiments.scenario_files.requirement import Requirement, Subject, Unit
from experiments.studies.study import DesignPoint, Study
from experiments.wording import counted, duration_words, listed

_POINTS_IN_SENTENCE = 3
_QUANTITIES = {
    Unit.SHARE: Quantity.SHARE,
    Unit.SECONDS: Quantity.SECONDS,
    Unit.BYTES: Quantity.BYTES,
    Unit.COUNT: Quantity.COUNT,
}
_TRIPS = {
    "connect_time": "1",
    "handshake_time": "round_trips - 1",
    "first_byte_time": "round_trips + 1",
}
"""How many round trips a connection's times take at least, by its columns."""


class State(StrEnum):
    """What the replications show of an objective."""

    MET = "met"
    MISSED = "missed"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Verdict:
    """What the replications show of one objective at one design point.

    Attributes:
        objective: what must hold.
        point: the design point's index.
        interval: what was measured, in seconds, bytes, a share or a number.
        state: met or missed where the whole interval is on one side of the limit.
        why: of an undecided one, what is lacking; of a missed one that nothing can meet, why.
    """

    objective: Objective
    point: int
    interval: Interval
    state: State
    why: str = ""

    @property
    def metric(self) -> Metric:
        """What was measured, as it is written."""
        return metric_of(self.objective.requirement)

    @property
    def fields(self) -> dict[str, object]:
        """The verdict as fields of a table: in seconds, bytes, a share or a number."""
        return {
            "objective": self.objective.words,
            "limit": self.objective.requirement.limit,
            "measured": self.interval.estimate,
            "low": self.interval.low,
            "high": self.interval.high,
            "state": str(self.state),
            "why": self.why,
        }

    @property
    def is_out_of_reach(self) -> bool:
        """Whether nothing can meet it."""
        return self.state is State.MISSED and bool(self.why)


def metric_of(requirement: Requirement) -> Metric:
    """Return what is required of, as it is written in tables."""
    words = requirement.words
    quantity = _QUANTITIES[requirement.measure.unit]
    decimals = {Quantity.SHARE: 2, Quantity.COUNT: 1}.get(quantity, 1)
    return Metric(words, words, quantity, f"{words}.", decimals=decimals)


def verdicts_of(
    measurements: Measurements, study: Study, confidence: float = CONFIDENCE
) -> list[Verdict]:
    """Return a verdict for each objective and design point, objective by objective.

    Args:
        measurements: the study's tables.
        study: what was run.
        confidence: of each interval.
    """
    found = []
    for objective in study.file.study.objectives:
        intervals = _measured(objective, measurements, study, confidence)
        missing = Interval.absent(math.nan, 0, "there was nothing to be measured")
        verdicts = []
        for point in study.points:
            interval = intervals.get(point.index, missing)
            verdicts.append(Verdict(objective, point.index, interval, *_state(objective, interval)))
        if any(verdict.state is State.MISSED for verdict in verdicts):
            verdicts = _with_reasons(verdicts, _floors(objective, measurements))
        found += verdicts
    return found


def _with_reasons(verdicts: list[Verdict], floors: dict[int, str]) -> list[Verdict]:
    """Return verdicts, those of what nothing can meet with the reason for it."""
    return [
        replace(verdict, why=floors.get(verdict.point, ""))
        if verdict.state is State.MISSED
        else verdict
        for verdict in verdicts
    ]


def _state(objective: Objective, interval: Interval) -> tuple[State, str]:
    requirement = objective.requirement
    if math.isnan(interval.low):
        return State.UNDECIDED, interval.reason
    ends = [requirement.holds_for(end) for end in (interval.low, interval.high)]
    if all(ends):
        return State.MET, ""
    if not any(ends):
        return State.MISSED, ""
    return State.UNDECIDED, "its interval contains the limit; more replications narrow it"


def _measured(
    objective: Objective, measurements: Measurements, study: Study, confidence: float
) -> dict[int, Interval]:
    """Return what an objective is about, at each design point where there is any of it."""
    requirement = objective.requirement
    measure = requirement.measure
    windows = None
    if objective.busiest is not None:
        windows = measurements.recorded_connections.busiest(objective.busiest)
    if measure.subject is Subject.SERVERS:
        servers = measurements.servers(windows)
        return _of_servers(objective, servers, study, confidence)
    rows: Subset
    if measure.subject is Subject.VISITS:
        rows = measurements.recorded_visits.of(profile=objective.profile, windows=windows)
    else:
        rows = measurements.recorded_connections.of(
            profile=objective.profile,
            servers=None if objective.server is None else _nodes(objective.server, study),
            windows=windows,
        )
    if not measure.has_distribution:
        return rows.shares(measure.column, confidence)
    if requirement.quantile is None:
        return rows.means(measure.column, confidence)
    return rows.quantiles(measure.column, requirement.quantile, confidence)


def _of_servers(
    objective: Objective, servers: pd.DataFrame, study: Study, confidence: float
) -> dict[int, Interval]:
    """Return a figure of servers together: means by cores, the most of any, memory of each."""
    column = objective.requirement.measure.column
    if objective.server is not None:
        nodes = _nodes(objective.server, study)
        wanted = [
            node in nodes[point]
            for point, node in zip(servers["point"], servers["node"], strict=True)
        ]
        servers = servers[wanted]
    together = servers_together(servers, study, ["point", "replication"])
    return {
        point: replication_interval(group[column].to_numpy(float), confidence).within(0.0, math.inf)
        for point, group in by_point(together)
    }


def _nodes(server: str, study: Study) -> dict[int, tuple[str, ...]]:
    """Return the servers that a name means at each design point."""
    return {point.index: servers_called(point.scenario).get(server, ()) for point in study.points}


def _floors(objective: Objective, measurements: Measurements) -> dict[int, str]:
    """Return why no server can meet an objective, at the points where round trips take too long."""
    requirement = objective.requirement
    trips = _TRIPS.get(requirement.measure.column)
    if trips is None or requirement.quantile is None or not requirement.is_ceiling:
        return {}
    rows = measurements.recorded_connections.of(profile=objective.profile)
    found = {}
    for point, (seconds, number) in rows.least_latencies(trips, requirement.quantile).items():
        if not requirement.holds_for(seconds):
            found[point] = (
                f"no server can meet it: {counted(int(number), 'round trip')} already take "
                f"{duration_words(float(f'{seconds:.3g}'))} at p{100 * requirement.quantile:g}"
            )
    return found


def remarks_on_objectives(verdicts: list[Verdict], study: Study) -> list[str]:
    """Return a sentence for each objective: where it is met, missed or undecided, with figures."""
    remarks = []
    for objective in study.file.study.objectives:
        of_objective = [verdict for verdict in verdicts if verdict.objective == objective]
        parts = [
            part
            for state in State
            for part in _told([one for one in of_objective if one.state is state], study)
        ]
        remarks.append(f"Objective {objective.words}: {'; '.join(parts)}.")
    return remarks


def _told(verdicts: list[Verdict], study: Study) -> list[str]:
    """Return in words where an objective has one state, with a figure each, or nothing."""
    if not verdicts:
        return []
    labels = {point.index: point.label for point in study.points}
    if len(study.points) == 1:
        (verdict,) = verdicts
        measured = figure(verdict.interval, verdict.metric)
        words = f"{verdict.state}" if measured == NOTHING else f"{verdict.state}, {measured}"
        return [words + (f" ({verdict.why})" if verdict.why else "")]
    told = [
        f"{figure(verdict.interval, verdict.metric)} at {labels[verdict.point]}"
        + (f" ({verdict.why})" if verdict.is_out_of_reach else "")
        for verdict in verdicts[:_POINTS_IN_SENTENCE]
    ]
    if len(verdicts) > _POINTS_IN_SENTENCE:
        told.append(counted(len(verdicts) - _POINTS_IN_SENTENCE, "further point"))
    everywhere = len(verdicts) == len(study.points)
    where = "at every point" if everywhere else f"at {counted(len(verdicts), 'point')}"
    return [f"{verdicts[0].state} {where}, {listed(told)}"]


def objective_table(verdicts: list[Verdict], study: Study) -> Table:
    """Return every objective at every design point: required, measured, met or not, and why not."""
    labels = {point.index: point.label for point in study.points}
    rows = tuple(
        (
            verdict.objective.words,
            labels[verdict.point],
            figure(verdict.interval, verdict.metric),
            str(verdict.state),
            verdict.why or NOTHING,
        )
        for verdict in verdicts
    )
    return Table("Objectives", ("objective", "at", "measured", "it is", "why"), rows, identifying=2)


def described_point(study: Study) -> DesignPoint | None:
    """Return the design point that is the world the file itself describes, if one is."""
    if len(study.points) == 1:
        return study.points[0]
    described = study.file.world().model_dump_json(exclude={"title"})
    same = (
        point
        for point in study.points
        if point.scenario.model_dump_json(exclude={"title"}) == described
    )
    return next(same, None)


def objective_frame(verdicts: list[Verdict], study: Study) -> pd.DataFrame:
    """Return the verdicts as data.

    Columns: `point`, `study.columns`, `objective`, `limit`, `measured`, `low`, `high` (in seconds,
    bytes, a share or a number), `state`, `why`.
    """
    rows = [
        {
            "point": verdict.point,
            **study.levels(study.points[verdict.point]),
            **verdict.fields,
        }
        for verdict in verdicts
    ]
    named = ["objective", "limit", "measured", "low", "high", "state", "why"]
    return pd.DataFrame(rows, columns=["point", *study.columns, *named])
