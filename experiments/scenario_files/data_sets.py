"""Named data sets: the counts that ship with the project, `experiments/data/NAME.csv`."""

from __future__ import annotations

import functools
from pathlib import Path

from experiments.failures import ScenarioError
from experiments.scenario_files.count_files import CountSeries, read_counts
from experiments.scenario_files.suggestions import did_you_mean

FOLDER = Path(__file__).parents[1] / "data"


def names() -> list[str]:
    """Return the names of the data sets, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.csv"))


@functools.cache
def count_series(name: str) -> CountSeries:
    """Read a data set.

    Raises:
        ScenarioError: there is none of this name; the message lists what there is.
    """
    if name not in names():
        remedy = did_you_mean(name, names(), what="data sets")
        raise ScenarioError(
            f'there is no data set "{name}"; {remedy} (or give a FILE.csv of your own)'
        )
    file = FOLDER / f"{name}.csv"
    return read_counts(file.read_text(encoding="utf-8"), file.name)
