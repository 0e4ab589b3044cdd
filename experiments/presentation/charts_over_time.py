"""What changes with time: percentiles of latency, and what servers and links are in use of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from experiments.presentation.chart import (
    MUTED,
    Chart,
    add_legend_above,
    line_style,
    new_chart,
)
from experiments.questions.analysis import Analysis
from experiments.wording import duration_words, time_unit

PERCENTILES = (0.5, 0.95, 0.99)
_PANELS = 3
_NAMED = 6
"""Of more servers and links than these, the others are thin lines without a name."""


def percentiles_over_time(
    analysis: Analysis, shown: Mapping[int, str], *, column: str, period: float, scale: str
) -> Chart:
    """Chart percentiles of a connections' time over the periods in which they arrive."""
    points = dict(list(shown.items())[:_PANELS])
    duration = max(analysis.study.points[index].scenario.duration for index in points)
    unit, length = time_unit(duration)
    what = column.removesuffix("_time").replace("_", " ")
    chart, panels = new_chart(
        "percentiles-over-time",
        f"{what.capitalize()} over time",
        f"Half of the connections that arrive within {duration_words(period)}, 95 and 99 % of "
        f"them, are done with it in no more time; all replications together, {scale}.",
        height=1.5 + 1.9 * len(points),
        panels=len(points),
    )
    with analysis.tables.measurements() as measurements:
        frame = measurements.quantiles_by_period(column, period, PERCENTILES)
    edges = np.arange(0, int(np.ceil(duration / period)) + 1) * period / length
    for axes, (index, label) in zip(panels, points.items(), strict=True):
        own = frame[frame["point"] == index].set_index("period")
        for number, probability in enumerate(reversed(PERCENTILES)):
            values = own[f"p{100 * probability:g}"].reindex(range(len(edges) - 1))
            axes.stairs(
                1e3 * values.to_numpy(float),
                edges,
                baseline=None,
                label=f"p{100 * probability:g}",
                **{**line_style(number), "linewidth": 1.8},
            )
        axes.set_ylabel("ms")
        axes.set_xlim(0, duration / length)
        axes.set_ylim(bottom=0)
        if len(points) > 1:
            axes.set_title(label, loc="left", fontsize=10)
    panels[-1].set_xlabel(f"{unit} since the start")
    add_legend_above(chart, panels[0], columns=3)
    return chart


def in_use_over_time(analysis: Analysis, index: int, label: str, *, replications: str) -> Chart:
    """Chart utilisation and queue of every server and link at one design point, over time."""
    world = analysis.study.points[index].scenario
    unit, length = time_unit(world.duration)
    with analysis.tables.measurements() as measurements:
        servers = measurements.server_samples(index)
        links = measurements.link_samples(index)
    links = links.assign(node=links["node"] + ", " + links["direction"])
    of_links = bool(len(links)) and links["utilisation"].max() > 0
    at = f" at {label}" if len(analysis.study.points) > 1 else ""
    chart, panels = new_chart(
        "in-use-over-time",
        "Servers and links over time",
        f"How busy each server and each direction of a link with a rate is{at}, in the mean of "
        "each sample, and how many jobs wait for a core, and bytes for a link; mean of "
        f"{replications}, of the world as simulated.",
        height=6.4 if of_links else 4.6,
        panels=3 if of_links else 2,
    )
    busy = pd.concat([servers, links]) if of_links else servers
    busy = busy[["time", "node", "utilisation"]]
    most = busy.groupby("node", sort=True)["utilisation"].max()
    ranked = most.sort_values(ascending=False, kind="stable").index
    named = {str(node): number for number, node in enumerate(ranked[:_NAMED])}
    _lines(panels[0], busy, "utilisation", named, length)
    _lines(panels[1], servers, "queue_length", named, length)
    panels[0].set_ylabel("busy")
    panels[0].set_ylim(0, 1.02)
    panels[0].yaxis.set_major_formatter(lambda share, _: f"{100 * share:g} %")
    panels[1].set_ylabel("jobs waiting")
    if of_links:
        _lines(panels[2], links.assign(backlog=links["backlog"] / 1e3), "backlog", named, length)
        panels[2].set_ylabel("kB waiting")
    for axes in panels[1:]:
        axes.set_ylim(0, max(1.0, axes.get_ylim()[1]))
    if len(named) == 1:
        panels[0].set_title(next(iter(named)), loc="left", fontsize=10)
    panels[-1].set_xlim(0, world.duration / length)
    panels[-1].set_xlabel(f"{unit} since the start")
    add_legend_above(chart, panels[0], columns=2)
    return chart


def _lines(
    axes: Axes, frame: pd.DataFrame, column: str, named: Mapping[str, int], length: float
) -> None:
    """Draw a node's samples over time, those that are named with a style of their own."""
    for node, own in frame.groupby("node", sort=True):
        times = np.concatenate([[0.0], own["time"].to_numpy(float)]) / length
        number = named.get(str(node))
        style: dict[str, Any] = {"color": MUTED, "linewidth": 0.7, "alpha": 0.5}
        if number is not None:
            style = {**line_style(number), "linewidth": max(1.2, 2.4 - 0.3 * number)}
        axes.stairs(
            own[column].to_numpy(float),
            times,
            baseline=None,
            label=str(node) if number is not None else None,
            **style,
        )
