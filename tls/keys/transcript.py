"""The messages of a handshake so far, and their hashes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tls.keys.hmac import HASHES
from tls.meter import Meter

_OPERATIONS = {name: f"hash.{name}" for name in HASHES}

if TYPE_CHECKING:
    from hashlib import _Hash


class Transcript:
    """Collects handshake messages; any hash can be asked of them (RFC 2246 §7.4.9).

    Messages are hashed in one stretch when a hash is asked for, not one by one.
    """

    __slots__ = ("_book", "_messages", "_running")

    def __init__(self, meter: Meter) -> None:
        self._book = meter.book
        self._messages: list[bytes] = []
        self._running: dict[str, tuple[_Hash, int]] = {}

    def add(self, message: bytes) -> None:
        """Append a whole handshake message, header included."""
        self._messages.append(message)

    def data(self) -> bytes:
        """All messages so far, end to end: what a CertificateVerify signs."""
        return b"".join(self._messages)

    def running(self, hash_name: str) -> _Hash:
        """The hash over everything so far, running: a copy that the caller may extend."""
        messages = self._messages
        entry = self._running.get(hash_name)
        running, hashed = entry or (HASHES[hash_name](b""), 0)
        if hashed < len(messages):
            data = b"".join(messages[hashed:])
            running.update(data)
            self._book((_OPERATIONS[hash_name], 0, 1, len(data)))
            self._running[hash_name] = (running, len(messages))
        return running.copy()

    def digest(self, hash_name: str) -> bytes:
        """The hash over everything so far."""
        return self.running(hash_name).digest()
