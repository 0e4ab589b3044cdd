"""A client that waits too long gives up, on every path; the server works for nobody."""

from __future__ import annotations

from typing import Any

import pytest

import sim
from tests.sim.worlds import HEADINGS, rows, scenario, simulated

PATIENCE = 10.0
TCP = {"user_timeout": "10 s", "connect_timeout": "10 s"}
ONE_SECOND_A_REQUEST = {
    "name": "slow",
    "title": "A server that takes a second a request",
    "source": "this test",
    "base": "nginx-2026",
    "operations": {"request": {"each": 1.0}},
}
DETERMINISTIC = {"path": {"round_trip_time": "10 ms"}}
LOSSY = {
    "links": {"line": {"round_trip_time": "10 ms", "loss": 1e-12}},
    "paths": {"way": {"crosses": ["line"]}},
    "path": "way",
}
PROXY = {
    "links": {"line": {"round_trip_time": "10 ms"}, "farm": {"round_trip_time": "1 us"}},
    "middleboxes": {"proxy": {"kind": "terminating-proxy", "machine": "nginx-2026"}},
    "paths": {"way": {"crosses": ["line", "proxy", "farm"]}},
    "path": "way",
}


def world(fidelity: str = "live", **changes: Any) -> sim.Scenario:
    return scenario(
        **{
            "start": "2026-01-15T10:00:00Z",
            "fidelity": fidelity,
            "duration": "20 s",
            "arrivals__rate": "20 /s",
            "population__clients": 1000,
            "clients": [{"profile": "openssl-3", "machine": "xeon-2026"}],
            "tcp": TCP,
            "http": {"request_size": "500 B", "response_size": "2 kB"},
            "server": {"cores": 1, "machine": ONE_SECOND_A_REQUEST},
            **changes,
        }
    )


def served(world: sim.Scenario) -> list[dict[str, Any]]:
    """Its connections; the headings of each add up to its duration."""
    found = rows(simulated(world).table("connections").sort_by("connection"))
    for row in found:
        parts = sum(row[heading] for heading in HEADINGS)
        assert parts == pytest.approx(row["duration"], abs=1e-9)
    return found


@pytest.mark.parametrize("way", [DETERMINISTIC, LOSSY], ids=["deterministic", "lossy"])
def test_only_the_first_get_through_where_everybody_waits_longer(way: dict[str, Any]) -> None:
    """One request a second is served, first come, first served, whoever still waits for it."""
    found = served(world(**way))
    patient = [row for row in found if row["outcome"] == "full"]
    assert PATIENCE - 1 <= len(patient) <= PATIENCE + 2
    assert max(row["first_byte_time"] for row in patient) < PATIENCE + 0.03
    given_up = [row for row in found if row["outcome"] == "failed"]
    assert len(given_up) == len(found) - len(patient)
    assert {(row["symptom"], row["stopped_by"], row["reason"]) for row in given_up} == {
        ("timeout", None, None)
    }
    for row in given_up:
        waited = row["duration"] - row["connect_time"]
        assert waited == pytest.approx(PATIENCE, abs=0.02)


def test_what_nobody_waits_for_is_done_all_the_same() -> None:
    """Many a request is worked on after its client has gone: a second of the server's each."""
    found = served(world(**DETERMINISTIC))
    in_vain = [row for row in found if row["outcome"] == "failed" and row["server_cpu"] > 1]
    assert len(in_vain) > 100
    assert max(row["time_server_cpu"] for row in in_vain) <= 1.1
    assert sum(row["time_server_cpu"] for row in in_vain) < len(in_vain) / 2


@pytest.mark.parametrize("way", [DETERMINISTIC, LOSSY, PROXY])
def test_replay_is_as_patient(way: dict[str, Any]) -> None:
    live, replay = (served(world(fidelity, **way)) for fidelity in ("live", "replay"))
    assert live == replay


def test_a_client_behind_a_proxy_gives_up_as_well() -> None:
    found = served(world(**PROXY))
    given_up = [row for row in found if row["symptom"] == "timeout"]
    assert len(given_up) > 300
    for row in given_up:
        assert row["duration"] - row["connect_time"] == pytest.approx(PATIENCE, abs=0.02)


@pytest.mark.parametrize("loss", [0.0, 1e-12])
def test_a_round_trip_longer_than_the_patience_lets_nobody_connect(loss: float) -> None:
    line = {"round_trip_time": "15 s", "loss": loss}
    way = {"links": {"line": line}, "paths": {"way": {"crosses": ["line"]}}, "path": "way"}
    for row in served(world(**way)):
        assert (row["outcome"], row["symptom"]) == ("failed", "timeout")
        assert row["duration"] == pytest.approx(PATIENCE)
        assert row["connect_time"] is None


@pytest.mark.parametrize("loss", [0.0, 1e-12])
def test_a_round_trip_longer_than_the_user_timeout_lets_nothing_be_acknowledged(
    loss: float,
) -> None:
    line = {"round_trip_time": "15 s", "loss": loss}
    way = {"links": {"line": line}, "paths": {"way": {"crosses": ["line"]}}, "path": "way"}
    for row in served(world(**way, tcp={**TCP, "connect_timeout": "20 s"})):
        assert (row["outcome"], row["symptom"]) == ("failed", "timeout")
        assert row["connect_time"] == pytest.approx(15)
        assert row["duration"] == pytest.approx(25)


def test_each_request_is_waited_for_anew() -> None:
    """Thirty requests of a second each, one client: none waits longer than a second for one."""
    found = served(
        world(
            **DETERMINISTIC,
            duration="1 s",
            arrivals={"process": "curve", "counts": [1], "interval": "1 s"},
            http__requests=30,
        )
    )
    assert {(row["outcome"], row["responses"]) for row in found} <= {("full", 30)}
