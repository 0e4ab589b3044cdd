"""What a server answers in EncryptedExtensions (RFC 8446 §4.3.1)."""

from __future__ import annotations

from tls.configuration import ServerConfig
from tls.extensions import (
    ALPN,
    MAX_FRAGMENT_LENGTH,
    RECORD_SIZE_LIMIT,
    SERVER_NAME,
    decode_fragment_length,
    decode_protocols,
    decode_record_size_limit,
    encode_protocols,
)
from tls.handshake.channel import Channel
from tls.handshake.server_extensions import choose_protocol
from tls.handshake.tls13.offer import ClientOffer
from tls.record.sizes import MAX_FRAGMENT


def answer_extensions(
    channel: Channel, config: ServerConfig, offer: ClientOffer, *, resumes: bool
) -> None:
    """Fill in `offer.answered`, each extension only where the client sent it."""
    offered, answered = offer.hello.extensions, offer.answered
    if offer.server_name is not None and not resumes:
        answered[SERVER_NAME] = b""
    if ALPN in offered and config.alpn:
        offer.application_protocol = choose_protocol(config, decode_protocols(offered[ALPN]))
        answered[ALPN] = encode_protocols([offer.application_protocol])
    if RECORD_SIZE_LIMIT in offered and config.record_size_limit is not None:
        # The limits hold with the byte of the content type (RFC 8449 §4).
        limit = decode_record_size_limit(offered[RECORD_SIZE_LIMIT])
        answered[RECORD_SIZE_LIMIT] = config.record_size_limit.to_bytes(2, "big")
        channel.limit_records(
            min(limit - 1, MAX_FRAGMENT), config.record_size_limit - 1, protected_only=True
        )
    elif MAX_FRAGMENT_LENGTH in offered:
        length = decode_fragment_length(offered[MAX_FRAGMENT_LENGTH])
        answered[MAX_FRAGMENT_LENGTH] = offered[MAX_FRAGMENT_LENGTH]
        channel.limit_records(length, length, protected_only=False)
