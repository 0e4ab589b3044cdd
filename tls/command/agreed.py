"""What a connection agreed on, in words."""

from __future__ import annotations

from tls.connection import Connection


def kind_of_handshake(connection: Connection) -> str:
    """How both sides came to their keys."""
    if connection.resumed:
        return "resumed handshake"
    if connection.external_psk is not None:
        return "handshake by an external key"
    return "full handshake"
