"""A connection that is looked at again is the one that was: its row, its times, its bytes."""

from __future__ import annotations

from typing import Any

import pytest

import sim
from sim.network.packets import PacketKind
from sim.witness.seen import SeenConnection
from tests.sim.middleboxes.networks import IE8
from tests.sim.witness.worlds import EVERY, FAILURES, HANDSHAKES, modern
from tests.sim.worlds import rows, scenario, simulated

Row = dict[str, Any]


def seen_in(
    changes: dict[str, Any], most: int = 25, seed: int = 1
) -> list[tuple[Row, SeenConnection]]:
    """The first connections of a world that fail, and to end, and what is seen of them."""
    world = scenario(**changes)
    found = {
        row["connection"]: row for row in rows(simulated(world, seed=seed).table("connections"))
    }
    chosen = sorted(found, key=lambda number: bool(found[number]["outcome"] != "failed"))[:most]
    seen = sim.witness(world, seed=seed, connections=chosen)
    assert [each.row["connection"] for each in seen] == sorted(chosen)
    return [(found[each.row["connection"]], each) for each in seen]


@pytest.mark.parametrize("changes", EVERY.values(), ids=EVERY)
def test_what_is_seen_is_what_was(changes: dict[str, Any]) -> None:
    """To the last bit."""
    for row, seen in seen_in(changes):
        assert seen.row == row
        own = [each for each in seen.flights if not each.is_proxys]
        for to_server, data, column in (
            (True, seen.sent, "bytes_sent"),
            (False, seen.received, "bytes_received"),
        ):
            words = sum(
                each.size for each in seen.flights if each.is_proxys and each.to_server is to_server
            )
            said = sum(each.size for each in own if each.to_server is to_server)
            if row["outcome"] == "failed":
                box = 0 if to_server else len(seen.from_box)
                assert row[column] - box <= said
            else:
                assert said == row[column] == len(data) - words
        check_times(row, seen)
        check_work(row, seen)


def check_times(row: Row, seen: SeenConnection) -> None:
    first = seen.packets[0]
    assert (first.kind, first.to_server, first.sent) == (PacketKind.SYN, True, row["arrival"])
    if row["outcome"] == "failed":
        return
    arrival = row["arrival"]
    (last,) = [each.sent for each in seen.packets if each.kind is PacketKind.FIN and each.to_server]
    assert last == pytest.approx(arrival + row["duration"], abs=1e-9)
    responses = [each for each in seen.flights if is_response(each) and not each.to_server]
    assert len(responses) == row["responses"]
    assert responses[0].first == pytest.approx(arrival + row["first_byte_time"], abs=1e-9)


def is_response(flight: Any) -> bool:
    return any(each.message.name.endswith(" data") for each in flight.messages)


def check_work(row: Row, seen: SeenConnection) -> None:
    """What was done is what it has cost, where nothing slows it down and no application works."""
    client, server = seen.left
    ours = sum(each.seconds for each in seen.flights if each.to_server and not each.is_proxys)
    theirs = sum(each.seconds for each in seen.flights if not each.to_server)
    ours += sum(each.seconds for each in client)
    theirs += sum(each.seconds for each in server)
    if row["outcome"] != "failed":
        assert ours == pytest.approx(row["client_cpu"], rel=1e-9)
        if seen.end == row["server"]:
            assert theirs == pytest.approx(row["server_cpu"], rel=1e-9)


def names_of(seen: SeenConnection) -> list[str]:
    return [each.message.name for flight in seen.flights for each in flight.messages]


FULL_1_0 = [
    "ClientHello", "ServerHello", "Certificate", "ServerHelloDone", "ClientKeyExchange",
    "ChangeCipherSpec", "Finished", "ChangeCipherSpec", "Finished",
]  # fmt: skip
SAYS = ["application data", "application data"]
CLOSE = ["alert close_notify", "alert close_notify"]
FULL_1_3 = [
    "ClientHello", "ServerHello", "ChangeCipherSpec", "EncryptedExtensions", "Certificate",
    "CertificateVerify", "Finished", "ChangeCipherSpec", "Finished",
]  # fmt: skip
TICKETS = ["NewSessionTicket", "NewSessionTicket"]
NAMES: dict[str, dict[str, list[str]]] = {
    "TLS 1.0": {
        "full": [*FULL_1_0, *SAYS, *SAYS, *CLOSE],
        "resumed-by-id": [
            "ClientHello", "ServerHello", "ChangeCipherSpec", "Finished", "ChangeCipherSpec",
            "Finished", *SAYS, *SAYS, *CLOSE,
        ],
    },
    "TLS 1.3, tickets": {
        "full": [*FULL_1_3, SAYS[0], *TICKETS, SAYS[1], *SAYS, *CLOSE],
        "resumed-by-psk": [
            "ClientHello", "ServerHello", "ChangeCipherSpec", "EncryptedExtensions", "Finished",
            "ChangeCipherSpec", "Finished", SAYS[0], TICKETS[0], SAYS[1], *SAYS, *CLOSE,
        ],
    },
    "early data": {
        "0-rtt": [
            "ClientHello", "ChangeCipherSpec", "early data", "ServerHello", "ChangeCipherSpec",
            "EncryptedExtensions", "Finished", SAYS[1], "EndOfEarlyData", "Finished", SAYS[0],
            TICKETS[0], SAYS[1], *CLOSE,
        ],
    },
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_messages_have_their_names(name: str) -> None:
    """Those that are encrypted, too."""
    expected = NAMES[name]
    told = {row["outcome"]: names_of(seen) for row, seen in seen_in(HANDSHAKES[name])}
    assert {outcome: told[outcome] for outcome in expected} == expected


def test_another_hello_is_named() -> None:
    for row, seen in seen_in(HANDSHAKES["another hello"]):
        assert row["retried"]
        assert names_of(seen)[:4] == [
            "ClientHello", "HelloRetryRequest", "ChangeCipherSpec", "ChangeCipherSpec",
        ]  # fmt: skip


def test_what_is_written_says_something() -> None:
    (_, seen), *_ = seen_in(HANDSHAKES["TLS 1.3"])
    details = [each.message.detail for flight in seen.flights for each in flight.messages]
    assert [each for each in details if each] == [
        "GET /1 HTTP/1.1", "HTTP/1.1 200 OK", "GET /2 HTTP/1.1", "HTTP/1.1 200 OK",
    ]  # fmt: skip


def test_the_dialogue_with_a_proxy_is_seen() -> None:
    for _, seen in seen_in(EVERY["two tunnels"]):
        words = [each for each in seen.flights if each.is_proxys]
        assert [each.messages[0].message.name for each in words] == [
            "CONNECT www.contoso.com:443 HTTP/1.1",
            "HTTP/1.1 200 Connection established",
        ] * 2
        assert seen.server == (int.from_bytes(bytes((198, 51, 100, 1)), "big"), 8080)


def test_a_reset_is_seen_when_it_comes() -> None:
    for name in ("a name that is blocked", "a port that is reset", "an alert of a box"):
        for row, seen in seen_in(FAILURES[name]):
            assert seen.reset is not None
            assert seen.reset == pytest.approx(row["arrival"] + row["duration"], abs=0.01)
            assert not any(each.kind is PacketKind.FIN for each in seen.packets)
            assert all(each.sent <= seen.reset for each in seen.packets)
    for row, seen in seen_in(FAILURES["a wrong name"]):
        assert (row["outcome"], seen.reset) == ("failed", None)


@pytest.mark.parametrize("fidelity", ["live", "replay"])
@pytest.mark.parametrize(
    "changes",
    [HANDSHAKES["TLS 1.0"], HANDSHAKES["early data"], EVERY["losses"], EVERY["a tunnel"]],
)
def test_the_fidelity_of_its_world_makes_no_difference(
    changes: dict[str, Any], fidelity: str
) -> None:
    for row, seen in seen_in({**changes, "fidelity": fidelity}, seed=3):
        assert seen.row == row


def test_nothing_is_otherwise_for_being_looked_at() -> None:
    """The last to end: all before it has happened as it did."""
    changes = modern(server__tickets={"lifetime": "5 min"}, clients=[{"profile": IE8}])
    world = scenario(**{**changes, "arrivals__rate": "20 /s"})
    last = rows(simulated(world).table("connections"))[-1]
    (seen,) = sim.witness(world, seed=1, connections=[last["connection"]])
    assert seen.row == last


def test_it_ends_with_the_last_that_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = []
    from sim.visit import Visit

    begin = Visit.begin
    monkeypatch.setattr(Visit, "begin", lambda *all_: (begun.append(1), begin(*all_)))
    world = scenario()
    first = rows(simulated(world).table("connections"))[0]
    whole = len(begun)
    begun.clear()
    sim.witness(world, seed=1, connections=[first["connection"]])
    assert 0 < len(begun) < whole / 20


def test_one_that_never_was_is_not_seen() -> None:
    assert sim.witness(scenario(duration="2 s"), seed=1, connections=[10**6]) == []
