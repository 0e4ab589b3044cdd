"""A balancer with a processor of its own: what it takes is waited for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sim.balancers.test_policies import farm
from tests.sim.farm.queueing_theory import md_c
from tests.sim.worlds import HEADINGS, rows, simulated

COUNT = 2


def passing(service: str, **changes: Any) -> Any:
    return farm(
        {"policy": "round-robin", "forwarding": {"service_time": service, **changes}},
        {"web": {"count": COUNT}},
        duration="200 s",
    )


@pytest.mark.parametrize(("service", "cores"), [(0.007, 1), (0.016, 2)])
def test_connections_wait_for_it_as_in_any_queue(service: float, cores: int) -> None:
    """M/D/c, at 100 connections a second, and its utilisation in the samples."""
    sink = simulated(passing(f"{service} s", cores=cores), seed=2026)
    found = rows(sink.table("connections"))
    offered = 100 * service
    wait = md_c(cores, offered, service)
    mean = sum(row["time_middlebox"] for row in found) / len(found)
    assert mean - service == pytest.approx(wait, rel=0.06)
    for row in found:
        assert sum(row[name] for name in HEADINGS) == pytest.approx(row["duration"], abs=1e-9)
        assert row["connect_time"] >= service
    busy = [row["utilisation"] for row in rows(sink.table("samples")) if row["node"] == "front"]
    assert sum(busy) / len(busy) == pytest.approx(offered / cores, rel=0.03)


def test_who_waits_for_too_long_gives_up() -> None:
    """At twice what it can do the wait grows by a second in each."""
    world = passing("20 ms").model_copy(update={"duration": 40.0})
    world = world.model_copy(update={"tcp": world.tcp.model_copy(update={"connect_timeout": 5.0})})
    found = rows(simulated(world, seed=2026).table("connections"))
    failed = [row for row in found if row["outcome"] == "failed"]
    assert {(row["stopped_by"], row["reason"], row["symptom"]) for row in failed} == {
        ("front", "overloaded", "timeout")
    }
    assert all(row["duration"] == pytest.approx(5.0) for row in failed)
    assert min(row["arrival"] for row in failed) == pytest.approx(5, rel=0.2)


def test_a_user_gives_up_at_it() -> None:
    clients = [{"profile": "openssl-3", "machine": "nginx-2026", "patience": "1 s"}]
    world = farm(
        {"policy": "random", "forwarding": {"service_time": "20 ms"}}, {"web": {}}, clients=clients
    )
    found = rows(simulated(world, seed=2026).table("connections"))
    gone = [row for row in found if row["symptom"] == "gave up"]
    assert len(gone) > len(found) / 2
    for row in gone:
        assert row["duration"] == pytest.approx(1.0)
        assert sum(row[name] for name in HEADINGS) == pytest.approx(row["duration"], abs=1e-9)
