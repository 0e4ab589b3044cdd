"""Keying material exported from a connection of TLS 1.0 to 1.2 (RFC 5705)."""

from __future__ import annotations

from tls.errors import UsageError
from tls.handshake.context import HandshakeContext
from tls.keys.tls import TlsSecrets

MAX_LENGTH = 65_535
"""The most bytes that are exported, and the longest context."""

_LABELS_OF_TLS = (
    b"client finished",
    b"server finished",
    b"master secret",
    b"extended master secret",
    b"key expansion",
)
"""What the protocol derives itself: no exporter may come near it (RFC 5705 §4, RFC 7627 §7)."""


def export_keying_material(
    handshake: HandshakeContext, label: bytes, context: bytes | None, length: int
) -> bytes:
    """What a completed handshake exports under a label (RFC 5705 §4).

    Raises `UsageError` in SSL 3.0, which exports nothing, for a label that is TLS's own, and for
    what is too long.
    """
    secrets = handshake.secrets
    if not isinstance(secrets, TlsSecrets):
        raise UsageError("SSL 3.0 exports no keying material")
    if label.startswith(_LABELS_OF_TLS):
        raise UsageError(f"the label {label.decode()!r} begins like one of TLS itself")
    if not 1 <= length <= MAX_LENGTH:
        raise UsageError(f"1 to {MAX_LENGTH:,} bytes can be exported, not {length:,}")
    if context is not None and len(context) > MAX_LENGTH:
        raise UsageError(f"a context has {MAX_LENGTH:,} bytes at most, not {len(context):,}")
    return secrets.export(label, handshake.client_random, handshake.server_random, context, length)
