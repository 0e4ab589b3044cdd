"""Named data sets: the traces that ship with the project.

A data set is `experiments/data/NAME.csv`: lines that begin with `#` tell where it comes from;
a header; then one row an interval, its time of day (`HH:MM`) first and its count last.
"""

from __future__ import annotations

import csv
import functools
from dataclasses import dataclass
from pathlib import Path

from experiments.failures import ScenarioError
from experiments.scenario_files.suggestions import did_you_mean

FOLDER = Path(__file__).parents[1] / "data"


@dataclass(frozen=True)
class CountSeries:
    """Counts in equal intervals.

    Attributes:
        counts: one number an interval, in the order of time.
        interval: the length of an interval, seconds.
        source: where the counts come from, one line.
    """

    name: str
    counts: tuple[float, ...]
    interval: float
    source: str


def names() -> list[str]:
    """Return the names of the data sets, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.csv"))


@functools.cache
def count_series(name: str) -> CountSeries:
    """Read a data set.

    Raises:
        ScenarioError: there is none of this name; the message lists what there is.
    """
    file = FOLDER / f"{name}.csv"
    if name not in names():
        remedy = did_you_mean(name, names(), what="data sets")
        raise ScenarioError(f'there is no data set "{name}"; {remedy}')
    lines = file.read_text(encoding="utf-8").splitlines()
    remarks = [line.lstrip("# ") for line in lines if line.startswith("#")]
    rows = list(csv.reader(line for line in lines if line and not line.startswith("#")))[1:]
    times = [_seconds(row[0]) for row in rows]
    return CountSeries(
        name=name,
        counts=tuple(float(row[-1]) for row in rows),
        interval=times[1] - times[0],
        source=" ".join(remark for remark in remarks if remark),
    )


def _seconds(time_of_day: str) -> float:
    hours, minutes = time_of_day.split(":")
    return 3600.0 * int(hours) + 60.0 * int(minutes)
