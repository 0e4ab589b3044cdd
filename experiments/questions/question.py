"""What a question is: what it measures in every replication, and how it concludes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Self

import pandas as pd
from pydantic import BaseModel, ConfigDict

from experiments.questions.estimates import Estimates
from experiments.questions.findings import Findings
from experiments.questions.metric import Metric
from experiments.questions.table import Table
from experiments.results.measures import Measurements
from experiments.studies.study import Study

NOTHING_RECORDED = "No connection was recorded: simulate longer, or more of the load."
"""The answer, and the warning, of a study that has nothing to tell."""


@dataclass(frozen=True)
class Answer:
    """What a study concludes.

    Attributes:
        sentence: the answer to the question, computed from the table.
        remarks: what one must know to use it, a sentence each.
        recommended: the index of the design point that is recommended, if one is.
        shown: the design points that plots compare, with a word for each.
    """

    sentence: str
    remarks: tuple[str, ...] = ()
    recommended: int | None = None
    shown: Mapping[int, str] = field(default_factory=dict)


class Settings(BaseModel):
    """What a question lets a `[study]` table set; each question that has any derives its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def of(cls, study: Study) -> Self:
        """Return what a study sets; defaults for the rest."""
        return cls.model_validate(study.file.study.model_extra or {})


class Question(ABC):
    """A question: its settings, its metrics, its conclusion, its charts."""

    asks: ClassVar[str]
    """The question in one sentence."""

    settings: ClassVar[type[Settings]] = Settings
    """Its settings in a `[study]` table."""

    charts: ClassVar[tuple[str, ...]]
    """The report's charts by their names (methods of `Plots`), the telling one first."""

    @abstractmethod
    def metrics(self, study: Study) -> tuple[Metric, ...]:
        """Return what is measured, defined for this study, in the order of the answer's table."""

    def compared(self, study: Study) -> dict[str, Metric]:
        """Return what sentences compare between a factor's levels, by what they call it."""
        return {}

    @abstractmethod
    def measure(self, measurements: Measurements, findings: Findings) -> pd.DataFrame:
        """Return the metrics of every replication.

        The frame has the columns `point`, `replication` and each metric's name, one row a
        job; NaN where a metric does not apply (no handshake in plain HTTP).
        """

    @abstractmethod
    def conclude(self, estimates: Estimates, study: Study) -> Answer:
        """Return the answer that the estimates from the replications give."""

    def remarks(self, estimates: Estimates, findings: Findings) -> list[str]:
        """Return what else one must know, of findings; nothing, unless a question says more."""
        return []

    def tables(
        self, measurements: Measurements, estimates: Estimates, findings: Findings
    ) -> list[Table]:
        """Return what else is reported in tables; nothing, unless a question says more."""
        return []
