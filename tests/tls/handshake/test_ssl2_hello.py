"""The ClientHello in SSL 2.0's format (RFC 5246 appendix E.2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tls
from tests.tls.conversation import converse, new_client, new_server
from tls.alerts import ALERT_NAMES, PROTOCOL_VERSION


@pytest.mark.parametrize("version", [tls.SSL_3_0, tls.TLS_1_0, tls.TLS_1_2])
def test_it_starts_a_handshake_of_its_version(version: int) -> None:
    client = new_client(versions=[tls.SSL_3_0, version], suites=[0x002F, 0x0005], ssl2_hello=True)
    server = new_server(ssl2_hello=True)
    converse(client, server)
    assert client.version == server.version == version
    assert client._channel.history.secure


def test_it_is_understood_byte_by_byte() -> None:
    client = new_client(suites=[0x002F], ssl2_hello=True)
    server = new_server(ssl2_hello=True)
    hello = client.outgoing()
    assert hello[0] == 0x80
    assert hello[2:5] == b"\x01\x03\x03"
    for byte in hello:
        server.receive(bytes([byte]))
    client.receive(server.outgoing())
    converse(client, server)
    assert server.handshake_completed


def test_a_server_may_refuse_it() -> None:
    client = new_client(ssl2_hello=True)
    with pytest.raises(tls.PeerError) as caught:
        new_server().receive(client.outgoing())
    assert caught.value.alert == PROTOCOL_VERSION


def ssl2_hello(version: int, specs: bytes, challenge: bytes = bytes(16)) -> bytes:
    body = b"\x01" + version.to_bytes(2, "big") + len(specs).to_bytes(2, "big") + b"\0\0"
    body += len(challenge).to_bytes(2, "big") + specs + challenge
    return (0x8000 | len(body)).to_bytes(2, "big") + body


def test_ssl_2_0_itself_is_refused_and_named() -> None:
    with pytest.raises(tls.PeerError, match=r"SSL 2\.0") as caught:
        new_server(ssl2_hello=True).receive(ssl2_hello(tls.SSL_2_0, b"\x01\x00\x80"))
    assert caught.value.alert == PROTOCOL_VERSION
    with pytest.raises(tls.PeerError, match=r"only suites of SSL 2\.0"):
        new_server(ssl2_hello=True).receive(ssl2_hello(tls.TLS_1_0, b"\x01\x00\x80"))


def test_a_server_that_speaks_ssl_2_0_is_named() -> None:
    client = new_client()
    with pytest.raises(tls.PeerError):
        client.receive(b"\x80\x0b\x04\x00\x01\x00\x02" + bytes(6))


@given(body=st.binary(max_size=120))
def test_random_ssl2_records(body: bytes) -> None:
    server = new_server(ssl2_hello=True)
    body = b"\x01" + body
    try:
        server.receive((0x8000 | len(body)).to_bytes(2, "big") + body)
    except tls.PeerError as error:
        assert error.alert in ALERT_NAMES
