"""What a question is: what it measures in every replication, and how it concludes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from experiments.presentation.chart import Chart
    from experiments.results.measures import Measurements
    from experiments.results.result import Result
    from experiments.studies.study import Study


class Quantity(Enum):
    """How a metric's number is written."""

    SHARE = "%"
    SECONDS = "ms"
    COUNT = ""
    THOUSANDS = "thousand"


@dataclass(frozen=True)
class Metric:
    """One number a replication.

    Attributes:
        name: its name in `summary.csv`.
        label: its name in a table's head.
        quantity: its kind; shares are from 0 to 1, times are seconds,
            counts plain numbers.
        definition: exactly what it is, one sentence.
        decimals: digits after the point, in the unit that `quantity` writes.
        at_scale: whether it holds for the load as simulated only, not for the unscaled one.
    """

    name: str
    label: str
    quantity: Quantity
    definition: str
    decimals: int = 1
    at_scale: bool = False


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


@dataclass(frozen=True)
class Table:
    """A table of words beside the answer's: its title, its head, and its rows."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Question(ABC):
    """A question: its metrics, its conclusion, its charts."""

    asks: str
    """The question in one sentence."""

    metrics: tuple[Metric, ...]
    """What is measured, in the order of the answer's table."""

    @abstractmethod
    def measure(self, measurements: Measurements, study: Study) -> pd.DataFrame:
        """Return the metrics of every replication.

        The frame has the columns `point`, `replication` and each metric's name, one row a
        job; NaN where a metric does not apply (no handshake in plain HTTP).
        """

    @abstractmethod
    def conclude(self, values: pd.DataFrame, study: Study) -> Answer:
        """Return the answer that the replications' `values` (as measured) give."""

    def tables(self, result: Result) -> list[Table]:
        """Return what else is told in tables; nothing, unless a question says more."""
        return []

    @abstractmethod
    def charts(self, result: Result) -> list[Chart]:
        """Return the report's charts, the telling one first."""
