"""Boxes that stop what they do not understand."""

from __future__ import annotations

from typing import Any

import pytest

from sim.middleboxes.client_hello import begins_client_hello, read_client_hello
from sim.middleboxes.intolerant import ExtensionIntolerant, HelloSizeIntolerant, VersionIntolerant
from sim.middleboxes.middlebox import PASS, Flow, Seen, Verdict
from tests.sim.middleboxes.networks import (
    FAR,
    IE6,
    IE8,
    NEAR,
    SSL3,
    behind,
    connections,
    count,
    hellos,
    last,
    verdicts,
    watch,
)

REACTIONS = [
    ("drop", "timeout", "dropped", None, 60.0),
    ("reset", "reset", "reset", None, NEAR),
    ("alert", "alert", "answered", "handshake_failure", NEAR),
]


def stopped(found: list[dict[str, Any]], symptom: str, alert: str | None, reason: str) -> None:
    """Check that all of them failed like that, and that none got an answer from the server."""
    columns = ("outcome", "symptom", "alert", "stopped_by", "reason", "round_trips")
    assert count(found, *columns) == {("failed", symptom, alert, "box", reason, 1): len(found)}
    for row in found:
        assert row["version"] is None
        assert row["handshake_time"] is None
        assert row["time_server_cpu"] == 0
        assert row["bytes_received"] == (7 if alert else 0)


@pytest.mark.parametrize(("reaction", "symptom", "action", "alert", "wait"), REACTIONS)
def test_a_version_too_high(
    monkeypatch: pytest.MonkeyPatch,
    reaction: str,
    symptom: str,
    action: str,
    alert: str | None,
    wait: float,
) -> None:
    """TLS 1.0 where SSL 3.0 alone is known; who offers no more than that passes."""
    shown = watch(monkeypatch, VersionIntolerant)
    tables = behind(
        "version-intolerant",
        {"highest": "SSL 3.0", "reaction": reaction},
        clients=[{"profile": IE6, "share": 0.5}, {"profile": SSL3, "share": 0.5}],
    )
    found = connections(tables)
    newer = [row for row in found if row["profile"] == IE6]
    older = [row for row in found if row["profile"] == SSL3]
    stopped(newer, symptom, alert, "TLS 1.0 unknown")
    assert {row["version"] for row in older} == {"SSL 3.0"}
    assert {row["outcome"] for row in older} <= {"full", "resumed-by-id"}
    for row in newer:
        assert row["duration"] == pytest.approx(NEAR + FAR + wait, abs=0.001)
    assert verdicts(tables) == {
        ("box", action, "TLS 1.0 unknown"): len(newer),
        ("box", "passed", ""): len(older),
    }
    assert sorted(hello.version for hello in hellos(shown)) == [0x0300] * len(older) + [
        0x0301
    ] * len(newer)


@pytest.mark.parametrize(("reaction", "symptom", "action", "alert", "wait"), REACTIONS)
def test_an_extension_that_is_not_known(
    monkeypatch: pytest.MonkeyPatch,
    reaction: str,
    symptom: str,
    action: str,
    alert: str | None,
    wait: float,
) -> None:
    """Internet Explorer 8 sends renegotiation_info first; version 6 sends none and passes."""
    shown = watch(monkeypatch, ExtensionIntolerant)
    tables = behind(
        "extension-intolerant",
        {"reaction": reaction},
        clients=[{"profile": IE6, "share": 0.5}, {"profile": IE8, "share": 0.5}],
    )
    found = connections(tables)
    newer = [row for row in found if row["profile"] == IE8]
    stopped(newer, symptom, alert, "extension 65281 unknown")
    assert {row["symptom"] for row in found if row["profile"] == IE6} == {None}
    for row in newer:
        assert row["duration"] == pytest.approx(NEAR + FAR + wait, abs=0.001)
    assert verdicts(tables)["box", action, "extension 65281 unknown"] == len(newer)
    assert last(tables)["answered"] == (len(newer) if reaction == "alert" else 0)
    extensions = {hello.extensions for hello in hellos(shown)}
    assert extensions == {(), (65281, 0, 11, 10)}


def test_extensions_that_are_known_pass() -> None:
    tables = behind(
        "extension-intolerant", {"known": [0, 10, 11, 65281]}, clients=[{"profile": IE8}]
    )
    assert {row["symptom"] for row in connections(tables)} == {None}
    some = behind("extension-intolerant", {"known": [0, 65281]}, clients=[{"profile": IE8}])
    assert {row["reason"] for row in connections(some)} == {"extension 11 unknown"}


@pytest.mark.parametrize(("reaction", "symptom"), [("drop", "timeout"), ("reset", "reset")])
def test_a_hello_of_two_packets(
    monkeypatch: pytest.MonkeyPatch, reaction: str, symptom: str
) -> None:
    """In segments of 100 bytes the hello of version 8 takes two, that of version 6 one.

    Sessions are not resumed here: their IDs would lengthen the hello of version 6 beyond that.
    """
    shown = watch(monkeypatch, HelloSizeIntolerant)
    tables = behind(
        "hello-size-intolerant",
        {"reaction": reaction},
        clients=[{"profile": IE6, "share": 0.5}, {"profile": IE8, "share": 0.5}],
        server__sessions=None,
        tcp={"maximum_segment_size": "100 B"},
    )
    found = connections(tables)
    long = [row for row in found if row["profile"] == IE8]
    stopped(long, symptom, None, "hello in two packets")
    assert {row["outcome"] for row in found if row["profile"] == IE6} == {"full"}
    firsts = [seen for seen, _ in shown if read_client_hello(seen.data) is not None]
    sizes = {(seen.size > 100, seen.first_segment) for seen in firsts}
    assert (True, 100) in sizes
    assert all(first == 100 or not split for split, first in sizes)
    assert verdicts(tables)["box", "passed", ""] == len(found) - len(long)


def test_in_packets_of_ethernet_no_hello_is_too_long() -> None:
    tables = behind("hello-size-intolerant", {}, clients=[{"profile": IE8}])
    assert {row["symptom"] for row in connections(tables)} == {None}


def test_a_boxs_alert_makes_the_client_forget_its_session(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As any fatal alert (RFC 2246 §7.2.2): a box that stops resumption alone is met every second
    time."""
    carries = VersionIntolerant.carries

    def stops_resumption(
        self: VersionIntolerant, flow: Flow, now: float, seen: Seen, *, to_server: bool
    ) -> Verdict:
        if to_server and begins_client_hello(seen.data) and seen.data[43]:
            return carries(self, flow, now, seen, to_server=to_server)
        return PASS

    monkeypatch.setattr(VersionIntolerant, "carries", stops_resumption)
    tables = behind("version-intolerant", {"highest": "SSL 3.0", "reaction": "alert"})
    found = connections(tables)
    assert count(found, "offered_session", "outcome").keys() == {(True, "failed"), (False, "full")}
    for client in {row["client"] for row in found}:
        outcomes = [row["outcome"] for row in found if row["client"] == client]
        assert outcomes == [("full", "failed")[number % 2] for number in range(len(outcomes))]
