"""HelloRetryRequest: the server asks for another ClientHello (RFC 8446 §4.1.4, §4.2.2)."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from struct import Struct

from tls.alerts import ILLEGAL_PARAMETER
from tls.configuration import ServerConfig
from tls.errors import PeerError
from tls.extensions import (
    COOKIE,
    EARLY_DATA,
    ENCRYPTED_CLIENT_HELLO,
    KEY_SHARE,
    PADDING,
    PRE_SHARED_KEY,
    SUPPORTED_VERSIONS,
)
from tls.handshake.context import HandshakeContext
from tls.messages import ClientHello, ServerHello, encode_message
from tls.reasons import Reason
from tls.suites import TLS_1_3_SUITES, CipherSuite
from tls.tls13.hello_extensions import Cookie, SelectedGroup, SelectedVersion
from tls.tls13.messages import HELLO_RETRY_REQUEST_RANDOM, message_hash
from tls.versions import TLS_1_2, TLS_1_3

MAX_COOKIE_AGE = 300.0
"""How long a client may take for its second hello, in seconds."""

_STATE = Struct(">HHd")
_MAC_LENGTH = 32
_SELECTED = SelectedVersion(TLS_1_3).encode()

_MAY_CHANGE = frozenset(
    {KEY_SHARE, EARLY_DATA, COOKIE, PRE_SHARED_KEY, PADDING, ENCRYPTED_CLIENT_HELLO}
)
"""Extensions that are others in the second hello (RFC 8446 §4.1.2)."""


@dataclass(frozen=True, slots=True)
class Retry:
    """What a HelloRetryRequest asked for: the suite that it chose and the group of a share."""

    suite: CipherSuite
    group: int


def retry_request(hello: ClientHello, retry: Retry, cookie: bytes) -> ServerHello:
    """The message; an empty cookie is left out."""
    extensions = {SUPPORTED_VERSIONS: _SELECTED, KEY_SHARE: SelectedGroup(retry.group).encode()}
    if cookie:
        extensions[COOKIE] = Cookie(cookie).encode()
    return ServerHello(
        TLS_1_2,
        HELLO_RETRY_REQUEST_RANDOM,
        hello.session_id,
        retry.suite.code,
        0,
        extensions,
    )


def seal_cookie(context: HandshakeContext, config: ServerConfig, retry: Retry) -> bytes:
    """What the server has to remember of a first hello, the last in the transcript, sealed.

    Empty where the configuration keeps it instead.
    """
    key = config.retry_cookie_key
    if key is None:
        return b""
    digest = context.transcript.digest(retry.suite.prf_hash)
    body = _STATE.pack(retry.suite.code, retry.group, context.clock()) + digest
    return body + _mac(context, key, body)


def restore_retry(context: HandshakeContext, config: ServerConfig, hello: ClientHello) -> Retry:
    """The retry that a second hello's cookie tells of, on a server that has kept nothing.

    Puts the first hello's hash and the HelloRetryRequest before the hello in the transcript.

    Raises `PeerError(illegal_parameter)` for a cookie that is not from here, or too old.
    """
    key = config.retry_cookie_key
    assert key is not None
    cookie = Cookie.decode(hello.extensions[COOKIE]).cookie
    body, mac = cookie[:-_MAC_LENGTH], cookie[-_MAC_LENGTH:]
    if not hmac.compare_digest(_mac(context, key, body), mac):
        raise _bad_cookie()
    code, group, made = _STATE.unpack_from(body)
    if not 0 <= context.clock() - made <= MAX_COOKIE_AGE:
        raise _bad_cookie()
    retry = Retry(TLS_1_3_SUITES[code], group)
    request = encode_message(retry_request(hello, retry, cookie), TLS_1_2)
    context.transcript.prepend([message_hash(body[_STATE.size :]), request])
    return retry


def check_second_hello(first: ClientHello, second: ClientHello) -> None:
    """Check that a second hello is the first but for what may change (RFC 8446 §4.1.2)."""

    def fixed(hello: ClientHello) -> tuple[object, ...]:
        kept = {kind: data for kind, data in hello.extensions.items() if kind not in _MAY_CHANGE}
        return (
            hello.client_version,
            hello.random,
            hello.session_id,
            hello.cipher_suites,
            hello.compression_methods,
            kept,
        )

    if fixed(first) != fixed(second):
        raise PeerError(
            ILLEGAL_PARAMETER,
            Reason.SECOND_HELLO_CHANGED,
            "the second hello is not the first with what was asked for",
        )


def check_cookie(second: ClientHello, cookie: bytes) -> None:
    """Check that a second hello brings the cookie back, if it was given one."""
    data = second.extensions.get(COOKIE)
    brought = b"" if data is None else Cookie.decode(data).cookie
    if brought != cookie:
        raise _bad_cookie()


def _bad_cookie() -> PeerError:
    return PeerError(ILLEGAL_PARAMETER, Reason.COOKIE_INVALID, "the cookie is not from here")


def _mac(context: HandshakeContext, key: bytes, body: bytes) -> bytes:
    context.meter.add("hmac.sha256", 0, 1, len(body))
    return hmac.digest(key, body, hashlib.sha256)
