"""What grows with the load: charts of studies that vary it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes

from experiments.presentation.chart import (
    MUTED,
    SMALLEST,
    Chart,
    add_estimates,
    add_legend_above,
    new_chart,
)
from experiments.questions.analysis import Analysis
from experiments.questions.load import pools_of
from experiments.questions.peak import peak_of
from experiments.questions.resources import PROCESSOR
from experiments.results.statistics import Interval
from experiments.studies.study import DesignPoint, Study
from experiments.wording import factor_words, level_words, percent, rate_words

_PERCENTILES = (0.5, 0.95, 0.99)
_LINES = 4
_NEAR = 1.25
"""A load at which a processor is full is shown up to so many times the heaviest that was run."""
_KNEE = 2.0
"""The knee is where a percentile is so many times what it is under the lightest load."""


def by_load(study: Study) -> dict[str, list[DesignPoint]]:
    """Return the points of a study that varies the load, by rising load.

    They are by the levels of all other factors, in words; it is empty where the load is one.
    """
    factors = tuple(study.file.study.factors)
    others = [name for name in factors if name.split(".")[0] != "arrivals"]
    found: dict[str, list[DesignPoint]] = {}
    for point in study.points:
        if not point.is_baseline:
            rest = ", ".join(
                f"{factor_words(name, factors)} {level_words(point.settings[name])}"
                for name in others
            )
            found.setdefault(rest, []).append(point)
    if any(len({rate_of(point) for point in points}) < 2 for points in found.values()):
        return {}
    return {rest: sorted(points, key=rate_of) for rest, points in found.items()}


def rate_of(point: DesignPoint) -> float:
    """Return the connections a second that come to a design point at its peak, unscaled."""
    return peak_of(point.scenario).rate


def knee(rates: Sequence[float], latencies: Sequence[float]) -> float:
    """Return the load from which on a latency is twice what it is under the lightest load.

    Between two loads it is taken to grow evenly; NaN where it is nowhere so long.
    """
    limit = _KNEE * latencies[0]
    for place in range(1, len(rates)):
        before, after = latencies[place - 1], latencies[place]
        if before < limit <= after:
            share = (limit - before) / (after - before)
            return rates[place - 1] + share * (rates[place] - rates[place - 1])
    return math.nan


def latency_against_load(analysis: Analysis, *, replications: str, scale: str) -> Chart:
    """Chart handshake latency against load, with the knee and where processors are full."""
    series = by_load(analysis.study)
    chart, (axes,) = new_chart(
        "latency-against-load",
        "Latency against load",
        f"Handshake latency by connections a second at the peak of the whole load, {scale}. Bars "
        f"are 95 % intervals over {replications}. The knee, a ring, is where the slowest "
        "percentile is twice what it is under the lightest load; dotted lines are loads at which "
        f"a processor is full.{_left_out(series)}",
        height=4.2,
    )
    if not series:
        return chart
    shown = _PERCENTILES if len(series) == 1 else _PERCENTILES[-1:]
    with analysis.tables.measurements() as measurements:
        quantiles = measurements.pooled_quantiles("handshake_time", shown)
    number = 0
    for rest, points in list(series.items())[:_LINES]:
        for probability in shown:
            measured = [point for point in points if (point.index, probability) in quantiles]
            intervals = [quantiles[point.index, probability].interval for point in measured]
            rates = [rate_of(point) for point in measured]
            label = f"p{100 * probability:g}" + (f", {rest}" if rest else "")
            add_estimates(axes, rates, [_times(one, 1e3) for one in intervals], number, label)
            if probability == shown[-1] and len(measured) > 1:
                _mark_knee(axes, rates, [1e3 * one.estimate for one in intervals])
            number += 1
    full = _full_at(analysis, series)
    reached = max(rate_of(point) for points in series.values() for point in points)
    near = [rate for rate in full if rate <= _NEAR * reached]
    for rate in near:
        axes.axvline(rate, color=MUTED, linestyle=":", linewidth=1.4)
        axes.annotate(
            f"full at {rate_words(rate)}",
            (rate, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(4, -4),
            textcoords="offset points",
            ha="left",
            va="top",
            rotation=90,
            color=MUTED,
            fontsize=SMALLEST,
        )
    axes.set_xlabel("connections / s")
    axes.set_ylabel("handshake, ms")
    axes.set_xlim(0, 1.1 * max([reached, *near]))
    _log_if_wide(axes)
    add_legend_above(chart, axes, columns=3 if len(series) == 1 else 1)
    return chart


def cores_against_rate(
    analysis: Analysis, needed: Sequence[Interval], *, target: float, replications: str
) -> Chart:
    """Chart the cores that the load needs against the load; `needed` is of every design point."""
    study = analysis.study
    series = by_load(study)
    chart, (axes,) = new_chart(
        "cores-against-rate",
        "Cores against rate",
        f"Cores that the whole load needs at its peak, at {percent(target)} utilisation, by "
        f"connections a second. Bars are 95 % intervals over {replications}; dotted lines are the "
        f"cores that there are.{_left_out(series)}",
        height=3.8,
    )
    if not series:
        return chart
    by_point = {point.index: interval for point, interval in zip(study.points, needed, strict=True)}
    for number, (rest, points) in enumerate(list(series.items())[:_LINES]):
        known = [point for point in points if not math.isnan(by_point[point.index].estimate)]
        rates = [rate_of(point) for point in known]
        add_estimates(
            axes, rates, [by_point[point.index] for point in known], number, rest or "needed"
        )
    cores: dict[int, int] = {}
    for point, _, pool in pools_of(study):
        cores[point.index] = cores.get(point.index, 0) + pool.count * pool.cores
    _, top = axes.get_ylim()
    for there in sorted(set(cores.values())):
        if there <= 2 * top:
            axes.axhline(there, color=MUTED, linestyle=":", linewidth=1.4)
            axes.annotate(
                f"{there} there",
                (0.0, there),
                xycoords=("axes fraction", "data"),
                xytext=(4, 3),
                textcoords="offset points",
                color=MUTED,
                fontsize=SMALLEST,
            )
    axes.set_xlabel("connections / s")
    axes.set_ylabel("cores")
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    add_legend_above(chart, axes)
    return chart


def _left_out(series: dict[str, list[DesignPoint]]) -> str:
    """Return what a caption says where there are more lines than can be told apart."""
    if len(series) <= _LINES:
        return ""
    return f" Shown are the first {_LINES} of {len(series)} combinations of the other factors."


def _mark_knee(axes: Axes, rates: Sequence[float], latencies: Sequence[float]) -> None:
    rate = knee(rates, latencies)
    if math.isnan(rate):
        return
    height = _KNEE * latencies[0]
    axes.plot([rate], [height], "o", markersize=11, markerfacecolor="none", color=MUTED, zorder=5)
    axes.annotate(
        f"knee: {rate_words(rate)}",
        (rate, height),
        xytext=(-10, 8),
        textcoords="offset points",
        ha="right",
        color=MUTED,
        fontsize=SMALLEST,
    )


def _full_at(analysis: Analysis, series: dict[str, list[DesignPoint]]) -> list[float]:
    """Return the loads at which processors are full, one for each series: the lightest point's."""
    found = []
    for points in series.values():
        loads = [
            resource.full_at.estimate
            for resource in analysis.findings.resources[points[0].index]
            if resource.kind == PROCESSOR and resource.full_at is not None
        ]
        if loads:
            found.append(min(loads))
    return sorted({float(f"{rate:.3g}") for rate in found})


def _times(interval: Interval, factor: float) -> Interval:
    estimate, low, high = (factor * value for value in interval[:3])
    return interval._replace(estimate=estimate, low=low, high=high)


def _log_if_wide(axes: Axes) -> None:
    low, high = axes.dataLim.y0, axes.dataLim.y1
    if low > 0 and high > 20 * low:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    else:
        axes.set_ylim(bottom=0)
