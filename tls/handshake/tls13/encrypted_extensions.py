"""The server's EncryptedExtensions as the client reads them (RFC 8446 §4.3.1)."""

from __future__ import annotations

from dataclasses import dataclass

from tls.extensions import (
    ALPN,
    EARLY_DATA,
    MAX_FRAGMENT_LENGTH,
    RECORD_SIZE_LIMIT,
    SERVER_NAME,
    decode_fragment_length,
    decode_record_size_limit,
    require_empty,
)
from tls.handshake.channel import Channel
from tls.handshake.choices import check_implemented
from tls.handshake.client_extensions import agreed_protocol, check_fragment_length
from tls.handshake.tls13.client_hello import ClientOffer
from tls.record.sizes import MAX_FRAGMENT
from tls.tls13.messages import EncryptedExtensions
from tls.tls13.placement import Message, check_answers


@dataclass(slots=True)
class Agreed:
    """What the extensions settled."""

    application_protocol: str | None = None
    early_data: bool = False


def read_encrypted_extensions(
    channel: Channel, offer: ClientOffer, message: EncryptedExtensions
) -> Agreed:
    """What was agreed. Raises `PeerError` for what was not asked for."""
    answered = message.extensions
    agreed = Agreed()
    if not answered:
        return agreed
    offered = offer.hello.extensions
    check_answers(answered, Message.ENCRYPTED_EXTENSIONS, offered)
    check_implemented(answered)
    if SERVER_NAME in answered:
        require_empty(answered[SERVER_NAME], "server_name")
    if EARLY_DATA in answered:
        require_empty(answered[EARLY_DATA], "early_data")
        agreed.early_data = True
    if ALPN in answered:
        agreed.application_protocol = agreed_protocol(offered, answered[ALPN])
    check_fragment_length(answered, offered)
    if RECORD_SIZE_LIMIT in answered:
        # The limits hold with the byte of the content type (RFC 8449 §4).
        sends, takes = (
            min(decode_record_size_limit(each[RECORD_SIZE_LIMIT]) - 1, MAX_FRAGMENT)
            for each in (answered, offered)
        )
        channel.limit_records(sends, takes, protected_only=True)
    elif MAX_FRAGMENT_LENGTH in answered:
        length = decode_fragment_length(offered[MAX_FRAGMENT_LENGTH])
        channel.limit_records(length, length, protected_only=False)
    return agreed
