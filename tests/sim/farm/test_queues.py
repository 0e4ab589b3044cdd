"""Servers as queues and loss systems, against theory.

Of each system 20 replications, their seeds fixed before any was run. Every mean lies within 3 % of
the theory, with a 95 % half-width of at most 3 %; both 5 % at a load of 0.9. Of N intervals of 95 %
some miss the theory by chance: a binomial number, of which more than the 0.99 quantile would be a
bias. Systems of one load see the same arrivals, so that their errors are alike.

`make slow` runs a part, `make theory` all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from math import exp
from multiprocessing import get_context
from typing import Any

import numpy as np
import pytest
from scipy import stats

from tests.sim.farm.queueing_theory import erlang_b, md_c, mg_1, mm_c, mm_ck
from tests.sim.farm.replications import (
    CONSTANT,
    EXPONENTIAL,
    LOG_NORMAL,
    REPLICATIONS,
    SERVICE,
    Interval,
    Measure,
    farm,
    interval,
    replicate,
)

LOADS = (0.3, 0.7, 0.9)
TOLERANCE = {0.3: 0.03, 0.7: 0.03, 0.9: 0.05}
WARM_UP = {0.3: 200, 0.7: 600, 0.9: 3000}
"""Connections of a warm-up: about ten times the relaxation time of an M/M/1 queue."""
VARIATION = exp(0.64) - 1
"""The squared coefficient of variation of log-normal service times."""


@dataclass(frozen=True)
class System:
    """A farm, and what theory says of it.

    Attributes:
        name: as the field writes it.
        load: of each of its servers, or processors.
        rate: connections a second.
        connections: recorded in each replication, in the mean.
        warm_up: before them.
        server: the table of its servers.
        theory: the right value of each measure.
    """

    name: str
    load: float
    rate: float
    connections: int
    warm_up: int
    server: dict[str, Any]
    theory: dict[Measure, float]


def queue(
    name: str,
    load: float,
    wait: float,
    connections: int,
    cpu: Any,
    cores: int = 1,
    discipline: str = "fifo",
) -> System:
    """Whose mean wait is known; in the order of their coming, from one queue or several."""
    queues = cores if discipline == "workers" else 1
    return System(
        name,
        load,
        load * cores / SERVICE,
        connections,
        WARM_UP[load] * queues,
        {"cores": cores, "application": {"cpu": cpu}, "processor": {"discipline": discipline}},
        {Measure.WAIT: wait},
    )


def shared(name: str, load: float, connections: int, cpu: Any) -> System:
    """Processor sharing: the mean time in the system is S / (1 - rho), whatever S is."""
    return System(
        name,
        load,
        load / SERVICE,
        connections,
        WARM_UP[load],
        {"application": {"cpu": cpu}, "processor": {"discipline": "processor-sharing"}},
        {Measure.SOJOURN: SERVICE / (1 - load)},
    )


def limited(load: float, connections: int) -> System:
    """M/M/2/3: two cores, and place for three connections."""
    refused, wait = mm_ck(2, 3, 2 * load, SERVICE)
    return System(
        "M/M/2/3",
        load,
        2 * load / SERVICE,
        connections,
        WARM_UP[load],
        {"cores": 2, "application": {"cpu": EXPONENTIAL}, "connections": {"most": 3}},
        {Measure.REFUSED: refused, Measure.WAIT: wait},
    )


def full(name: str, load: float, connections: int, back_end: Any) -> System:
    """M/G/3/3: place for three connections, which wait for the back end alone."""
    return System(
        name,
        load,
        3 * load / SERVICE,
        connections,
        WARM_UP[load],
        {"application": {"back_end": back_end}, "connections": {"most": 3}},
        {Measure.REFUSED: erlang_b(3, 3 * load)},
    )


def every_system() -> Iterable[System]:
    """All systems at all loads; at the higher a mean takes more connections to settle."""
    for load, mm1, mm4, md1, md4, mg1, ps, mm23, mg33, own in zip(
        LOADS,
        (5_500, 9_500, 45_000),
        (90_000, 24_000, 44_000),
        (4_500, 5_500, 20_000),
        (52_000, 14_000, 22_000),
        (6_000, 12_500, 48_000),
        (1_500, 5_000, 27_000),
        (13_000, 3_000, 3_000),
        (11_000, 2_000, 2_000),
        (5_000, 15_000, 46_000),
        strict=True,
    ):
        alone, four = mm_c(1, load, SERVICE), mm_c(4, 4 * load, SERVICE)
        yield queue("M/M/1", load, alone, mm1, EXPONENTIAL)
        yield queue("M/M/4", load, four, mm4, EXPONENTIAL, 4)
        yield queue("M/D/1", load, mg_1(load, SERVICE, 0.0), md1, CONSTANT)
        yield queue("M/D/4", load, md_c(4, 4 * load, SERVICE), md4, CONSTANT, 4)
        yield queue("M/G/1", load, mg_1(load, SERVICE, VARIATION), mg1, LOG_NORMAL)
        yield queue("4 × M/M/1 (workers)", load, alone, own, EXPONENTIAL, 4, "workers")
        yield shared("M/G/1 processor sharing, log-normal", load, ps, LOG_NORMAL)
        yield limited(load, mm23)
        for kind, times in (("M", EXPONENTIAL), ("D", CONSTANT), ("G", LOG_NORMAL)):
            yield full(f"M/{kind}/3/3", load, mg33, times)
    yield shared("M/M/1 processor sharing", 0.7, 6_000, EXPONENTIAL)
    yield shared("M/D/1 processor sharing", 0.7, 4_000, CONSTANT)


QUICK = {
    ("M/M/1", 0.3),
    ("M/M/1", 0.7),
    ("M/D/1", 0.7),
    ("M/G/1 processor sharing, log-normal", 0.7),
    ("M/M/2/3", 0.7),
    ("M/G/3/3", 0.7),
}
"""The systems of which `make slow` runs all replications."""


def measured(systems: Sequence[System]) -> list[tuple[System, Measure, Interval]]:
    """What the replications of each system say, two of them at a time."""
    worlds = [farm(each.rate, each.connections, each.warm_up, each.server) for each in systems]
    jobs = [
        (world, tuple(system.theory), replication)
        for world, system in zip(worlds, systems, strict=True)
        for replication in range(REPLICATIONS)
    ]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        told = iter(pool.map(replicate, *zip(*jobs, strict=True)))
        found = []
        for system in systems:
            own = [next(told) for _ in range(REPLICATIONS)]
            controls = np.array([each.controls for each in own])
            for number, measure in enumerate(system.theory):
                values = np.array([each.values[number] for each in own])
                found.append((system, measure, interval(values, controls)))
    return found


def check(systems: Sequence[System]) -> None:
    """Every mean is near enough, and no more intervals miss than chance allows."""
    lines, faults, missed = [], [], 0
    found = measured(systems)
    for system, measure, simulated in found:
        right, tolerance = system.theory[measure], TOLERANCE[system.load]
        off, width = simulated.mean / right - 1, simulated.half_width / right
        inside = simulated.has(right)
        line = (
            f"| {system.name} | {system.load} | {measure.value} | {right:.6g} "
            f"| {simulated.mean:.6g} ± {simulated.half_width:.2g} | {off:+.2%} ± {width:.2%} "
            f"|{'' if inside else ' outside'}"
        )
        lines.append(line)
        missed += not inside
        if abs(off) > tolerance or width > tolerance:
            faults.append(line)
    print(*lines, sep="\n")
    assert not faults, faults
    assert missed <= stats.binom.ppf(0.99, len(found), 0.05), lines


@pytest.mark.slow
def test_some_systems() -> None:
    """Those that run at every change."""
    check([each for each in every_system() if (each.name, each.load) in QUICK])


@pytest.mark.slow
@pytest.mark.whole
def test_all_systems() -> None:
    """At all loads: some nine million connections."""
    check(list(every_system()))
