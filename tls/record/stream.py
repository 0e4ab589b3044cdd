"""Stream ciphers, the NULL cipher among them: MAC, then encrypt (RFC 2246 §6.2.3.1)."""

from __future__ import annotations

from hmac import compare_digest
from typing import Protocol

from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
from cryptography.hazmat.primitives.ciphers import Cipher

from tls.alerts import BAD_RECORD_MAC
from tls.errors import PeerError
from tls.meter import Meter
from tls.reasons import Reason
from tls.record.mac import RecordMac
from tls.record.protection import Body


class KeyStream(Protocol):
    """A running stream cipher."""

    def update(self, data: Body) -> bytes:
        """The data, encrypted or decrypted."""


class NullCipher:
    """The cipher of the NULL suites: integrity without secrecy."""

    def update(self, data: Body) -> bytes:
        """The data itself."""
        return bytes(data)


def rc4(key: bytes) -> KeyStream:
    """RC4 under a key of 5 to 32 bytes; encryption and decryption are the same."""
    return Cipher(ARC4(key), mode=None).encryptor()


class StreamProtection:
    """A stream cipher with a MAC; the key stream runs on from record to record."""

    predictable_iv = False
    wire_type = 0
    __slots__ = ("_book", "_mac", "_name", "_stream")

    def __init__(
        self, name: str, stream: KeyStream, mac: RecordMac, *, write: bool, meter: Meter
    ) -> None:
        self._stream = stream
        self._mac = mac
        self._book = meter.book
        self._name = f"{'encrypt' if write else 'decrypt'}.{name}"

    def seal(self, content_type: int, version: int, fragment: bytes) -> tuple[bytes, bytes]:
        """The encrypted fragment and MAC."""
        plain = fragment + self._mac.compute(content_type, version, fragment)
        self._book((self._name, 0, 1, len(plain)))
        return b"", self._stream.update(plain)

    def open(self, content_type: int, version: int, body: Body) -> tuple[int, bytes]:
        """The fragment, its MAC checked."""
        self._book((self._name, 0, 1, len(body)))
        plain = self._stream.update(body)
        length = len(plain) - self._mac.length
        if length < 0:
            raise PeerError(
                BAD_RECORD_MAC, Reason.RECORD_NOT_AUTHENTIC, "the record is shorter than its MAC"
            )
        fragment = plain[:length]
        if not compare_digest(self._mac.compute(content_type, version, fragment), plain[length:]):
            raise PeerError(
                BAD_RECORD_MAC, Reason.RECORD_NOT_AUTHENTIC, "the record's MAC does not verify"
            )
        return content_type, fragment
