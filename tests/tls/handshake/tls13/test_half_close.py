"""close_notify closes one direction in TLS 1.3, and the connection before it (RFC 8446 §6.1)."""

from __future__ import annotations

import pytest

import tls
from tests.tls.conversation import connected as connected_before
from tests.tls.conversation import converse, data_in
from tests.tls.handshake.tls13.worlds import World
from tls.alerts import CLOSE_NOTIFY


def pair(*, client_closes: bool) -> tuple[tls.Connection, tls.Connection]:
    """Who closes first, and who is left, after a handshake."""
    client, server = World().connected()
    return (client, server) if client_closes else (server, client)


@pytest.mark.parametrize("client_closes", [True, False])
def test_who_has_not_closed_goes_on_sending(client_closes: bool) -> None:
    first, other = pair(client_closes=client_closes)
    first.send(b"last request")
    first.close()
    events = other.receive(first.outgoing())
    assert data_in(events) == b"last request"
    assert events[-1] == tls.AlertReceived(CLOSE_NOTIFY, fatal=False)
    assert (other.peer_closed, other.closed, other.outgoing()) == (True, False, b"")
    other.update_keys()
    for data in (b"the answer, ", b"and more"):
        other.send(data)
    assert data_in(first.receive(other.outgoing())) == b"the answer, and more"
    assert not first.closed
    other.close()
    assert other.closed
    first.receive(other.outgoing())
    assert first.closed
    assert first.outgoing() == b""
    with pytest.raises(tls.UsageError):
        other.send(b"too late")


def test_what_comes_behind_a_close_notify_is_ignored() -> None:
    client, server = World().connected()
    client.close()
    behind = client.outgoing() + b"anything at all"
    assert [type(each) for each in server.receive(behind)] == [tls.AlertReceived]
    assert server.receive(b"\x17\x03\x03\0\1x") == []
    assert server.receive_end() == []
    assert server.state is tls.State.HALF_CLOSED
    server.close()
    assert server.closed


def test_both_may_close_at_once() -> None:
    client, server = World().connected()
    client.close()
    server.close()
    converse(client, server)
    assert client.closed
    assert server.closed


def test_nobody_is_asked_for_a_certificate_who_has_closed() -> None:
    client, server = World({"post_handshake_authentication": True}).connected()
    client.close()
    server.receive(client.outgoing())
    with pytest.raises(tls.UsageError):
        server.request_client_certificate()


@pytest.mark.parametrize("version", tls.IMPLEMENTED_VERSIONS)
def test_before_tls_1_3_it_closes_both(version: int) -> None:
    client, server = connected_before(versions=[version])
    client.close()
    server.receive(client.outgoing())
    assert server.closed
    assert server.peer_closed
    with pytest.raises(tls.UsageError):
        server.send(b"pending")
    client.receive(server.outgoing())
    assert client.closed


def test_a_client_that_closes_instead_of_its_finished_has_closed_all() -> None:
    client, server = World().ends()
    server.receive(client.outgoing())
    client.close()
    server.receive(client.outgoing())
    assert server.closed
