"""The charts of a study's result."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, PercentFormatter

from experiments.presentation import charts_of_load, charts_over_time
from experiments.presentation.chart import (
    MUTED,
    SERIES,
    SMALLEST,
    Chart,
    add_estimates,
    add_legend,
    add_legend_above,
    line_style,
    new_chart,
)
from experiments.presentation.colours import of_causes, of_operations, of_times
from experiments.questions.analysis import Analysis
from experiments.questions.capacity import CapacitySettings
from experiments.questions.failure_reasons import shares_of_reasons
from experiments.results.statistics import Interval
from experiments.studies.study import DesignPoint
from experiments.wording import (
    duration_words,
    factor_words,
    fraction,
    level_words,
    listed,
    percent,
    time_unit,
)

_HOUR = 3600.0
_CUT_OFF = "cut-off"
"""What the table `operations` calls jobs that an outage has cut off."""
_LABEL_WIDTH = 28
_MOST_BARS = 16
_CAUSES = 6
_TAIL_SHARES = tuple(1 - 10 ** -(nines / 40) for nines in range(121))
"""Shares from 0 to 99.9 %, at equal distances on an axis that stretches towards 100 %."""


class Plots:
    """Makes the charts of one result: `result.plot.hit_rate()`."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        self._study = analysis.study

    def hit_rate(self) -> Chart:
        """Chart the share of all connections that resume, by the study's factors."""
        by_ticket = any(point.scenario.issues_tickets for point in self._study.points)
        chart, (axes,) = new_chart(
            "hit-rate",
            "Connections that resume" if by_ticket else "Session-cache hit rate",
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
        target = CapacitySettings.of(self._study).utilisation_target
        chart, (axes,) = new_chart(
            "cores-needed",
            "Cores needed",
            f"Cores that the whole load needs at its peak, at {percent(target)} utilisation. Bars "
            f"are 95 % intervals over {self._replications}"
            + ("; the dashed line is the baseline." if self._study.baseline else "."),
        )
        self._by_factors(axes, "cores_needed", baseline=True)
        axes.set_ylabel("cores")
        axes.set_ylim(bottom=0)
        return chart

    def latency_cdf(self, points: Sequence[int] | None = None) -> Chart:
        """Chart the distribution of handshake latency at some design points, its tail in view.

        `points` are their indices; without them, those that the answer compares.
        """
        shown = self._shown(points)
        chart, (axes,) = new_chart(
            "latency-cdf",
            "Handshake latency",
            "Share of handshakes completed within a time, all replications together, "
            f"{self._scale}. The axis stretches towards 100 %, so that the slowest can be read.",
            height=3.8,
        )
        with self._analysis.tables.measurements() as measurements:
            curves = {
                index: measurements.quantile_curve("handshake_time", index, _TAIL_SHARES)
                for index in shown
            }
        for number, (index, label) in enumerate(shown.items()):
            curve = curves[index]
            if len(curve):
                nines = -np.log10(1 - curve["share"].to_numpy())
                axes.plot(1e3 * curve["value"], nines, label=label, **line_style(number))
        values = np.concatenate([curve["value"].to_numpy(float) for curve in curves.values()])
        if len(values) and values.min() > 0 and values.max() > 20 * values.min():
            axes.set_xscale("log")
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.set_xlabel("handshake, ms")
        axes.set_ylabel("handshakes completed")
        ticks = [0.0, 0.5, 0.9, 0.99, 0.999]
        axes.set_yticks(
            [-math.log10(1 - share) for share in ticks], [f"{100 * share:g} %" for share in ticks]
        )
        axes.set_ylim(0, -math.log10(1 - _TAIL_SHARES[-1]))
        add_legend_above(chart, axes)
        return chart

    def work(self, points: Sequence[int] | None = None) -> Chart:
        """Chart what a connection's CPU time at the server goes into, at some design points.

        The costliest kinds of operation have a colour each, the others one together.
        """
        shown = self._shown(points)
        with self._analysis.tables.measurements() as measurements:
            work = measurements.server_work().groupby(["point", "kind"])["cpu_seconds"].sum()
            connections = measurements.connections().groupby("point")["connections"].sum()
        table = work.unstack(fill_value=0).reindex(list(shown), fill_value=0.0)
        whole = ""
        if _CUT_OFF in table and table.pop(_CUT_OFF).any():
            whole = ", where jobs that an outage cuts off count whole"
        chart, (axes,) = new_chart(
            "work",
            "Where the server’s CPU time goes",
            f"CPU time a connection costs the server, by kind of operation{whole}; mean of "
            f"{self._replications}.",
            height=1.9 + 0.42 * len(shown),
        )
        table = 1e3 * table.div(connections.reindex(table.index), axis=0).fillna(0.0)
        costly = list(table.max().sort_values(ascending=False, kind="stable").index[: len(SERIES)])
        table = table[costly].assign(other=table.drop(columns=costly).sum(axis=1))
        colours = [*of_operations(costly), (MUTED, "")]
        _stack(chart, axes, table, list(shown.values()), colours)
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
        colours = of_times(list(words.values()))
        _stack(chart, axes, table[parts].rename(columns=words), list(shown.values()), colours)
        axes.set_xlabel("time, ms")
        return chart

    def load(self, points: Sequence[int] | None = None, *, period: float | None = None) -> Chart:
        """Chart connections a second, and cores busy, over time; both for the whole load.

        `period` is the length in seconds of the intervals in which connections are counted: an
        hour of a day, else a 48th of the duration. Cores are those that were busy at the samples.
        """
        shown = self._shown(points)
        worlds = {index: self._study.points[index].scenario for index in shown}
        duration = max(world.duration for world in worlds.values())
        period = period or _period(duration)
        unit, length = time_unit(duration)
        chart, (load, cores) = new_chart(
            "load",
            "Load and cores busy over time",
            f"Connections that arrive a second, the mean over {duration_words(period)}, and cores "
            "that are busy, the mean over each sample; both scaled up to the whole load; mean of "
            f"{self._replications}.",
            height=4.6,
            panels=2,
        )
        with self._analysis.tables.measurements() as measurements:
            frame = measurements.by_period(period)
            samples = {index: measurements.server_samples(index) for index in shown}
        edges = np.arange(0, int(np.ceil(duration / period)) + 1) * period / length
        drawn: list[tuple[float, ...]] = []
        for number, (index, label) in enumerate(shown.items()):
            world, style = worlds[index], line_style(number)
            counts = frame[frame["point"] == index].groupby("period")["connections"].sum()
            counts = counts.reindex(range(len(edges) - 1), fill_value=0)
            rates = counts / (period * world.scale * self._study.replications)
            if tuple(rates) not in drawn:
                drawn.append(tuple(rates))
                load.stairs(rates, edges, baseline=None, label=label, **style)
            cores_of = {
                node: pool.cores for name, pool in world.pools.items() for node in pool.nodes(name)
            }
            each = samples[index]
            busy = (each["utilisation"] * each["node"].map(cores_of)).groupby(each["time"]).sum()
            times = np.concatenate([[0.0], busy.index.to_numpy(float)]) / length
            cores.stairs(busy / world.scale, times, baseline=None, label=label, **style)
        load.set_ylabel("connections / s")
        cores.set_ylabel("cores busy")
        cores.set_xlabel(f"{unit} since the start")
        for axes in (load, cores):
            axes.set_ylim(bottom=0)
            axes.set_xlim(0, duration / length)
        add_legend_above(chart, cores)
        return chart

    def latency_against_load(self) -> Chart:
        """Chart handshake latency against the load, of a study that varies it, with the knee."""
        how = {"replications": self._replications, "scale": self._scale}
        return charts_of_load.latency_against_load(self._analysis, **how)

    def cores_against_rate(self) -> Chart:
        """Chart the cores that the load needs against the load, of a study that varies it."""
        needed = [self._interval(point, "cores_needed") for point in self._study.points]
        target = CapacitySettings.of(self._study).utilisation_target
        return charts_of_load.cores_against_rate(
            self._analysis, needed, target=target, replications=self._replications
        )

    def percentiles_over_time(
        self,
        points: Sequence[int] | None = None,
        *,
        column: str = "handshake_time",
        period: float | None = None,
    ) -> Chart:
        """Chart percentiles of a time of connections over the time of their arrival.

        Up to three design points have a panel each. `column` is one of the table `connections`,
        `period` the length in seconds of the intervals whose connections are taken together.
        """
        shown = self._shown(points)
        duration = max(self._study.points[index].scenario.duration for index in shown)
        return charts_over_time.percentiles_over_time(
            self._analysis,
            shown,
            column=column,
            period=period or _period(duration),
            scale=self._scale,
        )

    def in_use_over_time(self, point: int | None = None) -> Chart:
        """Chart utilisation and queue of every server and link of one design point, over time."""
        shown = self._shown(None if point is None else [point])
        index, label = next(iter(shown.items()))
        return charts_over_time.in_use_over_time(
            self._analysis, index, label, replications=self._replications
        )

    def failures(self, points: Sequence[int] | None = None) -> Chart:
        """Chart the share of connections that fail, by cause, where any do.

        Without `points` it is of all design points at which any fails, the first sixteen.
        """
        given = None if points is None else set(points)
        causes = {
            point.index: dict(shares_of_reasons(self._analysis.findings, point))
            for point in self._study.points
            if given is None or point.index in given
        }
        shown = [index for index, shares in causes.items() if shares or given is not None]
        shown = shown[:_MOST_BARS]
        chart, (axes,) = new_chart(
            "failures",
            "Why connections fail",
            f"Share of all connections that fail, by cause; mean of {self._replications}.",
            height=2.1 + 0.42 * len(shown),
        )
        rows = [
            {words: interval.estimate for words, interval in causes[index].items()}
            for index in shown
        ]
        table = pd.DataFrame(rows, index=shown).fillna(0.0)
        common = list(table.sum().sort_values(ascending=False, kind="stable").index[:_CAUSES])
        table = table[common].assign(other=table.drop(columns=common).sum(axis=1))
        labels = [self._study.points[index].label for index in shown]
        _stack(chart, axes, table, labels, [*of_causes(len(common)), (MUTED, "")], columns=1)
        axes.xaxis.set_major_formatter(PercentFormatter(1.0))
        axes.set_xlabel("connections that fail")
        return chart

    @property
    def _replications(self) -> str:
        count = self._study.replications
        return "1 replication" if count == 1 else f"{count} replications"

    @property
    def _scale(self) -> str:
        scales = {point.scenario.scale for point in self._study.points}
        if scales == {1.0}:
            return "simulated at full load"
        return f"simulated at {listed([fraction(scale) for scale in sorted(scales)])} of the load"

    def _shown(self, points: Sequence[int] | None) -> dict[int, str]:
        if points is None:
            first = self._study.points[0]
            return dict(self._analysis.answer.shown) or {first.index: first.label}
        return {index: self._study.points[index].label for index in points}

    def _interval(self, point: DesignPoint, name: str) -> Interval:
        metric = next(metric for metric in self._analysis.metrics if metric.name == name)
        return self._analysis.estimates.interval(point.index, metric)

    def _by_factors(self, axes: Axes, metric: str, *, baseline: bool = False) -> None:
        """Plot a metric: the first factor along the axis, a line for each of the others' levels."""
        factors = list(self._study.file.study.factors)
        every = tuple(factors)
        grid = [point for point in self._study.points if not point.is_baseline]
        ticks = (
            list(dict.fromkeys(level_words(point.settings[factors[0]]) for point in grid))
            if (factors)
            else [grid[0].label]
        )
        lines: dict[tuple[str, ...], list[DesignPoint]] = {}
        for point in grid:
            rest = tuple(
                f"{factor_words(name, every)} {level_words(point.settings[name])}"
                for name in factors[1:]
            )
            lines.setdefault(rest, []).append(point)
        for number, (rest, points) in enumerate(lines.items()):
            intervals = [self._interval(point, metric) for point in points]
            shift = 0.06 * (number - (len(lines) - 1) / 2)
            places = [
                (ticks.index(level_words(point.settings[factors[0]])) if factors else 0) + shift
                for point in points
            ]
            add_estimates(axes, places, intervals, number, ", ".join(rest))
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
                fontsize=SMALLEST,
            )
            if interval.replications > 1:
                axes.axhspan(interval.low, interval.high, color=MUTED, alpha=0.15, linewidth=0)
        axes.set_xticks(range(len(ticks)), ticks)
        axes.set_xlim(-0.4, len(ticks) - 0.6)
        axes.grid(axis="x", visible=False)
        if factors:
            axes.set_xlabel(factor_words(factors[0], every))
        add_legend(axes)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _period(duration: float) -> float:
    """Return the intervals that a duration is cut into: hours of a day, else 48 of them."""
    return _HOUR if duration >= 12 * _HOUR else duration / 48


def _stack(
    chart: Chart,
    axes: Axes,
    table: pd.DataFrame,
    labels: Sequence[str],
    colours: Sequence[tuple[str, str]],
    *,
    columns: int = 4,
) -> None:
    """Draw a bar for each row of the table, stacked of its columns, the first row on top."""
    left = np.zeros(len(table))
    for name, (colour, hatch) in zip(table.columns, colours, strict=False):
        widths = table[name].to_numpy()
        if not widths.any():
            continue
        axes.barh(
            range(len(table)),
            widths,
            left=left,
            height=0.62,
            color=colour,
            hatch=hatch,
            edgecolor="white",
            linewidth=0,
            label=name,
        )
        left += widths
    axes.set_yticks(range(len(table)), [textwrap.fill(label, _LABEL_WIDTH) for label in labels])
    axes.set_ylim(max(len(table), 2) - 0.5, -0.5)
    axes.grid(axis="y", visible=False)
    add_legend_above(chart, axes, columns=columns, least=1)
