"""From a study's tables to what they say: values, summary, answer."""

from __future__ import annotations

import functools
from dataclasses import replace

import pandas as pd

from experiments import questions
from experiments.questions.estimates import Estimates
from experiments.questions.findings import Findings
from experiments.questions.metric import Metric
from experiments.questions.objectives import (
    Verdict,
    objective_table,
    remarks_on_objectives,
    verdicts_of,
)
from experiments.questions.question import Answer, Question
from experiments.questions.summary import summarise
from experiments.questions.table import Table
from experiments.questions.validity import warnings_of
from experiments.results.study_tables import StudyTables
from experiments.studies.study import Study


class Analysis:
    """A study's tables, seen with its question; each part is worked out when it is asked for.

    Attributes:
        tables: what the study has written down.
        question: what was asked.
    """

    def __init__(self, tables: StudyTables) -> None:
        self.tables = tables
        self.question: Question = questions.find(tables.study.file.study.question)

    @property
    def study(self) -> Study:
        """What was run."""
        return self.tables.study

    @functools.cached_property
    def metrics(self) -> tuple[Metric, ...]:
        """What is measured, defined for this study."""
        return self.question.metrics(self.study)

    @property
    def values(self) -> pd.DataFrame:
        """The metrics of every replication; shares from 0 to 1, times in seconds."""
        return self.estimates.values

    @functools.cached_property
    def findings(self) -> Findings:
        """What every question reads of the tables."""
        with self.tables.measurements() as measurements:
            return Findings.of(measurements, self.study)

    @functools.cached_property
    def estimates(self) -> Estimates:
        """The values, and the interval of any metric at any design point."""
        with self.tables.measurements() as measurements:
            values = self.question.measure(measurements, self.findings)
            return Estimates.of(values, self.metrics, measurements)

    @functools.cached_property
    def summary(self) -> pd.DataFrame:
        """Each metric of each design point with its 95 % interval, as in `summary.csv`."""
        return summarise(self.estimates, self.metrics, self.study)

    @functools.cached_property
    def answer(self) -> Answer:
        """What the study concludes."""
        answer = self.question.conclude(self.estimates, self.study)
        objectives = remarks_on_objectives(list(self.verdicts), self.study)
        further = self.question.remarks(self.estimates, self.findings)
        return replace(answer, remarks=(*objectives, *answer.remarks, *further))

    @functools.cached_property
    def verdicts(self) -> tuple[Verdict, ...]:
        """Whether each objective is met at each design point."""
        if not self.study.file.study.objectives:
            return ()
        with self.tables.measurements() as measurements:
            return tuple(verdicts_of(measurements, self.study))

    @functools.cached_property
    def warnings(self) -> tuple[str, ...]:
        """Where the answer does not hold, a sentence each."""
        return tuple(warnings_of(self.findings))

    @property
    def further_warnings(self) -> tuple[str, ...]:
        """The warnings that the answer's own sentence does not say."""
        return tuple(warning for warning in self.warnings if warning != self.answer.sentence)

    @property
    def has_connections(self) -> bool:
        """Whether any connection was recorded."""
        return not self.findings.connections.empty

    @functools.cached_property
    def word_tables(self) -> list[Table]:
        """What else is reported in tables; those without rows are left out."""
        if not self.has_connections:
            return []
        with self.tables.measurements() as measurements:
            tables = [
                objective_table(list(self.verdicts), self.study),
                *self.question.tables(measurements, self.estimates, self.findings),
            ]
        return [table for table in tables if table.rows]
