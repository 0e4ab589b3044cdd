"""Every design point beside one that they are compared with, replication by replication."""

from __future__ import annotations

import math
from collections.abc import Sequence

from experiments.questions.estimates import Estimates
from experiments.questions.figures import difference_figure
from experiments.questions.metric import Metric
from experiments.questions.table import Table
from experiments.results.measures import Measurements
from experiments.results.statistics import (
    CONFIDENCE,
    Interval,
    quantile_difference,
    simultaneous_differences,
)
from experiments.studies.study import DesignPoint, Study


def reference_of(study: Study) -> DesignPoint:
    """Return the point that others are compared with: the baseline, else the first."""
    return study.baseline or study.points[0]


def comparison_table(
    estimates: Estimates, metrics: Sequence[Metric], study: Study, measurements: Measurements
) -> Table:
    """Return the differences of all points to the reference, with simultaneous intervals.

    Intervals are of paired differences (all points share their random numbers), at the level that
    makes all of one metric's hold together with 95 % confidence (Bonferroni). A difference that is
    shown, its interval without 0, has an asterisk. Differences of quantiles are of those
    that the answer shows, of all replications together (`quantile_difference`).
    """
    reference = reference_of(study)
    compared = [metric for metric in metrics if estimates.is_measured(reference.index, metric)]
    others = [
        point
        for point in study.points
        if point is not reference
        and any(estimates.is_measured(point.index, metric) for metric in compared)
    ]
    differences = {
        metric.name: _to(reference, others, estimates, metric)
        if metric.quantile is None
        else _to_quantile(reference, others, measurements, metric)
        for metric in compared
    }
    missing = Interval.absent(math.nan, 0, "the replications do not pair")
    rows = tuple(
        (
            point.label,
            *(
                difference_figure(
                    differences[metric.name].get(point.index, missing), metric, mark="*"
                )
                for metric in compared
            ),
        )
        for point in others
    )
    heads = tuple(
        f"{metric.label}, {metric.quantity.value}" if metric.quantity.value else metric.label
        for metric in compared
    )
    return Table(
        f"Differences to {reference.label}, with intervals that hold together in each column "
        "(paired, Bonferroni); * where a difference is shown",
        ("at", *heads),
        rows if compared else (),
    )


def _to(
    reference: DesignPoint, others: Sequence[DesignPoint], estimates: Estimates, metric: Metric
) -> dict[int, Interval]:
    """Return the difference of each point to the reference, where their replications pair."""
    values = {point.index: estimates.replicated(point.index, metric) for point in others}
    values[reference.index] = estimates.replicated(reference.index, metric)
    paired = [one for one in values if len(values[one]) == len(values[reference.index])]
    pairs = [(one, reference.index) for one in paired if one != reference.index]
    differences = simultaneous_differences(values, pairs=pairs, limit=metric.largest)
    return {one: differences[one, reference.index] for one, _ in pairs}


def _to_quantile(
    reference: DesignPoint,
    others: Sequence[DesignPoint],
    measurements: Measurements,
    metric: Metric,
) -> dict[int, Interval]:
    """Return the difference of each point's quantile to the reference's, where both have one."""
    if metric.quantile is None or not others:
        return {}
    confidence = 1 - (1 - CONFIDENCE) / len(others)
    found = measurements.pooled_quantiles(metric.column, [metric.quantile], confidence)
    quantiles = {point: one for (point, _), one in found.items()}
    return {
        point.index: quantile_difference(quantiles[point.index], quantiles[reference.index])
        for point in others
        if point.index in quantiles and reference.index in quantiles
    }
