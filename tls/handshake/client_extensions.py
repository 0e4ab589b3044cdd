"""The extensions of a ServerHello as the client reads them."""

from __future__ import annotations

from dataclasses import dataclass

from tls.alerts import (
    DECODE_ERROR,
    ILLEGAL_PARAMETER,
    UNSUPPORTED_EXTENSION,
)
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
    Extensions,
    decode_fragment_length,
    decode_point_formats,
    decode_protocols,
    decode_record_size_limit,
    encode_protocol,
    require_empty,
)
from tls.grease import is_grease
from tls.handshake.choices import check_implemented
from tls.handshake.context import HandshakeContext
from tls.handshake.renegotiation import check_server_hello
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
    hello: ClientHello,
    answer: ServerHello,
    suite: CipherSuite,
) -> Agreed:
    """What was agreed.

    Raises `PeerError(unsupported_extension)` for what was not asked for (RFC 5246 §7.4.1.4).
    """
    answered = answer.extensions
    for kind, data in answered.items():
        if (kind not in hello.extensions or is_grease(kind)) and not _is_tolerated(kind, hello):
            raise PeerError(
                UNSUPPORTED_EXTENSION,
                Reason.EXTENSION_NOT_OFFERED,
                f"extension {kind} was not asked for",
            )
        if kind in _EMPTY:
            require_empty(data, _EMPTY[kind])
    check_implemented(answered)
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
        agreed.application_protocol = agreed_protocol(hello.extensions, answered[ALPN])
    _limit_records(context, hello, answer)
    return agreed


def _is_tolerated(kind: int, hello: ClientHello) -> bool:
    """Whether a server may answer an extension that the hello has not."""
    if kind == RENEGOTIATION_INFO:
        return EMPTY_RENEGOTIATION_INFO_SCSV in hello.cipher_suites
    # Real servers answer supported_groups, though only clients may send it before TLS 1.3.
    return kind == SUPPORTED_GROUPS


def agreed_protocol(offered: Extensions, data: bytes) -> str:
    """The application protocol that a server chose. Raises `PeerError` unless it was offered."""
    protocols = decode_protocols(data)
    if len(protocols) != 1:
        raise PeerError(
            DECODE_ERROR,
            Reason.SEVERAL_APPLICATION_PROTOCOLS,
            "the server chose several application protocols",
        )
    chosen = encode_protocol(protocols[0])
    is_no_protocol = len(chosen) == 2 and is_grease(int.from_bytes(chosen, "big"))
    if is_no_protocol or protocols[0] not in decode_protocols(offered[ALPN]):
        raise PeerError(
            ILLEGAL_PARAMETER,
            Reason.APPLICATION_PROTOCOL_NOT_OFFERED,
            f"the server chose {protocols[0]!r}, not offered",
        )
    return protocols[0]


def check_fragment_length(answered: Extensions, offered: Extensions) -> None:
    """Check that at most one limit of records is answered, and as it was asked for.

    (RFC 6066 §4, RFC 8449 §5)
    """
    if MAX_FRAGMENT_LENGTH not in answered:
        return
    if RECORD_SIZE_LIMIT in answered:
        raise PeerError(
            ILLEGAL_PARAMETER,
            Reason.TWO_RECORD_LIMITS,
            "max_fragment_length beside record_size_limit",
        )
    if answered[MAX_FRAGMENT_LENGTH] != offered[MAX_FRAGMENT_LENGTH]:
        raise PeerError(
            ILLEGAL_PARAMETER,
            Reason.FRAGMENT_LENGTH_CHANGED,
            "the server changed max_fragment_length",
        )


def _limit_records(context: HandshakeContext, hello: ClientHello, answer: ServerHello) -> None:
    offered, answered = hello.extensions, answer.extensions
    check_fragment_length(answered, offered)
    if RECORD_SIZE_LIMIT in answered:
        sends, takes = (
            min(decode_record_size_limit(each[RECORD_SIZE_LIMIT]), MAX_FRAGMENT)
            for each in (answered, offered)
        )
        context.channel.limit_records(sends, takes, protected_only=True)
    elif MAX_FRAGMENT_LENGTH in answered:
        length = decode_fragment_length(offered[MAX_FRAGMENT_LENGTH])
        context.channel.limit_records(length, length, protected_only=False)
