"""Every design point beside one that they are compared with, replication by replication."""

from __future__ import annotations

import math
from collections.abc import Sequence

from experiments.questions.estimates import Estimates
from experiments.questions.figures import NOTHING, decimals_of, number, written
from experiments.questions.metric import Metric
from experiments.questions.table import Table
from experiments.results.statistics import Interval, paired_difference
from experiments.studies.study import DesignPoint, Study

FAMILY_CONFIDENCE = 0.95


def reference_of(study: Study) -> DesignPoint:
    """Return the point that others are compared with: the baseline, else the first."""
    return study.baseline or study.points[0]


def comparison_table(
    estimates: Estimates, metrics: Sequence[Metric], study: Study, *, essential: int = 4
) -> Table:
    """Return the differences of all points to the reference, with simultaneous intervals.

    Intervals are of paired differences (all points share their random numbers), at the level that
    makes all of one metric's hold together with 95 % confidence (Bonferroni). A difference that is
    shown, its interval without 0, has an asterisk.
    """
    reference = reference_of(study)
    others = [point for point in study.points if point is not reference]
    compared = [metric for metric in metrics if estimates.is_measured(reference.index, metric)]
    rows = tuple(
        (
            point.label,
            *(
                _cell(_difference(estimates, point, reference, metric, len(others)), metric)
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
        rows,
        essential=essential,
    )


def _difference(
    estimates: Estimates,
    point: DesignPoint,
    reference: DesignPoint,
    metric: Metric,
    comparisons: int,
) -> Interval:
    one = estimates.replicated(point.index, metric)
    other = estimates.replicated(reference.index, metric)
    if len(one) != len(other):
        return Interval.absent(math.nan, 0, "the replications do not pair")
    confidence = 1 - (1 - FAMILY_CONFIDENCE) / max(1, comparisons)
    return paired_difference(one, other, confidence)


def _cell(difference: Interval, metric: Metric) -> str:
    mean, low, high = difference[:3]
    if math.isnan(mean):
        return NOTHING
    if math.isnan(low):
        return _signed(mean, metric)
    decimals = decimals_of(difference, metric)
    words = [_signed(value, metric, decimals) for value in (mean, low, high)]
    shown = "*" if low > 0 or high < 0 else ""
    return f"{words[0]}{shown} ({words[1]} to {words[2]})"


def _signed(value: float, metric: Metric, decimals: int | None = None) -> str:
    words = number(value, metric) if decimals is None else written(value, metric, decimals)
    return words if words.startswith("-") or not words.strip("0.,") else f"+{words}"
