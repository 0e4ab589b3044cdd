"""A server's hellos that break RFC 8446, and what clients say to them."""

from __future__ import annotations

import pytest

import tls
from tests.tls.handshake.tls13.hostile_hellos import chosen, record, retry, server_hello
from tests.tls.handshake.tls13.worlds import World
from tls.alerts import (
    DECODE_ERROR,
    ILLEGAL_PARAMETER,
    MISSING_EXTENSION,
    PROTOCOL_VERSION,
    UNEXPECTED_MESSAGE,
    UNSUPPORTED_EXTENSION,
)
from tls.groups import X25519
from tls.messages import ClientHello, ServerHello, encode_message
from tls.tls13.hello_extensions import (
    Cookie,
    SelectedGroup,
)
from tls.tls13.messages import HELLO_RETRY_REQUEST_RANDOM
from tls.tls13.psk_extensions import SelectedPsk

Reason = tls.Reason


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
