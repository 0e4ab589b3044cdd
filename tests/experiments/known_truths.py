"""Worlds whose truth is known, and how often intervals cover it.

`python -m tests.experiments.known_truths` prints the table of docs/statistics.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import scipy.stats

from experiments.results.statistics import (
    Interval,
    quantile_interval,
    replication_interval,
    share_interval,
)

Estimator = Callable[[np.ndarray], Interval]
"""Takes one study's observations, replications × visits."""

_LANES = 8_000
"""How many replications are drawn at once."""


@dataclass(frozen=True)
class World:
    """Stationary observations: `draw(generator, replications, visits)`, and their truth."""

    name: str
    draw: Callable[[np.random.Generator, int, int], np.ndarray]
    mean: float
    quantile: Callable[[float], float]

    def studies(
        self, seeds: int, replications: int, visits: int, stream: int
    ) -> Iterator[np.ndarray]:
        """One study a seed, some hundred seeds drawn at a time."""
        at_once = max(1, _LANES // replications)
        for first in range(0, seeds, at_once):
            number = min(at_once, seeds - first)
            generator = np.random.default_rng([18, stream, replications, visits, first])
            drawn = self.draw(generator, number * replications, visits)
            yield from drawn.reshape(number, replications, visits)


def _lognormal(generator: np.random.Generator, replications: int, visits: int) -> np.ndarray:
    return np.exp(generator.normal(size=(replications, visits)))


def queue(
    generator: np.random.Generator,
    waits: np.ndarray,
    visits: int,
    load: float,
    *,
    exponential: bool = False,
) -> np.ndarray:
    """Times in a system of one server and service times of mean 1, by Lindley's recursion.

    Args:
        generator: Of the draws.
        waits: How long the first visit of each replication waits.
        visits: How many visits a replication has.
        load: Arrivals a service time.
        exponential: Whether services are exponential (M/M/1) or all equal (M/D/1).
    """
    waits = np.array(waits, dtype=np.float64)
    times = np.empty((len(waits), visits))
    for visit in range(visits):
        service = generator.exponential(1.0, len(waits)) if exponential else 1.0
        times[:, visit] = waits + service
        gaps = generator.exponential(1 / load, len(waits))
        waits = np.maximum(0.0, times[:, visit] - gaps)
    return times


def mm1(load: float) -> World:
    """M/M/1, stationary from its first visit: the time in the system is exponential."""

    def draw(generator: np.random.Generator, replications: int, visits: int) -> np.ndarray:
        waits = generator.exponential(1 / (1 - load), replications)
        waits *= generator.random(replications) < load
        return queue(generator, waits, visits, load, exponential=True)

    return World(
        f"M/M/1 at {load:g}", draw, 1 / (1 - load), lambda q: -math.log(1 - q) / (1 - load)
    )


def md1(load: float) -> World:
    """M/D/1 after 1,500 visits that are not counted; exact mean, and exact quantiles."""

    def draw(generator: np.random.Generator, replications: int, visits: int) -> np.ndarray:
        warm = np.zeros(replications)
        for _ in range(1_500):
            warm += 1.0 - generator.exponential(1 / load, replications)
            np.maximum(warm, 0.0, out=warm)
        return queue(generator, warm, visits, load)

    return World(
        f"M/D/1 at {load:g}",
        draw,
        1 + load / (2 * (1 - load)),
        lambda q: 1 + md1_wait_quantile(load, q),
    )


def md1_wait_quantile(load: float, probability: float) -> float:
    """A quantile of the wait in M/D/1, in service times, by A. K. Erlang's distribution (1909)."""

    def distribution(wait: float) -> float:
        terms = (
            math.exp(load * (wait - k)) * (load * (k - wait)) ** k / math.factorial(k)
            for k in range(int(wait) + 1)
        )
        return (1 - load) * math.fsum(terms)

    if distribution(0.0) >= probability:
        return 0.0
    low, high = 0.0, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if distribution(middle) < probability else (low, middle)
    return high


LOGNORMAL = World(
    "lognormal",
    _lognormal,
    math.exp(0.5),
    lambda q: float(np.exp(scipy.stats.norm.ppf(q))),
)


def shares(probability: float, correlation: float = 0.0) -> World:
    """Hits and misses, 1 and 0, with this correlation within a replication (beta-binomial)."""

    def draw(generator: np.random.Generator, replications: int, visits: int) -> np.ndarray:
        own = np.full(replications, probability)
        if correlation:
            both = (1 - correlation) / correlation
            own = generator.beta(probability * both, (1 - probability) * both, replications)
        return (generator.random((replications, visits)) < own[:, None]).astype(np.float64)

    name = f"beta-binomial, correlation {correlation:g}" if correlation else "Bernoulli"
    return World(f"{name}, {probability:g}", draw, probability, lambda q: math.nan)


def mean(study: np.ndarray) -> Interval:
    """Student's interval of the replications' means."""
    return replication_interval(study.mean(axis=1))


def share(study: np.ndarray) -> Interval:
    """The interval of the share of ones."""
    return share_interval(study.mean(axis=1), [study.shape[1]] * len(study))


def quantile(probability: float) -> Estimator:
    """The interval of a quantile."""
    return lambda study: quantile_interval(list(study), probability)


def student_of_quantiles(probability: float) -> Estimator:
    """What is usual: Student's interval of the replications' own quantiles."""
    return lambda study: replication_interval(np.quantile(study, probability, axis=1))


def coverage(studies: Iterator[np.ndarray], estimator: Estimator, truth: float) -> float:
    """The share of the studies that have an interval whose interval covers the truth.

    NaN when none has an interval.
    """
    covered = [
        interval.low <= truth <= interval.high
        for interval in map(estimator, studies)
        if not interval.reason
    ]
    return sum(covered) / len(covered) if covered else math.nan


_COLUMNS = [(visits, replications) for visits in (60, 400, 2_000) for replications in (4, 8)]


def _table(seeds: int = 2_000) -> Iterator[str]:
    """The rows of the table, in Markdown."""
    queues = (LOGNORMAL, mm1(0.5), md1(0.8))
    rows: list[tuple[World, str, Estimator, float]] = []
    for world in queues:
        rows.append((world, "mean: Student", mean, world.mean))
    for probability in (0.5, 0.95, 0.99):
        for world in queues:
            truth = world.quantile(probability)
            name = f"p{100 * probability:g}"
            rows.append((world, f"{name}: Woodruff", quantile(probability), truth))
            rows.append((world, f"{name}: Student", student_of_quantiles(probability), truth))
    for world in (shares(0.3), shares(0.3, 0.02), shares(0.05), shares(0.05, 0.02), shares(0.01)):
        rows.append((world, "share: Wilson", share, world.mean))
        rows.append((world, "share: Student", mean, world.mean))
    for row, (world, name, estimator, truth) in enumerate(rows):
        cells = []
        for visits, replications in _COLUMNS:
            drawn = world.studies(seeds, replications, visits, 100 + row // 2)
            percent = 100 * coverage(drawn, estimator, truth)
            cells.append("" if math.isnan(percent) else f"{percent:.1f}")
        yield f"| {name} | {world.name} | {' | '.join(cells)} |"


if __name__ == "__main__":
    for line in _table():
        print(line, flush=True)
