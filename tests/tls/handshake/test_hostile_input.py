"""Whatever arrives, `receive` raises `PeerError` or nothing, and sends its alert."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tls
from tests.tls.conversation import VERSIONS, connected, new_client, new_server
from tls.alerts import ALERT_NAMES, ILLEGAL_PARAMETER
from tls.messages import (
    Certificate,
    CertificateRequest,
    CertificateVerify,
    ClientHello,
    ClientKeyExchange,
    Finished,
    HelloRequest,
    NewSessionTicket,
    ServerHello,
    ServerHelloDone,
    ServerKeyExchange,
    encode_message,
)

MESSAGES = (
    HelloRequest(),
    ClientHello(tls.TLS_1_0, b"c" * 32, b"i" * 32, (5, 10, 0x2F), b"\1\0", {0: b"name", 10: b""}),
    ServerHello(tls.TLS_1_0, b"s" * 32, b"i" * 16, 5, 0, {0xFF01: b"\0"}),
    Certificate((b"leaf", b"authority")),
    NewSessionTicket(7200, b"t" * 100),
    ServerKeyExchange(b"parameters"),
    CertificateRequest(b"\1\2", (b"name one", b"two")),
    ServerHelloDone(),
    CertificateVerify(b"s" * 128),
    ClientKeyExchange(b"k" * 128),
    Finished(b"f" * 12),
)


def feed(connection: tls.ClientConnection | tls.ServerConnection, data: bytes) -> None:
    try:
        connection.receive(data)
    except tls.PeerError as error:
        assert connection.closed
        assert error.alert in ALERT_NAMES
        assert connection.outgoing()


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_every_message_survives_the_wire(message: object) -> None:
    for version in VERSIONS:
        if isinstance(message, Finished):
            message = Finished(b"f" * (36 if version == tls.SSL_3_0 else 12))
        body = message.encode(version)
        assert type(message).decode(body, version) == message


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_every_truncation_of_every_message_is_a_peer_error(message: object) -> None:
    body = message.encode(tls.TLS_1_0)
    for end in range(len(body)):
        try:
            decoded = type(message).decode(body[:end], tls.TLS_1_0)
        except tls.PeerError:
            continue
        # Opaque bodies have no end of their own; a block of extensions may be left out.
        if not isinstance(decoded, ServerKeyExchange | ClientKeyExchange):
            assert decoded.extensions == {}
        assert decoded.encode(tls.TLS_1_0) == body[:end]


@settings(deadline=None)
@given(data=st.binary(max_size=200))
def test_random_bodies(data: bytes) -> None:
    for message in MESSAGES:
        try:
            decoded = type(message).decode(data, tls.TLS_1_0)
        except tls.PeerError:
            continue
        assert decoded.encode(tls.TLS_1_0) == data or isinstance(decoded, ClientHello | ServerHello)


@settings(deadline=None)
@given(data=st.binary(max_size=400))
def test_random_bytes(data: bytes) -> None:
    feed(new_server(), data)
    feed(new_client(), data)


@settings(deadline=None)
@given(kind=st.sampled_from([20, 21, 22, 23]), body=st.binary(max_size=300))
def test_random_records(kind: int, body: bytes) -> None:
    record = bytes([kind]) + b"\x03\x01" + len(body).to_bytes(2, "big") + body
    feed(new_server(), record)
    feed(new_client(), record)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("suite", [0x0004, 0x000A, 0xC013, 0x0033, 0x0018, 0xC009])
def test_one_byte_at_a_time(version: int, suite: int) -> None:
    client = new_client(versions=[version], suites=[suite])
    server = new_server(tls.SessionCache())
    for _ in range(4):
        for byte in client.outgoing():
            server.receive(bytes([byte]))
        for byte in server.outgoing():
            client.receive(bytes([byte]))
    assert client.handshake_completed
    assert server.handshake_completed


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("suite", [0x0004, 0x000A, 0x0035, 0x0033, 0xC009, 0x0018])
@pytest.mark.parametrize("resumed", [False, True], ids=["full", "resumed"])
def test_mutated_handshakes(version: int, suite: int, resumed: bool) -> None:
    """One flight of a live handshake is mutated; what follows is whatever the engines answer."""
    draw = random.Random(f"{version} {suite} {resumed}")
    sessions = tls.SessionCache()
    session = connected(sessions, versions=[version], suites=[suite])[0].session
    for _ in range(150):
        client = new_client(session if resumed else None, versions=[version], suites=[suite])
        server = new_server(sessions)
        victim = draw.randrange(4)
        for number in range(6):
            sender, receiver = (client, server) if number % 2 == 0 else (server, client)
            wire = bytearray(sender.outgoing())
            if number == victim and wire:
                mutate(wire, draw)
            feed(receiver, bytes(wire))
        if session is not None:
            sessions.store(session, 899_164_800.0)


def mutate(wire: bytearray, draw: random.Random) -> None:
    for _ in range(draw.choice((1, 1, 2, 5))):
        position = draw.randrange(len(wire))
        kind = draw.randrange(4)
        if kind == 0:
            wire[position] ^= 1 << draw.randrange(8)
        elif kind == 1:
            wire[position] = draw.choice((0, 1, 0x7F, 0x80, 0xFF))
        elif kind == 2 and len(wire) > 1:
            del wire[position : position + draw.randrange(1, 9)]
        else:
            wire[position:position] = draw.randbytes(draw.randrange(1, 9))
        if not wire:
            wire.append(0)


def test_a_handshake_message_over_the_limit() -> None:
    server = new_server()
    with pytest.raises(tls.PeerError) as caught:
        server.receive(b"\x16\x03\x01\x00\x04\x01\xff\xff\xff")
    assert caught.value.alert == ILLEGAL_PARAMETER


def test_an_unwanted_message_is_refused_before_it_is_whole() -> None:
    server = new_server()
    with pytest.raises(tls.PeerError):
        server.receive(b"\x16\x03\x01\x00\x01\x14")


@settings(deadline=None)
@given(names=st.lists(st.binary(min_size=1, max_size=30), max_size=3))
def test_any_server_name_extension(names: list[bytes]) -> None:
    entries = b"".join(b"\0" + len(name).to_bytes(2, "big") + name for name in names)
    hello = ClientHello(
        tls.TLS_1_0, bytes(32), b"", (5,), b"\0", {0: len(entries).to_bytes(2, "big") + entries}
    )
    message = encode_message(hello, tls.TLS_1_0)
    feed(new_server(), b"\x16\x03\x01" + len(message).to_bytes(2, "big") + message)


def test_distinct_certificates_do_not_fill_the_memory() -> None:
    from tls.certificates import certificate, parse_certificate

    for number in range(2 * certificate._MEMO_CAPACITY):
        with pytest.raises(tls.PeerError):
            parse_certificate(b"not a certificate %d" % number)
    assert len(certificate._memo) <= certificate._MEMO_CAPACITY
