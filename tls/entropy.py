"""Where a connection's random bytes come from."""

from __future__ import annotations

import os
from collections.abc import Callable

from tls.meter import Meter

Entropy = Callable[[int], bytes]
"""A source of random bytes: asked for n, it returns n."""


class RandomSource:
    """Random bytes from the caller's entropy, or from the system, booked in the meter.

    `seeded` says that the caller gave the entropy: random values that a library would draw itself
    are then drawn here wherever the library allows.
    """

    __slots__ = ("_book", "_entropy", "seeded")

    def __init__(self, entropy: Entropy | None, meter: Meter) -> None:
        self._entropy = entropy or os.urandom
        self._book = meter.book
        self.seeded = entropy is not None

    def draw(self, length: int) -> bytes:
        """`length` random bytes."""
        self._book(("random", 0, 1, length))
        return self._entropy(length)

    def nonzero_bytes(self, length: int) -> bytes:
        """`length` random bytes, none of them zero (PKCS #1 v1.5 padding, RFC 8017 §7.2.1).

        They are part of the encryption that they pad, and not booked: a library that draws them
        itself does not book them either, and how often zeros are drawn again is chance.
        """
        data = b""
        while len(data) < length:
            data += self._entropy(length - len(data)).replace(b"\0", b"")
        return data
