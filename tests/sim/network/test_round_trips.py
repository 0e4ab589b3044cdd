"""Round trips before the client may send its request, TCP's included, by version and mode."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sim.worlds import connections, rows, scenario

CALM: dict[str, Any] = {"arrivals__rate": "1 /s", "population__clients": 4, "http__requests": 1}
PROFILES = {
    "SSL 3.0": "internet-explorer-6-ssl-3",
    "TLS 1.0": "internet-explorer-6",
    "TLS 1.1": "openssl-3",
    "TLS 1.2": "openssl-3",
}


def round_trips(outcome: str, **changes: Any) -> set[int]:
    found = rows(connections(scenario(**CALM, **changes)))
    wanted = [row for row in found if row["outcome"] == outcome]
    assert wanted
    return {row["round_trips"] for row in wanted}


def speaking(version: str, **changes: Any) -> dict[str, Any]:
    return {
        "clients": [{"profile": PROFILES[version]}],
        "server__versions": [version],
        **changes,
    }


@pytest.mark.parametrize("version", PROFILES)
@pytest.mark.parametrize(("outcome", "expected"), [("full", 3), ("resumed-by-id", 2)])
def test_full_and_resumed(version: str, outcome: str, expected: int) -> None:
    assert round_trips(outcome, **speaking(version)) == {expected}


@pytest.mark.parametrize("fidelity", ["live", "replay"])
def test_false_start_saves_one(fidelity: str) -> None:
    """RFC 7918: the request goes with the client's Finished."""
    strong = ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]
    firefox = {"clients": [{"profile": "firefox-45"}], "fidelity": fidelity}
    eager = speaking("TLS 1.2", server__suites=strong, **firefox)
    assert round_trips("full", **eager) == {2}
    assert round_trips("resumed-by-id", **eager) == {2}
    # Without forward secrecy there is none.
    slow = eager | {"server__suites": ["TLS_RSA_WITH_AES_128_CBC_SHA"]}
    assert round_trips("full", **slow) == {3}


def test_a_tunnel_takes_one_more() -> None:
    tunnel = {
        "path": "tunnel",
        "links": {"lan": {"round_trip_time": "10 ms"}, "wan": {"round_trip_time": "90 ms"}},
        "middleboxes": {"proxy": {"kind": "connect-proxy", "machine": "pentium-iii-933"}},
        "paths": {"tunnel": {"crosses": ["lan", "proxy", "wan"]}},
    }
    assert round_trips("full", **tunnel) == {4}
    assert round_trips("resumed-by-id", **tunnel) == {3}


@pytest.mark.parametrize(
    ("initial_window", "expected"), [(10, 4), (3, 5), (1, 6), (20, 3)], ids=lambda each: str(each)
)
def test_a_flight_over_the_window_takes_its_rounds(initial_window: int, expected: int) -> None:
    """A chain of 19.4 kB is 14 segments."""
    changes = {"server__identity": "contoso-rsa-2048-many-names"}
    found = round_trips("full", tcp={"initial_window": initial_window}, **changes)
    assert found == {expected}


@pytest.mark.parametrize("fidelity", ["live", "replay"])
def test_a_certificate_of_the_client_costs_bytes_and_no_round_trip(fidelity: str) -> None:
    asked: dict[str, Any] = {"server__client_certificates": "required", "fidelity": fidelity}
    shown = [{"profile": "internet-explorer-6", "certificate": "client-rsa-1024"}]
    assert round_trips("full", clients=shown, **asked) == {3}
    found = rows(connections(scenario(**CALM, **asked)))
    assert {row["alert"] for row in found} == {"handshake_failure"}
