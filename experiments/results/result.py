"""A study's result: its tables, its summary, its answer and its charts."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments import questions
from experiments.failures import FolderError
from experiments.scenario_files.overrides import Override
from experiments.scenario_files.scenario_file import parse
from experiments.studies.manifest import FILE as MANIFEST
from experiments.studies.study import Study, plan

if TYPE_CHECKING:
    import pandas as pd

    import sim
    from experiments.presentation.plots import Plots
    from experiments.questions.question import Answer, Question
    from experiments.results.measures import Measurements

REPORT = "report.html"
SUMMARY = "summary.csv"


class Result:
    """The result of a study that has been run, read from its folder when asked.

    Attributes:
        folder: the study's out folder.
        study: what was run.
        question: what was asked.
    """

    def __init__(self, folder: Path, study: Study) -> None:
        self.folder = folder
        self.study = study
        self.question: Question = questions.find(study.file.study.question)

    @functools.cached_property
    def connections(self) -> pd.DataFrame:
        """One row a connection; times in seconds, sizes in bytes."""
        return self._table("connections")

    @functools.cached_property
    def samples(self) -> pd.DataFrame:
        """The servers over time, one row a sample and node."""
        return self._table("samples")

    @functools.cached_property
    def operations(self) -> pd.DataFrame:
        """The work done, one row a node and kind of operation."""
        return self._table("operations")

    @functools.cached_property
    def values(self) -> pd.DataFrame:
        """The question's metrics of every replication; shares from 0 to 1, times in seconds."""
        with self.measurements() as measurements:
            return self.question.measure(measurements, self.study)

    @functools.cached_property
    def summary(self) -> pd.DataFrame:
        """Each metric of each design point with its 95 % interval, as in `summary.csv`."""
        from experiments.results.summary import summarise

        return summarise(self.values, self.question, self.study)

    @functools.cached_property
    def answer(self) -> Answer:
        """What the study concludes."""
        return self.question.conclude(self.values, self.study)

    @property
    def plot(self) -> Plots:
        """The charts: `result.plot.hit_rate()`."""
        from experiments.presentation.plots import Plots

        return Plots(self)

    @property
    def report(self) -> Path:
        """The report's file."""
        return self.folder / REPORT

    @functools.cached_property
    def manifest(self) -> dict[str, Any]:
        """Everything the study did, where and when: the content of `manifest.json`."""
        return read_manifest(self.folder)

    def measurements(self) -> Measurements:
        """Open the tables for measuring, without the warm-up of a steady-state study."""
        from experiments.results.measures import Measurements

        steady = any(point.scenario.kind == "steady-state" for point in self.study.points)
        return Measurements(self.folder, steady_state=steady)

    def __repr__(self) -> str:
        return f"Result({str(self.folder)!r}: {self.answer.sentence})"

    def _repr_html_(self) -> str:
        from experiments.presentation.report import answer_fragment

        return answer_fragment(self)

    def _table(self, name: str) -> pd.DataFrame:
        import pandas as pd

        return pd.read_parquet(self.folder / f"{name}.parquet")


def load_result(
    folder: str | os.PathLike[str], parts: Sequence[type[sim.Middlebox]] = ()
) -> Result:
    """Return the result that lies in a study's out folder.

    `parts` are those that it was run with.

    Raises:
        FolderError: no finished study lies there.
        ScenarioError: its scenario means nothing to this version of tlscape.
    """
    manifest = read_manifest(Path(folder))
    scenario = manifest["scenario"]
    overrides = [
        Override(tuple(one["path"]), one["value"], one["words"]) for one in scenario["overrides"]
    ]
    file = parse(scenario["name"], scenario["file"], scenario["text"], overrides, parts)
    study = plan(file, seed=manifest["seed"], replications=manifest["replications"])
    return Result(Path(folder), study)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the content of a folder's `manifest.json`.

    Raises:
        FolderError: no finished study lies there.
    """
    try:
        content: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise FolderError(
            f"{folder}: no finished study lies here (no readable {MANIFEST}); "
            "run one into it with tlscape run NAME --out"
        ) from None
    return content
