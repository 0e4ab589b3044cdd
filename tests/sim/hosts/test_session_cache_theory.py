"""The simulated session cache against the theory of caches, with live engines.

Each case: replications with seeds fixed here, the mean hit rate with its 95 % half-width
(t-interval) at most 0.5 percentage points, and within 1 percentage point of the theory.
"""

from __future__ import annotations

from collections import OrderedDict
from math import exp
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pytest
from scipy import stats
from scipy.optimize import brentq

import sim
from sim.workload.zipf import Zipf
from tests.sim.worlds import connections, rows, scenario

SEED = 1998
REPLICATIONS = 12

LIFETIME = 600.0
CLIENTS = 400
RATE_OF_A_CLIENT = 1 / 300.0
LOAD = RATE_OF_A_CLIENT * LIFETIME

ZIPF = Zipf(kind="zipf", clients=1000, exponent=0.8)
CAPACITY = 100

CHEAP: dict[str, Any] = {
    "kind": "steady-state",
    "sample_interval": "1 h",
    "path": {"round_trip_time": "1 ms"},
    "http": {"requests": 1, "request_size": "100 B", "response_size": "100 B"},
    "server__identity": "contoso-rsa-1024",
    "server__machine": "nginx-2026",
}


def hit_rate(world: sim.Scenario) -> tuple[float, float]:
    """Share of all connections that resume: mean and 95 % half-width over the replications."""
    shares = []
    for replication in range(REPLICATIONS):
        found = connections(world, seed=SEED, replication=replication)
        shares.append(float(pc.mean(pc.equal(found["outcome"], "resumed-by-id")).as_py()))
    half_width = stats.t.ppf(0.975, REPLICATIONS - 1) * stats.sem(shares)
    return float(np.mean(shares)), float(half_width)


def poisson_clients(*, renew: bool) -> sim.Scenario:
    """Clients that come by Poisson processes of their own; nobody is ever evicted."""
    return scenario(
        **CHEAP,
        duration="3000 s",
        warm_up="1800 s",
        arrivals={"process": "poisson", "rate": f"{CLIENTS * RATE_OF_A_CLIENT} /s"},
        population={"kind": "independent", "clients": CLIENTS},
        server__sessions={
            "capacity": "unlimited",
            "lifetime": f"{LIFETIME} s",
            "renew": renew,
        },
    )


def popular_clients(eviction: str) -> sim.Scenario:
    """The independent reference model; no session ever expires."""
    return scenario(
        **CHEAP,
        duration="900 s",
        warm_up="100 s",
        arrivals={"process": "poisson", "rate": "10 /s"},
        population=ZIPF.model_dump(),
        server__sessions={"capacity": CAPACITY, "lifetime": "unlimited", "eviction": eviction},
    )


def che(eviction: str, popularity: np.ndarray, capacity: int) -> float:
    """Che's approximation: a cache of C entries is one of the lifetime t that fills C.

    LRU: Σ(1 - e^(-p t)) = C, h = Σ p (1 - e^(-p t)); FIFO: Σ p t / (1 + p t) = C,
    h = Σ p² t / (1 + p t) (Che, Tung, Wang 2002; Martina, Garetto, Leonardi 2014).
    """

    def occupied(time: float) -> np.ndarray:
        load = popularity * time
        filled: np.ndarray = 1 - np.exp(-load) if eviction == "lru" else load / (1 + load)
        return filled

    time = brentq(lambda time: occupied(time).sum() - capacity, 1e-9, 1e9)
    return float(np.sum(popularity * occupied(time)))


def test_che_s_approximation_itself() -> None:
    """Zipf(10⁴, 0.8), C = 1,000."""
    popularity = Zipf(kind="zipf", clients=10_000, exponent=0.8).popularity()
    assert che("lru", popularity, 1000) == pytest.approx(0.43666, abs=5e-6)
    assert che("fifo", popularity, 1000) == pytest.approx(0.39418, abs=5e-6)


@pytest.mark.parametrize("eviction", ["lru", "fifo"])
@pytest.mark.parametrize("renew", [False, True])
def test_every_hit_is_that_of_a_cache_on_paper(eviction: str, renew: bool) -> None:
    """The same arrivals, with capacity and lifetime both at work: each connection's hit."""
    capacity, lifetime = 15, 50.0
    world = scenario(
        **CHEAP,
        duration="1000 s",
        arrivals={"process": "poisson", "rate": "1 /s"},
        population={"kind": "zipf", "clients": 60, "exponent": 0.8},
        server__sessions={
            "capacity": capacity,
            "lifetime": f"{lifetime} s",
            "renew": renew,
            "eviction": eviction,
        },
    )
    since: OrderedDict[int, float] = OrderedDict()
    hits = 0
    for row in rows(connections(world)):
        client, now = row["client"], row["arrival"]
        hit = client in since and now - since[client] <= lifetime
        assert (row["outcome"] == "resumed-by-id") == hit
        hits += hit
        if renew or not hit:
            since[client] = now
        if eviction == "lru" or not hit:
            since.move_to_end(client)
        if len(since) > capacity:
            since.popitem(last=False)
    assert 200 < hits < 800


@pytest.mark.slow
@pytest.mark.parametrize(
    ("world", "theory"),
    [
        # λT / (1 + λT)
        pytest.param(poisson_clients(renew=False), LOAD / (1 + LOAD), id="fixed lifetime"),
        # 1 - e^(-λT)
        pytest.param(poisson_clients(renew=True), 1 - exp(-LOAD), id="renewed lifetime"),
        pytest.param(
            popular_clients("lru"),
            che("lru", ZIPF.popularity(), CAPACITY),
            id="least recently used",
        ),
        pytest.param(
            popular_clients("fifo"),
            che("fifo", ZIPF.popularity(), CAPACITY),
            id="first in first out",
        ),
    ],
)
def test_hit_rate(world: sim.Scenario, theory: float) -> None:
    rate, half_width = hit_rate(world)
    assert half_width <= 0.005
    assert abs(rate - theory) <= 0.01
