"""Hello extensions and what they change."""

from dataclasses import replace

import pytest

import tls
from tests.tls.conversation import (
    VERSIONS,
    changed_hello,
    connected,
    converse,
    data_in,
    new_client,
    new_server,
)
from tls.alerts import (
    DECODE_ERROR,
    HANDSHAKE_FAILURE,
    ILLEGAL_PARAMETER,
    INAPPROPRIATE_FALLBACK,
    INSUFFICIENT_SECURITY,
    NO_APPLICATION_PROTOCOL,
    UNSUPPORTED_EXTENSION,
)
from tls.extensions import (
    ALPN,
    EC_POINT_FORMATS,
    ENCRYPT_THEN_MAC,
    EXTENDED_MASTER_SECRET,
    MAX_FRAGMENT_LENGTH,
    RECORD_SIZE_LIMIT,
    SIGNATURE_ALGORITHMS,
    SUPPORTED_GROUPS,
    decode_server_name,
    encode_codes,
)
from tls.groups import EXPORT_FIELD, is_finite_field
from tls.messages import ClientHello, ServerHello, encode_message
from tls.record.cbc import CbcProtection, EncryptThenMacProtection


def record(message: object, version: int = tls.TLS_1_2) -> bytes:
    body = encode_message(message, version)
    return b"\x16\x03\x03" + len(body).to_bytes(2, "big") + body


def hello(extensions: dict[int, bytes], suites: tuple[int, ...] = (0x002F, 0xC013)) -> bytes:
    return record(ClientHello(tls.TLS_1_2, bytes(32), b"", suites, b"\0", extensions))


def answered(server: tls.ServerConnection, wire: bytes) -> dict[int, bytes]:
    server.receive(wire)
    answer = server.outgoing()
    length = int.from_bytes(answer[6:9], "big")
    return ServerHello.decode(answer[9 : 9 + length], tls.TLS_1_2).extensions


# -- ALPN


def test_the_servers_first_protocol_that_the_client_offers() -> None:
    client, server = new_client(alpn=["http/1.1", "h2"]), new_server(alpn=["h3", "h2", "http/1.1"])
    converse(client, server)
    assert client.application_protocol == server.application_protocol == "h2"


def test_no_protocol_in_common() -> None:
    with pytest.raises(tls.PeerError) as caught:
        converse(new_client(alpn=["spdy"]), new_server(alpn=["h2"]))
    assert caught.value.alert == NO_APPLICATION_PROTOCOL


def test_a_server_without_alpn_ignores_it() -> None:
    client, server = new_client(alpn=["h2"]), new_server()
    converse(client, server)
    assert client.application_protocol is None


def test_a_protocol_that_was_not_offered() -> None:
    client = new_client(alpn=["h2"], suites=[0x002F])
    answer = ServerHello(tls.TLS_1_2, bytes(32), b"", 0x002F, 0, {ALPN: b"\x00\x05\x04spdy"})
    with pytest.raises(tls.PeerError) as caught:
        client.receive(record(answer))
    assert caught.value.alert == ILLEGAL_PARAMETER


# -- extended master secret


@pytest.mark.parametrize("version", VERSIONS)
def test_extended_master_secret(version: int) -> None:
    client, _ = connected(tls.SessionCache(), versions=[version])
    assert client.session is not None
    assert client.session.extended_master_secret == (version > tls.SSL_3_0)


def test_a_session_with_it_is_not_resumed_without() -> None:
    """RFC 7627 §5.3: the server aborts."""
    sessions = tls.SessionCache()
    client, _ = connected(sessions)
    hello = changed_hello(new_client(extended_master_secret=False), session_id=client.session.id)
    with pytest.raises(tls.PeerError) as caught:
        new_server(sessions).receive(hello)
    assert caught.value.alert == HANDSHAKE_FAILURE
    assert caught.value.reason is tls.Reason.EXTENDED_MASTER_SECRET_DROPPED


def test_a_session_without_it_gets_a_full_handshake_with() -> None:
    sessions = tls.SessionCache()
    client = new_client(extended_master_secret=False)
    converse(client, new_server(sessions))
    again, _ = connected(sessions, client.session)
    assert not again.resumed


# -- encrypt-then-MAC


def test_encrypt_then_mac_for_cbc_only() -> None:
    for suite, expected in ((0x002F, EncryptThenMacProtection), (0x003C, EncryptThenMacProtection)):
        client, server = connected(suites=[suite])
        assert isinstance(client._records._write, expected)
        assert isinstance(server._records._read, expected)
    assert ENCRYPT_THEN_MAC not in answered(new_server(), hello({ENCRYPT_THEN_MAC: b""}, (0x009C,)))
    client, server = new_client(suites=[0x002F], encrypt_then_mac=False), new_server()
    converse(client, server)
    assert isinstance(client._records._write, CbcProtection)


# -- record sizes


@pytest.mark.parametrize("length", [512, 1024, 2048, 4096])
def test_max_fragment_length(length: int) -> None:
    client, server = new_client(max_fragment_length=length), new_server()
    converse(client, server)
    for sender, receiver in ((client, server), (server, client)):
        sender.send(b"x" * 10_000)
        events = receiver.receive(sender.outgoing())
        assert data_in(events) == b"x" * 10_000
        assert max(len(event.data) for event in events) == length


def test_record_size_limit() -> None:
    client, server = new_client(record_size_limit=700), new_server(record_size_limit=900)
    converse(client, server)
    for sender, receiver, limit in ((client, server, 900), (server, client, 700)):
        sender.send(b"x" * 10_000)
        events = receiver.receive(sender.outgoing())
        assert max(len(event.data) for event in events) == limit


def test_record_size_limit_leaves_unprotected_records_alone() -> None:
    """RFC 8449 §4: a ClientKeyExchange of 262 bytes in one record is no overflow."""
    client = new_client(record_size_limit=700)
    server = new_server(record_size_limit=64)
    client._records.limit = lambda *_, **__: None  # type: ignore[method-assign]
    converse(client, server)
    assert server.handshake_completed
    with pytest.raises(tls.PeerError):
        client.send(b"x" * 100)
        server.receive(client.outgoing())


def test_record_size_limit_wins_over_max_fragment_length() -> None:
    extensions = {RECORD_SIZE_LIMIT: b"\x02\x00", MAX_FRAGMENT_LENGTH: b"\x01"}
    got = answered(new_server(record_size_limit=16_384), hello(extensions))
    assert RECORD_SIZE_LIMIT in got
    assert MAX_FRAGMENT_LENGTH not in got


def test_a_record_over_the_agreed_limit_overflows() -> None:
    client, server = new_client(max_fragment_length=512), new_server()
    converse(client, server)
    client._records.send_limit = 16_384
    client.send(b"x" * 513)
    with pytest.raises(tls.PeerError, match="record_overflow"):
        server.receive(client.outgoing())


# -- what is malformed or not asked for


@pytest.mark.parametrize(
    ("extensions", "alert"),
    [
        ({SUPPORTED_GROUPS: b"\x00\x00"}, DECODE_ERROR),
        ({SUPPORTED_GROUPS: b"\x00\x01\x00"}, DECODE_ERROR),
        ({SIGNATURE_ALGORITHMS: b"\x00\x00"}, DECODE_ERROR),
        ({EC_POINT_FORMATS: b"\x00"}, DECODE_ERROR),
        ({EC_POINT_FORMATS: b"\x01\x01"}, ILLEGAL_PARAMETER),
        ({EXTENDED_MASTER_SECRET: b"x"}, DECODE_ERROR),
        ({ENCRYPT_THEN_MAC: b"x"}, DECODE_ERROR),
        ({MAX_FRAGMENT_LENGTH: b"\x05"}, ILLEGAL_PARAMETER),
        ({MAX_FRAGMENT_LENGTH: b""}, DECODE_ERROR),
        ({0: b""}, DECODE_ERROR),
        ({0: b"\x00\x03\x00\x00\x00"}, DECODE_ERROR),
    ],
)
def test_malformed_extensions(extensions: dict[int, bytes], alert: int) -> None:
    with pytest.raises(tls.PeerError) as caught:
        new_server().receive(hello(extensions))
    assert caught.value.alert == alert


def test_unknown_extensions_are_ignored() -> None:
    assert 0x1A1A not in answered(new_server(), hello({0x1A1A: b"grease", 5: b"\1\0\0\0\0"}))


def test_an_extension_that_was_not_asked_for() -> None:
    client = new_client(suites=[0x002F])
    answer = ServerHello(tls.TLS_1_2, bytes(32), b"", 0x002F, 0, {0x1234: b""})
    with pytest.raises(tls.PeerError) as caught:
        client.receive(record(answer))
    assert caught.value.alert == UNSUPPORTED_EXTENSION


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (b"\x00\x00\x03abc", "abc"),
        (b"\x00\x00\x03ABC", "abc"),
        (b"\x07\x00\x02xy\x00\x00\x03abc", "abc"),
        (b"\x00\x00\x03abc\x07\x00\x02xy", "abc"),
        (b"\x07\x00\x02xy", None),
    ],
)
def test_server_names_of_other_types_are_ignored(names: bytes, wanted: str | None) -> None:
    assert decode_server_name(len(names).to_bytes(2, "big") + names) == wanted


@pytest.mark.parametrize("name", [b"a\x00b", b"a\x07b", b"\x1b[31m", b"\xff\xff"])
def test_server_names_that_nobody_can_have(name: bytes) -> None:
    entry = b"\x00" + len(name).to_bytes(2, "big") + name
    with pytest.raises(tls.PeerError) as caught:
        decode_server_name(len(entry).to_bytes(2, "big") + entry)
    assert caught.value.alert == ILLEGAL_PARAMETER


# -- groups and signature schemes


def test_the_servers_preferred_group_of_both() -> None:
    client = new_client(groups=[23, 24], suites=[0xC013])
    server = new_server(groups=[29, 24, 23])
    converse(client, server)
    assert client.handshake_completed


def test_no_group_in_common_leaves_the_suites_without_groups() -> None:
    client = new_client(groups=[25], suites=[0xC013, 0x002F])
    server = new_server(groups=[29, 23])
    converse(client, server)
    assert client.suite == 0x002F


FALLING_BACK = (0xC013, 0x0033, 0x002F)
"""ECDHE, DHE and RSA."""


@pytest.mark.parametrize(
    ("groups", "suite"),
    [
        pytest.param((29, 256), 0xC013, id="a curve in common"),
        pytest.param((25,), 0x0033, id="no curve in common, no field named"),
        pytest.param((0x4242,), 0x0033, id="only a group nobody knows"),
        pytest.param((25, 256), 0x0033, id="no curve in common, a field in common"),
        pytest.param((257,), 0x002F, id="only a field that the server has not"),
        pytest.param((256 + 200,), 0x002F, id="only a field nobody knows"),
        pytest.param((25, 257), 0x002F, id="neither a curve nor a field in common"),
    ],
)
def test_suites_follow_the_groups(groups: tuple[int, ...], suite: int) -> None:
    """RFC 8422 §4 and RFC 7919 §4: what both can run is left, in the server's order."""
    server = new_server(groups=[29, 23, 256], suites=FALLING_BACK)
    server.receive(hello({SUPPORTED_GROUPS: encode_codes(groups)}, (0x002F, 0x0033, 0xC013)))
    answer = server.outgoing()
    length = int.from_bytes(answer[6:9], "big")
    assert ServerHello.decode(answer[9 : 9 + length], tls.TLS_1_2).cipher_suite == suite


@pytest.mark.parametrize(
    ("groups", "alert"),
    [
        pytest.param((257,), INSUFFICIENT_SECURITY, id="fields named, none in common"),
        pytest.param((257, 29), HANDSHAKE_FAILURE, id="a curve in common, but no suite for it"),
        pytest.param((25,), HANDSHAKE_FAILURE, id="no field named"),
    ],
)
def test_no_suite_for_the_groups(groups: tuple[int, ...], alert: int) -> None:
    suites = (0x0033,) if is_finite_field(groups[0]) else (0xC013,)
    server = new_server(groups=[29, 23, 256], suites=FALLING_BACK)
    with pytest.raises(tls.PeerError) as caught:
        server.receive(hello({SUPPORTED_GROUPS: encode_codes(groups)}, suites))
    assert caught.value.alert == alert


@pytest.mark.parametrize("suite", [0x0014, 0x0019])
def test_export_suites_have_their_own_field_whatever_is_named(suite: int) -> None:
    """As Java's clients offer them: DHE_RSA_EXPORT, DH_anon_EXPORT, and ffdhe2048."""
    server = new_server(versions=[tls.TLS_1_0], suites=[suite])
    server.receive(hello({SUPPORTED_GROUPS: encode_codes((256,))}, (suite,)))
    assert EXPORT_FIELD.prime.to_bytes(64, "big") in server.outgoing()


def test_no_signature_scheme_in_common() -> None:
    client = new_client(signature_schemes=[0x0807], suites=[0xC02F])
    with pytest.raises(tls.PeerError) as caught:
        converse(client, new_server())
    assert caught.value.alert == HANDSHAKE_FAILURE


# -- fallback


def test_a_needless_fallback_is_refused() -> None:
    client = new_client(versions=[tls.TLS_1_0], fallback=True)
    with pytest.raises(tls.PeerError) as caught:
        converse(client, new_server())
    assert caught.value.alert == INAPPROPRIATE_FALLBACK


def test_a_needed_fallback_is_served() -> None:
    client = new_client(versions=[tls.TLS_1_0], fallback=True)
    converse(client, new_server(versions=[tls.SSL_3_0, tls.TLS_1_0]))
    assert client.handshake_completed


@pytest.mark.parametrize("which", ["client", "server"])
def test_a_renegotiation_does_not_lose_encrypt_then_mac(which: str) -> None:
    """RFC 7366 §3.1: a session that has it may not go on without."""
    client, server = new_client(suites=[0x002F]), new_server()
    converse(client, server)
    side = client if which == "client" else server
    role = side._handshake.role
    role.config = replace(role.config, encrypt_then_mac=False)
    client.renegotiate()
    with pytest.raises(tls.PeerError) as caught:
        converse(client, server)
    assert caught.value.reason is tls.Reason.ENCRYPT_THEN_MAC_DROPPED


def test_a_renegotiation_may_go_on_to_a_cipher_that_has_no_use_for_it() -> None:
    """AEAD ciphers never answer it (RFC 7366 §3)."""
    client, server = new_client(suites=[0x002F]), new_server()
    converse(client, server)
    role = client._handshake.role
    role.config = replace(role.config, suites=(0x009C,))
    client.renegotiate()
    converse(client, server)
    assert client.suite == 0x009C
    role.config = replace(role.config, suites=(0x002F,))
    client.renegotiate()
    converse(client, server)
    assert isinstance(client._records._write, EncryptThenMacProtection)
