"""Hellos that break RFC 8446, and what each side says to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

import tls
from tests.tls.conversation import converse
from tests.tls.handshake.tls13.worlds import EARLY, PSK, World
from tls import extensions as types
from tls.alerts import (
    DECODE_ERROR,
    DECRYPT_ERROR,
    HANDSHAKE_FAILURE,
    ILLEGAL_PARAMETER,
    MISSING_EXTENSION,
    PROTOCOL_VERSION,
    UNEXPECTED_MESSAGE,
    UNSUPPORTED_EXTENSION,
)
from tls.groups import SECP256R1, X25519
from tls.messages import ClientHello, ServerHello, encode_message
from tls.tls13.hello_extensions import (
    ClientKeyShares,
    Cookie,
    KeyShareEntry,
    OfferedVersions,
    SelectedGroup,
    SelectedVersion,
    ServerKeyShare,
)
from tls.tls13.messages import HELLO_RETRY_REQUEST_RANDOM
from tls.tls13.psk_extensions import SelectedPsk

Reason = tls.Reason
Hello = Callable[[ClientHello], ClientHello]


def record(message: bytes, version: bytes = b"\3\3") -> bytes:
    return b"\x16" + version + len(message).to_bytes(2, "big") + message


def with_extensions(**changes: bytes | None) -> Hello:
    """A hello with other extensions, by their names in `tls.extensions`; `None` leaves one out."""

    def change(hello: ClientHello) -> ClientHello:
        changed = dict(hello.extensions)
        for name, data in changes.items():
            kind = getattr(types, name)
            if data is None:
                changed.pop(kind, None)
            else:
                changed[kind] = data
        return replace(hello, extensions=changed)

    return change


def moved_psk(hello: ClientHello) -> ClientHello:
    changed = dict(hello.extensions)
    psk = changed.pop(types.PRE_SHARED_KEY)
    return replace(hello, extensions={types.PRE_SHARED_KEY: psk, **changed})


def shares(*groups: int) -> bytes:
    return ClientKeyShares(tuple(KeyShareEntry(group, bytes(32)) for group in groups)).encode()


CLIENT_HELLOS: list[tuple[str, Hello, int, tls.Reason]] = [
    (
        "says SSL 3.0",
        lambda hello: replace(hello, client_version=0x0300),
        PROTOCOL_VERSION,
        Reason.NO_VERSION_IN_COMMON,
    ),
    (
        "offers DEFLATE",
        lambda hello: replace(hello, compression_methods=b"\1\0"),
        ILLEGAL_PARAMETER,
        Reason.COMPRESSION_IN_TLS_1_3,
    ),
    (
        "has no suite of TLS 1.3",
        lambda hello: replace(hello, cipher_suites=(0xC02F,)),
        HANDSHAKE_FAILURE,
        Reason.NO_SUITE_IN_COMMON,
    ),
    (
        "has no groups",
        with_extensions(SUPPORTED_GROUPS=None),
        MISSING_EXTENSION,
        Reason.EXTENSION_MISSING,
    ),
    (
        "has no key share",
        with_extensions(KEY_SHARE=None),
        MISSING_EXTENSION,
        Reason.EXTENSION_MISSING,
    ),
    (
        "has no schemes",
        with_extensions(SIGNATURE_ALGORITHMS=None),
        MISSING_EXTENSION,
        Reason.EXTENSION_MISSING,
    ),
    (
        "has no schemes in common",
        with_extensions(SIGNATURE_ALGORITHMS=b"\0\2\2\1"),
        HANDSHAKE_FAILURE,
        Reason.NO_SIGNATURE_SCHEME_IN_COMMON,
    ),
    (
        "has a share of a group that it has not",
        with_extensions(KEY_SHARE=shares(0x1234)),
        ILLEGAL_PARAMETER,
        Reason.KEY_SHARE_OF_ANOTHER_GROUP,
    ),
    (
        "has two shares of one group",
        with_extensions(KEY_SHARE=shares(X25519, X25519)),
        ILLEGAL_PARAMETER,
        Reason.DUPLICATE_KEY_SHARE,
    ),
    (
        "has a share of small order",
        with_extensions(KEY_SHARE=shares(X25519)),
        ILLEGAL_PARAMETER,
        Reason.KEY_SHARE_INVALID,
    ),
    (
        "has a share off the curve",
        with_extensions(KEY_SHARE=shares(SECP256R1)),
        ILLEGAL_PARAMETER,
        Reason.KEY_SHARE_INVALID,
    ),
    (
        "has early data without a key",
        with_extensions(EARLY_DATA=b""),
        ILLEGAL_PARAMETER,
        Reason.EARLY_DATA_WITHOUT_PSK,
    ),
    (
        "has early data that is not empty",
        with_extensions(EARLY_DATA=b"\0\0\0\0"),
        DECODE_ERROR,
        Reason.EXTENSION_LENGTH,
    ),
    (
        "has an empty list of versions",
        with_extensions(SUPPORTED_VERSIONS=b"\0"),
        DECODE_ERROR,
        Reason.EMPTY_VALUE,
    ),
    (
        "has versions to come alone",
        with_extensions(SUPPORTED_VERSIONS=OfferedVersions((0x0305, 0x7F1C)).encode()),
        PROTOCOL_VERSION,
        Reason.NO_VERSION_IN_COMMON,
    ),
    (
        "has SSL 3.0 in its list alone",
        with_extensions(SUPPORTED_VERSIONS=OfferedVersions((0x0300,)).encode()),
        PROTOCOL_VERSION,
        Reason.NO_VERSION_IN_COMMON,
    ),
    (
        "has half an algorithm of compression",
        with_extensions(COMPRESS_CERTIFICATE=b"\3\0\1\0"),
        DECODE_ERROR,
        Reason.ODD_LIST_LENGTH,
    ),
    (
        "says more than post_handshake_auth can",
        with_extensions(POST_HANDSHAKE_AUTH=b"\0"),
        DECODE_ERROR,
        Reason.EXTENSION_LENGTH,
    ),
    (
        "has an empty cookie",
        with_extensions(COOKIE=b"\0\0"),
        DECODE_ERROR,
        Reason.EMPTY_VALUE,
    ),
    (
        "has oid_filters",
        with_extensions(OID_FILTERS=b"\0\0"),
        ILLEGAL_PARAMETER,
        Reason.EXTENSION_OF_ANOTHER_MESSAGE,
    ),
]


def answer_to(server: tls.ServerConnection, flight: bytes, change: Hello) -> tls.PeerError:
    """The fault that a server finds in a client's hello once it was changed."""
    hello = change(ClientHello.decode(flight[9:], tls.TLS_1_2))
    with pytest.raises(tls.PeerError) as caught:
        server.receive(record(encode_message(hello, tls.TLS_1_2)))
    assert server.closed
    return caught.value


@pytest.mark.parametrize(
    ("change", "alert", "reason"),
    [pytest.param(*case[1:], id=case[0]) for case in CLIENT_HELLOS],
)
def test_a_server(change: Hello, alert: int, reason: tls.Reason) -> None:
    client, server = World({}, {"versions": tls.ALL_VERSIONS}).ends()
    error = answer_to(server, client.outgoing(), change)
    assert (error.alert, error.reason) == (alert, reason)
    assert server.outgoing()[-2:] == bytes((2, alert))


@pytest.mark.parametrize(
    ("change", "alert", "reason"),
    [
        pytest.param(moved_psk, ILLEGAL_PARAMETER, Reason.PRE_SHARED_KEY_NOT_LAST, id="not last"),
        pytest.param(
            with_extensions(PSK_KEY_EXCHANGE_MODES=None),
            MISSING_EXTENSION,
            Reason.EXTENSION_MISSING,
            id="no modes",
        ),
        pytest.param(
            lambda hello: replace(hello, random=bytes(32)),
            DECRYPT_ERROR,
            Reason.PSK_BINDER_INVALID,
            id="another hello",
        ),
    ],
)
def test_a_server_and_pre_shared_keys(change: Hello, alert: int, reason: tls.Reason) -> None:
    client, server = World({"psks": [PSK]}, {"psks": [PSK]}).ends()
    error = answer_to(server, client.outgoing(), change)
    assert (error.alert, error.reason) == (alert, reason)


# -- second hellos


SECOND_HELLOS: list[tuple[str, Hello, tls.Reason]] = [
    (
        "has another random",
        lambda hello: replace(hello, random=bytes(32)),
        Reason.SECOND_HELLO_CHANGED,
    ),
    (
        "has other suites",
        lambda hello: replace(hello, cipher_suites=hello.cipher_suites[:1]),
        Reason.SECOND_HELLO_CHANGED,
    ),
    ("asks for status", with_extensions(STATUS_REQUEST=b"\1\0\0\0\0"), Reason.SECOND_HELLO_CHANGED),
    (
        "has a share of another group",
        with_extensions(KEY_SHARE=shares(SECP256R1)),
        Reason.KEY_SHARE_OF_ANOTHER_GROUP,
    ),
    (
        "has two shares",
        with_extensions(KEY_SHARE=shares(X25519, SECP256R1)),
        Reason.KEY_SHARE_OF_ANOTHER_GROUP,
    ),
    ("has no share", with_extensions(KEY_SHARE=shares()), Reason.KEY_SHARE_OF_ANOTHER_GROUP),
    ("has no cookie", with_extensions(COOKIE=None), Reason.COOKIE_INVALID),
    (
        "has another cookie",
        with_extensions(COOKIE=Cookie(b"crumbs").encode()),
        Reason.COOKIE_INVALID,
    ),
]


@pytest.mark.parametrize(
    ("change", "reason"), [pytest.param(*case[1:], id=case[0]) for case in SECOND_HELLOS]
)
def test_a_server_and_second_hellos(change: Hello, reason: tls.Reason) -> None:
    world = World({"key_shares": [SECP256R1]}, {"groups": [X25519], "retry_cookie_key": bytes(32)})
    client, server = world.ends()
    server.receive(client.outgoing())
    client.receive(server.outgoing())
    error = answer_to(server, client.outgoing().removeprefix(b"\x14\3\3\0\1\1"), change)
    assert (error.alert, error.reason) == (ILLEGAL_PARAMETER, reason)


# -- a server's hellos


def server_hello(hello: bytes, **changes: object) -> bytes:
    """A well-formed answer to a client's hello, some of its fields changed."""
    theirs = ClientHello.decode(hello[9:], tls.TLS_1_2)
    fields = {
        "server_version": tls.TLS_1_2,
        "random": bytes(range(32)),
        "session_id": theirs.session_id,
        "cipher_suite": 0x1301,
        "compression_method": 0,
        "extensions": {
            types.SUPPORTED_VERSIONS: SelectedVersion(tls.TLS_1_3).encode(),
            types.KEY_SHARE: ServerKeyShare(KeyShareEntry(X25519, b"\x09" + bytes(31))).encode(),
        },
        **changes,
    }
    return record(encode_message(ServerHello(**fields), tls.TLS_1_2))  # type: ignore[arg-type]


def chosen(**changes: bytes | None) -> dict[int, bytes]:
    """The extensions of a ServerHello, changed."""
    base = {
        types.SUPPORTED_VERSIONS: SelectedVersion(tls.TLS_1_3).encode(),
        types.KEY_SHARE: ServerKeyShare(KeyShareEntry(X25519, b"\x09" + bytes(31))).encode(),
    }
    for name, data in changes.items():
        base.pop(getattr(types, name), None)
        if data is not None:
            base[getattr(types, name)] = data
    return base


def retry(**changes: bytes | None) -> dict[str, object]:
    """The fields of a HelloRetryRequest."""
    group = SelectedGroup(SECP256R1).encode()
    return {
        "random": HELLO_RETRY_REQUEST_RANDOM,
        "extensions": chosen(**{"KEY_SHARE": group, **changes}),
    }


SERVER_HELLOS: list[tuple[str, dict[str, object], int, tls.Reason]] = [
    (
        "echoes another session ID",
        {"session_id": bytes(32)},
        ILLEGAL_PARAMETER,
        Reason.SESSION_ID_NOT_ECHOED,
    ),
    (
        "chooses a suite of TLS 1.2",
        {"cipher_suite": 0xC02F},
        ILLEGAL_PARAMETER,
        Reason.SUITE_NOT_OFFERED,
    ),
    (
        "chooses DEFLATE",
        {"compression_method": 1},
        ILLEGAL_PARAMETER,
        Reason.COMPRESSION_NOT_OFFERED,
    ),
    (
        "says TLS 1.3 in the old place",
        {"server_version": tls.TLS_1_3},
        ILLEGAL_PARAMETER,
        Reason.VERSION_NOT_OFFERED,
    ),
    (
        "chooses TLS 1.2 in the new place",
        {"extensions": chosen(SUPPORTED_VERSIONS=b"\3\3")},
        ILLEGAL_PARAMETER,
        Reason.VERSION_NOT_OFFERED,
    ),
    (
        "chooses TLS 1.2, which was not offered",
        {"extensions": {}},
        PROTOCOL_VERSION,
        Reason.VERSION_NOT_OFFERED,
    ),
    (
        "has no key share",
        {"extensions": chosen(KEY_SHARE=None)},
        MISSING_EXTENSION,
        Reason.EXTENSION_MISSING,
    ),
    (
        "has a share of a group without ours",
        {"extensions": chosen(KEY_SHARE=b"\0\x17\0\1\0")},
        ILLEGAL_PARAMETER,
        Reason.GROUP_NOT_OFFERED,
    ),
    (
        "has a share of small order",
        {"extensions": chosen(KEY_SHARE=b"\0\x1d\0\x20" + bytes(32))},
        ILLEGAL_PARAMETER,
        Reason.KEY_SHARE_INVALID,
    ),
    (
        "takes a key that was not offered",
        {"extensions": chosen(PRE_SHARED_KEY=SelectedPsk(0).encode())},
        UNSUPPORTED_EXTENSION,
        Reason.EXTENSION_NOT_OFFERED,
    ),
    (
        "has an extension of EncryptedExtensions",
        {"extensions": chosen(SERVER_NAME=b"")},
        ILLEGAL_PARAMETER,
        Reason.EXTENSION_OF_ANOTHER_MESSAGE,
    ),
    (
        "asks again and changes nothing",
        retry(KEY_SHARE=None),
        ILLEGAL_PARAMETER,
        Reason.RETRY_CHANGES_NOTHING,
    ),
    (
        "asks again for the share that was sent",
        retry(KEY_SHARE=SelectedGroup(X25519).encode()),
        ILLEGAL_PARAMETER,
        Reason.GROUP_NOT_OFFERED,
    ),
    (
        "asks again for a group that was not offered",
        retry(KEY_SHARE=SelectedGroup(30).encode()),
        ILLEGAL_PARAMETER,
        Reason.GROUP_NOT_OFFERED,
    ),
    (
        "asks again with an empty cookie",
        retry(COOKIE=b"\0\0"),
        DECODE_ERROR,
        Reason.EMPTY_VALUE,
    ),
]


@pytest.mark.parametrize(
    ("changes", "alert", "reason"),
    [pytest.param(*case[1:], id=case[0]) for case in SERVER_HELLOS],
)
def test_a_client(changes: dict[str, object], alert: int, reason: tls.Reason) -> None:
    client, _ = World({"key_shares": [X25519]}).ends()
    flight = server_hello(client.outgoing(), **changes)
    with pytest.raises(tls.PeerError) as caught:
        client.receive(flight)
    assert (caught.value.alert, caught.value.reason) == (alert, reason)


@pytest.mark.parametrize(
    ("changes", "alert", "reason"),
    [
        pytest.param(retry(), UNEXPECTED_MESSAGE, Reason.MESSAGE_NOT_DUE, id="a second retry"),
        pytest.param(
            {"cipher_suite": 0x1303}, ILLEGAL_PARAMETER, Reason.RETRY_NOT_KEPT, id="another suite"
        ),
        pytest.param({}, ILLEGAL_PARAMETER, Reason.RETRY_NOT_KEPT, id="another group"),
        pytest.param(
            {"extensions": {}}, ILLEGAL_PARAMETER, Reason.RETRY_NOT_KEPT, id="another version"
        ),
    ],
)
def test_a_client_after_a_retry(changes: dict[str, object], alert: int, reason: tls.Reason) -> None:
    client, _ = World({"key_shares": [X25519]}).ends()
    first = client.outgoing()
    client.receive(server_hello(first, **retry()))
    assert client.outgoing().startswith(b"\x14\3\3\0\1\1\x16")
    with pytest.raises(tls.PeerError) as caught:
        client.receive(server_hello(first, **changes))
    assert (caught.value.alert, caught.value.reason) == (alert, reason)


def long_retry(hello: bytes, length: int) -> bytes:
    """A HelloRetryRequest with a long cookie, in as many records as it needs."""
    cookie = Cookie(bytes(length)).encode()
    extensions = chosen(KEY_SHARE=None, COOKIE=cookie)
    theirs = ClientHello.decode(hello[9:], tls.TLS_1_2)
    answer = ServerHello(
        tls.TLS_1_2, HELLO_RETRY_REQUEST_RANDOM, theirs.session_id, 0x1301, 0, extensions
    )
    message = encode_message(answer, tls.TLS_1_2)
    return b"".join(record(message[at : at + 16_000]) for at in range(0, len(message), 16_000))


def test_a_long_cookie_comes_back() -> None:
    client, _ = World({"key_shares": [X25519]}).ends()
    client.receive(long_retry(client.outgoing(), 60_000))
    flight = client.outgoing().removeprefix(b"\x14\3\3\0\1\1")
    assert bytes(60_000) in b"".join(each[5:] for each in _records(flight))


def test_a_cookie_that_no_hello_has_room_for() -> None:
    client, _ = World({"key_shares": [X25519]}).ends()
    with pytest.raises(tls.PeerError) as caught:
        client.receive(long_retry(client.outgoing(), 65_500))
    assert (caught.value.alert, caught.value.reason) == (
        ILLEGAL_PARAMETER,
        Reason.COOKIE_TOO_LONG,
    )


def _records(data: bytes) -> list[bytes]:
    found = []
    while data:
        end = 5 + int.from_bytes(data[3:5], "big")
        found.append(data[:end])
        data = data[end:]
    return found


# -- between the hellos and the end


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
