"""A client's hellos that break RFC 8446, and what servers say to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

import tls
from tests.tls.handshake.tls13.hostile_hellos import record
from tests.tls.handshake.tls13.worlds import PSK, World
from tls import extensions as types
from tls.alerts import (
    DECODE_ERROR,
    DECRYPT_ERROR,
    HANDSHAKE_FAILURE,
    ILLEGAL_PARAMETER,
    MISSING_EXTENSION,
    PROTOCOL_VERSION,
)
from tls.groups import SECP256R1, X25519
from tls.messages import ClientHello, encode_message
from tls.tls13.hello_extensions import (
    ClientKeyShares,
    Cookie,
    KeyShareEntry,
    OfferedVersions,
)

Reason = tls.Reason
Hello = Callable[[ClientHello], ClientHello]


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
