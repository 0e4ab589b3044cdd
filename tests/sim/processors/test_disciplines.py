"""A world whose processors queue explicitly is the same world to the last bit."""

from __future__ import annotations

from typing import Any

import pytest

import sim
from sim.environment import Environment
from sim.processors.run_queue import RunQueue
from sim.processors.virtual_clock import FirstComeFirstServed
from sim.world import World

WORLD: dict[str, Any] = {
    "start": "1998-06-30T00:00:00Z",
    "kind": "terminating",
    "duration": "30 s",
    "arrivals": {"process": "poisson", "rate": "12 /s"},
    "population": {"kind": "independent", "clients": 60},
    "path": {"round_trip_time": "80 ms"},
    "http": {"requests": 2, "request_size": "400 B", "response_size": "8 kB"},
    "clients": [{"profile": "internet-explorer-6"}],
    "server": {
        "machine": "pentium-iii-933",
        "sessions": {"capacity": 20, "lifetime": "10 s"},
    },
}


def explicit_queue(
    described: FirstComeFirstServed, environment: Environment, cores: int, *, blocking: bool
) -> RunQueue:
    return RunQueue(environment, cores)


def tables(world: sim.Scenario, *, queueing: bool = False) -> dict[str, list[dict[str, Any]]]:
    """The tables of a world, whose servers' processors may have explicit queues."""
    sink = sim.MemorySink()
    with pytest.MonkeyPatch.context() as patch:
        if queueing:
            patch.setattr(FirstComeFirstServed, "processor", explicit_queue)
        World(world, seed=3, sink=sink).run()
    return {name: sink.table(name).to_pylist() for name in sim.SCHEMAS}


@pytest.mark.parametrize("fidelity", ["live", "replay"])
@pytest.mark.parametrize(
    ("cores", "rate"),
    [(1, "25 /s"), pytest.param(3, "50 /s", marks=pytest.mark.slow)],
)
@pytest.mark.parametrize("path", [{}, {"rate": "20 Mbit/s", "loss": 0.01}])
def test_an_explicit_queue_changes_nothing(
    fidelity: str, cores: int, rate: str, path: dict[str, Any]
) -> None:
    world = sim.Scenario.model_validate(
        WORLD
        | {
            "fidelity": fidelity,
            "arrivals": {"process": "poisson", "rate": rate},
            "path": WORLD["path"] | path,
            "server": WORLD["server"] | {"cores": cores},
        }
    )
    clock, queue = tables(world), tables(world, queueing=True)
    assert sum(row["time_cpu_queue"] > 0 for row in clock["connections"]) > 50
    by_number = [sorted(each["connections"], key=number) for each in (clock, queue)]
    assert by_number[0] == by_number[1]
    assert clock["operations"] == queue["operations"]
    assert clock["links"] == queue["links"]


def number(row: dict[str, Any]) -> int:
    found: int = row["connection"]
    return found


@pytest.mark.slow
def test_a_backlog_fills_alike() -> None:
    """Who waits for its first answer waits in the backlog, whether or not its end is known."""
    server = WORLD["server"] | {"identity": "contoso-rsa-2048", "backlog": 2}
    arrivals = {"process": "poisson", "rate": "40 /s"}
    # Nobody comes again while an earlier connection of theirs goes on.
    visitors = {"kind": "independent", "clients": 1_000_000}
    world = sim.Scenario.model_validate(
        WORLD | {"server": server, "arrivals": arrivals, "population": visitors}
    )
    clock, queue = (
        sorted(tables(world, queueing=queueing)["connections"], key=number)
        for queueing in (False, True)
    )
    assert sum(row["reason"] == "backlog full" for row in clock) > 50
    assert clock == queue


@pytest.mark.parametrize("profile", ["internet-explorer-6", "firefox-45"])
def test_clients_remember_alike(profile: str) -> None:
    """Few clients and long queues: they come again while an earlier connection goes on."""
    sessions = {"capacity": 2, "lifetime": "5 min"}
    server = WORLD["server"] | {"identity": "contoso-rsa-2048", "sessions": sessions}
    world = sim.Scenario.model_validate(
        WORLD
        | {
            "arrivals": {"process": "poisson", "rate": "12 /s"},
            "population": {"kind": "independent", "clients": 6},
            "clients": [{"profile": profile}],
            "server": server,
        }
    )
    clock, queue = (
        sorted(tables(world, queueing=queueing)["connections"], key=number)
        for queueing in (False, True)
    )
    assert sum(row["time_cpu_queue"] > 0.3 for row in clock) > 20
    assert len({row["outcome"] for row in clock}) == 2
    assert clock == queue
