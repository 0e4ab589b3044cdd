"""What a peer sends after the handshake of TLS 1.3 costs a bounded time and a bounded memory."""

from __future__ import annotations

import pytest

import tls
from tests.tls.fixed_identities import identity
from tests.tls.handshake.tls13.worlds import World
from tls.alerts import DECODE_ERROR, ILLEGAL_PARAMETER, UNEXPECTED_MESSAGE
from tls.handshake.protocol import MAX_LATER_MESSAGES, MAX_MESSAGE
from tls.handshake.tls13.client_chain import certificate_request
from tls.handshake.tls13.later_client import MAX_KEPT_TICKET
from tls.messages import encode_message
from tls.reasons import Reason
from tls.tls13.messages import NewSessionTicket


def test_tickets_without_end_are_bounded() -> None:
    client, server = World().connected()
    for _ in range(70):
        server._records.send(22, bytes.fromhex("0400000e0000100000000000000001010000"))
    with pytest.raises(tls.PeerError) as caught:
        client.receive(server.outgoing())
    assert caught.value.reason is Reason.TOO_MANY_LATER_MESSAGES


def test_requests_for_a_certificate_without_end_are_bounded() -> None:
    """Each would cost the client a signature."""
    own = {"identities": [identity("client-ecdsa")], "post_handshake_authentication": True}
    client, server = World(own).connected()
    for number in range(MAX_LATER_MESSAGES + 1):
        request = certificate_request(server._handshake.role.config, bytes((number,)))
        server._records.send(22, encode_message(request, tls.TLS_1_3))
    client.meter.take()
    with pytest.raises(tls.PeerError) as caught:
        client.receive(server.outgoing())
    assert caught.value.reason is Reason.TOO_MANY_LATER_MESSAGES
    signatures = [each for each in client.meter.take() if each.name.startswith("ecdsa.sign")]
    assert 0 < sum(each.count for each in signatures) <= MAX_LATER_MESSAGES


@pytest.mark.parametrize("kind", [4, 24, 13, 11])
@pytest.mark.parametrize("by_client", [False, True])
def test_no_message_after_the_handshake_is_kept_without_bound(kind: int, by_client: bool) -> None:
    """Its header says how long it is: it is refused at once, or before much of it has come."""
    own = {"identities": [identity("client-ecdsa")], "post_handshake_authentication": True}
    ends = World(own).connected()
    sender, receiver = ends if by_client else ends[::-1]
    sender._records.send(22, bytes((kind,)) + b"\xff\xff\xff")
    with pytest.raises(tls.PeerError) as caught:
        receiver.receive(sender.outgoing())
        for _ in range(20):
            sender._records.send(22, bytes(16_000))
            receiver.receive(sender.outgoing())
    assert caught.value.alert in (UNEXPECTED_MESSAGE, DECODE_ERROR, ILLEGAL_PARAMETER)
    assert len(receiver._handshake._input) <= MAX_MESSAGE


def test_a_ticket_that_is_too_long_is_not_kept() -> None:
    client, server = World().connected()
    newest = client.session
    ticket = NewSessionTicket(100, 0, b"\0", bytes(MAX_KEPT_TICKET + 1), {})
    message = encode_message(ticket, tls.TLS_1_3)
    for start in range(0, len(message), 16_000):
        server._records.send(22, message[start : start + 16_000])
    assert client.receive(server.outgoing()) == []
    assert client.session is newest
    client.send(b"still open")
    assert server.receive(client.outgoing()) == [tls.ApplicationData(b"still open")]


@pytest.mark.parametrize("updates", [1, 63])
def test_a_peer_that_asks_for_new_keys_and_reads_nothing(updates: int) -> None:
    """It gets no more than one answer for each of its own."""
    client, server = World().connected()
    for _ in range(updates):
        client.update_keys(update_requested=True)
    asked = client.outgoing()
    server.receive(asked)
    assert len(server.outgoing()) <= len(asked)
