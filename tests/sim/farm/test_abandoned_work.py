"""Work whose client has given up, against the queue with abandonment (M/M/c+M, Erlang A)."""

from __future__ import annotations

from typing import Any

import pytest

import sim
from tests.sim.farm.queueing_theory import erlang_a
from tests.sim.farm.replications import EXPONENTIAL, FREE, SEED, SERVICE, farm
from tests.sim.worlds import HEADINGS, rows, simulated

PATIENCE = 0.030


def world(load: float, cores: int, abandoned: str, **server: Any) -> sim.Scenario:
    """Users whose patience is exponential, who ask for one thing each."""
    patience = {"distribution": "exponential", "mean": f"{PATIENCE} s"}
    return farm(
        load * cores / SERVICE,
        20_000,
        1_000,
        {"cores": cores, "application": {"cpu": EXPONENTIAL}, "abandoned": abandoned, **server},
        clients=[{"profile": "openssl-3", "machine": FREE, "patience": patience}],
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("load", "cores", "processor"), [(1.5, 1, "fifo"), (1.2, 4, "fifo"), (0.9, 1, "workers")]
)
def test_dropped_work_is_that_of_erlang_s_queue(load: float, cores: int, processor: str) -> None:
    """Who waits gives up at a rate; who is served may give up too, and his work is done."""
    described = world(load, cores, "dropped", processor={"discipline": processor})
    found = rows(simulated(described, seed=SEED).table("connections"))
    dropped = erlang_a(cores, load * cores / SERVICE, 1 / SERVICE, 1 / PATIENCE)
    worked = sum(row["server_cpu"] for row in found) / len(found) / SERVICE
    assert worked == pytest.approx(1 - dropped, abs=0.025)
    gone = sum(row["symptom"] == "gave up" for row in found) / len(found)
    in_service = (1 - dropped) * SERVICE / (SERVICE + PATIENCE)
    assert gone == pytest.approx(dropped + in_service, abs=0.02)
    for row in found[:2000]:
        assert sum(row[name] for name in HEADINGS) == pytest.approx(row["duration"], abs=1e-9)


@pytest.mark.slow
def test_work_in_vain_is_all_done() -> None:
    """And keeps the server from those who still wait."""
    found = rows(simulated(world(0.9, 1, "done"), seed=SEED).table("connections"))
    worked = sum(row["server_cpu"] for row in found) / len(found) / SERVICE
    assert worked == pytest.approx(1, abs=0.03)
    kept = rows(simulated(world(0.9, 1, "dropped"), seed=SEED).table("connections"))
    answered = [sum(row["responses"] for row in each) for each in (found, kept)]
    assert answered[1] > 1.1 * answered[0]
