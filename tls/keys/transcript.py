"""The messages of a handshake so far, and their hashes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tls.keys.hashes import HASHES
from tls.meter import Meter

_OPERATIONS = {name: f"hash.{name}" for name in HASHES}

if TYPE_CHECKING:
    from hashlib import _Hash


_MESSAGE_HASH = 254


class _Running:
    """A hash and how many messages it is over."""

    __slots__ = ("count", "hash", "operation")

    def __init__(self, hash_name: str) -> None:
        self.hash = HASHES[hash_name](b"")
        self.count = 0
        self.operation = _OPERATIONS[hash_name]


class Transcript:
    """Collects handshake messages; any hash can be asked of them (RFC 2246 §7.4.9).

    Messages are hashed in one stretch when a hash is asked for, not one by one.

    Attributes:
        add: appends a whole handshake message, header included.
    """

    __slots__ = ("_book", "_messages", "_meter", "_running", "add")

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._book = meter.book
        self._messages: list[bytes] = []
        self.add = self._messages.append
        self._running: dict[str, _Running] = {}

    def replace_first(self, hash_name: str) -> None:
        """Put the hash of the first message in its place, as the message message_hash.

        So a server need not remember a ClientHello that it answers with a HelloRetryRequest
        (RFC 8446 §4.4.1).
        """
        first = self._messages[0]
        self._book((_OPERATIONS[hash_name], 0, 1, len(first)))
        digest = HASHES[hash_name](first).digest()
        self._messages[0] = bytes((_MESSAGE_HASH, 0, 0, len(digest))) + digest
        self._running.clear()

    def digest_with(self, hash_name: str, message: bytes) -> bytes:
        """The hash over everything so far and one more message, which is not kept."""
        self._book((_OPERATIONS[hash_name], 0, 1, len(message)))
        if not self._messages:
            return HASHES[hash_name](message).digest()
        running = self._hashed(hash_name).copy()
        running.update(message)
        return running.digest()

    def digest_without_end(self, hash_name: str, length: int) -> bytes:
        """The hash over everything so far but for the last `length` bytes of the last message."""
        data = b"".join(self._messages)
        self._book((_OPERATIONS[hash_name], 0, 1, len(data) - length))
        return HASHES[hash_name](data[: len(data) - length]).digest()

    def prepend(self, messages: list[bytes]) -> None:
        """Put messages before those that are there."""
        self._messages[:0] = messages
        self._running.clear()

    def copy(self) -> Transcript:
        """Another one that holds the same messages so far."""
        other = Transcript(self._meter)
        for message in self._messages:
            other.add(message)
        return other

    def data(self) -> bytes:
        """All messages so far, end to end: what a CertificateVerify signs."""
        return b"".join(self._messages)

    def running(self, hash_name: str) -> _Hash:
        """The hash over everything so far, running: a copy that the caller may extend."""
        return self._hashed(hash_name).copy()

    def _hashed(self, hash_name: str) -> _Hash:
        running = self._running.get(hash_name)
        if running is None:
            running = self._running[hash_name] = _Running(hash_name)
        messages, hashed = self._messages, running.count
        count = len(messages)
        if hashed < count:
            data = messages[-1] if hashed + 1 == count else b"".join(messages[hashed:])
            self._book((running.operation, 0, 1, len(data)))
            running.hash.update(data)
            running.count = count
        return running.hash

    def digest(self, hash_name: str) -> bytes:
        """The hash over everything so far."""
        return self._hashed(hash_name).digest()
