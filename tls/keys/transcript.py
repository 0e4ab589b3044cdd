"""The messages of a handshake so far, and their hashes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from tls.meter import Meter

if TYPE_CHECKING:
    from hashlib import _Hash


class Transcript:
    """Collects handshake messages; MD5 and SHA-1 run over them together (RFC 2246 §7.4.9).

    Messages are hashed in one stretch when a hash is asked for, not one by one.
    """

    __slots__ = ("_md5", "_meter", "_sha1", "_waiting")

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._sha1 = hashlib.sha1(usedforsecurity=False)
        self._waiting: list[bytes] = []

    def add(self, message: bytes) -> None:
        """Append a whole handshake message, header included."""
        self._waiting.append(message)

    def md5_and_sha1(self) -> tuple[_Hash, _Hash]:
        """The running MD5 and SHA-1 over everything so far, as copies the caller may extend."""
        if self._waiting:
            data = b"".join(self._waiting)
            self._waiting.clear()
            self._md5.update(data)
            self._sha1.update(data)
            self._meter.add("hash.md5", 0, 1, len(data))
            self._meter.add("hash.sha1", 0, 1, len(data))
        return self._md5.copy(), self._sha1.copy()
