"""From a study's tables to what they say: values, summary, answer."""

from __future__ import annotations

import functools

import pandas as pd

from experiments import questions
from experiments.questions.question import Answer, Metric, Question, Table
from experiments.questions.summary import summarise
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

    @functools.cached_property
    def values(self) -> pd.DataFrame:
        """The metrics of every replication; shares from 0 to 1, times in seconds."""
        with self.tables.measurements() as measurements:
            return self.question.measure(measurements, self.study)

    @functools.cached_property
    def summary(self) -> pd.DataFrame:
        """Each metric of each design point with its 95 % interval, as in `summary.csv`."""
        return summarise(self.values, self.metrics, self.study)

    @functools.cached_property
    def answer(self) -> Answer:
        """What the study concludes."""
        return self.question.conclude(self.values, self.study)

    @functools.cached_property
    def word_tables(self) -> list[Table]:
        """What else is reported in tables; those without rows are left out."""
        return [table for table in self.question.tables(self.tables) if table.rows]
