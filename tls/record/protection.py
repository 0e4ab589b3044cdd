"""The one interface behind which every cipher sits."""

from __future__ import annotations

from typing import Protocol

Body = bytes | memoryview
"""A record's body as it arrived: a view of what the transport gave, where that is long."""


class Protection(Protocol):
    """Protects one direction's records under one set of keys, sequence numbers included.

    Attributes:
        predictable_iv: whether the first block of a record can be guessed from the record before
            (CBC in SSL 3.0 and TLS 1.0), which 1/n-1 splitting mends.
        wire_type: the content type that records carry in clear; 0 where they tell their own.
    """

    predictable_iv: bool
    wire_type: int

    def seal(self, content_type: int, version: int, fragment: bytes) -> tuple[bytes, bytes]:
        """The protected body of a record that carries `fragment`, in two pieces.

        The first is the nonce where the record carries one, else empty: pieces, so that no large
        body is copied to be put together.
        """

    def open(self, content_type: int, version: int, body: Body) -> tuple[int, bytes]:
        """Content type and fragment in a protected body.

        Raises `PeerError(bad_record_mac)` for anything that does not verify.
        """


class NullProtection:
    """No protection: the state every connection starts in (RFC 2246 §6.1)."""

    predictable_iv = False
    wire_type = 0

    def seal(self, content_type: int, version: int, fragment: bytes) -> tuple[bytes, bytes]:
        """The fragment itself."""
        return b"", fragment

    def open(self, content_type: int, version: int, body: Body) -> tuple[int, bytes]:
        """The body itself."""
        return content_type, bytes(body)
