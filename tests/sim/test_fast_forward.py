"""Fast-forward: the beginning of a warm-up books sessions only, and what follows is as ever."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

import sim
from tests.sim.worlds import scenario, simulated

_TLS_1_2 = [{"profile": "openssl-3.0", "machine": "nginx-2026"}]
_TLS_1_3 = [{"profile": "chromium-156", "machine": "nginx-2026"}]
_SITE: dict[str, Any] = {
    "fidelity": "replay",
    "duration": "10 min",
    "warm_up": "20 min",
    "sample_interval": "1 min",
    "arrivals": {"process": "poisson", "rate": "3 /s"},
    "population": {"kind": "zipf", "clients": 3000, "exponent": 0.8},
    "clients": _TLS_1_2,
    "path": {"round_trip_time": "60 ms"},
}
_CACHE = {"capacity": 20_000, "lifetime": "5 min"}
_TICKETS = {"lifetime": "5 min", "rotation": "4 min", "kept": 1}
_SERVER = {"machine": "nginx-2026", "identity": "contoso-ecdsa-p256"}
_OF_1_2 = {**_SERVER, "versions": ["TLS 1.2"]}

_WORLDS: dict[str, dict[str, Any]] = {
    "a small cache": {"server": {**_OF_1_2, "sessions": {"capacity": 200, "lifetime": "5 min"}}},
    "tickets": {"server": {**_OF_1_2, "tickets": _TICKETS}},
    "TLS 1.3": {"clients": _TLS_1_3, "server": {**_SERVER, "tickets": _TICKETS}},
    "TLS 1.3, stored": {"clients": _TLS_1_3, "server": {**_SERVER, "sessions": _CACHE}},
    "a connection for each request": {
        "clients": [{"profile": "internet-explorer-6", "keep_alive": False, "connections": 2}],
        "http": {"requests": 5, "request_size": "400 B", "response_size": "1 kB"},
        "server": {"machine": "nginx-2026", "versions": ["TLS 1.0"], "sessions": _CACHE},
    },
    "a server that was down": {
        "server": {
            **_OF_1_2,
            "sessions": _CACHE,
            "outages": [{"at": "1 min", "lasts": "5 s"}],
        }
    },
    "workers with caches of their own": {
        "server": None,
        "servers": {
            "web": {
                **_OF_1_2,
                "count": 2,
                "cores": 2,
                "processor": {"discipline": "workers"},
                "sessions": {**_CACHE, "per": "worker"},
            }
        },
    },
    "a cache over the network": {
        "server": None,
        "servers": {
            "web": {
                **_OF_1_2,
                "count": 3,
                "private_key": {"service_time": "1 ms"},
                "sessions": {
                    **_CACHE,
                    "per": "pool",
                    "over_network": {"latency": "1 ms", "failures": 0.01},
                },
            }
        },
    },
}


def _world(name: str, **changes: Any) -> sim.Scenario:
    return scenario(**{**_SITE, **_WORLDS[name], **changes})


def _shares(world: sim.Scenario, seed: int = 1) -> tuple[float, int]:
    """The share of full handshakes, and how many sessions are remembered when recording begins."""
    sink = simulated(world, seed=seed)
    outcomes = sink.table("connections")["outcome"].to_pylist()
    assert len(outcomes) > 1000
    samples = sink.table("samples").to_pylist()
    first = samples[0]["time"]
    remembered = sum(row["cache_entries"] for row in samples if row["time"] == first)
    return outcomes.count("full") / len(outcomes), remembered


@pytest.mark.parametrize("name", _WORLDS)
def test_hit_rates_are_those_of_a_warm_up_that_is_simulated_whole(name: str) -> None:
    whole, remembered = _shares(_world(name))
    share, remembered_then = _shares(_world(name, fast_forward="19 min"))
    assert 0.05 < whole < 0.95
    assert share == pytest.approx(whole, abs=0.005)
    assert remembered_then == pytest.approx(remembered, rel=0.02, abs=2)


@pytest.mark.parametrize("name", _WORLDS)
def test_live_and_replay_are_equal(name: str) -> None:
    changes = {
        **_WORLDS[name],
        "duration": "20 s",
        "warm_up": "40 s",
        "fast_forward": "35 s",
        "population": {"kind": "independent", "clients": 40},
    }
    for table in ("server", "servers"):
        if changes.get(table):
            changes[table] = _with_rsa(changes[table])
    worlds = (
        scenario(**{**_SITE, **changes, "fidelity": fidelity}) for fidelity in ("live", "replay")
    )
    live, replayed = map(simulated, worlds)
    for table in live.batches:
        assert live.table(table).equals(replayed.table(table)), table


def _with_rsa(servers: dict[str, Any]) -> dict[str, Any]:
    """Whose signatures are all of one length."""
    if "web" in servers:
        return {"web": _with_rsa(servers["web"])}
    return {**servers, "identity": "contoso-rsa-2048"}


def test_nothing_of_it_is_written_down() -> None:
    world = _world("tickets", fast_forward="20 min", duration="1 min")
    sink = simulated(world)
    connections = sink.table("connections").to_pylist()
    assert min(row["arrival"] for row in connections) >= 0
    done = sum(
        row["count"] for row in sink.table("operations").to_pylist() if row["operation"] == "accept"
    )
    assert done == len(connections)


def test_more_than_the_warm_up_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"less than the fast_forward"):
        _world("tickets", fast_forward="21 min")
