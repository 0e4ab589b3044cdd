"""Fallback to lower versions: what browsers did until 2014, and the signal against it."""

from __future__ import annotations

from itertools import groupby, pairwise
from typing import Any

import pytest
from pydantic import ValidationError

import sim
from tests.sim.worlds import rows, scenario, simulated

IE6, FIREFOX = "internet-explorer-6", "firefox-45"
Row = dict[str, Any]


def world(fallback: Row | None, *, profile: str = FIREFOX, box: Row, **changes: Any) -> Row:
    """Clients behind a box."""
    return {
        "clients": [{"profile": profile, "fallback": fallback}],
        "path": "way",
        "links": {"near": {"round_trip_time": "2 ms"}, "line": {"round_trip_time": "20 ms"}},
        "middleboxes": {"box": box},
        "paths": {"way": {"crosses": ["near", "box", "line"]}},
        "http__requests": 1,
        "population__clients": 100_000,
        "arrivals__rate": "0.5 /s",
        **changes,
    }


def intolerant(highest: str, reaction: str = "reset") -> Row:
    return {"kind": "version-intolerant", "highest": highest, "reaction": reaction}


def seen(described: Row, fidelity: str = "replay") -> tuple[list[Row], list[list[Row]]]:
    """The visits, and the connections of each."""
    sink = simulated(scenario(**described, fidelity=fidelity))
    visits = rows(sink.table("visits").sort_by("visit"))
    order = [("visit", "ascending"), ("attempt", "ascending")]
    connections = rows(sink.table("connections").sort_by(order))
    assert len(visits) > 10
    return visits, [list(each) for _, each in groupby(connections, key=lambda row: row["visit"])]


def offers(connections: list[list[Row]]) -> set[tuple[Any, ...]]:
    """The versions that came about, and the alerts, attempt by attempt."""
    return {tuple(row["version"] or row["alert"] for row in each) for each in connections}


@pytest.mark.parametrize("fidelity", ["live", "replay"])
@pytest.mark.parametrize("reaction", ["reset", "alert"])
@pytest.mark.parametrize(("highest", "steps"), [("TLS 1.2", 0), ("TLS 1.1", 1), ("TLS 1.0", 2)])
def test_a_client_comes_down_to_what_a_box_tolerates(
    highest: str, steps: int, reaction: str, fidelity: str
) -> None:
    visits, connections = seen(world({}, box=intolerant(highest, reaction)), fidelity)
    for visit, own in zip(visits, connections, strict=True):
        assert [row["version"] for row in own] == [None] * steps + [highest]
        assert (visit["outcome"], visit["fallbacks"], visit["retries"]) == ("completed", steps, 0)
        for before, after in pairwise(own):
            assert after["arrival"] == pytest.approx(before["arrival"] + before["duration"])


def test_without_it_a_client_gives_up() -> None:
    visits, _ = seen(world(None, box=intolerant("TLS 1.0")))
    assert {(row["outcome"], row["connections"]) for row in visits} == {("failed", 1)}


@pytest.mark.parametrize(
    ("after", "reaction", "connections"),
    [
        (["reset"], "alert", 1),
        (["alert"], "reset", 1),
        (["reset", "alert"], "drop", 1),
        (["timeout"], "drop", 3),
    ],
)
def test_it_falls_back_after_what_is_described(
    after: list[str], reaction: str, connections: int
) -> None:
    described = world({"after": after}, box=intolerant("TLS 1.0", reaction), tcp=QUICK)
    visits, _ = seen(described)
    assert {row["connections"] for row in visits} == {connections}


QUICK = {"user_timeout": "2 s", "connect_timeout": "2 s"}


def test_no_lower_than_the_lowest() -> None:
    visits, _ = seen(world({"lowest": "TLS 1.1"}, box=intolerant("TLS 1.0")))
    assert {(row["outcome"], row["fallbacks"]) for row in visits} == {("failed", 1)}


@pytest.mark.parametrize("fidelity", ["live", "replay"])
def test_a_server_that_speaks_a_higher_version_refuses_the_signal(fidelity: str) -> None:
    """RFC 7507 §3; the client takes the refusal for an answer and falls back no further."""
    visits, connections = seen(world({"scsv": True}, box=intolerant("TLS 1.0")), fidelity)
    assert offers(connections) == {(None, None, "inappropriate_fallback")}
    connections_of_alert = {row["outcome"] for row in visits}
    assert connections_of_alert == {"failed"}
    visits, connections = seen(world({"scsv": True}, box=intolerant("TLS 1.1")), fidelity)
    assert offers(connections) == {(None, "inappropriate_fallback")}


def test_a_server_that_speaks_no_higher_version_accepts_the_signal() -> None:
    old = {"server__versions": ["SSL 3.0", "TLS 1.0"]}
    visits, connections = seen(world({"scsv": True}, box=intolerant("TLS 1.0"), **old))
    assert offers(connections) == {(None, None, "TLS 1.0")}
    assert {row["outcome"] for row in visits} == {"completed"}


def test_what_never_was_a_handshake_is_not_tried_lower() -> None:
    """A SYN that is reset says nothing of versions."""
    shedder = {"kind": "load-shedder", "rate": "0.001 /s", "burst": 1, "excess": "reset"}
    visits, _ = seen(world({}, box=shedder))
    assert {(row["symptom"], row["fallbacks"]) for row in visits} >= {("reset", 0)}
    assert {row["connections"] for row in visits} == {1}


def test_retries_come_behind_it_and_begin_with_the_highest_version() -> None:
    described = world({"lowest": "TLS 1.1"}, box=intolerant("TLS 1.0"))
    described["clients"][0]["retries"] = {"most": 2, "first": "100 ms"}
    visits, _ = seen(described)
    counts = {(row["connections"], row["fallbacks"], row["retries"]) for row in visits}
    assert counts == {(6, 3, 2)}


def test_a_session_of_a_lower_version_is_offered_in_the_highest() -> None:
    """The hello offers the highest version whatever the session's, and the box sees that."""
    described = world({}, box=intolerant("TLS 1.1"), population__clients=2)
    _, connections = seen(described)
    outcomes = {tuple(row["outcome"] for row in own) for own in connections}
    assert outcomes == {("failed", "full"), ("failed", "resumed-by-id")}


@pytest.mark.parametrize(
    ("profile", "fallback", "message"),
    [
        ("internet-explorer-6-ssl-3", {}, "speaks no version below SSL 3.0"),
        (IE6, {"lowest": "TLS 1.0"}, "speaks no version below TLS 1.0"),
        (IE6, {"lowest": "TLS 9"}, 'the version "TLS 9" is unknown'),
        (IE6, {"after": []}, "at least one symptom"),
        (IE6, {"after": ["reset", "reset"]}, "stands there twice"),
        (IE6, {"after": ["refused"]}, "Input should be"),
        (IE6, {"scsv": "perhaps"}, "boolean"),
    ],
)
def test_a_fallback_that_cannot_be(profile: str, fallback: Row, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        sim.Scenario.model_validate(
            scenario().model_dump() | {"clients": [{"profile": profile, "fallback": fallback}]}
        )
