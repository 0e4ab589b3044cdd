"""Records and messages that are not due between the hellos and the end, and behind it."""

from __future__ import annotations

import pytest

import tls
from tests.tls.conversation import converse
from tests.tls.handshake.tls13.worlds import EARLY, World
from tls.alerts import (
    HANDSHAKE_FAILURE,
    UNEXPECTED_MESSAGE,
)

Reason = tls.Reason


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x14\3\3\0\1\2", Reason.CHANGE_CIPHER_SPEC_NOT_DUE),
        (b"\x14\3\3\0\2\1\1", Reason.CHANGE_CIPHER_SPEC_NOT_DUE),
        (b"\x14\3\3\0\1\1" * 33, Reason.CHANGE_CIPHER_SPEC_NOT_DUE),
        (b"\x16\3\3\0\4\x14\0\0\0", Reason.RECORD_NOT_PROTECTED),
        (b"\x17\3\3\0\x15" + bytes(21), Reason.RECORD_NOT_AUTHENTIC),
    ],
    ids=["not 1", "two bytes", "too many", "in clear", "not authentic"],
)
def test_a_server_before_the_clients_finished(data: bytes, reason: tls.Reason) -> None:
    client, server = World().ends()
    server.receive(client.outgoing())
    server.outgoing()
    with pytest.raises(tls.PeerError) as caught:
        server.receive(data)
    assert caught.value.reason is reason


def test_change_cipher_spec_comes_no_more_after_the_handshake() -> None:
    client, server = World().connected()
    for side in (client, server):
        with pytest.raises(tls.PeerError) as caught:
            side.receive(b"\x14\3\3\0\1\1")
        assert caught.value.reason is Reason.CHANGE_CIPHER_SPEC_NOT_DUE


def test_an_alert_in_clear_of_a_client_without_keys() -> None:
    client, server = World().ends()
    server.receive(client.outgoing())
    events = server.receive(b"\x15\3\3\0\2\2\x28")
    assert events == [tls.AlertReceived(HANDSHAKE_FAILURE, True)]
    assert server.closed


def test_every_alert_but_two_is_fatal() -> None:
    for alert, fatal in ((90, False), (100, True), (40, True)):
        client, server = World().connected()
        client._records.send(21, bytes((1, alert)))
        events = server.receive(client.outgoing())
        assert events[-1] == tls.AlertReceived(alert, fatal)
        assert server.closed is fatal


@pytest.mark.parametrize("alert", [b"\1", b"\1\0\1\0", b"\1\0\0"])
def test_an_alert_is_a_record(alert: bytes) -> None:
    client, server = World().connected()
    client._records.send(21, alert)
    with pytest.raises(tls.PeerError) as caught:
        server.receive(client.outgoing())
    assert caught.value.reason is Reason.ALERT_LENGTH


def test_no_data_in_the_middle_of_a_message() -> None:
    client, server = World().connected()
    client._records.send(22, b"\x18\0\0")
    client.send(b"data")
    with pytest.raises(tls.PeerError) as caught:
        server.receive(client.outgoing())
    assert caught.value.reason is Reason.MESSAGE_INTERRUPTED


def test_no_data_before_the_clients_finished() -> None:
    client, server = World().ends()
    server.receive(client.outgoing())
    client.receive(server.outgoing())
    client._handshake._records.take_output()
    client._channel.flight.clear()
    client.send(b"data")
    with pytest.raises(tls.PeerError):
        server.receive(client.outgoing())


@pytest.mark.parametrize("message", [b"\0\0\0\0", b"\1\0\0\0", b"\x04\0\0\0", b"\x0d\0\0\0"])
def test_what_is_not_due_after_the_handshake(message: bytes) -> None:
    """Neither renegotiation nor what only a server sends, nor a request that was not allowed."""
    for by_client in (True, False):
        ends = World().connected()
        sender, receiver = ends if by_client else ends[::-1]
        if not by_client and message[:1] == b"\x04":
            continue
        sender._records.send(22, message)
        with pytest.raises(tls.PeerError) as caught:
            receiver.receive(sender.outgoing())
        assert (caught.value.alert, caught.value.reason) == (
            UNEXPECTED_MESSAGE,
            Reason.MESSAGE_NOT_DUE,
        )


def test_early_data_ends_before_finished() -> None:
    """A client that skips EndOfEarlyData is refused."""
    world = World(
        {"early_data": True}, {"max_early_data": EARLY, "early_data_guard": tls.ReplayWindow()}
    )
    client, server = world.ends(world.session())
    client.send(b"early")
    server.receive(client.outgoing())
    flight = server.outgoing()
    client._handshake.role.is_client = True
    send = client._records.send
    client._records.send = lambda kind, data: send(  # type: ignore[method-assign]
        kind, data.removeprefix(b"\x05\0\0\0") if kind == 22 else data
    )
    client.receive(flight)
    with pytest.raises(tls.PeerError):
        server.receive(client.outgoing())
    assert server.closed


def test_a_hello_of_many_keys_costs_little() -> None:
    """Only the first few of a hello's keys are looked for."""
    many = [tls.ExternalPsk(b"%d" % number, bytes(32)) for number in range(400)]
    client, server = World({"psks": many}).ends()
    server.receive(client.outgoing())
    looked = [
        event for event in converse(client, server)[1] if isinstance(event, tls.SessionLookedUp)
    ]
    assert len(looked) <= 8
    assert server.handshake_completed
