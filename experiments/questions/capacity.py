"""How busy are the servers, how many cores does the load need, and what binds first?

The question of a file that names none.
"""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
import pandas as pd
from pydantic import Field

from experiments.questions import metrics
from experiments.questions.binding import remarks_on_binding
from experiments.questions.comparison import comparison_table
from experiments.questions.estimates import Estimates
from experiments.questions.factor_effects import factor_table, remarks_on_factors
from experiments.questions.failure_reasons import (
    FEW_COMPLETE,
    failure_table,
    most_fail,
    remarks_on_failures,
)
from experiments.questions.farm import (
    number_of_servers,
    pool_in_words,
    servers_in_words,
    servers_needed_in_words,
    servers_together,
)
from experiments.questions.figures import NOTHING, figure
from experiments.questions.findings import Findings
from experiments.questions.metric import Metric
from experiments.questions.peak import peak_of
from experiments.questions.question import NOTHING_RECORDED, Answer, Question, Settings
from experiments.questions.resources import resource_table
from experiments.questions.scale import remarks_on_scale
from experiments.questions.table import Table
from experiments.results.measures import Measurements
from experiments.results.statistics import replication_interval
from experiments.studies.study import DesignPoint, Study
from experiments.wording import counted, duration_words, listed, percent, size_words

_POINTS_IN_SENTENCE = 3
_POINTS_IN_PLOTS = 6


class CapacitySettings(Settings):
    """What a study of capacity may set."""

    utilisation_target: float = Field(
        default=0.7,
        gt=0,
        le=1,
        strict=True,
        description="share of the cores that may be busy at the peak",
    )


class Capacity(Question):
    """Utilisation, cores, latency, outcomes, and what binds first, at every design point."""

    asks = "How busy are the servers, how many cores does the load need, and what binds first?"
    settings = CapacitySettings
    charts: ClassVar[tuple[str, ...]] = (
        *("latency_against_load", "cores_against_rate", "load", "latency_cdf"),
        *("percentiles_over_time", "in_use_over_time", "time_budget", "work", "failures"),
    )

    def metrics(self, study: Study) -> tuple[Metric, ...]:
        """Return what leads, cores first, then load, outcomes, CPU time and handshakes."""
        target = CapacitySettings.of(study).utilisation_target
        return (
            metrics.cores_needed(study, target),
            metrics.UTILISATION,
            metrics.FAILED_SHARE,
            metrics.RESUMED_SHARE,
            *metrics.FIRST_BYTE,
            metrics.offered_load(study),
            metrics.utilisation_busiest(study),
            metrics.FULL_SHARE,
            metrics.SERVER_CPU,
            *metrics.HANDSHAKE,
            *((metrics.MEMORY,) if knows_memory(study) else ()),
        )

    def compared(self, study: Study) -> dict[str, Metric]:
        """Return the cores needed, and how busy those are that there are."""
        target = CapacitySettings.of(study).utilisation_target
        return {
            "the need for cores": metrics.cores_needed(study, target),
            "utilisation": metrics.UTILISATION,
        }

    def measure(self, measurements: Measurements, findings: Findings) -> pd.DataFrame:
        """Measure all connections of each replication, and the cost of one at the peak."""
        values = with_load(findings)
        names = [metric.name for metric in self.metrics(findings.study)]
        return values[["point", "replication", "connections", *names]]

    def conclude(self, estimates: Estimates, study: Study) -> Answer:
        """Tell the cores that each design point needs, and what it does with those it has."""
        measured = [
            point
            for point in study.points
            if estimates.is_measured(point.index, metrics.SERVER_CPU)
        ]
        if not measured:
            return Answer(NOTHING_RECORDED)
        cores = metrics.cores_needed(study, CapacitySettings.of(study).utilisation_target)
        known = [point for point in measured if estimates.is_measured(point.index, cores)]
        unknown = [point for point in measured if point not in known]
        sentences = [_sentence(estimates, study, known, cores)] if known else []
        sentences += unknown_cores(estimates, study, unknown)
        return Answer(
            sentence=" ".join(sentences),
            remarks=(
                *_remarks_on_load(estimates, study, measured),
                *_remarks_on_latency(estimates, study, measured),
                *remarks_on_scale(study),
                *_remarks_on_contention(study),
            ),
            shown={point.index: point.label for point in study.points[:_POINTS_IN_PLOTS]},
        )

    def remarks(self, estimates: Estimates, findings: Findings) -> list[str]:
        """Return what factors change, why connections fail, what binds first, what was cut."""
        study = findings.study
        return [
            *remarks_on_factors(estimates, study, self.compared(study)),
            *remarks_on_failures(findings),
            *remarks_on_binding(findings.resources, study),
            *_saturation_remarks(findings.saturation, study),
            *remarks_on_transients(findings),
            *remarks_on_fidelity(findings),
        ]

    def tables(
        self, measurements: Measurements, estimates: Estimates, findings: Findings
    ) -> list[Table]:
        """Return the comparison of the design points, the servers, and all resources in use."""
        study = findings.study
        return [
            factor_table(estimates, study, self.compared(study)),
            comparison_table(estimates, self.metrics(study), study, measurements),
            failure_table(measurements, {point.index: point.label for point in study.points}),
            server_table(findings.servers, study),
            resource_table(findings.resources, study),
        ]


def with_load(findings: Findings) -> pd.DataFrame:
    """Return the replications' values of their connections with those of the load.

    Further columns: `cores_needed`, `offered_load`, `utilisation`, `utilisation_busiest` and
    `memory`.
    """
    study, offered = findings.study, findings.offered
    target = CapacitySettings.of(study).utilisation_target
    keys = ["point", "replication"]
    together = servers_together(findings.servers, study, keys)
    busy = together[[*keys, "utilisation", "utilisation_busiest", "memory_most"]].rename(
        columns={"memory_most": "memory"}
    )
    worlds = {point.index: point.scenario for point in study.points}
    is_pool = [
        node in worlds[point].pools
        for node, point in zip(offered["node"], offered["point"], strict=True)
    ]
    load = (
        offered[np.array(is_pool, dtype=bool)].groupby(keys, as_index=False)[["busy_cores"]].sum()
    )
    scales = load["point"].map({index: world.scale for index, world in worlds.items()})
    cores = load["point"].map({index: world.cores for index, world in worlds.items()})
    load["offered_at_peak"] = load["busy_cores"] * scales / cores
    values = findings.connections.merge(busy, on=keys, how="left").merge(load, on=keys, how="left")
    unknown = values["point"].isin(most_fail(findings.connections))
    values["cores_needed"] = (values["busy_cores"] / target).mask(unknown)
    return values.rename(columns={"offered_at_peak": "offered_load"})


def knows_memory(study: Study) -> bool:
    """Return whether any server's machine profile tells what its connections take of its memory."""
    return any(
        pool.idle_memory is not None
        for point in study.points
        for pool in point.scenario.pools.values()
    )


def server_table(servers: pd.DataFrame, study: Study) -> Table:
    """Return each pool at each design point: how busy, and the most that waited or was open."""
    rows = []
    pools = servers_together(servers, study, ["point", "replication", "pool"])
    for point in study.points:
        of_point = pools[pools["point"] == point.index]
        for name, group in of_point.groupby("pool", sort=True):
            pool = point.scenario.pools[str(name)]
            mean = replication_interval(group["utilisation"].to_numpy(float)).within(0.0, 1.0)
            busiest = replication_interval(group["utilisation_busiest"].to_numpy(float)).within(
                0.0, 1.0
            )
            memory = float(group["memory_most"].max())
            rows.append(
                (
                    point.label,
                    pool_in_words(str(name), pool),
                    f"{pool.count * pool.cores:,}",
                    figure(mean, metrics.UTILISATION),
                    figure(busiest, metrics.UTILISATION),
                    f"{group['queue_most'].max():,.0f}",
                    f"{group['open_most'].max():,.0f}",
                    NOTHING if math.isnan(memory) else size_words(memory),
                )
            )
    head = (
        "at",
        "servers",
        "cores",
        "busy, mean",
        "busy, busiest sample",
        "queue, most",
        "open connections, most",
        "memory, most" if _is_whole(study) else "memory, most, at the whole load",
    )
    return Table("Servers, as simulated", head, tuple(rows), identifying=2)


def _is_whole(study: Study) -> bool:
    return all(point.scenario.scale == 1 for point in study.points)


def remarks_on_transients(findings: Findings) -> list[str]:
    """Return what MSER-5 left out of the figures of steady-state worlds, where it is anything."""
    if findings.warm_up is None:
        return []
    cut = findings.warm_up.set_index("point")
    having = [
        point
        for point in findings.study.points
        if point.index in cut.index and cut["share_cut"][point.index] > 0
    ]
    told = [
        f"the first {duration_words(float(cut['warm_up_end'][point.index]))}"
        + (f" at {point.label}" if len(findings.study.points) > 1 else "")
        for point in having[:_POINTS_IN_SENTENCE]
    ]
    if len(having) > _POINTS_IN_SENTENCE:
        told.append(f"more at {counted(len(having) - _POINTS_IN_SENTENCE, 'further point')}")
    if not told:
        return []
    return [f"MSER-5 left {listed(told)} of the recorded time out, as an initial transient."]


def remarks_on_fidelity(findings: Findings) -> list[str]:
    """Return that connections replay what engines did, where any spoke TLS."""
    speaking = findings.connections.groupby("point")["tls_connections"].sum()
    traces = sorted(
        {
            point.scenario.traces
            for point in findings.study.points
            if point.scenario.fidelity == "replay" and speaking.get(point.index, 0) > 0
        }
    )
    if not traces:
        return []
    return [
        f"In replay: engines ran for the first {listed([f'{number:,}' for number in traces])} "
        "connections of each class, later ones did what those had done (--set fidelity=live runs "
        "engines in every connection)."
    ]


def unknown_cores(estimates: Estimates, study: Study, points: list[DesignPoint]) -> list[str]:
    """Return why the cores cannot be said where (nearly) all fail, or nobody comes at the peak."""
    failed = {
        point.index: estimates.interval(point.index, metrics.FAILED_SHARE) for point in points
    }
    failing = [point for point in points if failed[point.index].estimate >= 1 - FEW_COMPLETE]
    absent = [point for point in points if point not in failing]
    sentences = []
    if failing:
        told = failing[:_POINTS_IN_SENTENCE]
        shares = [figure(failed[point.index], metrics.FAILED_SHARE) for point in told]
        sentences.append(
            f"How many cores the load needs cannot be said{_where(failing, study)}: "
            f"{listed(shares)} of the connections fail, and what so few others cost the server "
            "says nothing of all."
        )
    if absent:
        sentences.append(
            f"No connection was recorded at the peak{_where(absent, study)}: simulate longer, or "
            "more of it."
        )
    return sentences


def _where(points: list[DesignPoint], study: Study) -> str:
    """Return " at A and B", or nothing where it is all of the study."""
    if len(points) == len(study.points):
        return ""
    words = [point.label for point in points[:_POINTS_IN_SENTENCE]]
    if len(points) > _POINTS_IN_SENTENCE:
        words.append(counted(len(points) - _POINTS_IN_SENTENCE, "further point"))
    return f" at {listed(words)}"


def _sentence(
    estimates: Estimates, study: Study, measured: list[DesignPoint], cores: Metric
) -> str:
    target = CapacitySettings.of(study).utilisation_target
    need = {point.index: estimates.interval(point.index, cores) for point in measured}
    told = measured
    if len(measured) > _POINTS_IN_SENTENCE:
        ordered = sorted(measured, key=lambda point: need[point.index].mean)
        told = [ordered[0], ordered[-1]]
    moments = {peak_of(point.scenario).words for point in study.points}
    moment = f" {moments.pop()}" if len(moments) == 1 else " at the peak"
    figures = {figure(need[point.index], cores) for point in measured}
    if len(figures) == 1 and len(measured) == len(study.points) > 1:
        same = figure(need[measured[0].index], cores, named=True)
        servers = {servers_needed_in_words(point.scenario, need[point.index]) for point in measured}
        return (
            f"The load needs {same} cores{servers.pop() if len(servers) == 1 else ''} at every "
            f"design point{moment} to keep the cores {percent(target)} busy."
        )
    needs = []
    for number, point in enumerate(told):
        words = f"{figure(need[point.index], cores, named=number == 0)} cores"
        words += servers_needed_in_words(point.scenario, need[point.index])
        if len(study.points) > 1:
            words += f" at {point.label}"
        needs.append(words)
    many = f"from {needs[0]} to {needs[1]}" if told is not measured else listed(needs)
    return f"The load needs {many}{moment} to keep the cores {percent(target)} busy."


def _remarks_on_latency(
    estimates: Estimates, study: Study, measured: list[DesignPoint]
) -> list[str]:
    """Return the p99 of handshakes and first bytes; of many points the least and the most."""
    remarks = []
    for metric, what in (
        (metrics.HANDSHAKE[2], "handshakes"),
        (metrics.FIRST_BYTE[2], "first bytes"),
    ):
        known = [
            point
            for point in measured
            if not math.isnan(estimates.interval(point.index, metric).mean)
        ]
        if not known:
            continue
        told = sorted(known, key=lambda point: estimates.interval(point.index, metric).mean)
        if len(told) > _POINTS_IN_SENTENCE:
            told = [told[0], told[-1]]
        words = [
            figure(estimates.interval(point.index, metric), metric)
            + (f" at {point.label}" if len(study.points) > 1 else "")
            for point in told
        ]
        many = f"from {words[0]} to {words[1]}" if len(known) > len(told) else listed(words)
        remarks.append(f"The p99 of {what} is {many}.")
    return remarks


def _remarks_on_load(estimates: Estimates, study: Study, measured: list[DesignPoint]) -> list[str]:
    """Return how busy the server is, who fails and how long it takes; for few points only."""
    if len(measured) > _POINTS_IN_SENTENCE:
        return []
    remarks = []
    for point in measured:
        at = f"At {point.label}: " if len(study.points) > 1 else ""

        def words(metric: Metric, point: DesignPoint = point) -> str:
            return figure(estimates.interval(point.index, metric), metric)

        sentence = (
            f"{at}{servers_in_words(point.scenario)} "
            f"{'is' if number_of_servers(point.scenario) == 1 else 'are'} "
            f"{words(metrics.UTILISATION)} busy in the mean and "
            f"{words(metrics.utilisation_busiest(study))} in the busiest sample; "
            f"{words(metrics.RESUMED_SHARE)} of the connections resume a session and "
            f"{words(metrics.FAILED_SHARE)} fail"
        )
        median, high = metrics.FIRST_BYTE[0], metrics.FIRST_BYTE[1]
        if not math.isnan(estimates.interval(point.index, median).mean):
            sentence += f"; the first byte comes after {words(median)} in the median"
            if not math.isnan(estimates.interval(point.index, high).mean):
                sentence += f" and {words(high)} at p95"
        remarks.append(sentence[:1].upper() + sentence[1:] + ".")
    return remarks


def _remarks_on_contention(study: Study) -> list[str]:
    """Return that what a connection costs depends on how busy its machine is, where it does."""
    slowed = dict.fromkeys(
        name
        for point in study.points
        for name, pool in point.scenario.pools.items()
        if pool.has_contention and point.scenario.scale == 1
    )
    if not slowed:
        return []
    return [
        f"Threads of {listed(list(slowed))} slow each other down: a connection costs more CPU "
        "time the busier its machine is, and the cores needed are counted at what it costs at "
        "this load."
    ]


def _saturation_remarks(saturation: pd.DataFrame, study: Study) -> list[str]:
    """Return for how long all cores were busy in worlds that end, and how many jobs waited."""
    remarks = []
    for point in study.points[:_POINTS_IN_SENTENCE]:
        of_point = saturation[saturation["point"] == point.index].sort_values("replication")
        if point.scenario.kind == "steady-state" or not (of_point["seconds"] > 0).all():
            continue
        if of_point.empty:
            continue
        at = f"At {point.label} all" if len(study.points) > 1 else "All"
        seconds = replication_interval(of_point["seconds"].to_numpy(float)).within(0.0, math.inf)
        busy = figure(seconds, metrics.SECONDS)
        remarks.append(
            f"{at} cores of {of_point['node'].iloc[0]} were busy for {busy} s "
            f"in whole samples of {duration_words(point.scenario.sample_interval)}, and up to "
            f"{of_point['queue_most'].max():,.0f} jobs waited at a sample, as simulated."
        )
    return remarks


QUESTION = Capacity()
