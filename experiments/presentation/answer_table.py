"""The answer as a table of words: for the terminal, the report and the notebook alike."""

from __future__ import annotations

import math
from dataclasses import dataclass

from experiments.questions.analysis import Analysis
from experiments.questions.question import Metric, Quantity
from experiments.results.statistics import Interval, replication_interval
from experiments.wording import decimals_for, factor_words, level_words

_FACTORS = {
    Quantity.SHARE: 100.0,
    Quantity.SECONDS: 1000.0,
    Quantity.COUNT: 1.0,
    Quantity.THOUSANDS: 1e-3,
}
_NONE = "–"


@dataclass(frozen=True)
class Row:
    """A design point: its levels, and for each metric the mean and half-width in words."""

    point: int
    levels: tuple[str, ...]
    cells: tuple[tuple[str, str], ...]
    is_recommended: bool
    is_baseline: bool


@dataclass(frozen=True)
class AnswerTable:
    """A table: the factors' names, then the question's metrics; a row a design point."""

    factors: tuple[str, ...]
    rows: tuple[Row, ...]


def answer_table(analysis: Analysis) -> AnswerTable:
    """Return a study's answer as a table, a row a design point."""
    study, answer = analysis.study, analysis.answer
    factors = tuple(study.file.study.factors)
    rows = []
    for point in study.points:
        of_point = analysis.values[analysis.values["point"] == point.index]
        cells = [
            _cell(metric, replication_interval(of_point[metric.name].to_numpy(dtype="float64")))
            for metric in analysis.metrics
        ]
        levels = [level_words(point.settings.get(factor, "")) for factor in factors]
        if point.is_baseline or not factors:
            levels = [point.label, *levels[1:]]
        rows.append(
            Row(
                point.index,
                tuple(levels),
                tuple(cells),
                point.index == answer.recommended and len(study.points) > 1,
                point.is_baseline,
            )
        )
    names = tuple(map(factor_words, factors)) or ("point",)
    return AnswerTable(names, tuple(rows))


def _cell(metric: Metric, interval: Interval) -> tuple[str, str]:
    factor = _FACTORS[metric.quantity]
    if math.isnan(interval.mean):
        return _NONE, ""
    decimals = metric.decimals
    if metric.quantity is Quantity.COUNT:
        decimals = decimals_for(interval.mean, decimals)
    mean = f"{factor * interval.mean:,.{decimals}f}"
    if math.isnan(interval.half_width):
        return mean, ""
    return mean, f"{factor * interval.half_width:,.{decimals}f}"
