"""A terminating proxy: two handshakes, and whom the client has one with."""

from __future__ import annotations

from typing import Any

import pytest

import sim
from tests.sim.middleboxes.networks import (
    FAR,
    IE6,
    IE8,
    NEAR,
    SSL3,
    behind,
    connections,
    count,
    last,
    network,
    verdicts,
)
from tests.sim.worlds import rows, scenario, simulated

MACHINE = {
    "machine": "pentium-iii-933",
    "identity": "contoso-rsa-1024",
    "profile": "internet-explorer-6",
}
PROXY = {"kind": "terminating-proxy", **MACHINE}
CACHE = {"capacity": 100, "lifetime": "5 min"}


def proxied(**settings: Any) -> sim.MemorySink:
    return behind("terminating-proxy", {**MACHINE, **settings})


def bridged(tables: sim.MemorySink) -> list[dict[str, Any]]:
    return rows(tables.table("bridged").sort_by("connection"))


@pytest.mark.parametrize("behind_it", ["encrypted", "clear"])
@pytest.mark.parametrize("connects", ["at the request", "at the hello"])
def test_two_connections_for_one(behind_it: str, connects: str) -> None:
    """The client waits for the one behind, either for its handshake or for its first response."""
    tables = proxied(behind=behind_it, connects=connects)
    found, behind = connections(tables), bridged(tables)
    assert [row["connection"] for row in behind] == [row["connection"] for row in found]
    # Without a cache the proxy resumes nothing; the server resumes the proxy's one session.
    assert {row["outcome"] for row in found} == {"full"}
    outcomes = count(behind, "outcome")
    if behind_it == "clear":
        assert outcomes == {("plain",): len(found)}
        assert {row["version"] for row in behind} == {None}
    else:
        assert outcomes == {("full",): 1, ("resumed-by-id",): len(found) - 1}
    for row, back in zip(found, behind, strict=True):
        assert row["connect_time"] == pytest.approx(NEAR)
        assert back["connect_time"] == pytest.approx(FAR)
        trips = {"plain": 1, "full": 3, "resumed-by-id": 2}[back["outcome"]]
        assert back["round_trips"] == trips
        # TCP, two of TLS, the response and the close; behind it the response too.
        assert row["time_propagation"] == pytest.approx(5 * NEAR + (trips + 1) * FAR)
        early = row["handshake_time"] > 2 * NEAR + FAR
        assert early == (connects == "at the hello")
        assert row["time_middlebox"] > 0
    assert last(tables)["utilisation"] > 0


def test_resumption_on_either_side() -> None:
    """The clients' sessions are the proxy's, the proxy's is the server's."""
    front = count(connections(proxied(sessions=CACHE)), "outcome")
    assert front == {("full",): 6, ("resumed-by-id",): 9}
    tables = behind(
        "terminating-proxy",
        {**MACHINE, "sessions": CACHE},
        server__sessions=None,
    )
    assert count(bridged(tables), "outcome") == {("full",): 15}
    assert count(connections(tables), "outcome") == front


def test_each_side_agrees_on_its_own_version() -> None:
    tables = proxied(profile=SSL3)
    assert {row["version"] for row in connections(tables)} == {"TLS 1.0"}
    assert {row["version"] for row in bridged(tables)} == {"SSL 3.0"}


@pytest.mark.parametrize(
    ("versions", "agreed"),
    [(["TLS 1.0", "TLS 1.2"], "TLS 1.3"), (["SSL 3.0", "TLS 1.0"], "TLS 1.0")],
)
def test_what_it_offers_the_server_is_of_its_own_age(versions: list[str], agreed: str) -> None:
    """Unless its profile says what."""
    tables = behind(
        "terminating-proxy",
        {"machine": "pentium-iii-933", "versions": versions},
        server__identity="contoso-rsa-2048",
    )
    assert {row["version"] for row in connections(tables)} == {"TLS 1.0"}
    assert {row["version"] for row in bridged(tables)} == {agreed}


def test_work_for_the_client_is_done_by_the_proxy_and_not_by_the_server() -> None:
    tables = proxied(behind="clear")
    nodes = {
        (row["node"], row["operation"]) for row in rows(tables.table("operations")) if row["count"]
    }
    private = [node for node, name in nodes if name.startswith("rsa") and "priv" in name]
    assert private == ["box"]
    assert all(row["server_cpu"] < 0.002 for row in bridged(tables))


def test_a_server_that_is_asked_for_nothing_has_accepted_all_the_same() -> None:
    """Its client fails before it asks: what the server did stands in all tables."""
    suites = ["TLS_RSA_WITH_AES_128_GCM_SHA256"]
    tables = proxied(behind="clear", connects="at the hello", suites=suites)
    assert count(connections(tables), "outcome") == {("failed",): 15}
    (accepted,) = [
        row for row in rows(tables.table("operations")) if row["node"] == "www.contoso.com"
    ]
    assert (accepted["operation"], accepted["count"]) == ("accept", 15)
    seconds = sum(row["server_cpu"] for row in bridged(tables))
    assert seconds == pytest.approx(accepted["cpu_seconds"])
    assert all(row["utilisation"] > 0 for row in rows(tables.table("samples")))


@pytest.mark.parametrize("connects", ["at the request", "at the hello"])
def test_a_server_whose_certificate_is_wrong_ends_both(connects: str) -> None:
    """The proxy processes it: its alert goes to the server, the client's connection is cut."""
    tables = behind(
        "terminating-proxy",
        {**MACHINE, "connects": connects},
        server__name="www.example.org",
        clients=[{"profile": IE6, "warnings": "overridden"}],
    )
    found, behind_it = connections(tables), bridged(tables)
    assert {row["outcome"] for row in found} == {"failed"}
    assert {row["symptom"] for row in found} == {"reset"}
    assert {row["stopped_by"] for row in found} == {"box"}
    assert {row["reason"] for row in found} == {"bad_certificate behind"}
    assert {row["alert"] for row in behind_it} == {"bad_certificate"}
    assert len(behind_it) == len(found)


def test_a_proxy_that_clicks_warnings_away_hides_them() -> None:
    """The client knows the proxy's certificate alone."""
    for warnings, outcome in (("overridden", "full"), ("heeded", "failed")):
        tables = behind(
            "terminating-proxy",
            {**MACHINE, "warnings": warnings},
            start="2049-12-31T23:59:59Z",
            clients=[{"profile": IE6, "warnings": "overridden"}],
            duration="20 s",
        )
        late = [row for row in connections(tables) if row["arrival"] > 3]
        assert {row["outcome"] for row in late} == {outcome}


@pytest.mark.parametrize(("denied", "wait"), [("reset", FAR), ("drop", 21.0)])
def test_a_server_that_cannot_be_reached_is_a_reset_for_the_client(
    denied: str, wait: float
) -> None:
    boxes = {"proxy": PROXY, "filter": {"kind": "packet-filter", "rules": [], "denied": denied}}
    changes: dict[str, Any] = {
        "paths": {"way": {"crosses": ["near", "proxy", "far", "filter", "last"]}},
        "links": {
            "near": {"round_trip_time": "20 ms"},
            "far": {"round_trip_time": "80 ms"},
            "last": {"round_trip_time": "1 ms"},
        },
    }
    tables = simulated(scenario(**network(boxes, **changes)))
    found = connections(tables)
    columns = ("outcome", "symptom", "stopped_by", "reason", "responses")
    expected = ("failed", "reset", "filter", "port 443 closed", 0)
    assert count(found, *columns) == {expected: len(found)}
    assert {row["version"] for row in found} == {"TLS 1.0"}
    for row in found:
        assert row["duration"] == pytest.approx(4 * NEAR + wait, abs=0.02)
    assert count(bridged(tables), "outcome", "stopped_by") == {("failed", "filter"): len(found)}
    action = "reset" if denied == "reset" else "dropped"
    assert verdicts(tables) == {
        ("filter", action, "port 443 closed"): len(found),
        ("proxy", "passed", ""): len(found),
    }


def test_two_of_them_in_a_row() -> None:
    """Each ends TLS; all connections end, the farthest ones too."""
    changes: dict[str, Any] = {
        "links": {name: {"round_trip_time": "20 ms"} for name in ("near", "between", "far")},
        "paths": {"way": {"crosses": ["near", "first", "between", "second", "far"]}},
        "clients": [{"profile": IE8}],
    }
    boxes = {"first": PROXY, "second": PROXY | {"address": "198.51.100.2"}}
    tables = simulated(scenario(**network(boxes, **changes)))
    found = connections(tables)
    assert count(bridged(tables), "proxy") == {("first",): len(found), ("second",): len(found)}
    assert rows(tables.table("samples"))[-1]["open_connections"] <= 1
