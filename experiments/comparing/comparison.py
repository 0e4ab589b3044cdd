"""What differs between two worlds, and why: paired differences that add up."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.comparing.side import COMPARED, HEADINGS, Side
from experiments.questions.figures import (
    change_in_words,
    difference_figure,
    figure,
    signed,
)
from experiments.questions.metric import Metric, Quantity
from experiments.questions.table import Table
from experiments.results.statistics import (
    Interval,
    paired_difference,
    quantile_difference,
    replication_interval,
)
from experiments.wording import listed

_HEADINGS = tuple(
    Metric(heading, words, Quantity.SECONDS, words, decimals=3)
    for heading in HEADINGS
    for words in [heading.removeprefix("time_").replace("_", " ")]
)

_HEADLINES = (
    "handshake_p99",
    "first_byte_p99",
    "failed_share",
    "resumed_share",
    "server_cpu",
    "cores_needed",
    "bytes_received",
)
"""What the answer speaks of; the tables have all."""

_TOLD = 3
_SMALL = 0.02
"""A part below this share of the whole difference is not told."""


@dataclass(frozen=True)
class Difference:
    """A metric of both sides, and the second less the first.

    Attributes:
        metric: what it is.
        first, second: each with its interval.
        difference: second less first, paired replication by replication, with its interval.
    """

    metric: Metric
    first: Interval
    second: Interval
    difference: Interval

    @property
    def is_shown(self) -> bool:
        """Whether the two differ: 0 is not within the interval."""
        return self.difference.excludes_zero


@dataclass(frozen=True)
class Comparison:
    """Two worlds of the same random numbers, the second less the first.

    Attributes:
        first, second: the two.
    """

    first: Side
    second: Side

    @functools.cached_property
    def differences(self) -> tuple[Difference, ...]:
        """Every metric that both sides have."""
        found = (
            self._of_means(metric) if metric.quantile is None else self._of_quantile(metric)
            for metric in COMPARED
        )
        return tuple(one for one in found if one is not None)

    @functools.cached_property
    def times(self) -> tuple[Difference, ...]:
        """The headings of a connection's time that are ever used; they add up to its duration."""
        found = (self._of_means(heading) for heading in _HEADINGS)
        return tuple(
            one for one in found if one is not None and (one.first.estimate or one.second.estimate)
        )

    @functools.cached_property
    def work(self) -> tuple[Difference, ...]:
        """What a connection costs the servers by kind of operation, the largest change first."""
        first, second = self.first.work, self.second.work
        found = []
        for kind in sorted({*first.columns, *second.columns}):
            one, other = (
                frame[kind].to_numpy(float) if kind in frame else np.zeros(len(frame))
                for frame in (first, second)
            )
            metric = Metric(kind, kind, Quantity.SECONDS, kind, decimals=4)
            found.append(
                Difference(
                    metric,
                    _of_work(one),
                    _of_work(other),
                    paired_difference(other, one),
                )
            )
        return tuple(sorted(found, key=lambda one: -abs(one.difference.estimate)))

    @property
    def answer(self) -> str:
        """Which metrics differ, and which do not, in a sentence or two."""
        told = [one for one in self.differences if one.metric.name in _HEADLINES]
        shown = [
            f"{_named(one)} {change_in_words(one.difference, one.metric)}"
            for one in told
            if one.is_shown
        ]
        alike = [_named(one) for one in told if not one.is_shown]
        names = f"{self.second.name} against {self.first.name}"
        if not any(one.is_shown for one in self.differences):
            return f"{names}: no difference is shown in any metric."
        if not shown:
            return f"{names}: no difference is shown in {listed(alike)}."
        words = f"{names}: {listed(shown)}."
        return words + (f" No difference is shown in {listed(alike)}." if alike else "")

    @property
    def reasons(self) -> list[str]:
        """Why they differ: what a connection's time and the servers' work differ by."""
        return [
            *_reason("A connection takes", "longer", "less time", self.times),
            *_reason("A connection costs the servers", "more CPU time", "less CPU time", self.work),
        ]

    @property
    def tables(self) -> tuple[Table, ...]:
        """The metrics, the headings of time and the operations, each with its difference."""
        return (
            self._table("Metrics", self.differences),
            self._table("Where a connection's time goes, mean, ms", self.times, total="duration"),
            self._table("What a connection costs the servers, ms of CPU", self.work, total="all"),
        )

    def frame(self) -> pd.DataFrame:
        """Return all differences as data.

        Columns: `of` ("metric", "time" or "operation"), `name`, `first`, `second`, `difference`,
        `low`, `high` (seconds, bytes, shares or numbers), `shown`.
        """
        groups = {"metric": self.differences, "time": self.times, "operation": self.work}
        return pd.DataFrame(
            [
                {
                    "of": of,
                    "name": one.metric.name,
                    "first": one.first.estimate,
                    "second": one.second.estimate,
                    "difference": one.difference.estimate,
                    "low": one.difference.low,
                    "high": one.difference.high,
                    "shown": one.is_shown,
                }
                for of, differences in groups.items()
                for one in differences
            ]
        )

    def _table(
        self, title: str, differences: Sequence[Difference], total: str | None = None
    ) -> Table:
        rows = [
            (
                _named(one),
                figure(one.first, one.metric),
                figure(one.second, one.metric),
                _signed_figure(one),
            )
            for one in differences
        ]
        if total is not None and differences:
            rows.append(_sum(differences, total))
        head = ("", self.first.name, self.second.name, "difference")
        return Table(title, head, tuple(rows))

    def _of_means(self, metric: Metric) -> Difference | None:
        """Return a mean's or share's difference, where both sides have one."""
        one, other = (side.replicated(metric) for side in (self.first, self.second))
        if np.isnan(one).all() or np.isnan(other).all():
            return None
        return Difference(
            metric,
            self.first.interval(metric),
            self.second.interval(metric),
            paired_difference(other, one, limit=metric.largest),
        )

    def _of_quantile(self, metric: Metric) -> Difference | None:
        """Return a quantile's difference, where both sides have one."""
        one, other = (side.quantiles.get(metric.name) for side in (self.first, self.second))
        if one is None or other is None:
            return None
        return Difference(metric, one.interval, other.interval, quantile_difference(other, one))


def _of_work(seconds: npt.NDArray[np.float64]) -> Interval:
    """Return the mean of CPU seconds, which are below 0 of what was cut off alone."""
    least = 0.0 if (seconds >= 0).all() else -np.inf
    return replication_interval(seconds).within(least, np.inf)


def _named(difference: Difference) -> str:
    label = difference.metric.label
    return label[0].lower() + label[1:] if label[1:2].islower() else label


def _signed_figure(difference: Difference) -> str:
    if difference.difference[:3] == (0.0, 0.0, 0.0):
        return "0"
    return difference_figure(difference.difference, difference.metric, mark="*")


def _sum(differences: Sequence[Difference], total: str) -> tuple[str, str, str, str]:
    """Return the row of all parts together."""
    metric = differences[0].metric
    sums = [
        sum(getattr(one, side).estimate for one in differences)
        for side in ("first", "second", "difference")
    ]
    missing = [Interval.absent(value, 1, "") for value in sums]
    return (
        f"{total}: their sum",
        figure(missing[0], metric),
        figure(missing[1], metric),
        signed(sums[2], metric),
    )


def _reason(what: str, more: str, less: str, parts: Sequence[Difference]) -> Iterator[str]:
    """Yield a sentence on what a difference is made of, where there is one."""
    whole = sum(one.difference.estimate for one in parts)
    largest = sorted(parts, key=lambda one: -abs(one.difference.estimate))
    if not largest or not any(one.is_shown for one in parts):
        return
    metric = largest[0].metric
    told = [
        f"{_named(one)} {signed(one.difference.estimate, metric)}"
        for one in largest[:_TOLD]
        if one.is_shown and abs(one.difference.estimate) >= _SMALL * abs(whole)
    ]
    word = more if whole > 0 else less
    size = figure(Interval.absent(abs(whole), 1, ""), metric)
    if told:
        yield f"{what} {size} {word} in the mean: {listed(told)} ms."
