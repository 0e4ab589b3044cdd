"""A chart: a matplotlib figure with its caption, drawn the same to the byte every time."""

from __future__ import annotations

import html
import io
import logging
import re
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from experiments.results.statistics import Interval

# On a new machine it would tell on stderr that it looks for fonts.
logging.getLogger("matplotlib").setLevel(logging.ERROR)

INK = "#22303c"
MUTED = "#6b7785"
GRID = "#e3e8ed"
SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#22303c")
"""Colours that stay apart for the colour-blind (M. Okabe and K. Ito, "Color Universal Design")."""
LINE_STYLES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1, 1.2)), (0, (6, 1.5, 1, 1.5)))
"""Lines that stay apart where they lie on each other, and in grey."""

MARKERS = "os^Dv"
"""Marks that stay apart in grey."""

SMALLEST = 10.0
"""Points of the smallest letters; a report shows them in 12 pixels or more."""

_LEGEND: Any = {"frameon": False, "fontsize": SMALLEST, "title_fontsize": SMALLEST}
_STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 10.5,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "text.color": INK,
    "lines.linewidth": 1.8,
    "svg.hashsalt": "tlscape",
    "svg.fonttype": "path",
}


class Chart(Figure):
    """A figure with a name, a title and a caption; notebooks show it as it is.

    It belongs to no pyplot state: making one leaves nothing open.
    """

    name: str
    title: str
    caption: str

    def has_data(self) -> bool:
        """Return whether anything is drawn in it."""
        return any(axes.has_data() for axes in self.axes)

    def svg(self) -> str:
        """Return the chart as an SVG file, without a date."""
        return self._saved("svg", metadata={"Date": None, "Creator": None}).decode()

    def inline_svg(self) -> str:
        """Return the chart as an SVG element to stand in an HTML page beside others.

        Its identifiers begin with the chart's name, and it names no schema: HTML knows SVG.
        """
        text = self.svg()
        text = text[text.index("<svg") :]
        text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
        text = re.sub(r' xmlns(:xlink)?="[^"]*"', "", text)
        text = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{self.name}-", text)
        return text.replace("<svg", f'<svg role="img" aria-label="{html.escape(self.title)}"', 1)

    def png(self, dots_per_inch: int = 144) -> bytes:
        """Return the chart as a PNG file."""
        return self._saved("png", dpi=dots_per_inch, metadata={"Software": None})

    def _saved(self, kind: str, **options: Any) -> bytes:
        buffer = io.BytesIO()
        with mpl.rc_context(_STYLE):
            self.savefig(buffer, format=kind, facecolor="white", **options)
        return buffer.getvalue()

    def _repr_png_(self) -> bytes:
        return self.png()


def line_style(number: int) -> dict[str, Any]:
    """Return how the line of that number is drawn: its colour, its dashes, and its width.

    Earlier lines are wider, so that they are seen beneath later ones.
    """
    return {
        "color": SERIES[number % len(SERIES)],
        "linestyle": LINE_STYLES[number % len(LINE_STYLES)],
        "linewidth": max(1.2, 3.2 - 0.5 * number),
    }


def add_estimates(
    axes: Axes, places: Sequence[float], intervals: Sequence[Interval], number: int, label: str
) -> None:
    """Add the line of that number through estimates, with their intervals as bars."""
    middle = np.array([interval.estimate for interval in intervals])
    below = np.nan_to_num([interval.estimate - interval.low for interval in intervals])
    above = np.nan_to_num([interval.high - interval.estimate for interval in intervals])
    axes.errorbar(
        places,
        middle,
        yerr=np.maximum([below, above], 0.0),
        marker=MARKERS[number % len(MARKERS)],
        markersize=4.5,
        capsize=3,
        elinewidth=1.2,
        label=label,
        **line_style(number),
    )


def add_legend(axes: Axes) -> None:
    """Add a quiet legend to axes that show more than one thing."""
    handles, _ = axes.get_legend_handles_labels()
    if len(handles) > 1:
        axes.legend(loc="best", **_LEGEND)


def add_legend_above(chart: Chart, axes: Axes, *, columns: int = 1, least: int = 2) -> None:
    """Add a quiet legend above axes whose whole area is taken, if they show so many things."""
    handles, labels = axes.get_legend_handles_labels()
    if len(handles) >= least:
        chart.legend(handles, labels, loc="outside upper left", ncols=columns, **_LEGEND)


def new_chart(
    name: str, title: str, caption: str, *, height: float = 3.4, panels: int = 1
) -> tuple[Chart, list[Axes]]:
    """Return an empty chart of `panels` axes, one below the other, 6.2 inches wide."""
    with mpl.rc_context(_STYLE):
        chart = Chart(figsize=(6.2, height), layout="constrained")
        FigureCanvasAgg(chart)
        axes = chart.subplots(panels, 1, sharex=True, squeeze=False)[:, 0]
    chart.name, chart.title, chart.caption = name, title, caption
    return chart, list(axes)
