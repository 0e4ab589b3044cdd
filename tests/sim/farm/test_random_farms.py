"""Live and replay are equal in farms that nobody has thought of, and their tables add up."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

import sim
from tests.sim.endpoints.readers import tables
from tests.sim.farm.random_farms import POLICIES, random_description, random_farm
from tests.sim.worlds import HEADINGS

FARMS = range(120)
FAST = range(0, 120, 24)


@pytest.mark.parametrize(
    "number",
    [each if each in FAST else pytest.param(each, marks=pytest.mark.slow) for each in FARMS],
)
def test_live_and_replay_are_equal(number: int) -> None:
    """Every value of every table, to the last bit."""
    farm = random_farm(number)
    live = tables(farm, seed=number)
    assert (
        tables(random_farm(number, fidelity="replay", traces=1 + number % 3), seed=number) == live
    )
    _check(live)
    if not any(pool.has_contention for pool in farm.pools.values()):
        _check_work(live, farm)


def _check(found: dict[str, list[dict[str, Any]]]) -> None:
    """What holds in any world."""
    assert found["connections"]
    for row in found["connections"]:
        passed = sum(row[heading] for heading in HEADINGS)
        assert passed == pytest.approx(row["duration"], abs=1e-9)
        assert min(row[heading] for heading in HEADINGS) > -1e-12
        assert (row["outcome"] == "failed") == (
            row["symptom"] is not None or row["alert"] is not None
        )
    for row in found["samples"]:
        assert 0 <= row["utilisation"] < 1 + 1e-9
    visits = {row["visit"] for row in found["visits"]}
    assert {row["visit"] for row in found["connections"]} <= visits


def _check_work(found: dict[str, list[dict[str, Any]]], farm: sim.Scenario) -> None:
    """The servers' work is as long as their connections say, at full speed."""
    ended = any(balancer.termination is not None for balancer in farm.balancers.values())
    worked = sum(row["server_cpu"] for row in found["bridged" if ended else "connections"])
    done = [row["cpu_seconds"] for row in found["operations"] if row["node"] in farm.pools]
    assert sum(done) == pytest.approx(worked, abs=1e-9)


def test_the_farms_have_every_part() -> None:
    """Each in some of them."""
    parts: Counter[str] = Counter()
    for number in FARMS:
        described = random_description(number)
        balancer = described["balancers"]["front"]
        parts[balancer["policy"]] += 1
        parts.update(balancer.keys())
        for pool in described["servers"].values():
            parts.update(pool.keys())
            parts[pool["processor"]["discipline"]] += 1
            parts[pool.get("sessions", {}).get("per", "none")] += 1
    wanted = {
        *POLICIES,
        *("forwarding", "termination", "health_check", "draining", "weights"),
        *("application", "connections", "backlog", "keep_alive", "private_key", "outages"),
        *(
            "abandoned",
            "tickets",
            "fifo",
            "processor-sharing",
            "workers",
            "server",
            "worker",
            "pool",
        ),
    }
    assert {part: parts[part] for part in wanted if parts[part] < 8} == {}
