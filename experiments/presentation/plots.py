"""The charts of a study's result."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, PercentFormatter

from experiments.presentation.chart import (
    MUTED,
    SERIES,
    Chart,
    add_legend,
    add_legend_above,
    new_chart,
)
from experiments.questions.analysis import Analysis
from experiments.questions.session_cache import CacheSettings
from experiments.results.statistics import Interval, replication_interval
from experiments.studies.study import DesignPoint
from experiments.wording import factor_words, fraction, level_words, percent

_HOUR = 3600.0


class Plots:
    """Makes the charts of one result: `result.plot.hit_rate()`."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        self._study = analysis.study

    def hit_rate(self) -> Chart:
        """Chart the share of all connections that resume, by the study's factors."""
        chart, (axes,) = new_chart(
            "hit-rate",
            "Session-cache hit rate",
            "Share of all connections that resume a session. Bars are 95 % intervals over "
            f"{self._replications}.",
        )
        self._by_factors(axes, "resumed_share")
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axes.set_ylabel("connections resumed")
        axes.set_ylim(bottom=0)
        return chart

    def cores_needed(self) -> Chart:
        """Chart the cores that the unscaled peak minute needs, with the baseline's."""
        target = CacheSettings.of(self._study).utilisation_target
        chart, (axes,) = new_chart(
            "cores-needed",
            "Cores for the peak minute",
            f"Cores needed in the unscaled peak minute at {percent(target)} utilisation. Bars are "
            f"95 % intervals over {self._replications}"
            + ("; the dashed line is the baseline." if self._study.baseline else "."),
        )
        self._by_factors(axes, "cores_needed", baseline=True)
        axes.set_ylabel("cores")
        axes.set_ylim(bottom=0)
        return chart

    def latency_cdf(self, points: Sequence[int] | None = None) -> Chart:
        """Chart the distribution of handshake latency at some design points.

        `points` are their indices; without them, those that the answer compares.
        """
        shown = self._shown(points)
        chart, (axes,) = new_chart(
            "latency-cdf",
            "Handshake latency",
            "Share of handshakes completed within a time, all replications together, "
            f"{self._scale}.",
        )
        with self._analysis.tables.measurements() as measurements:
            for number, (index, label) in enumerate(shown.items()):
                curve = measurements.quantile_curve("handshake_time", index)
                if len(curve):
                    colour = SERIES[number % len(SERIES)]
                    axes.step(
                        1e3 * curve["value"],
                        curve["share"],
                        where="post",
                        label=label,
                        color=colour,
                    )
        axes.set_xlabel("handshake, ms")
        axes.set_ylabel("handshakes")
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axes.set_ylim(0, 1.02)
        add_legend_above(chart, axes)
        return chart

    def work(self, points: Sequence[int] | None = None) -> Chart:
        """Chart what a connection's CPU time at the server goes into, at some design points.

        The costliest kinds of operation have a colour each, the others one together.
        """
        shown = self._shown(points)
        chart, (axes,) = new_chart(
            "work",
            "Where the server’s CPU time goes",
            "CPU time a connection costs the server, by kind of operation; mean of "
            f"{self._replications}.",
            height=1.9 + 0.42 * len(shown),
        )
        with self._analysis.tables.measurements() as measurements:
            work = measurements.server_work().groupby(["point", "kind"])["cpu_seconds"].sum()
            connections = measurements.connections().groupby("point")["connections"].sum()
        table = work.unstack(fill_value=0).reindex(list(shown), fill_value=0.0)
        table = 1e3 * table.div(connections.reindex(table.index), axis=0).fillna(0.0)
        costly = list(table.max().sort_values(ascending=False, kind="stable").index[: len(SERIES)])
        table = table[costly].assign(other=table.drop(columns=costly).sum(axis=1))
        _stack(chart, axes, table, list(shown.values()), [*SERIES, MUTED])
        axes.set_xlabel("server CPU a connection, ms")
        return chart

    def time_budget(self, points: Sequence[int] | None = None) -> Chart:
        """Chart where the time of a connection that succeeds goes, at some design points."""
        shown = self._shown(points)
        chart, (axes,) = new_chart(
            "time-budget",
            "Where a connection’s time goes",
            "Mean time of a connection that succeeds, by what it is spent on; the pauses "
            f"between requests are left out. All replications together, {self._scale}.",
            height=1.9 + 0.42 * len(shown),
        )
        with self._analysis.tables.measurements() as measurements:
            table = measurements.time_budget().set_index("point").drop(columns="time_think")
        table = 1e3 * table.reindex(list(shown), fill_value=0.0)
        parts = [name for name in table.columns if table[name].max() > 0.005 * table.max().max()]
        words = {name: name.removeprefix("time_").replace("_", " ") for name in parts}
        colours = [SERIES[number % len(SERIES)] for number in range(len(parts))]
        _stack(chart, axes, table[parts].rename(columns=words), list(shown.values()), colours)
        axes.set_xlabel("time, ms")
        return chart

    def load(self, points: Sequence[int] | None = None, *, period: float | None = None) -> Chart:
        """Chart connections a second, and cores busy, over time; both unscaled.

        `period` is the length in seconds of the intervals that are averaged: an hour of a day,
        else a 48th of the duration.
        """
        duration = self._study.points[0].scenario.duration
        period = period or (_HOUR if duration >= 12 * _HOUR else duration / 48)
        shown = self._shown(points)
        chart, (load, cores) = new_chart(
            "load",
            "Load and CPU over the day" if duration >= 12 * _HOUR else "Load and CPU over time",
            f"Connections a second and cores busy, each the mean over {period / 60:g} minutes "
            f"scaled up to the whole load; mean of {self._replications}.",
            height=4.6,
            panels=2,
        )
        with self._analysis.tables.measurements() as measurements:
            frame = measurements.by_period(period)
        scale = {point.index: point.scenario.scale for point in self._study.points}
        edges = np.arange(0, int(np.ceil(duration / period)) + 1) * period / _HOUR
        for number, (index, label) in enumerate(shown.items()):
            of_point = frame[frame["point"] == index]
            sums = of_point.groupby("period")[["connections", "server_cpu"]].sum()
            sums = sums.reindex(range(len(edges) - 1), fill_value=0)
            rates = sums / (period * scale[index] * self._study.replications)
            colour = SERIES[number % len(SERIES)]
            if number == 0:
                load.stairs(rates["connections"], edges, color=MUTED, fill=True, alpha=0.35)
                load.stairs(rates["connections"], edges, color=MUTED, baseline=None)
            cores.stairs(rates["server_cpu"], edges, baseline=None, color=colour, label=label)
        load.set_ylabel("connections / s")
        cores.set_ylabel("cores busy")
        cores.set_xlabel("hours since the start")
        if duration >= 12 * _HOUR:
            cores.set_xticks(np.arange(0, duration / _HOUR + 1, 3))
        for axes in (load, cores):
            axes.set_ylim(bottom=0)
            axes.set_xlim(0, duration / _HOUR)
        add_legend(cores, where="upper left")
        return chart

    @property
    def _replications(self) -> str:
        count = self._study.replications
        return "1 replication" if count == 1 else f"{count} replications"

    @property
    def _scale(self) -> str:
        scale = self._study.points[0].scenario.scale
        return (
            "simulated at full load"
            if scale == 1
            else f"simulated at {fraction(scale)} of the load"
        )

    def _shown(self, points: Sequence[int] | None) -> dict[int, str]:
        if points is None:
            return dict(self._analysis.answer.shown)
        return {index: self._study.points[index].label for index in points}

    def _interval(self, point: DesignPoint, metric: str) -> Interval:
        values: pd.DataFrame = self._analysis.values
        return replication_interval(values.loc[values["point"] == point.index, metric].to_numpy())

    def _by_factors(self, axes: Axes, metric: str, *, baseline: bool = False) -> None:
        """Plot a metric: the first factor along the axis, a line for each of the others' levels."""
        factors = list(self._study.file.study.factors)
        grid = [point for point in self._study.points if not point.is_baseline]
        ticks = (
            list(dict.fromkeys(str(point.settings[factors[0]]) for point in grid))
            if (factors)
            else [grid[0].label]
        )
        lines: dict[tuple[str, ...], list[DesignPoint]] = {}
        for point in grid:
            rest = tuple(level_words(point.settings[name]) for name in factors[1:])
            lines.setdefault(rest, []).append(point)
        for number, (rest, points) in enumerate(lines.items()):
            colour = SERIES[number % len(SERIES)]
            intervals = [self._interval(point, metric) for point in points]
            shift = 0.06 * (number - (len(lines) - 1) / 2)
            places = [
                (ticks.index(str(point.settings[factors[0]])) if factors else 0) + shift
                for point in points
            ]
            means = np.array([interval.mean for interval in intervals])
            halves = np.nan_to_num([interval.half_width for interval in intervals])
            axes.errorbar(
                places,
                means,
                yerr=halves,
                color=colour,
                marker="o",
                markersize=4.5,
                capsize=3,
                elinewidth=1.2,
                label=", ".join(rest),
            )
        if baseline and self._study.baseline is not None:
            interval = self._interval(self._study.baseline, metric)
            axes.axhline(interval.mean, color=MUTED, linestyle="--")
            axes.annotate(
                self._study.baseline.label,
                (1.0, interval.mean),
                xycoords=("axes fraction", "data"),
                xytext=(-4, 4),
                textcoords="offset points",
                ha="right",
                color=MUTED,
                fontsize=9.5,
            )
            if interval.replications > 1:
                axes.axhspan(interval.low, interval.high, color=MUTED, alpha=0.15, linewidth=0)
        axes.set_xticks(range(len(ticks)), ticks)
        axes.set_xlim(-0.4, len(ticks) - 0.6)
        axes.grid(axis="x", visible=False)
        if factors:
            axes.set_xlabel(factor_words(factors[0]))
        add_legend(axes, title=", ".join(factor_words(name) for name in factors[1:]))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _stack(
    chart: Chart, axes: Axes, table: pd.DataFrame, labels: Sequence[str], colours: Sequence[str]
) -> None:
    """Draw a bar for each row of the table, stacked of its columns, the first row on top."""
    left = np.zeros(len(table))
    for name, colour in zip(table.columns, colours, strict=False):
        widths = table[name].to_numpy()
        axes.barh(range(len(table)), widths, left=left, height=0.62, color=colour, label=name)
        left += widths
    axes.set_yticks(range(len(table)), labels)
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    add_legend_above(chart, axes, columns=4)
