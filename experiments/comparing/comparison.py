"""What differs between two worlds, and why: paired differences that add up."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.comparing.side import HEADINGS, Side
from experiments.questions import metrics, reachability
from experiments.questions.figures import NOTHING, decimals_of, figure, signed
from experiments.questions.metric import Metric, Quantity
from experiments.questions.table import Table
from experiments.results.statistics import (
    CONFIDENCE,
    Interval,
    paired_difference,
    quantile_difference,
    replication_interval,
    share_interval,
)
from experiments.wording import listed

DURATION = Metric(
    "duration",
    "Duration",
    Quantity.SECONDS,
    "Time from the SYN until a connection is over, mean of all connections.",
    decimals=2,
)
COMPARED = (
    *metrics.HANDSHAKE,
    *metrics.FIRST_BYTE,
    DURATION,
    metrics.FAILED_SHARE,
    metrics.FULL_SHARE,
    metrics.RESUMED_SHARE,
    metrics.HIT_RATE,
    reachability.ROUND_TRIPS,
    reachability.SENT,
    reachability.RECEIVED,
    metrics.SERVER_CPU,
    metrics.UTILISATION,
    Metric("cores_needed", "Cores needed", Quantity.COUNT, "", decimals=2),
    metrics.MEMORY,
)
"""The metrics that are compared, where both sides have them."""

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
        quantiles = self._quantiles()
        found = []
        for metric in COMPARED:
            if metric.quantile is not None:
                key = metric.column, metric.quantile
                if key in quantiles:
                    one, other = quantiles[key]
                    difference = quantile_difference(other, one)
                    found.append(Difference(metric, one.interval, other.interval, difference))
                continue
            frames = self.first.values, self.second.values
            if all(metric.name in frame and frame[metric.name].notna().any() for frame in frames):
                found.append(self._of_means(metric))
        return tuple(found)

    @functools.cached_property
    def times(self) -> tuple[Difference, ...]:
        """The headings of a connection's time that are ever used; they add up to its duration."""
        found = []
        for heading in HEADINGS:
            words = heading.removeprefix("time_").replace("_", " ")
            metric = Metric(heading, words, Quantity.SECONDS, words, decimals=3)
            found.append(self._of_means(metric))
        return tuple(one for one in found if one.first.estimate or one.second.estimate)

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
                    replication_interval(one),
                    replication_interval(other),
                    paired_difference(other, one),
                )
            )
        return tuple(sorted(found, key=lambda one: -abs(one.difference.estimate)))

    @property
    def answer(self) -> str:
        """Which metrics differ, and which do not, in a sentence or two."""
        told = [one for one in self.differences if one.metric.name in _HEADLINES]
        shown = [f"{_named(one)} {_change(one)}" for one in told if one.is_shown]
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

    def _of_means(self, metric: Metric) -> Difference:
        one, other = (
            frame[metric.name].to_numpy(float) for frame in (self.first.values, self.second.values)
        )
        return Difference(
            metric,
            _interval(self.first, metric),
            _interval(self.second, metric),
            paired_difference(other, one),
        )

    def _quantiles(self) -> dict[tuple[str, float], tuple]:  # type: ignore[type-arg]
        found = {}
        for column in dict.fromkeys(one.column for one in COMPARED if one.quantile is not None):
            probabilities = [
                one.quantile
                for one in COMPARED
                if one.column == column and one.quantile is not None
            ]
            first = self.first.quantiles(column, probabilities, CONFIDENCE)
            second = self.second.quantiles(column, probabilities, CONFIDENCE)
            for probability in probabilities:
                if probability in first and probability in second:
                    found[column, probability] = first[probability], second[probability]
        return found


def _interval(side: Side, metric: Metric) -> Interval:
    values = side.values[metric.name].to_numpy(float)
    if metric.quantity is Quantity.SHARE and metric.count:
        return share_interval(values, side.values[metric.count].to_numpy(float))
    return replication_interval(values)


def _named(difference: Difference) -> str:
    label = difference.metric.label
    return label[0].lower() + label[1:] if label[1:2].islower() else label


def _change(difference: Difference) -> str:
    interval = difference.difference
    verb = "rises" if interval.estimate > 0 else "falls"
    metric = difference.metric
    size = Interval(
        abs(interval.estimate),
        min(abs(interval.low), abs(interval.high)),
        max(abs(interval.low), abs(interval.high)),
        interval.replications,
    )
    unit = " percentage points" if metric.quantity is Quantity.SHARE else ""
    words = figure(size, metric)
    if unit:
        words = words.replace(" %", unit, 1)
    return f"{verb} by {words}"


def _signed_figure(difference: Difference) -> str:
    interval, metric = difference.difference, difference.metric
    if math.isnan(interval.estimate):
        return NOTHING
    if interval[:3] == (0.0, 0.0, 0.0):
        return "0"
    decimals = decimals_of(interval, metric)
    words = signed(interval.estimate, metric, decimals)
    if not math.isnan(interval.low):
        ends = (signed(end, metric, decimals) for end in (interval.low, interval.high))
        words += f" ({' to '.join(ends)})"
    return words + ("*" if difference.is_shown else "")


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
