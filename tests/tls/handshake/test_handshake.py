"""Handshakes of two engines: what is negotiated, resumed and refused."""

import gc
import weakref

import pytest

import tls
from tests.tls.conversation import (
    EPOCH,
    EVERY_SUITE,
    SERVER_NAME,
    VERSIONS,
    changed_hello,
    connected,
    converse,
    data_in,
    new_client,
    new_server,
)
from tls.alerts import (
    BAD_RECORD_MAC,
    DECRYPT_ERROR,
    HANDSHAKE_FAILURE,
    ILLEGAL_PARAMETER,
    PROTOCOL_VERSION,
    UNEXPECTED_MESSAGE,
)
from tls.extensions import EXTENDED_MASTER_SECRET
from tls.groups import SECP384R1, X25519
from tls.messages import ClientHello, ServerHello, encode_message

RC4_SHA, DES, TRIPLE_DES, AES_128, AES_256 = 0x0005, 0x0009, 0x000A, 0x002F, 0x0035


def hello_record(**fields: object) -> bytes:
    hello = ClientHello(
        **{
            "client_version": tls.TLS_1_0,
            "random": bytes(32),
            "session_id": b"",
            "cipher_suites": (AES_128,),
            **fields,
        }
    )
    message = encode_message(hello, tls.TLS_1_0)
    return b"\x16\x03\x01" + len(message).to_bytes(2, "big") + message


def server_hello_in(wire: bytes) -> ServerHello:
    assert wire[0] == 22
    assert wire[5] == ServerHello.type
    length = int.from_bytes(wire[6:9], "big")
    return ServerHello.decode(wire[9 : 9 + length], tls.TLS_1_0)


@pytest.mark.parametrize(("version", "suite"), EVERY_SUITE)
def test_full_then_resumed(version: int, suite: int) -> None:
    sessions = tls.SessionCache()
    client, server = connected(sessions, versions=[version], suites=[suite])
    assert (client.resumed, server.resumed) == (False, False)
    assert client.session is not None
    assert server.session is not None
    assert client.session.master_secret == server.session.master_secret

    again, server_again = connected(sessions, client.session, versions=[version], suites=[suite])
    assert (again.resumed, server_again.resumed) == (True, True)
    assert (again.version, again.suite) == (version, suite)
    again.send(b"ping")
    assert data_in(server_again.receive(again.outgoing())) == b"ping"


def test_events_of_a_full_handshake() -> None:
    client, server = new_client(), new_server(tls.SessionCache())
    client_events, server_events = converse(client, server)
    for end, events in ((client, client_events), (server, server_events)):
        completed = tls.HandshakeCompleted(
            tls.TLS_1_2, client.suite, resumed=False, session=end.session, group=X25519
        )
        assert events == [completed]


@pytest.mark.parametrize("version", [tls.TLS_1_0, tls.TLS_1_2])
def test_the_curve_that_was_agreed_on_is_told(version: int) -> None:
    """Of a full handshake by ECDHE; there is none where a session is resumed, nor by RSA or DHE."""
    cache = tls.SessionCache()
    for suite, group in ((0xC013, SECP384R1), (0x002F, None), (0x0033, None)):
        settings = {"versions": [version], "suites": [suite], "groups": [SECP384R1]}
        client, server = new_client(**settings), new_server(cache, groups=[SECP384R1])
        for events in converse(client, server):
            (completed,) = [each for each in events if isinstance(each, tls.HandshakeCompleted)]
            assert completed.group == group
        again = new_client(client.session, **settings)
        for events in converse(again, new_server(cache, groups=[SECP384R1])):
            (completed,) = [each for each in events if isinstance(each, tls.HandshakeCompleted)]
            assert (completed.resumed, completed.group) == (True, None)


# -- the server's three choices of session ID


def test_new_session_id() -> None:
    server = new_server(tls.SessionCache())
    server.receive(hello_record())
    assert len(server_hello_in(server.outgoing()).session_id) == 32


def test_new_session_id_when_the_offered_one_is_unknown() -> None:
    server = new_server(tls.SessionCache())
    events = server.receive(hello_record(session_id=b"s" * 32))
    assert events == [tls.SessionLookedUp(b"s" * 32, found=False)]
    session_id = server_hello_in(server.outgoing()).session_id
    assert len(session_id) == 32
    assert session_id != b"s" * 32


def test_resumed_session_id() -> None:
    sessions = tls.SessionCache()
    client, _ = connected(sessions, versions=[tls.TLS_1_0], suites=[AES_256])
    assert client.session is not None
    server = new_server(sessions)
    server.receive(
        hello_record(
            session_id=client.session.id,
            cipher_suites=(AES_256,),
            extensions={**server_name_extension(SERVER_NAME), EXTENDED_MASTER_SECRET: b""},
        )
    )
    assert server_hello_in(server.outgoing()).session_id == client.session.id


def server_name_extension(name: str) -> dict[int, bytes]:
    host = name.encode()
    entry = b"\0" + len(host).to_bytes(2, "big") + host
    return {0: len(entry).to_bytes(2, "big") + entry}


@pytest.mark.parametrize("sessions", [None, tls.SessionCache(capacity=0)])
def test_null_session_id(sessions: tls.SessionCache | None) -> None:
    client, server = connected(sessions)
    assert client.session is None
    assert server.session is None
    server = new_server(sessions)
    server.receive(hello_record())
    assert server_hello_in(server.outgoing()).session_id == b""


def test_a_session_is_not_resumed_for_another_server_name() -> None:
    sessions = tls.SessionCache()
    client, _ = connected(sessions)
    again = new_client(client.session, server_name="contoso.com")
    converse(again, new_server(sessions))
    assert again.handshake_completed
    assert not again.resumed


def test_a_session_whose_suite_is_not_offered_is_refused() -> None:
    """RFC 5246 §7.4.1.2: the hello MUST include the suite of the session it offers."""
    sessions = tls.SessionCache()
    client, _ = connected(sessions, suites=[AES_128])
    hello = changed_hello(new_client(suites=[RC4_SHA]), session_id=client.session.id)
    with pytest.raises(tls.PeerError) as caught:
        new_server(sessions).receive(hello)
    assert caught.value.alert == ILLEGAL_PARAMETER
    assert caught.value.reason is tls.Reason.SESSION_SUITE_NOT_OFFERED


def test_a_session_is_not_resumed_in_another_version() -> None:
    sessions = tls.SessionCache()
    client, _ = connected(sessions, versions=[tls.SSL_3_0])
    again, _ = connected(sessions, client.session, versions=[tls.TLS_1_0])
    assert not again.resumed


def test_an_expired_session_gets_a_full_handshake() -> None:
    sessions = tls.SessionCache(lifetime=300)
    client, _ = connected(sessions)
    late = tls.ServerConnection(new_server(sessions)._config, clock=lambda: EPOCH + 301)
    again = new_client(client.session)
    converse(again, late)
    assert again.handshake_completed
    assert not again.resumed


# -- versions


@pytest.mark.parametrize(
    ("client_versions", "server_versions", "agreed"),
    [
        (VERSIONS, VERSIONS, tls.TLS_1_2),
        (VERSIONS, [tls.SSL_3_0, tls.TLS_1_0], tls.TLS_1_0),
        (VERSIONS, [tls.TLS_1_1], tls.TLS_1_1),
        ([tls.SSL_3_0], VERSIONS, tls.SSL_3_0),
        (VERSIONS, [tls.SSL_3_0], tls.SSL_3_0),
    ],
)
def test_the_highest_common_version(
    client_versions: list[int], server_versions: list[int], agreed: int
) -> None:
    client = new_client(versions=client_versions)
    server = new_server(versions=server_versions)
    converse(client, server)
    assert (client.version, server.version) == (agreed, agreed)


@pytest.mark.parametrize("client_version", [0x0304, 0x0305, 0x03FF, 0x0400])
def test_a_later_client_version_is_answered_with_the_highest(client_version: int) -> None:
    server = new_server()
    server.receive(hello_record(client_version=client_version))
    assert server_hello_in(server.outgoing()).server_version == tls.TLS_1_2


def test_no_common_version() -> None:
    server = new_server(versions=[tls.TLS_1_0])
    with pytest.raises(tls.PeerError) as caught:
        server.receive(hello_record(client_version=tls.SSL_3_0))
    assert caught.value.alert == PROTOCOL_VERSION


def test_the_client_refuses_a_version_it_does_not_speak() -> None:
    client = new_client(versions=[tls.TLS_1_0])
    with pytest.raises(tls.PeerError) as caught:
        client.receive(server_hello_record(tls.SSL_3_0, AES_128))
    assert caught.value.alert == PROTOCOL_VERSION


def server_hello_record(version: int, suite: int) -> bytes:
    message = encode_message(ServerHello(version, bytes(32), b"", suite), version)
    return b"\x16" + version.to_bytes(2, "big") + len(message).to_bytes(2, "big") + message


def test_a_version_rollback_is_noticed() -> None:
    """The premaster carries the hello's version; an attacker who lowers the hello's is caught."""
    client = new_client(suites=[AES_128], versions=[tls.TLS_1_0, tls.TLS_1_1])
    server = new_server()
    hello = bytearray(client.outgoing())
    assert hello[9:11] == b"\x03\x02"
    hello[10] = 0x01
    server.receive(bytes(hello))
    client.receive(server.outgoing())
    with pytest.raises(tls.PeerError) as caught:
        server.receive(client.outgoing())
    assert caught.value.alert == BAD_RECORD_MAC


@pytest.mark.parametrize("version", [tls.SSL_3_0, tls.TLS_1_0, tls.TLS_1_1])
def test_a_server_of_tls_1_2_says_that_it_agreed_on_less(version: int) -> None:
    """RFC 8446 §4.1.3: the random ends in DOWNGRD and a zero, which a client of TLS 1.2 refuses."""
    client, server = new_client(versions=[version]), new_server()
    converse(client, server)
    assert server._handshake._context.server_random.endswith(b"DOWNGRD\0")
    old = new_server(versions=[version])
    converse(new_client(), old)
    assert not old._handshake._context.server_random.endswith(b"DOWNGRD\0")
    client, server = new_client(), new_server()
    server.receive(changed_hello(client, client_version=version))
    with pytest.raises(tls.PeerError) as caught:
        client.receive(server.outgoing())
    assert caught.value.reason is tls.Reason.DOWNGRADED
    assert caught.value.alert in (ILLEGAL_PARAMETER, HANDSHAKE_FAILURE)


def test_a_bad_premaster_fails_no_sooner_than_a_wrong_one() -> None:
    """Implicit rejection (RFC 5246 §7.4.7.1): garbage in the key exchange fails at Finished."""
    alerts = set()
    for garbage in (b"\0" * 128, b"\x01" * 128, bytes(range(128))):
        client, server = new_client(suites=[AES_128]), new_server()
        server.receive(client.outgoing())
        client.receive(server.outgoing())
        wire = bytearray(client.outgoing())
        assert wire[5] == 16
        wire[11:139] = garbage
        with pytest.raises(tls.PeerError) as caught:
            server.receive(bytes(wire))
        alerts.add(caught.value.alert)
    assert alerts == {BAD_RECORD_MAC}


# -- suites


def test_the_strongest_common_suite_whatever_the_client_prefers() -> None:
    client, _ = connected(versions=[tls.TLS_1_0], suites=[DES, TRIPLE_DES, RC4_SHA, AES_128])
    assert client.suite == AES_128


def test_the_servers_own_order() -> None:
    client, server = new_client(), new_server(suites=[TRIPLE_DES, AES_256])
    converse(client, server)
    assert client.suite == TRIPLE_DES


@pytest.mark.parametrize("version", VERSIONS)
def test_no_suite_in_common(version: int) -> None:
    client, server = new_client(suites=[AES_128], versions=[version]), new_server(suites=[AES_256])
    with pytest.raises(tls.PeerError) as caught:
        converse(client, server)
    assert caught.value.alert == HANDSHAKE_FAILURE
    assert client.receive(server.outgoing()) == [tls.AlertReceived(HANDSHAKE_FAILURE, fatal=True)]
    assert client.closed
    assert server.closed


def test_a_suite_that_was_not_offered() -> None:
    client = new_client(suites=[AES_128])
    with pytest.raises(tls.PeerError) as caught:
        client.receive(server_hello_record(tls.TLS_1_0, DES))
    assert caught.value.alert == ILLEGAL_PARAMETER


def test_a_client_may_offer_what_the_engine_has_not() -> None:
    client, _ = connected(suites=[0xC0FF, 0x1301, TRIPLE_DES])
    assert client.suite == TRIPLE_DES


def test_null_compression_must_be_offered() -> None:
    with pytest.raises(tls.PeerError) as caught:
        new_server().receive(hello_record(compression_methods=b"\x01"))
    assert caught.value.alert == ILLEGAL_PARAMETER


# -- the end of the handshake


def test_messages_out_of_order() -> None:
    server = new_server()
    with pytest.raises(tls.PeerError) as caught:
        server.receive(b"\x16\x03\x01\x00\x04\x0e\x00\x00\x00")
    assert caught.value.alert == UNEXPECTED_MESSAGE


def test_change_cipher_spec_too_soon() -> None:
    server = new_server()
    server.receive(hello_record())
    with pytest.raises(tls.PeerError) as caught:
        server.receive(b"\x14\x03\x01\x00\x01\x01")
    assert caught.value.alert == UNEXPECTED_MESSAGE


@pytest.mark.parametrize(
    ("version", "alert"),
    [
        (tls.SSL_3_0, HANDSHAKE_FAILURE),
        (tls.TLS_1_0, DECRYPT_ERROR),
        (tls.TLS_1_1, DECRYPT_ERROR),
        (tls.TLS_1_2, DECRYPT_ERROR),
    ],
)
def test_a_wrong_finished(version: int, alert: int) -> None:
    client = new_client(versions=[version], extended_master_secret=False)
    server = new_server()
    client._handshake._context.transcript.add(b"something the server never saw")
    server.receive(client.outgoing())
    client.receive(server.outgoing())
    with pytest.raises(tls.PeerError) as caught:
        server.receive(client.outgoing())
    assert caught.value.alert == alert


def test_application_data_before_the_handshake_is_completed() -> None:
    with pytest.raises(tls.UsageError):
        new_client().send(b"too soon")


def test_a_connection_is_freed_when_it_is_let_go() -> None:
    """No cycle of references is left to the collector, which would cost a part of a handshake."""
    gc.collect()
    gc.disable()
    try:
        ends = connected(tls.SessionCache())
        freed = [weakref.ref(end) for end in ends]
        del ends
        assert [reference() for reference in freed] == [None, None]
    finally:
        gc.enable()
