"""AEAD ciphers in TLS 1.2 (RFC 5246 §6.2.3.3, RFC 5288 §3, RFC 6655 §3, RFC 7905 §2)."""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305

from tls.alerts import BAD_RECORD_MAC
from tls.errors import PeerError
from tls.meter import Meter
from tls.reasons import Reason
from tls.record.protection import Body
from tls.suites import BulkCipher


class Aead(Protocol):
    """An AEAD cipher under one key."""

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        """Ciphertext and tag."""

    def decrypt(self, nonce: bytes, data: Body, associated_data: bytes | None) -> bytes:
        """The plaintext; raises `InvalidTag`."""


def _ccm_8(key: bytes) -> AESCCM:
    return AESCCM(key, tag_length=8)


AEADS: dict[str, Callable[[bytes], Aead]] = {
    "aes-128-gcm": AESGCM,
    "aes-256-gcm": AESGCM,
    "aes-128-ccm": AESCCM,
    "aes-256-ccm": AESCCM,
    "aes-128-ccm-8": _ccm_8,
    "aes-256-ccm-8": _ccm_8,
    "chacha20-poly1305": ChaCha20Poly1305,
}

_ASSOCIATED_DATA = Struct(">QBHH").pack
_OPERATIONS = {
    write: {name: f"{direction}.{name}" for name in AEADS}
    for write, direction in ((True, "encrypt"), (False, "decrypt"))
}


class ExplicitNonceProtection:
    """GCM and CCM: nonce = fixed part from the key block + 8 bytes that the record carries.

    The carried part is the sequence number, which never repeats (RFC 5288 §3).
    """

    predictable_iv = False
    wire_type = 0
    __slots__ = ("_aead", "_book", "_fixed", "_operation", "_sequence", "_tag_length")

    def __init__(
        self, cipher: BulkCipher, key: bytes, fixed: bytes, *, write: bool, meter: Meter
    ) -> None:
        self._aead = AEADS[cipher.name](key)
        self._fixed = fixed
        self._tag_length = cipher.tag_length
        self._sequence = 0
        self._book = meter.book
        self._operation = _OPERATIONS[write][cipher.name]

    def seal(self, content_type: int, version: int, fragment: bytes) -> tuple[bytes, bytes]:
        """The explicit nonce, then ciphertext and tag."""
        size = len(fragment)
        sequence = self._sequence
        self._sequence = sequence + 1
        associated = _ASSOCIATED_DATA(sequence, content_type, version, size)
        self._book((self._operation, 0, 1, size))
        explicit = associated[:8]
        return explicit, self._aead.encrypt(self._fixed + explicit, fragment, associated)

    def open(self, content_type: int, version: int, body: Body) -> tuple[int, bytes]:
        """The fragment, authenticated."""
        size = len(body) - 8 - self._tag_length
        if size < 0:
            raise PeerError(
                BAD_RECORD_MAC,
                Reason.RECORD_NOT_AUTHENTIC,
                "the record is shorter than nonce and tag",
            )
        sequence = self._sequence
        self._sequence = sequence + 1
        associated = _ASSOCIATED_DATA(sequence, content_type, version, size)
        self._book((self._operation, 0, 1, size))
        try:
            return content_type, self._aead.decrypt(self._fixed + body[:8], body[8:], associated)
        except InvalidTag:
            raise PeerError(
                BAD_RECORD_MAC, Reason.RECORD_NOT_AUTHENTIC, "the record does not authenticate"
            ) from None


class ImplicitNonceProtection:
    """ChaCha20-Poly1305: nonce = the fixed part XOR the sequence number (RFC 7905 §2)."""

    predictable_iv = False
    wire_type = 0
    __slots__ = ("_aead", "_book", "_fixed", "_operation", "_sequence", "_tag_length")

    def __init__(
        self, cipher: BulkCipher, key: bytes, fixed: bytes, *, write: bool, meter: Meter
    ) -> None:
        self._aead = AEADS[cipher.name](key)
        self._fixed = int.from_bytes(fixed, "big")
        self._tag_length = cipher.tag_length
        self._sequence = 0
        self._book = meter.book
        self._operation = _OPERATIONS[write][cipher.name]

    def seal(self, content_type: int, version: int, fragment: bytes) -> tuple[bytes, bytes]:
        """Ciphertext and tag."""
        nonce, associated = self._next(content_type, version, len(fragment))
        return b"", self._aead.encrypt(nonce, fragment, associated)

    def open(self, content_type: int, version: int, body: Body) -> tuple[int, bytes]:
        """The fragment, authenticated."""
        size = len(body) - self._tag_length
        if size < 0:
            raise PeerError(
                BAD_RECORD_MAC, Reason.RECORD_NOT_AUTHENTIC, "the record is shorter than its tag"
            )
        nonce, associated = self._next(content_type, version, size)
        try:
            return content_type, self._aead.decrypt(nonce, body, associated)
        except InvalidTag:
            raise PeerError(
                BAD_RECORD_MAC, Reason.RECORD_NOT_AUTHENTIC, "the record does not authenticate"
            ) from None

    def _next(self, content_type: int, version: int, size: int) -> tuple[bytes, bytes]:
        sequence = self._sequence
        self._sequence = sequence + 1
        self._book((self._operation, 0, 1, size))
        nonce = (self._fixed ^ sequence).to_bytes(12, "big")
        return nonce, _ASSOCIATED_DATA(sequence, content_type, version, size)
