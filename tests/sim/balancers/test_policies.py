"""Who gets which connection: shares by weight, the fewest open, the same for the same address."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

import sim
from tests.sim.farm.replications import EXPONENTIAL, FREE
from tests.sim.worlds import rows, simulated

Row = dict[str, Any]


def farm(balancer: Row, pools: Row, **changes: Any) -> sim.Scenario:
    """Pools of servers without TLS behind a balancer: 100 connections a second for 40 s."""
    plain = {"machine": FREE, "security": "plain"}
    described = {
        "start": "2026-01-01T00:00:00Z",
        "kind": "terminating",
        "fidelity": "replay",
        "duration": "40 s",
        "sample_interval": "500 ms",
        "arrivals": {"process": "poisson", "rate": "100 /s"},
        "population": {"kind": "independent", "clients": 50},
        "clients": [{"profile": "openssl-3", "machine": FREE}],
        "path": {"round_trip_time": "1 us"},
        "http": {"requests": 1, "request_size": "100 B", "response_size": "100 B"},
        "servers": {name: plain | pool for name, pool in pools.items()},
        "balancers": {"front": balancer},
    }
    return sim.Scenario.model_validate(described | changes)


def connections(world: sim.Scenario) -> list[Row]:
    return rows(simulated(world, seed=2026).table("connections"))


def test_round_robin_is_exact_by_weight() -> None:
    balancer = {"policy": "round-robin", "weights": {"large": 2}}
    found = connections(farm(balancer, {"large": {"count": 2}, "small": {"count": 3}}))
    order = [row["server"] for row in found]
    for begin in range(0, len(order) - 7, 7):
        turns = Counter(order[begin : begin + 7])
        assert turns == {"large-1": 2, "large-2": 2, "small-1": 1, "small-2": 1, "small-3": 1}
    assert len(set(order[:3])) == 3


def test_random_choice_is_by_weight() -> None:
    balancer = {"policy": "random", "weights": {"large": 3}}
    found = connections(farm(balancer, {"large": {}, "small": {}}))
    share = sum(row["server"] == "large" for row in found) / len(found)
    deviation = (0.75 * 0.25 / len(found)) ** 0.5
    assert abs(share - 0.75) < 3 * deviation


def test_least_connections_keeps_them_level() -> None:
    held = {"count": 4, "cores": 1000, "application": {"back_end": "1 s"}}
    sink = simulated(farm({"policy": "least-connections"}, {"web": held}), seed=2026)
    by_time: dict[float, list[int]] = {}
    for row in rows(sink.table("samples")):
        by_time.setdefault(row["time"], []).append(row["open_connections"])
    steady = [counts for time, counts in by_time.items() if 2 < time < 40]
    assert len(steady) > 50
    # Connections end by themselves: whose end comes is behind until the next arrivals level it.
    spreads = sorted(max(counts) - min(counts) for counts in steady)
    assert spreads[len(spreads) // 2] <= 1
    assert sum(map(sum, steady)) / len(steady) == pytest.approx(100, rel=0.1)


@pytest.mark.slow
def test_two_choices_wait_as_the_supermarket_does() -> None:
    """Mitzenmacher 2001: the mean stay is the sum of load to the powers 2^i - 2, services."""
    load, count = 0.7, 60
    rate = load * count / 0.010
    pool = {"count": count, "application": {"cpu": EXPONENTIAL}}
    world = farm(
        {"policy": "random-of-two"},
        {"web": pool},
        arrivals={"process": "poisson", "rate": f"{rate} /s"},
        duration="8 s",
    )
    late = [row["duration"] for row in connections(world) if row["arrival"] > 1]
    theory = 0.010 * sum(load ** (2**i - 2) for i in range(1, 8))
    assert sum(late) / len(late) == pytest.approx(theory, rel=0.04)


def test_a_source_has_one_server() -> None:
    found = connections(farm({"policy": "source-hash"}, {"web": {"count": 4}}))
    of_client: dict[int, set[str]] = {}
    for row in found:
        of_client.setdefault(row["client"], set()).add(row["server"])
    assert all(len(servers) == 1 for servers in of_client.values())
    assert {next(iter(servers)) for servers in of_client.values()} == {
        f"web-{number}" for number in range(1, 5)
    }


@pytest.mark.parametrize("policy", ["round-robin", "random", "least-connections", "source-hash"])
def test_who_drains_gets_no_new_ones(policy: str) -> None:
    """And ends those that it has."""
    balancer = {"policy": policy, "draining": {"web-2": "15 s"}}
    held = {"count": 3, "cores": 1000, "application": {"back_end": "2 s"}}
    found = connections(farm(balancer, {"web": held}))
    drained = [row["arrival"] for row in found if row["server"] == "web-2"]
    assert 14 < max(drained) < 15
    assert {row["server"] for row in found if row["arrival"] > 15} == {"web-1", "web-3"}
    assert {row["outcome"] for row in found} == {"plain"}
