"""Threads that slow each other down: beside a count by hand, and queueing theory."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.activity import Activity, Moments
from sim.costs import ContentionCurve
from sim.environment import Environment
from sim.processors.contention import Contention
from sim.processors.processor import Processor
from sim.processors.run_queue import RunQueue
from sim.processors.sharing import SharedCores
from sim.processors.virtual_clock import VirtualClock
from sim.processors.workers import WorkerProcesses

CURVE = ContentionCurve([(1, 1.0), (2, 0.8), (4, 0.5)])
Served = list[tuple[float, float, float]]
"""Of each job: its arrival, beginning and end."""


def served(
    environment: Environment,
    processor: Callable[[int], Processor],
    jobs: list[tuple[float, float]],
) -> Served:
    """What becomes of jobs (arrival, demand), each at the processor that its number has."""
    found: dict[int, tuple[float, float, float]] = {}

    def job(number: int, arrival: float, demand: float) -> Moments:
        serving, now = processor(number), (yield arrival)
        begin = serving.begins(now)
        if begin is None:
            begin = yield serving.queue(now)
        end = serving.run(begin, demand)
        if isinstance(end, float):
            found[number] = now, begin, end
        else:
            done = yield end
            found[number] = now, done - end.seconds, done

    for number, (arrival, demand) in enumerate(jobs):
        Activity(environment, job(number, arrival, demand))
    environment.run()
    return [found[number] for number in range(len(jobs))]


JOBS = st.lists(st.tuples(st.integers(0, 200), st.integers(1, 30)), min_size=1, max_size=40).map(
    lambda jobs: [(at / 8 + 1, length / 8) for at, length in sorted(jobs)]
)


def assert_stretched(jobs: list[tuple[float, float]], found: Served) -> None:
    """Each job took its demand over the speed of as many as ran when it began."""
    for (_, demand), (_, begin, end) in zip(jobs, found, strict=True):
        earlier = sorted(found, key=lambda job: job[1])
        running = sum(one < begin - 1e-9 and begin + 1e-9 < other for _, one, other in earlier)
        together = sum(abs(one - begin) <= 1e-9 for _, one, _ in found)
        speeds = [CURVE.speed(running + place) for place in range(1, together + 1)]
        assert min(abs(end - begin - demand / speed) for speed in speeds) < 1e-6


@settings(deadline=None)
@given(JOBS, st.integers(1, 5))
def test_a_job_runs_at_the_speed_of_those_that_are_busy_when_it_begins(
    jobs: list[tuple[float, float]], cores: int
) -> None:
    environment = Environment()
    clock = VirtualClock(cores, 0.0, Contention(CURVE))
    found = served(environment, lambda number: clock, jobs)
    assert_stretched(jobs, found)
    queue_world = Environment()
    queue = RunQueue(queue_world, cores, Contention(CURVE))
    again = served(queue_world, lambda number: queue, jobs)
    assert np.array(again) == pytest.approx(np.array(found))


@settings(deadline=None)
@given(JOBS, st.integers(2, 4))
def test_workers_count_those_that_are_busy_on_their_machine(
    jobs: list[tuple[float, float]], count: int
) -> None:
    environment = Environment()
    workers = WorkerProcesses(discipline="workers").processor(
        environment, count, blocking=False, contention=CURVE
    )
    loops = [workers.loop(0.0, (worker + 0.5) / count) for worker in range(count)]
    assert_stretched(jobs, served(environment, lambda number: loops[number % count], jobs))


def test_without_others_nothing_is_slower() -> None:
    environment = Environment()
    jobs = [(float(number), 0.5) for number in range(10)]
    clock = VirtualClock(4, 0.0, Contention(CURVE))
    assert served(environment, lambda number: clock, jobs) == [
        (at, at, at + length) for at, length in jobs
    ]


def test_shared_cores_run_at_the_speed_of_each_moment() -> None:
    """Two jobs of 1 s, the second 0.5 s later: 0.5 s alone, then at 0.8, then alone again."""
    environment = Environment()
    cores = SharedCores(environment, 2, CURVE)
    first, second = served(environment, lambda number: cores, [(1.0, 1.0), (1.5, 1.0)])
    assert first == pytest.approx((1.0, 1.0, 1.5 + 0.5 / 0.8))
    assert second == pytest.approx((1.5, 1.5, first[2] + 0.5))
    assert cores.sample_utilisation(second[2]) == pytest.approx(
        ((first[2] - 1.0) + (second[2] - 1.5)) / (2 * second[2])
    )


def test_what_sharing_adds_is_waiting_and_what_contention_adds_is_not() -> None:
    """Three jobs on two cores: each occupies a core two thirds of the time, at 0.8."""
    environment = Environment()
    cores = SharedCores(environment, 2, CURVE)
    for arrival, begin, end in served(environment, lambda number: cores, [(1.0, 0.4)] * 3):
        assert end - arrival == pytest.approx(0.4 * 1.5 / 0.8)
        assert end - begin == pytest.approx(0.4 / 0.8)


def test_a_crash_ends_contention() -> None:
    clock = VirtualClock(2, 0.0, Contention(CURVE))
    clock.serve(1.0, 10.0)
    clock.crash(2.0, 3.0)
    assert clock.serve(4.0, 1.0) == (4.0, 5.0)


def test_a_core_that_is_held_is_busy_only_while_it_works() -> None:
    environment = Environment()
    queue = RunQueue(environment, 2, Contention(CURVE))
    assert queue.hold(0.0, 1.0) == 1.0
    assert queue.run(0.5, 0.4) == pytest.approx(0.5 + 0.4 / 0.8)
    assert queue.run(1.5, 0.4) == pytest.approx(1.9)


# ------------------------------------------------------------------ theory

_MOST = 400


def stationary(rates: np.ndarray) -> np.ndarray:
    """The stationary distribution of a chain of these transition rates."""
    balance = (rates - np.diag(rates.sum(axis=1))).T
    balance[-1] = 1.0
    right = np.zeros(len(rates))
    right[-1] = 1.0
    return np.linalg.solve(balance, right)


def mean_number_shared(load: float, cores: int) -> float:
    """Jobs in an M/M/c queue, demands of mean 1, whose departures are of the state's speed."""
    rates = np.zeros((_MOST, _MOST))
    for jobs in range(_MOST - 1):
        busy = min(jobs + 1, cores)
        rates[jobs, jobs + 1] = load
        rates[jobs + 1, jobs] = busy * CURVE.speed(busy)
    return float(stationary(rates) @ np.arange(_MOST))


def mean_number_fifo(load: float) -> float:
    """Jobs in an M/M/2 queue, demands of mean 1, at the speed of the state at their beginning.

    A state is the jobs on a core that began alone, those that began beside another, and who waits.
    """
    alone, beside = CURVE.speed(1), CURVE.speed(2)
    states = [(fast, slow, 0) for fast, slow in ((0, 0), (1, 0), (0, 1))]
    states += [(fast, 2 - fast, waiting) for fast in (0, 1) for waiting in range(_MOST // 2)]
    place = {state: number for number, state in enumerate(states)}
    rates = np.zeros((len(states), len(states)))
    for (fast, slow, waiting), number in place.items():
        if fast + slow == 2:
            arrived = (fast, slow, waiting + 1)
        else:
            arrived = (fast, slow + 1, 0) if fast + slow else (1, 0, 0)
        if arrived in place:
            rates[number, place[arrived]] += load
        for rate, left in (
            (fast * alone, (fast - 1, slow)),
            (slow * beside, (fast, slow - 1)),
        ):
            if rate:
                then = (left[0], left[1] + 1, waiting - 1) if waiting else (*left, 0)
                rates[number, place[then]] += rate
    return float(stationary(rates) @ np.array([sum(state) for state in states]))


def poisson_jobs(rate: float, number: int, seed: int) -> list[tuple[float, float]]:
    draws, now, jobs = random.Random(seed), 0.0, []
    for _ in range(number):
        now += draws.expovariate(rate)
        jobs.append((now, draws.expovariate(1.0)))
    return jobs


def mean_number(found: Served) -> float:
    return sum(end - arrival for arrival, _, end in found) / found[-1][0]


def test_processor_sharing_by_theory() -> None:
    environment = Environment()
    cores = SharedCores(environment, 4, CURVE)
    found = served(environment, lambda number: cores, poisson_jobs(1.4, 60_000, seed=11))
    assert mean_number(found) == pytest.approx(mean_number_shared(1.4, 4), rel=0.03)


def test_first_come_first_served_by_theory() -> None:
    environment = Environment()
    clock = VirtualClock(2, 0.0, Contention(CURVE))
    found = served(environment, lambda number: clock, poisson_jobs(1.0, 100_000, seed=12))
    assert mean_number(found) == pytest.approx(mean_number_fifo(1.0), rel=0.03)
