"""The extensions of a ServerHello as the client reads them."""

from __future__ import annotations

from dataclasses import dataclass

from tls.alerts import (
    DECODE_ERROR,
    ILLEGAL_PARAMETER,
    UNSUPPORTED_EXTENSION,
)
from tls.configuration import ClientConfig
from tls.errors import PeerError
from tls.extensions import (
    ALPN,
    EC_POINT_FORMATS,
    ENCRYPT_THEN_MAC,
    EXTENDED_MASTER_SECRET,
    MAX_FRAGMENT_LENGTH,
    RECORD_SIZE_LIMIT,
    RENEGOTIATION_INFO,
    SERVER_NAME,
    SESSION_TICKET,
    SUPPORTED_GROUPS,
    decode_point_formats,
    decode_protocols,
    decode_record_size_limit,
    require_empty,
)
from tls.handshake.context import HandshakeContext
from tls.handshake.renegotiation import check_server_hello
from tls.handshake.requests import Handshake, LimitRecords
from tls.messages import ClientHello, ServerHello
from tls.reasons import Reason
from tls.record.sizes import MAX_FRAGMENT
from tls.suites import EMPTY_RENEGOTIATION_INFO_SCSV, CipherSuite
from tls.versions import SSL_3_0

_EMPTY = {
    SERVER_NAME: "server_name",
    EXTENDED_MASTER_SECRET: "extended_master_secret",
    ENCRYPT_THEN_MAC: "encrypt_then_mac",
    SESSION_TICKET: "session_ticket",
}
"""The extensions by which a server only says yes, and their names."""


@dataclass(slots=True)
class Agreed:
    """What the extensions settled."""

    resumed: bool = False
    expects_ticket: bool = False
    application_protocol: str | None = None


def read_extensions(
    context: HandshakeContext,
    config: ClientConfig,
    hello: ClientHello,
    answer: ServerHello,
    suite: CipherSuite,
) -> Handshake:
    """Coroutine that returns what was agreed.

    Raises `PeerError(unsupported_extension)` for what was not asked for (RFC 5246 §7.4.1.4).
    """
    answered = answer.extensions
    for kind, data in answered.items():
        if kind not in hello.extensions and not _is_tolerated(kind, hello):
            raise PeerError(
                UNSUPPORTED_EXTENSION,
                Reason.EXTENSION_NOT_OFFERED,
                f"extension {kind} was not asked for",
            )
        if kind in _EMPTY:
            require_empty(data, _EMPTY[kind])
    if answer.server_version == SSL_3_0 and not answered.keys() <= {RENEGOTIATION_INFO}:
        raise PeerError(
            UNSUPPORTED_EXTENSION,
            Reason.EXTENSION_IN_SSL_3_0,
            "an extension in SSL 3.0, which has none but renegotiation_info",
        )
    check_server_hello(context.history, answer)
    if EC_POINT_FORMATS in answered:
        decode_point_formats(answered[EC_POINT_FORMATS])
    context.extended_master_secret = EXTENDED_MASTER_SECRET in answered
    if ENCRYPT_THEN_MAC in answered:
        # OpenSSL answers so to NULL suites, where both orders are the same bytes.
        if suite.cipher.mode not in ("cbc", "null"):
            raise PeerError(
                ILLEGAL_PARAMETER,
                Reason.ENCRYPT_THEN_MAC_WITHOUT_CBC,
                "encrypt_then_mac for a cipher without CBC",
            )
        context.encrypt_then_mac = suite.cipher.mode == "cbc"
    if context.history.encrypt_then_mac:
        context.check_encrypt_then_mac(suite)
    agreed = Agreed(expects_ticket=SESSION_TICKET in answered)
    if ALPN in answered:
        agreed.application_protocol = _agreed_protocol(config, answered[ALPN])
    yield from _limit_records(config, hello, answer)
    return agreed


def _is_tolerated(kind: int, hello: ClientHello) -> bool:
    """Whether a server may answer an extension that the hello has not."""
    if kind == RENEGOTIATION_INFO:
        return EMPTY_RENEGOTIATION_INFO_SCSV in hello.cipher_suites
    # Real servers answer supported_groups, though only clients may send it before TLS 1.3.
    return kind == SUPPORTED_GROUPS


def _agreed_protocol(config: ClientConfig, data: bytes) -> str:
    protocols = decode_protocols(data)
    if len(protocols) != 1:
        raise PeerError(
            DECODE_ERROR,
            Reason.SEVERAL_APPLICATION_PROTOCOLS,
            "the server chose several application protocols",
        )
    if protocols[0] not in config.alpn:
        raise PeerError(
            ILLEGAL_PARAMETER,
            Reason.APPLICATION_PROTOCOL_NOT_OFFERED,
            f"the server chose {protocols[0]!r}, not offered",
        )
    return protocols[0]


def _limit_records(config: ClientConfig, hello: ClientHello, answer: ServerHello) -> Handshake:
    answered = answer.extensions
    if MAX_FRAGMENT_LENGTH in answered and RECORD_SIZE_LIMIT in answered:
        raise PeerError(
            ILLEGAL_PARAMETER,
            Reason.TWO_RECORD_LIMITS,
            "max_fragment_length beside record_size_limit",
        )
    if RECORD_SIZE_LIMIT in answered and config.record_size_limit is not None:
        limit = decode_record_size_limit(answered[RECORD_SIZE_LIMIT])
        yield LimitRecords(min(limit, MAX_FRAGMENT), config.record_size_limit, protected_only=True)
    elif MAX_FRAGMENT_LENGTH in answered and config.max_fragment_length is not None:
        if answered[MAX_FRAGMENT_LENGTH] != hello.extensions[MAX_FRAGMENT_LENGTH]:
            raise PeerError(
                ILLEGAL_PARAMETER,
                Reason.FRAGMENT_LENGTH_CHANGED,
                "the server changed max_fragment_length",
            )
        length = config.max_fragment_length
        yield LimitRecords(length, length, protected_only=False)
