"""A world whose processors queue explicitly is the same world to the last bit."""

from __future__ import annotations

from typing import Any

import pytest

import sim
from sim.hosts.processor import Processor
from sim.hosts.run_queue import RunQueue
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


class Queueing(World):
    """A world whose servers' processors have explicit queues."""

    def _processor(self, cores: int) -> Processor:
        return RunQueue(self._environment, cores)


def tables(kind: type[World], world: sim.Scenario) -> dict[str, list[dict[str, Any]]]:
    sink = sim.MemorySink()
    kind(world, seed=3, sink=sink).run()
    return {name: sink.table(name).to_pylist() for name in sim.SCHEMAS}


@pytest.mark.parametrize("fidelity", ["live", "replay"])
@pytest.mark.parametrize(("cores", "rate"), [(1, "25 /s"), (3, "50 /s")])
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
    clock, queue = tables(World, world), tables(Queueing, world)
    assert sum(row["time_cpu_queue"] > 0 for row in clock["connections"]) > 50
    by_number = [sorted(each["connections"], key=number) for each in (clock, queue)]
    assert by_number[0] == by_number[1]
    assert clock["operations"] == queue["operations"]
    assert clock["links"] == queue["links"]


def number(row: dict[str, Any]) -> int:
    found: int = row["connection"]
    return found


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
        sorted(tables(kind, world)["connections"], key=number) for kind in (World, Queueing)
    )
    assert sum(row["reason"] == "backlog full" for row in clock) > 50
    assert clock == queue
