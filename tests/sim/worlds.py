"""Small worlds for tests: a description to vary, and what its simulation says."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

import sim

HEADINGS = tuple(name for name in sim.SCHEMAS["connections"].names if name.startswith("time_"))
"""Where a connection's time goes: columns of the table `connections`."""


def description(**changes: Any) -> dict[str, Any]:
    """A small world's scenario; `server__cores=2` sets the key `cores` in the table `server`."""
    whole: dict[str, Any] = {
        "start": "1998-06-30T00:00:00Z",
        "kind": "terminating",
        "duration": "60 s",
        "sample_interval": "10 s",
        "arrivals": {"process": "poisson", "rate": "4 /s"},
        "population": {"kind": "independent", "clients": 40},
        "clients": [{"profile": "internet-explorer-6"}],
        "path": {"round_trip_time": "100 ms"},
        "http": {"requests": 2, "request_size": "400 B", "response_size": "3.7 kB"},
        "server": {
            "machine": "pentium-iii-933",
            "identity": "contoso-rsa-1024",
            "sessions": {"capacity": 1000, "lifetime": "5 min"},
        },
    }
    for path, value in changes.items():
        *tables, key = path.split("__")
        table = whole
        for name in tables:
            table = table[name]
        table[key] = value
    return whole


def scenario(**changes: Any) -> sim.Scenario:
    """That description as a scenario."""
    return sim.Scenario.model_validate(description(**changes))


def site_with_returning_clients(
    clients: int, rate: float, lifetime: float, **changes: Any
) -> sim.Scenario:
    """Clients that come back, by Poisson processes of their own; the `changes` say to what servers.

    Args:
        clients: how many.
        rate: visits a second, of all of them.
        lifetime: of sessions, in seconds; as long is the warm-up.
        changes: other tables.
    """
    return scenario(
        **{
            "kind": "steady-state",
            "fidelity": "replay",
            "warm_up": f"{lifetime} s",
            "sample_interval": "1 h",
            "arrivals": {"process": "poisson", "rate": f"{rate} /s"},
            "population": {"kind": "independent", "clients": clients},
            "clients": [{"profile": "openssl-3", "machine": "nginx-2026"}],
            "http": {"requests": 1, "request_size": "100 B", "response_size": "100 B"},
            "path": {"round_trip_time": "1 ms"},
            "server": None,
            **changes,
        }
    )


def simulated(world: sim.Scenario, *, seed: int = 1, replication: int = 0) -> sim.MemorySink:
    """The tables of one replication."""
    sink = sim.MemorySink()
    sim.simulate(world, seed=seed, replication=replication, sink=sink)
    return sink


def connections(world: sim.Scenario, *, seed: int = 1, replication: int = 0) -> pa.Table:
    """The table `connections` of one replication, in order of beginning."""
    table = simulated(world, seed=seed, replication=replication).table("connections")
    return table.sort_by("connection")


def rows(table: pa.Table) -> list[dict[str, Any]]:
    """A table's rows as dictionaries."""
    return table.to_pylist()
