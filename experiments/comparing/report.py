"""What a comparison leaves behind: text for a terminal, a table, a JSON object, a page, a chart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from rich.text import Text

from experiments.comparing.comparison import Comparison, Difference
from experiments.presentation.chart import MUTED, SERIES, Chart, new_chart
from experiments.presentation.plain_values import plain_rows
from experiments.presentation.report import environment
from experiments.presentation.terminal import plain_text, word_table
from experiments.studies.whole_files import write_whole

PAGE = "comparison.html"
_MOST_BARS = 10


def write_comparison(comparison: Comparison, folder: Path) -> None:
    """Write `comparison.csv`, `comparison.json` and `comparison.html` into a folder, each whole.

    Raises:
        OSError: they cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows = comparison.frame().to_csv(index=False, lineterminator="\n")
    write_whole(folder / "comparison.csv", rows)
    content = json.dumps(comparison_object(comparison), indent=2) + "\n"
    write_whole(folder / "comparison.json", content)
    template = environment().get_template("comparison.html.j2")
    page = template.render(comparison=comparison, charts=charts_of(comparison))
    write_whole(folder / PAGE, page)


def comparison_object(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison as one JSON object; NaN is null."""
    return {
        "first": comparison.first.name,
        "second": comparison.second.name,
        "answer": comparison.answer,
        "reasons": comparison.reasons,
        "differences": plain_rows(comparison.frame()),
    }


def comparison_text(comparison: Comparison, width: int) -> str:
    """Return a comparison as it stands in a terminal: the answer, why, and the tables."""
    tables = (
        part
        for content in comparison.tables
        for part in (Text(content.title), word_table(content), Text())
    )
    lines = (comparison.answer, *comparison.reasons, "")
    foot = Text("* where a difference is shown: its 95 % interval is without 0")
    return plain_text([*map(Text, lines), *tables, foot], width)


def charts_of(comparison: Comparison) -> list[Chart]:
    """Return the charts of what a connection's time and its server's work differ by."""
    charts = []
    for name, title, parts in (
        ("time-differences", "Where the difference in time lies", comparison.times),
        ("work-differences", "Where the difference in server CPU lies", comparison.work),
    ):
        changed = [one for one in parts if one.difference.estimate]
        if changed:
            charts.append(_bars(name, title, changed, comparison))
    return charts


def _bars(name: str, title: str, parts: list[Difference], comparison: Comparison) -> Chart:
    largest = sorted(parts, key=lambda one: -abs(one.difference.estimate))[:_MOST_BARS]
    caption = (
        f"{comparison.second.name} less {comparison.first.name}, mean of a connection; bars are "
        "95 % intervals of paired differences."
    )
    chart, (axes,) = new_chart(name, title, caption, height=1.2 + 0.34 * len(largest))
    places = np.arange(len(largest))[::-1]
    estimates = np.array([1e3 * one.difference.estimate for one in largest])
    ends = np.array([[1e3 * one.difference.low, 1e3 * one.difference.high] for one in largest])
    errors = np.nan_to_num(np.abs(ends - estimates[:, None])).T
    colours = [SERIES[1] if estimate > 0 else SERIES[0] for estimate in estimates]
    axes.barh(places, estimates, color=colours, xerr=errors, ecolor=MUTED, capsize=2)
    axes.set_yticks(places, [one.metric.label for one in largest])
    axes.axvline(0, color=MUTED, linewidth=0.8)
    axes.set_xlabel("difference, ms")
    return chart
