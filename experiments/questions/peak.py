"""The busiest moment of an arrival process: when, how busy, and where its cost is measured."""

from __future__ import annotations

import datetime
import itertools
import math
from dataclasses import dataclass

import sim
from experiments.wording import duration_words, rate_words

_LONGEST_WINDOW = 3600.0
_CONNECTIONS_IN_WINDOW = 200
_EQUAL = 1e-9


@dataclass(frozen=True)
class Peak:
    """The busiest interval of a scenario's arrivals.

    Attributes:
        rate: connections a second in it, for the whole load whatever the scale.
        mean_rate: connections a second over the recorded time, for the whole load. Neither counts
            those that are made again because one has failed.
        interval: its length in seconds; `None` when the rate is constant.
        since, until: the window around it, in seconds since the scenario's start, in which a
            connection's mean cost at the peak is measured.
        first, last: when it begins and ends, in seconds since the start; all of the recorded time
            when the rate is constant.
        begins: when it begins, by the calendar; `None` when the rate is constant.
        is_dated: whether the recorded time lies within more than one day.
    """

    rate: float
    mean_rate: float
    interval: float | None
    since: float
    until: float
    first: float
    last: float
    begins: datetime.datetime | None
    is_dated: bool = False

    @property
    def is_constant(self) -> bool:
        """Whether the rate is the same at all times."""
        return self.interval is None

    @property
    def words(self) -> str:
        """The moment and its rate: "in the busiest minute (from 21:42, 400/s)", "at 12/s".

        Where the recorded time is longer than a day it says which one.
        """
        if self.interval is None or self.begins is None:
            return f"at {rate_words(self.rate)}"
        form = "%H:%M" if self.begins.second == 0 else "%H:%M:%S"
        if self.is_dated:
            form = f"%Y-%m-%d {form}"
        return (
            f"in the busiest {duration_words(self.interval, article=True)} "
            f"(from {self.begins.strftime(form)}, {rate_words(self.rate)})"
        )

    @property
    def window_words(self) -> str:
        """Which connections' cost counts: "of all connections", "that arrived within 8 min"."""
        if self.interval is None:
            return "of all recorded connections"
        return f"of the connections that arrived within {duration_words(self.until - self.since)}"


def peak_of(scenario: sim.Scenario) -> Peak:
    """Return a scenario's peak: its busiest recorded interval, or the rate where that is constant.

    Intervals are those of a curve; of other arrivals, those of the samples.

    The window is that interval, widened evenly on both sides until some 200 connections are
    expected in it at the scenario's scale, and never longer than an hour beyond the interval.
    """
    arrivals, connections = scenario.arrivals, scenario.connections_per_visit
    length = getattr(arrivals, "interval", scenario.sample_interval)
    number = max(1, math.ceil(scenario.duration / length))
    counted = [arrivals.expected(place * length) for place in range(number + 1)]
    visits = [later - earlier for earlier, later in itertools.pairwise(counted)]
    if max(visits) - min(visits) <= _EQUAL * max(visits):
        rate = arrivals.mean_rate * connections
        return Peak(
            rate=rate,
            mean_rate=rate,
            interval=None,
            since=0.0,
            until=scenario.duration,
            first=0.0,
            last=scenario.duration,
            begins=None,
        )
    busiest = max(range(number), key=visits.__getitem__)
    first = last = busiest
    while (
        sum(visits[first : last + 1]) * connections * scenario.scale < _CONNECTIONS_IN_WINDOW
        and (last - first + 3) * length <= max(_LONGEST_WINDOW, length)
        and (first > 0 or last < number - 1)
    ):
        first, last = max(0, first - 1), min(number - 1, last + 1)
    recorded = sum(
        visit * min(1.0, (scenario.duration - place * length) / length)
        for place, visit in enumerate(visits)
    )
    return Peak(
        rate=visits[busiest] / length * connections,
        mean_rate=recorded / scenario.duration * connections,
        interval=length,
        since=first * length,
        until=min(scenario.duration, (last + 1) * length),
        first=busiest * length,
        last=min(scenario.duration, (busiest + 1) * length),
        begins=scenario.start + datetime.timedelta(seconds=busiest * length),
        is_dated=_days(scenario) > 1,
    )


def _days(scenario: sim.Scenario) -> int:
    """Return how many days of the calendar the recorded time lies in."""
    begins = scenario.start
    last = begins + datetime.timedelta(seconds=scenario.duration, microseconds=-1)
    return (last.date() - begins.date()).days + 1
