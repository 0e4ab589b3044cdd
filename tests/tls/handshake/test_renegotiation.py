"""Negotiating anew: secure, legacy and refused (RFC 5746)."""

from dataclasses import replace

import pytest

import tls
from tests.tls.conversation import VERSIONS, converse, data_in, new_client, new_server
from tls.alerts import HANDSHAKE_FAILURE
from tls.handshake.protocol import MAX_RENEGOTIATIONS
from tls.settings import Renegotiation

Engine = tls.ClientConnection | tls.ServerConnection


def completed(events: list[tls.Event]) -> int:
    return sum(isinstance(event, tls.HandshakeCompleted) for event in events)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("initiator", ["client", "server"])
@pytest.mark.parametrize("suite", [0x0005, 0x0035])
def test_both_sides_can_start_it(version: int, initiator: str, suite: int) -> None:
    sessions = tls.SessionCache()
    client = new_client(versions=[version], suites=[suite])
    server = new_server(sessions)
    converse(client, server)
    for _ in range(3):
        (client if initiator == "client" else server).renegotiate()
        client_events, server_events = converse(client, server)
        assert completed(client_events) == completed(server_events) == 1
    client.send(b"up")
    server.receive(client.outgoing())
    server.send(b"down")
    assert data_in(client.receive(server.outgoing())) == b"down"


def test_it_is_bound_to_the_connection() -> None:
    """Finished messages of before stand in renegotiation_info (RFC 5746 §3.5)."""
    client, server = new_client(), new_server()
    converse(client, server)
    client._channel.history.client_verify_data = bytes(12)
    client.renegotiate()
    with pytest.raises(tls.PeerError) as caught:
        server.receive(client.outgoing())
    assert caught.value.alert == HANDSHAKE_FAILURE


def test_a_prefix_attack_is_noticed() -> None:
    """An attacker's connection into which a victim's first hello is spliced."""
    attacker, server = new_client(), new_server()
    converse(attacker, server)
    victim = new_client()
    hello = victim.outgoing()[5:]
    attacker._records.send(22, hello)
    with pytest.raises(tls.PeerError) as caught:
        server.receive(attacker.outgoing())
    assert caught.value.alert == HANDSHAKE_FAILURE


def test_without_rfc_5746_it_is_refused_or_as_before_2009() -> None:
    old = {"secure_renegotiation": False, "renegotiation": Renegotiation.LEGACY}
    client, server = new_client(**old), new_server()
    converse(client, server)
    client.renegotiate()
    _, server_events = converse(client, server)
    assert completed(server_events) == 0

    client, server = new_client(**old), new_server(renegotiation=Renegotiation.LEGACY)
    converse(client, server)
    client.renegotiate()
    _, server_events = converse(client, server)
    assert completed(server_events) == 1


def test_who_may_not_ask() -> None:
    client, server = new_client(), new_server()
    with pytest.raises(tls.UsageError):
        client.renegotiate()
    refusing = new_server(renegotiation=Renegotiation.REFUSE)
    converse(client, refusing)
    with pytest.raises(tls.UsageError):
        refusing.renegotiate()
    old = new_client(secure_renegotiation=False)
    converse(old, server)
    with pytest.raises(tls.UsageError):
        old.renegotiate()


@pytest.mark.parametrize("sender", ["client", "server"])
def test_data_sent_meanwhile_waits_and_arrives(sender: str) -> None:
    client, server = new_client(), new_server()
    converse(client, server)
    client.renegotiate()
    server.receive(client.outgoing())
    (client if sender == "client" else server).send(b"after the handshake")
    client_events, server_events = converse(client, server)
    events = server_events if sender == "client" else client_events
    kinds = [type(event) for event in events]
    assert kinds.index(tls.HandshakeCompleted) < kinds.index(tls.ApplicationData)
    assert data_in(events) == b"after the handshake"


def test_data_of_the_peer_may_come_meanwhile() -> None:
    client, server = new_client(), new_server()
    converse(client, server)
    server.renegotiate()
    request = server.outgoing()
    server.send(b"still the old keys")
    old = server.outgoing()
    client.receive(request)
    assert data_in(client.receive(old)) == b"still the old keys"
    client_events, _ = converse(client, server)
    assert completed(client_events) == 1


def test_a_resumed_renegotiation() -> None:
    sessions = tls.SessionCache()
    client, server = new_client(), new_server(sessions)
    converse(client, server)
    client._handshake.role.offered = client.session
    client.renegotiate()
    client_events, _ = converse(client, server)
    assert completed(client_events) == 1
    assert client.resumed


def test_endless_renegotiation_ends() -> None:
    client, server = new_client(), new_server(tls.SessionCache())
    with pytest.raises(tls.PeerError):
        converse(client, server)
        for _ in range(100):
            client.renegotiate()
            converse(client, server)


def test_renegotiations_are_counted_whatever_lies_between() -> None:
    """A byte of data between two handshakes makes the second no cheaper."""
    client, server = new_client(), new_server(tls.SessionCache())
    converse(client, server)
    with pytest.raises(tls.PeerError) as caught:
        for _ in range(MAX_RENEGOTIATIONS + 1):
            client.renegotiate()
            converse(client, server)
            client.send(b"work")
            assert data_in(converse(client, server)[1]) == b"work"
    assert caught.value.reason is tls.Reason.TOO_MANY_RENEGOTIATIONS
    assert server._handshake._renegotiations == MAX_RENEGOTIATIONS + 1


def test_a_server_may_ask_as_often_as_it_likes() -> None:
    client, server = new_client(), new_server(tls.SessionCache())
    converse(client, server)
    for _ in range(MAX_RENEGOTIATIONS):
        server.renegotiate()
        client_events, _ = converse(client, server)
        assert completed(client_events) == 1
    assert server._handshake._renegotiations == 0


def test_data_flows_again_where_the_server_refuses() -> None:
    """After no_renegotiation the client may go on (RFC 5246 §7.2.2)."""
    client = new_client()
    server = new_server(renegotiation=tls.Renegotiation.REFUSE)
    converse(client, server)
    client.renegotiate()
    client.send(b"waits meanwhile")
    _, events = converse(client, server)
    assert data_in(events) == b"waits meanwhile"
    assert client.state is tls.State.OPEN


def test_nothing_is_sent_behind_close_notify_though_the_server_asks() -> None:
    """RFC 5246 §7.2.1: close_notify ends this direction."""
    client, server = new_client(), new_server()
    converse(client, server)
    server.renegotiate()
    request = server.outgoing()
    client.close()
    assert client.outgoing()
    assert client.receive(request) == []
    assert client.outgoing() == b""


def test_data_does_not_pile_up_behind_a_renegotiation_that_never_ends() -> None:
    client, server = new_client(), new_server()
    converse(client, server)
    client.renegotiate()
    server.receive(client.outgoing())
    data = b"x" * 16_384
    with pytest.raises(tls.PeerError) as raised:
        for _ in range(100):
            client._records.send_application_data(data)
            for event in server.receive(client.outgoing()):
                assert isinstance(event, tls.ApplicationData)
                server.send(event.data)
    assert raised.value.alert == 10
    assert sum(map(len, server._waiting_data)) <= 1 << 20


def test_the_scsv_says_the_same_as_the_extension() -> None:
    client = new_client(versions=[tls.SSL_3_0])
    hello = client.outgoing()
    assert b"\x00\xff" in hello
    server = new_server()
    server.receive(hello)
    client.receive(server.outgoing())
    converse(client, server)
    assert client._channel.history.secure
    assert server._channel.history.secure


def test_data_may_come_between_the_pieces_of_a_hello() -> None:
    """Content types may be interleaved before TLS 1.3 (RFC 5246 §6.2.1)."""
    client, server = new_client(), new_server()
    converse(client, server)
    client.renegotiate()
    hello = client._channel.flight.pop()
    client._records.send(22, hello[:20])
    client._records.send(23, b"in between")
    client._records.send(22, hello[20:])
    assert data_in(server.receive(client.outgoing())) == b"in between"
    client_events, _ = converse(client, server)
    assert completed(client_events) == 1


def test_a_renegotiation_keeps_the_extended_master_secret() -> None:
    client, server = new_client(), new_server()
    converse(client, server)
    role = client._handshake.role
    role.config = replace(role.config, extended_master_secret=False)
    client.renegotiate()
    with pytest.raises(tls.PeerError) as caught:
        server.receive(client.outgoing())
    assert caught.value.alert == HANDSHAKE_FAILURE


def test_a_close_meanwhile_waits_behind_the_data() -> None:
    client, server = new_client(), new_server()
    converse(client, server)
    client.renegotiate()
    client.send(b"the last words")
    client.close()
    with pytest.raises(tls.UsageError):
        client.send(b"too late")
    _, events = converse(client, server)
    assert data_in(events) == b"the last words"
    assert client.closed
    assert server.closed
