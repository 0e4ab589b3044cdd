"""Why connections fail: in sentences and tables of every question."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from experiments.questions import metrics
from experiments.questions.figures import NOTHING, figure
from experiments.questions.findings import Findings
from experiments.questions.table import Table
from experiments.results.measures import Measurements
from experiments.results.statistics import Interval, share_interval
from experiments.studies.study import DesignPoint
from experiments.wording import counted

FEW_COMPLETE = 0.1
"""Where no larger a share of the connections completes, the cost of one is not known."""

_POINTS_TOLD = 3
_REASONS_TOLD = 4


def shares_of_reasons(findings: Findings, point: DesignPoint) -> list[tuple[str, Interval]]:
    """Return each reason of failure at a design point with its share of all connections.

    The commonest comes first.
    """
    of_point = findings.connections[findings.connections["point"] == point.index]
    trials = of_point.set_index("replication")["connections"]
    failures = findings.failures[findings.failures["point"] == point.index]
    if failures.empty:
        return []
    words = failures.apply(_words, axis=1)
    counts = failures.groupby([words, "replication"])["connections"].sum()
    found = []
    for reason in sorted(set(words)):
        shares = counts[reason].reindex(trials.index, fill_value=0) / trials
        found.append((reason, share_interval(shares.to_numpy(float), trials.to_numpy(float))))
    return sorted(found, key=lambda each: (-each[1].estimate, each[0]))


def remarks_on_failures(findings: Findings) -> list[str]:
    """Return why connections fail at the points where they do, where most fail first."""
    failed = findings.connections.groupby("point")["failed_share"].mean()
    failing = [point for point in findings.study.points if failed.get(point.index, 0.0) > 0]
    failing.sort(key=lambda point: -failed[point.index])
    remarks = []
    for point in failing[:_POINTS_TOLD]:
        reasons = shares_of_reasons(findings, point)
        told = [
            f"{words}, {figure(share, metrics.FAILED_SHARE)} of all"
            for words, share in reasons[:_REASONS_TOLD]
        ]
        if len(reasons) > _REASONS_TOLD:
            told.append(counted(len(reasons) - _REASONS_TOLD, "rarer reason"))
        at = f" at {point.label}" if len(findings.study.points) > 1 else ""
        remarks.append(f"Why connections fail{at}: {'; '.join(told)}.")
    if len(failing) > _POINTS_TOLD:
        number = counted(len(failing) - _POINTS_TOLD, "further point")
        remarks.append(f"Why they fail at {number} stands in the report.")
    return remarks


def failure_table(
    measurements: Measurements, labels: Mapping[int, str], title: str = "Why connections fail"
) -> Table:
    """Return why connections fail at each design point, by the clients' profile."""
    rows = tuple(
        (
            labels[row["point"]],
            str(row["profile"]),
            str(row["symptom"]),
            _or_none(row["stopped_by"]),
            _or_none(row["reason"]),
            f"{row['connections']:,}",
            f"{1e3 * row['duration']:,.1f}",
        )
        for row in measurements.failures().to_dict("records")
    )
    head = ("at", "clients", "symptom", "stopped by", "why", "connections", "after p50, ms")
    return Table(title, head, rows, identifying=5)


def most_fail(connections: pd.DataFrame) -> set[Hashable]:
    """Return the design points at which too few connections complete to know what one costs."""
    failed = connections.groupby("point")["failed_share"].mean()
    return set(failed.index[failed.to_numpy() >= 1 - FEW_COMPLETE - 1e-12])


def _words(row: Mapping[Any, Any]) -> str:
    """Return a reason of failure: "no free port at nat (timeout)", "alert unknown_ca"."""
    symptom, where, why = row["symptom"], _or_none(row["stopped_by"]), _or_none(row["reason"])
    if why == NOTHING:
        return str(symptom) if where == NOTHING else f"{symptom} at {where}"
    if where == NOTHING:
        return f"{symptom} {why}"
    return f"{why} at {where} ({symptom})"


def _or_none(value: object) -> str:
    return str(value) if isinstance(value, str) and value else NOTHING
