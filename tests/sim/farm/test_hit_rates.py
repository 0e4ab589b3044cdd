"""Hit rates of farms against theory, in replay.

Replications with seeds fixed here; the mean is within 1 percentage point of the theory, with a 95 %
half-width of at most 0.5 points.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow.compute as pc
import pytest
from scipy import stats

import sim
from sim.hosts.ticket_keys import TicketFarm
from sim.streams import Streams
from sim.workload.zipf import Zipf
from tests.sim.farm.returning_clients import (
    Theory,
    first_in_first_out,
    found_by_weight,
    found_within,
    least_recently_used,
    out_of_step,
)
from tests.sim.worlds import connections, site_with_returning_clients

SEED = 2026
REPLICATIONS = 10
CLIENTS = 600
RATE = 2.0
EACH = RATE / CLIENTS
LIFETIME = 600.0
SERVERS = 4
SESSIONS = {"capacity": "unlimited", "lifetime": f"{LIFETIME} s"}
LIVES = {"lifetime": f"{LIFETIME} s"}

ZIPF = Zipf(kind="zipf", clients=1000, exponent=0.8)
ENTRIES = 100


def site(**changes: Any) -> sim.Scenario:
    """Clients that come back to a site of some servers."""
    described = {"start": "2026-01-01T00:00:00Z", "duration": "6000 s", **changes}
    return site_with_returning_clients(CLIENTS, RATE, LIFETIME, **described)


def pool(count: int = SERVERS, **changes: Any) -> dict[str, Any]:
    return {"count": count, "machine": "nginx-2026", **changes}


def balanced(policy: str, **server: Any) -> sim.Scenario:
    return site(servers={"web": pool(**server)}, balancers={"front": {"policy": policy}})


def by_weight() -> sim.Scenario:
    """Two servers, of which one gets three connections of four."""
    one = pool(1, sessions=SESSIONS)
    return site(
        servers={"large": one, "small": one},
        balancers={"front": {"policy": "random", "weights": {"large": 3}}},
    )


def too_small(eviction: str, servers: int) -> sim.Scenario:
    """Caches of 25 kB, in which 100 entries of 250 bytes have room."""
    sessions = {"size": "25 kB", "lifetime": "unlimited", "eviction": eviction}
    return site(
        duration="1500 s",
        warm_up="250 s",
        arrivals={"process": "poisson", "rate": "10 /s"},
        population=ZIPF.model_dump(),
        servers={"web": pool(servers, sessions=sessions)},
        balancers={"front": {"policy": "random"}},
    )


def constant(value: float) -> Theory:
    return lambda replication: value


ROTATION, SKEW = 400.0, 300.0


def skewed(replication: int) -> float:
    """By the delays that the servers of this replication have drawn."""
    farm = TicketFarm("(server).www.contoso.com", Streams(SEED, replication), 0.0, 0.0)
    delays = [farm.delays(f"web-{number}")[0] * SKEW for number in (1, 2)]
    return out_of_step(EACH, LIFETIME, ROTATION, delays)


ONE_CACHE = constant(found_within(EACH, LIFETIME, 1.0))
ONE_IN_FOUR = constant(found_within(EACH, LIFETIME, 1 / SERVERS))

CASES = {
    "caches of their own, at random": (balanced("random", sessions=SESSIONS), ONE_IN_FOUR),
    "caches of their own, in turn": (balanced("round-robin", sessions=SESSIONS), ONE_IN_FOUR),
    "caches of their own, 3 to 1": (
        by_weight(),
        constant(found_by_weight(EACH, LIFETIME, (0.75, 0.25))),
    ),
    "a shared cache": (balanced("random", sessions=SESSIONS | {"per": "pool"}), ONE_CACHE),
    "affinity by session ID": (balanced("session-id", sessions=SESSIONS), ONE_CACHE),
    "source hash": (balanced("source-hash", sessions=SESSIONS), ONE_CACHE),
    "workers with caches of their own": (
        site(
            servers={
                "web": pool(
                    1,
                    cores=SERVERS,
                    processor={"discipline": "workers"},
                    sessions=SESSIONS | {"per": "worker"},
                )
            }
        ),
        ONE_IN_FOUR,
    ),
    "tickets, shared keys": (balanced("random", tickets=LIVES), ONE_CACHE),
    "tickets, keys of their own": (
        balanced("random", tickets=LIVES | {"keys": "per server"}),
        ONE_IN_FOUR,
    ),
    "tickets, rotation out of step": (
        balanced(
            "random",
            count=2,
            tickets=LIVES
            | {
                "rotation": f"{ROTATION} s",
                "kept": 0,
                "skew": f"{SKEW} s",
                "renew": False,
            },
        ),
        skewed,
    ),
    "25 kB, least recently used": (
        too_small("lru", 1),
        constant(least_recently_used(ZIPF.popularity() * 10, ENTRIES, 1)),
    ),
    "25 kB, first in first out": (
        too_small("fifo", 1),
        constant(first_in_first_out(ZIPF.popularity() * 10, ENTRIES, 1)),
    ),
    "4 × 25 kB, least recently used": (
        too_small("lru", SERVERS),
        constant(least_recently_used(ZIPF.popularity() * 10, ENTRIES, SERVERS)),
    ),
    "4 × 25 kB, first in first out": (
        too_small("fifo", SERVERS),
        constant(first_in_first_out(ZIPF.popularity() * 10, ENTRIES, SERVERS)),
    ),
}


def hit_rate(world: sim.Scenario, replication: int) -> float:
    """Share of all connections that resume."""
    found = connections(world, seed=SEED, replication=replication)
    resumed = pc.starts_with(pc.cast(found["outcome"], "string"), "resumed")
    return float(pc.mean(resumed).as_py())


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_hit_rate(case: str) -> None:
    world, theory = CASES[case]
    numbers = range(REPLICATIONS)
    shares = [hit_rate(world, number) for number in numbers]
    right = [theory(number) for number in numbers]
    off = np.array(shares) - right
    half_width = stats.t.ppf(0.975, REPLICATIONS - 1) * stats.sem(off)
    print(f"| {case} | {np.mean(right):.2%} | {np.mean(shares):.2%} ± {half_width:.2%} |")
    assert half_width <= 0.005
    assert abs(off.mean()) <= 0.01


@pytest.mark.parametrize(
    "case", ["caches of their own, at random", "workers with caches of their own"]
)
def test_hit_rate_of_one_replication(case: str) -> None:
    world, theory = CASES[case]
    assert hit_rate(world, 0) == pytest.approx(theory(0), abs=0.015)


def test_formulas_agree_where_they_meet() -> None:
    """One server, equal shares, and keys that all change at once, seldom."""
    load = EACH * LIFETIME
    assert found_within(EACH, LIFETIME, 1.0) == pytest.approx(load / (1 + load))
    assert found_by_weight(EACH, LIFETIME, (0.25,) * 4) == pytest.approx(
        found_within(EACH, LIFETIME, 0.25)
    )
    popularity = Zipf(kind="zipf", clients=10_000, exponent=0.8).popularity()
    assert least_recently_used(popularity, 1000, 1) == pytest.approx(0.43666, abs=5e-6)
    assert first_in_first_out(popularity, 1000, 1) == pytest.approx(0.39418, abs=5e-6)
    seldom = out_of_step(EACH, LIFETIME, 30 * LIFETIME, (0.0, 0.0), kept=1, steps=600)
    assert seldom == pytest.approx(load / (1 + load), abs=2e-3)
