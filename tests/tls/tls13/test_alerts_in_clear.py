"""Alerts without protection: who may send one, and when it is nobody's word."""

import pytest

import tls
from tests.tls.conversation import converse, new_client, new_server
from tls.alerts import CLOSE_NOTIFY, ILLEGAL_PARAMETER, UNEXPECTED_MESSAGE


def test_a_client_that_refuses_the_server_hello_is_understood() -> None:
    """It has no keys yet, while the server has changed its own."""
    client, server = (
        new_client(versions=[tls.TLS_1_3]),
        new_server(versions=[tls.TLS_1_3]),
    )
    server.receive(client.outgoing())
    flight = bytearray(server.outgoing())
    assert flight[5] == 2  # ServerHello
    session_id = 5 + 4 + 2 + 32
    flight[session_id + 1] ^= 1  # not the one that was sent
    with pytest.raises(tls.PeerError) as caught:
        client.receive(bytes(flight))
    assert caught.value.alert == ILLEGAL_PARAMETER
    events = server.receive(client.outgoing())
    assert events == [tls.AlertReceived(ILLEGAL_PARAMETER, fatal=True)]
    assert server.closed


@pytest.mark.parametrize("alert", [CLOSE_NOTIFY, ILLEGAL_PARAMETER])
@pytest.mark.parametrize("to_server", [True, False])
def test_nobody_else_ends_a_connection_with_one(alert: int, to_server: bool) -> None:
    """A close_notify that anybody can write would cut data short (RFC 8446 §6.1)."""
    client, server = (
        new_client(versions=[tls.TLS_1_3]),
        new_server(versions=[tls.TLS_1_3]),
    )
    converse(client, server)
    victim = server if to_server else client
    level = 1 if alert == CLOSE_NOTIFY else 2
    with pytest.raises(tls.PeerError) as caught:
        victim.receive(b"\x15\3\3\0\2" + bytes((level, alert)))
    assert caught.value.alert == UNEXPECTED_MESSAGE
    assert caught.value.reason is tls.Reason.RECORD_NOT_PROTECTED
