"""Where a connection's random bytes come from.

Under entropy that the caller gives, the values that an observer sees in hellos follow from it by
themselves, without an engine: each side draws its hello's random first (`hello_random`), and a
server that gives a new session an ID, or a client that offers a ticket, draws the ID of its hello
next (`new_session_id`), whatever is configured and whatever the other side says. All else comes
behind.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from struct import Struct

from tls.meter import Meter

Entropy = Callable[[int], bytes]
"""A source of random bytes: asked for n, it returns n."""

_TIME = Struct(">I").pack
_RANDOM_LENGTH = 28
_SESSION_ID_LENGTH = 32


def hello_random(draw: Entropy, now: float) -> bytes:
    """A hello's random: Unix time in 4 bytes, then 28 random ones (RFC 2246 §7.4.1.2).

    Args:
        draw: asked once.
        now: the side's clock, Unix time in seconds.

    Returns:
        32 bytes.
    """
    return _TIME(int(now) & 0xFFFFFFFF) + draw(_RANDOM_LENGTH)


def new_session_id(draw: Entropy) -> bytes:
    """A server's ID for a new session, or a client's beside a ticket: as long as there may be.

    RFC 2246 §7.4.1.3, RFC 5077 §3.4.
    """
    return draw(_SESSION_ID_LENGTH)


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
