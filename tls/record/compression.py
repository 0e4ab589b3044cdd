"""Compression of records (RFC 3749)."""

from __future__ import annotations

import zlib

from tls.alerts import DECOMPRESSION_FAILURE
from tls.errors import PeerError
from tls.reasons import Reason

NULL = 0
DEFLATE = 1


class Deflate:
    """One direction's DEFLATE, its history running on from record to record."""

    def __init__(self) -> None:
        self._compress = zlib.compressobj()
        self._decompress = zlib.decompressobj()

    def compress(self, fragment: bytes) -> bytes:
        """The compressed fragment, flushed so that the peer can decompress it at once."""
        return self._compress.compress(fragment) + self._compress.flush(zlib.Z_SYNC_FLUSH)

    def decompress(self, compressed: bytes, limit: int) -> bytes:
        """The fragment; never more than `limit` bytes are made.

        Raises `PeerError(decompression_failure)` for garbage and for what grows over the limit.
        """
        if not compressed:
            return b""
        try:
            fragment = self._decompress.decompress(compressed, limit + 1)
        except zlib.error as error:
            raise PeerError(
                DECOMPRESSION_FAILURE,
                Reason.DECOMPRESSION_FAILED,
                f"a record does not decompress: {error}",
            ) from None
        if len(fragment) > limit or self._decompress.unconsumed_tail:
            raise PeerError(
                DECOMPRESSION_FAILURE,
                Reason.DECOMPRESSED_TOO_LONG,
                "a record decompresses to more than is allowed",
            )
        return fragment
