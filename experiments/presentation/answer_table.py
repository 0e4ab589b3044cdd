"""The answer as a table of words: for the terminal, the report and the notebook alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from experiments.questions.analysis import Analysis
from experiments.questions.figures import NOTHING, decimals_of, number, written
from experiments.questions.metric import Metric
from experiments.results.statistics import Interval
from experiments.studies.study import Study
from experiments.wording import factor_words, fraction, level_words

_ROUNDING = 1e-9


@dataclass(frozen=True)
class Row:
    """A design point: its levels, and for each metric the estimate and its interval in words.

    An interval is "± 0.05", or "(0.13–4.28)" where the estimate is not in its middle.
    """

    point: int
    levels: tuple[str, ...]
    cells: tuple[tuple[str, str], ...]
    is_recommended: bool
    is_baseline: bool


@dataclass(frozen=True)
class AnswerTable:
    """A table: the factors, then the question's metrics; a row a design point.

    Attributes:
        factors: heads of the first columns.
        metrics: label, unit and definition of each further column.
        rows: the design points.
    """

    factors: tuple[str, ...]
    metrics: tuple[tuple[str, str, str], ...]
    rows: tuple[Row, ...]


def answer_table(analysis: Analysis) -> AnswerTable:
    """Return a study's answer as a table, a row a design point.

    What was measured at no point is left out.
    """
    study, answer = analysis.study, analysis.answer
    measured = [
        metric
        for metric in analysis.metrics
        if any(
            not math.isnan(analysis.estimates.interval(point.index, metric).estimate)
            for point in study.points
        )
    ]
    factors = tuple(study.file.study.factors)
    columns = [
        _column(
            metric, [analysis.estimates.interval(point.index, metric) for point in study.points]
        )
        for metric in measured
    ]
    rows = []
    for place, point in enumerate(study.points):
        cells = [column[place] for column in columns]
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
    names = tuple(factor_words(factor, factors) for factor in factors) or ("point",)
    heads = tuple((metric.label, _unit(metric, study), metric.definition) for metric in measured)
    return AnswerTable(names, heads, tuple(rows))


def _unit(metric: Metric, study: Study) -> str:
    """Return a metric's unit, and the scale where what is simulated is not the whole load."""
    scales = {point.scenario.scale for point in study.points}
    unit = metric.quantity.value
    if not metric.at_scale or scales == {1.0}:
        return unit
    scale = fraction(scales.pop()) if len(scales) == 1 else "its scale"
    return f"{unit} at {scale}"


def _column(metric: Metric, intervals: Sequence[Interval]) -> list[tuple[str, str]]:
    """Return a metric's estimates and intervals, all written alike: with ± where all allow it."""
    symmetric = all(_is_symmetric(metric, interval) for interval in intervals)
    return [_cell(metric, interval, symmetric=symmetric) for interval in intervals]


def _is_symmetric(metric: Metric, interval: Interval) -> bool:
    """Tell whether an estimate lies in its interval's middle, to the digits that are shown."""
    if math.isnan(interval.low):
        return True
    decimals = decimals_of(interval, metric)
    below, above = interval.estimate - interval.low, interval.high - interval.estimate
    if math.isclose(below, above, rel_tol=_ROUNDING, abs_tol=_ROUNDING * abs(interval.estimate)):
        return True
    return written(below, metric, decimals) == written(above, metric, decimals)


def _cell(metric: Metric, interval: Interval, *, symmetric: bool) -> tuple[str, str]:
    if math.isnan(interval.estimate):
        return NOTHING, ""
    if math.isnan(interval.low):
        return number(interval.estimate, metric), ""
    decimals = decimals_of(interval, metric)
    estimate, low, high = (written(value, metric, decimals) for value in interval[:3])
    if symmetric:
        return estimate, f"± {written(interval.half_width, metric, decimals)}"
    return estimate, f"({low}–{high})"
