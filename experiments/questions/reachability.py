"""Who reaches the server, in how many round trips and how long, and why do the others fail?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from experiments.questions import metrics
from experiments.questions.capacity import (
    remarks_on_fidelity,
    remarks_on_transients,
)
from experiments.questions.chain_places import chain_places
from experiments.questions.estimates import Estimates
from experiments.questions.factor_effects import factor_table, remarks_on_factors
from experiments.questions.failure_reasons import failure_table, remarks_on_failures
from experiments.questions.figures import NOTHING, figure
from experiments.questions.findings import Findings
from experiments.questions.metric import Metric, Quantity
from experiments.questions.question import NOTHING_RECORDED, Answer, Question
from experiments.questions.scale import remarks_on_scale
from experiments.questions.table import Table
from experiments.results.measures import Measurements
from experiments.studies.study import DesignPoint, Study
from experiments.wording import percent

SUCCEEDED = Metric(
    "succeeded_share",
    "Succeeded",
    Quantity.SHARE,
    "Connections whose every request was answered, as a share of all connections.",
    count="connections",
)
ROUND_TRIPS = Metric(
    "round_trips",
    "Round trips",
    Quantity.COUNT,
    "Round trips from the SYN until the client may send its request, TCP's and a tunnel's "
    "included, mean of the connections that succeeded.",
)
SENT, RECEIVED = (
    Metric(
        f"bytes_{way}",
        f"Bytes {way}",
        Quantity.COUNT,
        f"Bytes {way} by the client, TLS and all it carries but not TCP's headers, mean of the "
        "connections that succeeded.",
        decimals=0,
    )
    for way in ("sent", "received")
)
CONNECT = Metric(
    "connect_p50",
    "Connect p50",
    Quantity.SECONDS,
    "Time from the SYN until TCP is connected to where TLS ends, through any tunnel, median.",
    at_scale=True,
    quantile=0.5,
    column="connect_time",
)
MIDDLEBOX = Metric(
    "time_middlebox",
    "In boxes",
    Quantity.SECONDS,
    "Time in boxes and on their processors, mean of the connections that succeeded.",
    decimals=2,
    at_scale=True,
)
LOST = Metric(
    "time_retransmission",
    "Lost time",
    Quantity.SECONDS,
    "Time until lost packets were sent again, mean of the connections that succeeded.",
    at_scale=True,
)

_WORTH_A_REMARK = 0.001
_MOST_TOLD = 6
"""Of more points than these the answer tells between which they lie."""
_METRICS = (
    SUCCEEDED,
    ROUND_TRIPS,
    SENT,
    RECEIVED,
    CONNECT,
    metrics.HANDSHAKE[0],
    metrics.FIRST_BYTE[0],
    metrics.FIRST_BYTE[1],
    MIDDLEBOX,
    LOST,
    metrics.SERVER_CPU,
)


class Reachability(Question):
    """What stands between clients and server, seen by both and by what stands there."""

    asks = (
        "Who reaches the server, in how many round trips and how long, and why do the others fail?"
    )
    charts = ("failures", "time_budget", "latency_cdf", "percentiles_over_time", "work")

    def metrics(self, study: Study) -> tuple[Metric, ...]:
        """Return who succeeds, round trips, latencies, and the time in boxes and lost."""
        return _METRICS

    def compared(self, study: Study) -> dict[str, Metric]:
        """Return who succeeds, what crosses the network, and the server's work."""
        return {
            "the share that succeeds": SUCCEEDED,
            "the number of round trips before a request": ROUND_TRIPS,
            "the number of bytes that a client receives": RECEIVED,
            "server CPU time": metrics.SERVER_CPU,
        }

    def measure(self, measurements: Measurements, findings: Findings) -> pd.DataFrame:
        """Measure all connections of each replication."""
        values = findings.connections.merge(
            measurements.reachability(), on=["point", "replication"]
        )
        return values[
            ["point", "replication", "connections", *(metric.name for metric in _METRICS)]
        ]

    def conclude(self, estimates: Estimates, study: Study) -> Answer:
        """Tell at each design point who succeeds, and how long the first byte takes there."""
        measured = [each for each in study.points if estimates.is_measured(each.index, SUCCEEDED)]
        if len(measured) > _MOST_TOLD:
            return _over_all(measured, estimates, study)
        reached, remarks = [], []
        for point in measured:
            found = {metric.name: estimates.interval(point.index, metric) for metric in _METRICS}
            at = f"at {point.label}: " if len(study.points) > 1 else ""
            succeeded = found["succeeded_share"]
            if succeeded.mean == 0:
                reached.append(f"{at}no connection succeeds")
                continue
            share = figure(succeeded, SUCCEEDED, named=not reached)
            words = f"{at}{share} of the connections succeed"
            if not math.isnan(found["first_byte_p50"].mean):
                words += (
                    f", in {figure(found['round_trips'], ROUND_TRIPS)} round trips, first byte "
                    f"after {figure(found['first_byte_p50'], metrics.FIRST_BYTE[0])} in the "
                    "median"
                )
            reached.append(words)
            lost = found["time_retransmission"]
            if lost.mean > _WORTH_A_REMARK:
                remark = (
                    f"{at}waiting for lost packets takes a connection that succeeds "
                    f"{figure(lost, LOST)} in the mean."
                )
                remarks.append(remark[:1].upper() + remark[1:])
        if not reached:
            return Answer(NOTHING_RECORDED)
        sentence = "; ".join(reached) + "."
        return Answer(
            sentence[:1].upper() + sentence[1:],
            (*remarks, *remarks_on_scale(study)),
            shown=_shown(study),
        )

    def remarks(self, estimates: Estimates, findings: Findings) -> list[str]:
        """Return what factors change, why connections fail, what was left out and replayed."""
        return [
            *remarks_on_factors(estimates, findings.study, self.compared(findings.study)),
            *remarks_on_failures(findings),
            *remarks_on_transients(findings),
            *remarks_on_fidelity(findings),
        ]

    def tables(
        self, measurements: Measurements, estimates: Estimates, findings: Findings
    ) -> list[Table]:
        """Return who connects, why others fail, what boxes saw, and where the time goes."""
        labels = {point.index: point.label for point in findings.study.points}
        chains = chain_places(findings.study)
        return [
            factor_table(estimates, findings.study, self.compared(findings.study)),
            _who_connects(measurements, labels),
            failure_table(measurements, labels, "Why the others fail"),
            *([] if chains is None else [chains]),
            _what_boxes_saw(measurements, labels),
            _where_time_goes(measurements, labels),
        ]


def _over_all(points: Sequence[DesignPoint], estimates: Estimates, study: Study) -> Answer:
    """Tell between which points all lie, where there are too many to tell of each."""
    told = [
        f"Over {len(points)} design points, {_between(points, SUCCEEDED, estimates)} of the "
        "connections succeed"
    ]
    reached = [each for each in points if estimates.interval(each.index, SUCCEEDED).mean > 0]
    if reached:
        first_byte = metrics.FIRST_BYTE[0]
        told.append(
            f"where any do, they take {_between(reached, ROUND_TRIPS, estimates)} round trips, and "
            f"their first byte comes after {_between(reached, first_byte, estimates)} in the median"
        )
    remarks = []
    lost = [(estimates.interval(each.index, LOST), each.label) for each in reached]
    most, worst = max(lost, key=lambda each: each[0].mean, default=(None, ""))
    if most is not None and most.mean > _WORTH_A_REMARK:
        remarks.append(
            "Waiting for lost packets takes a connection that succeeds up to "
            f"{figure(most, LOST)} in the mean, at {worst}."
        )
    return Answer("; ".join(told) + ".", (*remarks, *remarks_on_scale(study)), shown=_shown(study))


def _between(points: Sequence[DesignPoint], metric: Metric, estimates: Estimates) -> str:
    """The lowest and the highest estimate of a metric, and the first point with each."""
    found = [(estimates.interval(each.index, metric), each) for each in points]
    told = [(interval, point) for interval, point in found if not math.isnan(interval.mean)]
    if not told:
        return NOTHING
    low, at_low = min(told, key=lambda each: each[0].mean)
    high, at_high = max(told, key=lambda each: each[0].mean)
    if low.mean == high.mean:
        return figure(low, metric)
    return (
        f"from {figure(low, metric)} (at {at_low.label}) to {figure(high, metric)} "
        f"(at {at_high.label})"
    )


def _shown(study: Study) -> dict[int, str]:
    return {point.index: point.label for point in study.points[:_MOST_TOLD]}


def _who_connects(measurements: Measurements, labels: dict[int, str]) -> Table:
    rows = [
        (
            labels[row["point"]],
            str(row["profile"]),
            f"{row['connections']:,}",
            _share_words(row["succeeded"]),
            _or_none(row["versions"]),
            _or_none(row["groups"]),
            _number(row["round_trips"]),
            _whole(row["bytes_sent"]),
            _whole(row["bytes_received"]),
            _number(1e3 * row["server_cpu"]),
            _milliseconds(row["handshake"]),
            _milliseconds(row["first_byte"]),
        )
        for row in _rows(measurements.by_profile())
    ]
    head = (
        "at",
        "clients",
        "connections",
        "succeeded",
        "versions",
        "groups",
        "round trips",
        "bytes sent",
        "bytes received",
        "cores for 1,000/s",
        "handshake p50, ms",
        "first byte p50, ms",
    )
    return Table("Who connects", head, tuple(rows), identifying=2)


def _what_boxes_saw(measurements: Measurements, labels: dict[int, str]) -> Table:
    rows = [
        (
            labels[row["point"]],
            f"{row['node']} ({row['kind']})",
            ": ".join(filter(None, (row["action"], row["reason"]))),
            f"{row['connections']:,}",
            f"{row['entries']:,}",
            percent(row["utilisation"]) if row["utilisation"] else "–",
        )
        for row in _rows(measurements.boxes())
    ]
    head = ("at", "box", "did", "connections", "entries, most", "processor, most")
    return Table("What each box saw", head, tuple(rows), identifying=3)


def _where_time_goes(measurements: Measurements, labels: dict[int, str]) -> Table:
    frame = measurements.time_budget()
    names = [name for name in frame.columns if name != "point" and frame[name].max() > 5e-7]
    rows = [
        (labels[row["point"]], *(_milliseconds(row[name]) for name in names))
        for row in _rows(frame)
    ]
    return Table(
        "Where a connection's time goes, ms in the mean",
        ("at", *(name.removeprefix("time_").replace("_", " ") for name in names)),
        tuple(rows),
    )


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def _share_words(share: float) -> str:
    if share in (0, 1):
        return "all" if share else "none"
    return f"{min(max(100 * share, 0.1), 99.9):.1f} %"


def _number(value: float) -> str:
    return "–" if value != value else f"{value:.2f}".rstrip("0").rstrip(".")


def _whole(value: float) -> str:
    return "–" if value != value else f"{value:,.0f}"


def _milliseconds(value: float) -> str:
    return "–" if value != value else f"{1e3 * value:,.1f}"


def _or_none(value: object) -> str:
    return str(value) if isinstance(value, str) and value else "–"


QUESTION = Reachability()
