"""Processors: the virtual clock, the explicit queue and SimPy's own, and queueing theory."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from math import factorial, inf

import numpy as np
import pytest
import simpy
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sim.activity import Activity, Moments
from sim.environment import Environment
from sim.processors.job import Job
from sim.processors.run_queue import RunQueue
from sim.processors.virtual_clock import VirtualClock
from tests.sim.farm.queueing_theory import erlang_a

Jobs = list[tuple[float, float]]


def on_a_virtual_clock(jobs: Iterable[tuple[float, float]], cores: int) -> Jobs:
    clock = VirtualClock(cores, 0.0)
    return [clock.serve(arrival, demand) for arrival, demand in jobs]


def in_a_run_queue(jobs: Jobs, cores: int) -> Jobs:
    environment = Environment()
    queue = RunQueue(environment, cores)
    served: dict[int, tuple[float, float]] = {}

    def job(number: int, arrival: float, demand: float) -> Moments:
        begin = queue.begins(arrival)
        if begin is None:
            begin = yield queue.queue(arrival)
        served[number] = begin, queue.run(begin, demand)

    def arrivals() -> Moments:
        for number, (arrival, demand) in enumerate(jobs):
            now = yield arrival
            jobs[number] = now, demand
            Activity(environment, job(number, now, demand))

    Activity(environment, arrivals())
    environment.run()
    return [served[number] for number in range(len(jobs))]


def in_simpys_queue(jobs: Jobs, cores: int) -> Jobs:
    environment = simpy.Environment()
    resource = simpy.Resource(environment, capacity=cores)
    served: dict[int, tuple[float, float]] = {}

    def job(number: int, demand: float) -> Generator[simpy.Event, None, None]:
        with resource.request() as request:
            yield request
            start = environment.now
            yield environment.timeout(demand)
            served[number] = start, environment.now

    def arrivals() -> Generator[simpy.Event, None, None]:
        for number, (arrival, demand) in enumerate(jobs):
            yield environment.timeout(arrival - environment.now)
            jobs[number] = environment.now, demand
            environment.process(job(number, demand))

    environment.process(arrivals())
    environment.run()
    return [served[number] for number in range(len(jobs))]


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(1e-6, 8)), max_size=60), st.integers(1, 4))
def test_waits_are_those_of_an_explicit_queue_bit_for_bit(
    gaps_and_demands: Jobs, cores: int
) -> None:
    arrivals = np.cumsum([gap for gap, _ in gaps_and_demands]).tolist()
    jobs = list(zip(arrivals, (demand for _, demand in gaps_and_demands), strict=True))
    explicit = in_simpys_queue(jobs, cores)
    assert on_a_virtual_clock(jobs, cores) == explicit
    assert in_a_run_queue(jobs, cores) == on_a_virtual_clock(jobs, cores)


def share_that_gives_up(
    cores: int, arrivals: np.ndarray, demands: np.ndarray, patience: np.ndarray
) -> float:
    environment = Environment()
    queue = RunQueue(environment, cores)
    outcomes = []

    def withdraw(job: Job, moment: float) -> Moments:
        yield moment
        job.withdraw()

    def client(demand: float, patient: float) -> Moments:
        now = environment.now
        begin = queue.begins(now)
        if begin is None:
            job = queue.queue(now)
            timer = Activity(environment, withdraw(job, now + patient))
            begin = yield job
            timer.cancel()
        outcomes.append(begin < inf)
        if begin < inf:
            queue.run(begin, demand)

    def everybody() -> Moments:
        for arrival, demand, patient in zip(
            arrivals.tolist(), demands.tolist(), patience.tolist(), strict=True
        ):
            yield arrival
            Activity(environment, client(demand, patient))

    Activity(environment, everybody())
    environment.run()
    assert len(outcomes) == len(arrivals)
    assert queue.queue_length(environment.now) == 0
    return outcomes.count(False) / len(outcomes)


@pytest.mark.parametrize(("cores", "rate"), [(1, 1.3), (4, 4.5)])
def test_jobs_are_withdrawn_as_theory_has_it(cores: int, rate: float) -> None:
    """Erlang-A: who waits longer than their patience gives up, and nobody serves them."""
    shares = []
    for seed in range(12):
        generator = np.random.default_rng([42, seed])
        arrivals = np.cumsum(generator.exponential(1 / rate, 12_000))
        demands, patience = generator.exponential(1.0, 12_000), generator.exponential(2.0, 12_000)
        shares.append(share_that_gives_up(cores, arrivals, demands, patience))
    theory = erlang_a(cores, rate, 1.0, 0.5)
    mean, half_width = interval(shares)
    assert half_width < 0.05 * theory
    assert abs(mean - theory) < half_width


def test_a_cancelled_client_leaves_the_queue() -> None:
    environment = Environment()
    queue = RunQueue(environment, 1)
    begun = []

    def client(name: str) -> Moments:
        now = environment.now
        begin = queue.begins(now)
        if begin is None:
            begin = yield queue.queue(now)
        begun.append((name, begin))
        queue.run(begin, 2.0)

    Activity(environment, client("first"))
    second = Activity(environment, client("second"))
    Activity(environment, client("third"))
    assert queue.queue_length(0.0) == 2
    second.cancel()
    assert queue.queue_length(0.0) == 1
    environment.run()
    assert begun == [("first", 0.0), ("third", 2.0)]


def waits(
    generator: np.random.Generator, rate: float, demands: np.ndarray, cores: int
) -> np.ndarray:
    arrivals = np.cumsum(generator.exponential(1 / rate, len(demands)))
    served = on_a_virtual_clock(zip(arrivals.tolist(), demands.tolist(), strict=True), cores)
    return np.array([start for start, _ in served]) - arrivals


def interval(values: list[float]) -> tuple[float, float]:
    """Mean and 95 % half-width over replications."""
    half_width = stats.t.ppf(0.975, len(values) - 1) * stats.sem(values)
    return float(np.mean(values)), float(half_width)


def erlang_c(cores: int, offered: float) -> float:
    last = offered**cores / factorial(cores) * cores / (cores - offered)
    return last / (sum(offered**k / factorial(k) for k in range(cores)) + last)


def test_erlang_c() -> None:
    """Probability and length of waiting in M/M/4 with 3.2 erlang."""
    assert erlang_c(4, 3.2) == pytest.approx(0.596432, abs=1e-6)
    have_to_wait, mean_wait = [], []
    for seed in range(12):
        generator = np.random.default_rng([40, seed])
        wait = waits(generator, 3.2, generator.exponential(1.0, 60_000), 4)[5000:]
        have_to_wait.append(float(np.mean(wait > 0)))
        mean_wait.append(float(np.mean(wait)))
    probability, half_width = interval(have_to_wait)
    assert half_width < 0.01
    assert abs(probability - 0.596432) < half_width
    length, half_width = interval(mean_wait)
    assert half_width < 0.04
    assert abs(length - 0.745541) < half_width


@pytest.mark.parametrize("kind", ["deterministic", "two sizes", "uniform"])
def test_pollaczek_khinchine(kind: str) -> None:
    """M/G/1: Wq = λ E[S²] / (2 (1 - ρ))."""
    rate = 0.7
    means = []
    for seed in range(12):
        generator = np.random.default_rng([41, seed])
        size = 60_000
        if kind == "deterministic":
            demands, second_moment = np.ones(size), 1.0
        elif kind == "two sizes":  # a full handshake among resumed ones
            demands = np.where(generator.random(size) < 0.1, 5.5, 0.5)
            second_moment = 0.1 * 5.5**2 + 0.9 * 0.5**2
        else:
            demands, second_moment = generator.uniform(0.0, 2.0, size), 4 / 3
        means.append(float(np.mean(waits(generator, rate, demands, 1)[5000:])))
    theory = rate * second_moment / (2 * (1 - rate))
    mean, half_width = interval(means)
    assert half_width < 0.06 * theory
    assert abs(mean - theory) < half_width


def test_utilisation_counts_what_was_busy_between_two_samples() -> None:
    processor = VirtualClock(2, -10.0)
    processor.serve(-9.0, 4.0)
    assert processor.sample_utilisation(0.0) == pytest.approx(4 / 20)
    processor.serve(1.0, 3.0)
    processor.serve(8.0, 4.0)  # two of its seconds fall into the next interval
    assert processor.sample_utilisation(10.0) == pytest.approx(5 / 20)
    assert processor.sample_utilisation(20.0) == pytest.approx(2 / 20)
    assert processor.sample_utilisation(20.0) == 0.0


def test_queue_length_counts_who_waits() -> None:
    processor = VirtualClock(1, 0.0)
    for arrival in (0.0, 1.0, 2.0):
        processor.serve(arrival, 10.0)
    assert [processor.queue_length(now) for now in (2.0, 9.9, 10.0, 19.9, 20.0)] == [2, 2, 1, 1, 0]


def test_it_remembers_no_more_jobs_than_wait() -> None:
    """Whether anybody asks for the queue's length or not."""
    processor = VirtualClock(1, 0.0)
    for number in range(1000):
        processor.serve(2.0 * number, 1.5)
        processor.serve(2.0 * number + 1.0, 0.4)
    assert len(processor._waiting) <= 1
    assert processor.queue_length(1999.0) == 1


@given(
    st.lists(st.tuples(st.floats(0.001, 5), st.floats(0.001, 8)), min_size=1, max_size=40),
    st.integers(1, 3),
)
def test_utilisation_adds_up_to_the_demand(jobs: Jobs, cores: int) -> None:
    processor = VirtualClock(cores, 0.0)
    now = end = busy = last = 0.0
    for gap, demand in jobs:
        now += gap
        end = max(end, processor.serve(now, demand)[1])
    for moment in np.linspace(now, end + 1, 7):
        utilisation = processor.sample_utilisation(float(moment))
        assert 0 <= utilisation <= 1
        busy += utilisation * cores * (moment - last)
        last = float(moment)
    assert busy == pytest.approx(sum(demand for _, demand in jobs))
