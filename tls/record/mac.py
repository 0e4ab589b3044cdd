"""The MAC of a record: SSL 3.0's own and TLS's HMAC, sequence number included."""

from __future__ import annotations

from struct import Struct
from typing import Protocol

from tls.keys.hashes import HASHES
from tls.keys.hmac import KeyedHmac
from tls.meter import Meter
from tls.record.protection import Body

_SSL_3_0_HEADER = Struct(">QBH").pack
_TLS_HEADER = Struct(">QBHH").pack

_HASHES = {"MD5": "md5", "SHA": "sha1", "SHA256": "sha256", "SHA384": "sha384"}
_HMAC_OPERATIONS = {name: f"hmac.{name}" for name in HASHES}
_SSL_3_0_OPERATIONS = {name: f"ssl30-mac.{name}" for name in HASHES}


class RecordMac(Protocol):
    """Computes the MACs of one direction's records, one after another."""

    length: int

    def compute(self, content_type: int, version: int, fragment: Body) -> bytes:
        """The MAC of the next record; the sequence number goes up by one."""


class HmacRecordMac:
    """HMAC over sequence number, type, version, length and fragment (RFC 2246 §6.2.3.1)."""

    __slots__ = ("_book", "_hmac", "_operation", "_sequence", "length")

    def __init__(self, mac: str, secret: bytes, meter: Meter) -> None:
        hash_name = _HASHES[mac]
        self._hmac = KeyedHmac(hash_name, secret)
        self._book = meter.book
        self._operation = _HMAC_OPERATIONS[hash_name]
        self._sequence = 0
        self.length = len(secret)

    def compute(self, content_type: int, version: int, fragment: Body) -> bytes:
        """The MAC of the next record."""
        size = len(fragment)
        header = _TLS_HEADER(self._sequence, content_type, version, size)
        self._sequence += 1
        self._book((self._operation, 0, 1, size))
        return self._hmac.digest(header + fragment)


class Ssl30RecordMac:
    """SSL 3.0's keyed hash (RFC 6101 §5.2.3.1).

    hash(secret + pad_2 + hash(secret + pad_1 + sequence + type + length + fragment))
    """

    __slots__ = ("_book", "_inner", "_operation", "_outer", "_sequence", "length")

    def __init__(self, mac: str, secret: bytes, meter: Meter) -> None:
        hash_name = _HASHES[mac]
        pad_length = 48 if mac == "MD5" else 40
        new = HASHES[hash_name]
        self._inner = new(secret + b"\x36" * pad_length)
        self._outer = new(secret + b"\x5c" * pad_length)
        self._book = meter.book
        self._operation = _SSL_3_0_OPERATIONS[hash_name]
        self._sequence = 0
        self.length = len(secret)

    def compute(self, content_type: int, version: int, fragment: Body) -> bytes:
        """The MAC of the next record; the version is not part of it."""
        size = len(fragment)
        inner = self._inner.copy()
        inner.update(_SSL_3_0_HEADER(self._sequence, content_type, size) + fragment)
        self._sequence += 1
        outer = self._outer.copy()
        outer.update(inner.digest())
        self._book((self._operation, 0, 1, size))
        return outer.digest()
