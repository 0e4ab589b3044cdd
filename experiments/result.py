"""A study's result, as scripts and notebooks have it: tables, answer, charts, report."""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.evidence.capture_file import write_capture
from experiments.evidence.choice import DEFAULT, parse_choice, rows_from
from experiments.evidence.finding import find_connections
from experiments.evidence.shown import ShownConnection
from experiments.presentation import report
from experiments.presentation.plots import Plots
from experiments.presentation.terminal import answer_text
from experiments.questions.analysis import Analysis
from experiments.questions.objectives import State, described_point, objective_frame
from experiments.questions.question import Answer, Question
from experiments.results.study_tables import StudyTables, load_tables
from experiments.studies.progress import notice
from experiments.studies.study import Study

if TYPE_CHECKING:
    import pandas as pd

    import sim
    from experiments.results.measures import Measurements


@dataclass(frozen=True)
class PrintedAnswer(Answer):
    """An answer that prints as the command line does.

    Attributes:
        text: all that is printed, tables included.
    """

    text: str = ""

    def __str__(self) -> str:
        return self.text


class Result:
    """The result of a study that has been run, read from its folder when asked.

    Attributes:
        folder: the study's out folder.
        study: what was run.
        analysis: what its tables say.
    """

    def __init__(self, tables: StudyTables) -> None:
        self.folder = tables.folder
        self.study: Study = tables.study
        self.analysis = Analysis(tables)
        self._tables = tables

    @property
    def connections(self) -> pd.DataFrame:
        """One row a connection; times in seconds, sizes in bytes."""
        return self._tables.frame("connections")

    @property
    def visits(self) -> pd.DataFrame:
        """One row a visit; times in seconds."""
        return self._tables.frame("visits")

    @property
    def samples(self) -> pd.DataFrame:
        """The servers over time, one row a sample and node."""
        return self._tables.frame("samples")

    @property
    def operations(self) -> pd.DataFrame:
        """The work done, one row a node and kind of operation."""
        return self._tables.frame("operations")

    @property
    def links(self) -> pd.DataFrame:
        """The links over time, one row a sample and direction."""
        return self._tables.frame("links")

    @property
    def middleboxes(self) -> pd.DataFrame:
        """The middleboxes over time, one row a sample and box."""
        return self._tables.frame("middleboxes")

    @property
    def verdicts(self) -> pd.DataFrame:
        """What each box did with how many connections, and why."""
        return self._tables.frame("verdicts")

    @property
    def bridged(self) -> pd.DataFrame:
        """The connections that terminating proxies made themselves, one row each."""
        return self._tables.frame("bridged")

    @property
    def question(self) -> Question:
        """What was asked."""
        return self.analysis.question

    @property
    def values(self) -> pd.DataFrame:
        """The question's metrics of every replication; shares from 0 to 1, times in seconds."""
        return self.analysis.values

    @property
    def summary(self) -> pd.DataFrame:
        """Each metric of each design point with its 95 % interval, as in `summary.csv`."""
        return self.analysis.summary

    @property
    def objectives(self) -> pd.DataFrame:
        """Whether each objective is met at each design point, with what was measured.

        Columns: `point`, its settings, `objective`, `limit`, `measured`, `low`, `high` (seconds,
        bytes, shares or numbers), `state` ("met", "missed", "undecided"), `why`.
        """
        return objective_frame(list(self.analysis.verdicts), self.study)

    @property
    def misses_an_objective(self) -> bool:
        """Whether the design point that the scenario file itself describes misses an objective."""
        described = described_point(self.study)
        return described is not None and any(
            verdict.state is State.MISSED
            for verdict in self.analysis.verdicts
            if verdict.point == described.index
        )

    @functools.cached_property
    def answer(self) -> PrintedAnswer:
        """What the study concludes; printed, it is what the command line prints."""
        answer = self.analysis.answer
        return PrintedAnswer(**vars(answer), text=answer_text(self.analysis))

    @property
    def warnings(self) -> tuple[str, ...]:
        """Where the answer does not hold, a sentence each; also in the terminal and the report."""
        return self.analysis.warnings

    @functools.cached_property
    def plot(self) -> Plots:
        """The charts: `result.plot.hit_rate()`."""
        return Plots(self.analysis)

    @property
    def report(self) -> Path:
        """The report's file."""
        return self.folder / report.FILE

    @property
    def manifest(self) -> dict[str, Any]:
        """Everything the study did, where and when: the content of `manifest.json`."""
        return self._tables.manifest

    def connection(self, number: int) -> ShownConnection:
        """Show one connection: its messages, bytes, times, operations and CPU.

        Its replication is simulated again up to its end, with engines in every connection.

        Args:
            number: of its row in `connections`, from 0.

        Raises:
            EvidenceError: it was never run, or does not come out as its row says.
        """
        (found,) = find_connections(self._tables, (rows_from(number),), notice)
        return ShownConnection(found)

    def write_capture(self, file: str | os.PathLike[str], connections: str | int = DEFAULT) -> int:
        """Write connections as a pcapng file, and their key log beside it as `FILE.keys`.

        Args:
            file: its path.
            connections: row numbers of `connections`, from 0, such as "1,5,10-20"; or in words,
                such as "first 10", "slowest 3", "failed".

        Returns:
            How many there are.

        Raises:
            EvidenceError: one was never run, or does not come out as its row says.
            DiskFailed: the file cannot be written.
        """
        found = find_connections(self._tables, parse_choice(connections), notice)
        write_capture(Path(file), found)
        return len(found)

    def measurements(self) -> Measurements:
        """Open the tables for measuring, without the warm-up of steady-state worlds."""
        return self._tables.measurements()

    def __repr__(self) -> str:
        return f"Result({str(self.folder)!r}: {self.answer.sentence})"

    def _repr_html_(self) -> str:
        return report.answer_fragment(self.analysis)


def load_result(folder: str | os.PathLike[str], parts: Sequence[sim.Part] = ()) -> Result:
    """Return the result that lies in a study's out folder.

    `parts` are those that it was run with.

    Raises:
        FolderError: no finished study lies there.
        ScenarioError: its scenario means nothing to this version of tlscape.
    """
    return Result(load_tables(folder, parts))
