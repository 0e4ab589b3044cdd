"""Stream ciphers: MAC, then encrypt (RFC 2246 §6.2.3.1 GenericStreamCipher)."""

from __future__ import annotations

from hmac import compare_digest

from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
from cryptography.hazmat.primitives.ciphers import Cipher

from tls.alerts import BAD_RECORD_MAC
from tls.errors import PeerError
from tls.meter import Meter
from tls.record.mac import RecordMac


class StreamProtection:
    """RC4 with a MAC; the key stream runs on from record to record."""

    __slots__ = ("_cipher", "_mac", "_meter", "_name")

    def __init__(self, name: str, key: bytes, mac: RecordMac, *, write: bool, meter: Meter) -> None:
        cipher = Cipher(ARC4(key), mode=None)
        self._cipher = cipher.encryptor() if write else cipher.decryptor()
        self._mac = mac
        self._meter = meter
        self._name = f"{'encrypt' if write else 'decrypt'}.{name}"

    def seal(self, content_type: int, version: int, fragment: bytes) -> bytes:
        """The encrypted fragment and MAC."""
        plain = fragment + self._mac.compute(content_type, version, fragment)
        self._meter.add(self._name, 0, 1, len(plain))
        return self._cipher.update(plain)

    def open(self, content_type: int, version: int, body: bytes) -> bytes:
        """The fragment, its MAC checked."""
        self._meter.add(self._name, 0, 1, len(body))
        plain = self._cipher.update(body)
        length = len(plain) - self._mac.length
        if length < 0:
            raise PeerError(BAD_RECORD_MAC, "the record is shorter than its MAC")
        fragment = plain[:length]
        if not compare_digest(self._mac.compute(content_type, version, fragment), plain[length:]):
            raise PeerError(BAD_RECORD_MAC, "the record's MAC does not verify")
        return fragment
