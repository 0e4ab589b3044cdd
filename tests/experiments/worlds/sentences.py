"""Checks of sentences: what is written, worked out again from the evidence.

A check is registered for a pattern; a sentence that no check knows fails.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import numpy as np
import pytest

import experiments
from tests.experiments.worlds.evidence import Evidence, Figure

NUMBER = r"[-+]?[\d,]+(?:\.\d+)?"
SHARE = rf"({NUMBER}) %(?: \((?:95 % interval )?({NUMBER})–({NUMBER})\))?"
TIME = rf"({NUMBER}) ms(?: \((?:95 % interval )?({NUMBER})–({NUMBER})\))?"
PLAIN = rf"({NUMBER})(?: \((?:95 % interval )?({NUMBER})–({NUMBER})\))?"


class World:
    """A study that was run, with the evidence at each of its design points."""

    def __init__(self, result: experiments.Result) -> None:
        self.result = result
        self.points = {point.label: point for point in result.study.points}
        with result.measurements() as measurements:
            warm_up = measurements.warm_up
        cuts = {} if warm_up is None else warm_up.set_index("point")["warm_up_end"].to_dict()
        self.evidence = {
            label: Evidence(
                result.folder, point.index, result.study.replications, cuts.get(point.index)
            )
            for label, point in self.points.items()
        }
        self.target = (result.study.file.study.model_extra or {}).get("utilisation_target", 0.7)

    def at(self, label: str | None) -> tuple[Evidence, object]:
        label = label or next(iter(self.points))
        return self.evidence[label], self.points[label].scenario

    @property
    def label(self) -> str:
        """A pattern of any design point's label, the longest first."""
        return "|".join(re.escape(label) for label in sorted(self.points, key=len, reverse=True))

    @property
    def costed(self) -> list[str]:
        """The labels of the points at which enough connections complete to know their cost."""
        return [
            label
            for label, evidence in self.evidence.items()
            if len(evidence.connections) and evidence.share_of("failed")[0] < 0.9 - 1e-12
        ]

    def cores(self, label: str | None) -> np.ndarray:
        """The peak rate times the mean cost near it, over the target, of each replication."""
        evidence, scenario = self.at(label)
        rate, since, until = peak(scenario)
        return rate * evidence.mean_of("server_cpu", since, until) / self.target


def peak(scenario: object) -> tuple[float, float, float]:
    """The busiest rate of the whole load, and the window in which its cost is measured."""
    arrivals = scenario.arrivals
    if arrivals.process == "poisson":
        return arrivals.rate, 0.0, math.inf
    number = math.ceil(scenario.duration / arrivals.interval)
    counts = [arrivals.counts[i % len(arrivals.counts)] for i in range(number)]
    first = last = counts.index(max(counts))
    while (
        sum(counts[first : last + 1]) * scenario.scale / arrivals.requests_per_visit < 200
        and (last - first + 3) * arrivals.interval <= max(3600.0, arrivals.interval)
        and (first > 0 or last < number - 1)
    ):
        first, last = max(0, first - 1), min(number - 1, last + 1)
    rate = max(counts) / arrivals.requests_per_visit / arrivals.interval
    return rate, first * arrivals.interval, (last + 1) * arrivals.interval


def same(written: tuple[str | None, ...], figure: Figure, factor: float = 1.0) -> None:
    """Check that written numbers are those of a figure, to the decimals that are written."""
    for text, value in zip(written, figure, strict=True):
        if text is None:
            assert math.isnan(value), (written, figure)
            continue
        decimals = len(text.partition(".")[2])
        # Where its interval is not at hand it may be a wide one.
        if not factor * (figure[2] - figure[1]) < 200:
            digits = text.replace(",", "")
            decimals = min(decimals, len(digits.rstrip("0")) - len(digits))
        assert abs(float(text.replace(",", "")) - factor * value) <= 0.501 * 10.0**-decimals, (
            written,
            figure,
        )


def within(figure: Figure) -> Figure:
    """A share's interval, within 0 and 1 where the share is."""
    share, low, high = figure
    if share > 1 or math.isnan(low):
        return figure
    return share, max(0.0, low), min(1.0, high)


def rounded(written: tuple[str | None, ...], figure: Figure) -> None:
    """Check numbers of three significant digits."""
    for text, value in zip(written, figure, strict=True):
        if text is not None:
            assert float(text.replace(",", "")) == pytest.approx(value, rel=0.006, abs=1e-12)


UNITS = {"ms": 1e-3, "s": 1, "min": 60, "h": 3600, "d": 86400}


def seconds(words: str) -> float:
    """Return a duration in words in seconds."""
    number, unit = words.split()
    return float(number.replace(",", "")) * UNITS[unit]


Check = Callable[[World, re.Match[str]], None]
CHECKS: list[tuple[str, Check]] = []


def says(pattern: str) -> Callable[[Check], Check]:
    """Register a check of the sentences of this pattern; LABEL stands for a design point's."""

    def register(check: Check) -> Check:
        CHECKS.append((pattern, check))
        return check

    return register


def hold(world: World, sentence: str) -> None:
    """Check a sentence; one that no check knows fails."""
    for pattern, check in CHECKS:
        found = re.fullmatch(pattern.replace("LABEL", f"(?:{world.label})"), sentence)
        if found:
            check(world, found)
            return
    pytest.fail(f"no check knows this sentence: {sentence}")


def moment(world: World, words: str, label: str | None = None) -> None:
    """Check a peak in words."""
    _, scenario = world.at(label)
    rate, _, _ = peak(scenario)
    numbers = re.findall(rf"({NUMBER}) connections?/s", words)
    if numbers:
        rounded((numbers[-1], None, None), (rate, math.nan, math.nan))
    assert words.startswith(("at the peak", "at ", "in the busiest "))
