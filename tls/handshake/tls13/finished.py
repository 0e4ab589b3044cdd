"""Finished: what each side proves its view of the handshake with (RFC 8446 §4.4.4)."""

from __future__ import annotations

from hmac import compare_digest

from tls.alerts import DECRYPT_ERROR
from tls.errors import PeerError
from tls.reasons import Reason
from tls.tls13.messages import Finished


def check_finished(message: Finished, expected: bytes) -> None:
    """Raises `PeerError(decrypt_error)` when a Finished is not what it must be."""
    message.require_length(len(expected))
    if not compare_digest(message.verify_data, expected):
        raise PeerError(
            DECRYPT_ERROR,
            Reason.FINISHED_INVALID,
            "the Finished message does not match the handshake",
        )
