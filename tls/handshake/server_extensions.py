"""The extensions of a ServerHello, and what they settle."""

from __future__ import annotations

from tls.alerts import NO_APPLICATION_PROTOCOL
from tls.configuration import ServerConfig
from tls.errors import PeerError
from tls.exchange.selection import is_elliptic
from tls.extensions import (
    ALPN,
    EC_POINT_FORMATS,
    ENCRYPT_THEN_MAC,
    EXTENDED_MASTER_SECRET,
    MAX_FRAGMENT_LENGTH,
    RECORD_SIZE_LIMIT,
    SERVER_NAME,
    SESSION_TICKET,
    UNCOMPRESSED_POINTS,
    decode_fragment_length,
    decode_protocols,
    decode_record_size_limit,
    encode_protocols,
    require_empty,
)
from tls.handshake.context import HandshakeContext
from tls.handshake.renegotiation import servers_renegotiation_info
from tls.handshake.selection import ClientOffer
from tls.reasons import Reason
from tls.record.sizes import MAX_FRAGMENT
from tls.suites import CipherSuite
from tls.versions import SSL_3_0


def answer_extensions(
    context: HandshakeContext,
    config: ServerConfig,
    offer: ClientOffer,
    suite: CipherSuite,
    *,
    issues_ticket: bool,
    resumes: bool = False,
) -> None:
    """Fill in `offer.answered`, each extension only where the client sent it.

    A name that the server goes by is answered, but not where a session is resumed (RFC 6066 §3).
    """
    answered = offer.answered
    answered.update(servers_renegotiation_info(context.history))
    if offer.version == SSL_3_0:
        if context.history.encrypt_then_mac:
            context.check_encrypt_then_mac(suite)
        return
    offered = offer.extensions
    if offer.server_name is not None and not resumes:
        answered[SERVER_NAME] = b""
    if offer.extended_master_secret:
        context.extended_master_secret = True
        answered[EXTENDED_MASTER_SECRET] = b""
    if ENCRYPT_THEN_MAC in offered:
        require_empty(offered[ENCRYPT_THEN_MAC], "encrypt_then_mac")
        if config.encrypt_then_mac and suite.cipher.mode == "cbc":
            context.encrypt_then_mac = True
            answered[ENCRYPT_THEN_MAC] = b""
    if context.history.encrypt_then_mac:
        context.check_encrypt_then_mac(suite)
    if EC_POINT_FORMATS in offered and is_elliptic(suite):
        answered[EC_POINT_FORMATS] = UNCOMPRESSED_POINTS
    if issues_ticket:
        answered[SESSION_TICKET] = b""
    if ALPN in offered and config.alpn:
        offer.application_protocol = choose_protocol(config, decode_protocols(offered[ALPN]))
        answered[ALPN] = encode_protocols([offer.application_protocol])
    _limit_records(context, config, offer)


def choose_protocol(config: ServerConfig, offered: tuple[str, ...]) -> str:
    """The server's first protocol that the client offers (RFC 7301 §3.2)."""
    common = next((name for name in config.alpn if name in offered), None)
    if common is None:
        raise PeerError(
            NO_APPLICATION_PROTOCOL,
            Reason.NO_APPLICATION_PROTOCOL_IN_COMMON,
            "no application protocol in common",
        )
    return common


def _limit_records(context: HandshakeContext, config: ServerConfig, offer: ClientOffer) -> None:
    """record_size_limit, else max_fragment_length (RFC 8449 §5: the former wins)."""
    offered, answered = offer.extensions, offer.answered
    if RECORD_SIZE_LIMIT in offered and config.record_size_limit is not None:
        limit = decode_record_size_limit(offered[RECORD_SIZE_LIMIT])
        answered[RECORD_SIZE_LIMIT] = config.record_size_limit.to_bytes(2, "big")
        context.channel.limit_records(
            min(limit, MAX_FRAGMENT), config.record_size_limit, protected_only=True
        )
    elif MAX_FRAGMENT_LENGTH in offered:
        length = decode_fragment_length(offered[MAX_FRAGMENT_LENGTH])
        answered[MAX_FRAGMENT_LENGTH] = offered[MAX_FRAGMENT_LENGTH]
        context.channel.limit_records(length, length, protected_only=False)
