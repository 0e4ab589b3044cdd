"""Bytes of memory in the samples: what is open, in its handshake, and cached."""

from __future__ import annotations

from typing import Any

import pyarrow.compute as pc
import pytest
from pydantic import ValidationError

import sim
from sim.costs import MachineProfile, machine_profile
from tests.sim.worlds import rows, scenario, simulated

USE = {
    "process": "1 MB",
    "connection_handshake": "100 kB",
    "connection_open": "10 kB",
    "connection_plain": "3 kB",
    "session_entry": "200 B",
}


def machine(**memory: str) -> dict[str, Any]:
    return {
        "name": "own",
        "title": "t",
        "source": "s",
        "base": "pentium-iii-933",
        "memory": USE | memory,
    }


def test_a_sample_is_processes_connections_and_entries() -> None:
    """By hand, from the rows of the connections: when each was open, and in its handshake."""
    world = scenario(
        server__machine=machine(),
        server__processor={"discipline": "workers", "count": 3},
        server__cores=4,
        arrivals__rate="15 /s",
        duration="30 s",
        sample_interval="3 s",
        path__round_trip_time="400 ms",
    )
    for fidelity in ("live", "replay"):
        sink = simulated(world.model_copy(update={"fidelity": fidelity}))
        connections = rows(sink.table("connections"))
        half_way = 0.2
        handshakes = 0
        for sample in rows(sink.table("samples")):
            now = sample["time"]
            in_handshake = sum(
                row["arrival"] + 2 * half_way
                <= now
                < row["arrival"] + row["connect_time"] + row["handshake_time"]
                for row in connections
            )
            begun = sum(row["arrival"] <= now < row["arrival"] + 0.4 for row in connections)
            rest = sample["memory"] - 3e6 - 200 * sample["cache_entries"]
            assert (rest - 10e3 * sample["open_connections"]) % 90e3 == 0
            counted = (rest - 10e3 * sample["open_connections"]) / 90e3
            assert in_handshake <= counted <= in_handshake + begun
            handshakes += in_handshake
        assert handshakes > 20


def test_failed_handshakes_are_forgotten() -> None:
    world = scenario(
        server__machine=machine(),
        server__client_certificates="required",
        arrivals__rate="20 /s",
        duration="30 s",
    )
    sink = simulated(world)
    assert all(row["outcome"] == "failed" for row in rows(sink.table("connections")))
    last = rows(sink.table("samples"))[-1]
    assert last["open_connections"] < 30
    assert last["memory"] <= 1e6 + 100e3 * last["open_connections"]
    assert max(row["memory"] for row in rows(sink.table("samples"))) < 1e6 + 30 * 100e3


def test_without_tls_a_connection_takes_what_a_plain_one_takes() -> None:
    sink = simulated(scenario(server__machine=machine(), server__security="plain"))
    for row in rows(sink.table("samples")):
        assert row["memory"] == 1e6 + 3e3 * row["open_connections"]


def test_a_cache_aside_takes_its_entries() -> None:
    world = scenario(
        server__machine=machine(),
        server__sessions={
            "capacity": 1000,
            "lifetime": "5 min",
            "per": "pool",
            "over_network": {"latency": "1 ms"},
        },
    )
    aside = [r for r in rows(simulated(world).table("samples")) if "/" in r["node"]]
    assert aside
    assert all(row["memory"] == 200 * row["cache_entries"] for row in aside)
    assert aside[-1]["cache_entries"] > 0


def test_a_machine_that_says_nothing_has_no_figure() -> None:
    sink = simulated(scenario(server__machine="xeon-2026"))
    assert pc.all(pc.is_null(sink.table("samples")["memory"])).as_py()


def test_entries_of_a_cache_in_bytes_are_as_large_as_the_profile_says() -> None:
    sessions = {"size": "1 MB", "lifetime": "5 min"}
    described = sim.Sessions.model_validate(sessions)
    assert described.entries() == 4_000
    assert described.entries(machine_profile("nginx-2026")) == 4_000
    assert described.entries(machine_profile("pentium-iii-933")) == 333
    own = sim.Sessions.model_validate(sessions | {"entry_size": "1 kB"})
    assert own.entries(machine_profile("pentium-iii-933")) == 1_000


def test_figures_are_the_bases_unless_a_profile_has_its_own() -> None:
    base = machine_profile("nginx-2026").memory_use
    assert base is not None
    own = MachineProfile.model_validate(
        {"name": "o", "title": "t", "source": "s", "base": "nginx-2026"}
        | {"memory": {"connection_open": "50 kB"}}
    ).memory_use
    assert own == base.model_copy(update={"connection_open": 50_000})
    assert machine_profile("xeon-2026").memory_use is None


@pytest.mark.parametrize(
    ("memory", "why"),
    [
        ({}, "no figure"),
        ({"process": 20}, "has no unit"),
        ({"process": "-1 B"}, "negative"),
        ({"session_entry": "0 B"}, "above 0"),
        ({"connection_idle": "3 kB"}, "Extra inputs"),
        ("20 MB", "valid dictionary"),
    ],
)
def test_memory_that_cannot_be_is_refused(memory: object, why: str) -> None:
    fields = {"name": "o", "title": "t", "source": "s"}
    with pytest.raises(ValidationError, match=why):
        MachineProfile.model_validate(fields | {"memory": memory})
