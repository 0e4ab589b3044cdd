"""TLS's presentation language: numbers and vectors, read and written (RFC 2246 §4)."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from struct import Struct, pack, unpack
from typing import Any, TypeVar

from tls.alerts import DECODE_ERROR
from tls.errors import PeerError
from tls.reasons import Reason

_UINT16 = Struct(">H").pack


class Reader:
    """Reads one message body from left to right.

    Every method raises `PeerError(decode_error)` where the bytes end too soon.
    """

    __slots__ = ("data", "end", "position")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0
        self.end = len(data)

    def uint8(self) -> int:
        """The next byte as a number."""
        position = self.position
        if position >= self.end:
            raise too_short()
        self.position = position + 1
        return self.data[position]

    def uint16(self) -> int:
        """The next two bytes as a number."""
        position = self.position
        if position + 2 > self.end:
            raise too_short()
        self.position = position + 2
        return self.data[position] << 8 | self.data[position + 1]

    def uint24(self) -> int:
        """The next three bytes as a number."""
        return int.from_bytes(self.opaque(3), "big")

    def opaque(self, length: int) -> bytes:
        """The next `length` bytes."""
        position = self.position
        after = position + length
        if after > self.end:
            raise too_short()
        self.position = after
        return self.data[position:after]

    def unpack(self, layout: Struct) -> tuple[Any, ...]:
        """The next fields, all at once, by their layout."""
        position = self.position
        after = position + layout.size
        if after > self.end:
            raise too_short()
        self.position = after
        return layout.unpack_from(self.data, position)

    def vector8(self) -> bytes:
        """An opaque vector with a length of one byte."""
        start = self.position + 1
        if start > self.end:
            raise too_short()
        after = start + self.data[start - 1]
        if after > self.end:
            raise too_short()
        self.position = after
        return self.data[start:after]

    def vector16(self) -> bytes:
        """An opaque vector with a length of two bytes."""
        start = self.position + 2
        if start > self.end:
            raise too_short()
        data = self.data
        after = start + (data[start - 2] << 8 | data[start - 1])
        if after > self.end:
            raise too_short()
        self.position = after
        return data[start:after]

    def filled8(self) -> bytes:
        """An opaque vector with a length of one byte that must not be empty."""
        return filled(self.vector8())

    def filled16(self) -> bytes:
        """An opaque vector with a length of two bytes that must not be empty."""
        return filled(self.vector16())

    def vector24(self) -> bytes:
        """An opaque vector with a length of three bytes."""
        start = self.position + 3
        after = start + int.from_bytes(self.data[start - 3 : start], "big")
        if start > self.end or after > self.end:
            raise too_short()
        self.position = after
        return self.data[start:after]

    def codes16(self) -> tuple[int, ...]:
        """A vector of 16-bit codes with a length of two bytes."""
        codes = self.vector16()
        if len(codes) & 1:
            raise PeerError(
                DECODE_ERROR, Reason.ODD_LIST_LENGTH, "a list of two-byte codes has an odd length"
            )
        return unpack(f">{len(codes) >> 1}H", codes)

    def rest(self) -> bytes:
        """All bytes that are left."""
        position = self.position
        self.position = self.end
        return self.data[position:]

    def at_end(self) -> bool:
        """Whether nothing is left."""
        return self.position == self.end

    def finish(self) -> None:
        """Check that nothing is left."""
        if self.position != self.end:
            raise _too_long()


_Value = TypeVar("_Value")
_REMEMBERED = 256


def remembered(read: Callable[[bytes], _Value]) -> Callable[[bytes], _Value]:
    """`read`, which makes a value of bytes, with a memo of its last few hundred values.

    Peers say the same again and again. The memo is bounded: it holds no long values. Nobody may
    change a value, as others are given it too.
    """
    memo = lru_cache(maxsize=_REMEMBERED)(read)

    @wraps(read)
    def remember(data: bytes) -> _Value:
        return memo(data) if len(data) <= _REMEMBERED else read(data)

    return remember


def filled(data: bytes) -> bytes:
    """`data`, which must not be empty."""
    if not data:
        raise PeerError(DECODE_ERROR, Reason.EMPTY_VALUE, "a value that must not be empty is empty")
    return data


def too_short() -> PeerError:
    """The fault of a message that is shorter than its parts."""
    return PeerError(DECODE_ERROR, Reason.MESSAGE_TOO_SHORT, "the message ends too soon")


def _too_long() -> PeerError:
    return PeerError(DECODE_ERROR, Reason.MESSAGE_TOO_LONG, "bytes follow the end of the message")


def whole_vector16(data: bytes) -> bytes:
    """What an opaque vector holds that is all of `data`: its length in two bytes, and itself."""
    left = len(data) - 2
    if left < 0 or (length := data[0] << 8 | data[1]) > left:
        raise too_short()
    if length < left:
        raise _too_long()
    return data[2:]


def whole_code16(data: bytes) -> int:
    """The 16-bit code that is all of `data`."""
    if len(data) != 2:
        raise too_short() if len(data) < 2 else _too_long()
    return data[0] << 8 | data[1]


def vector8(data: bytes) -> bytes:
    """`data` behind its length in one byte; `len(data)` at most 255."""
    return bytes((len(data),)) + data


def vector16(data: bytes) -> bytes:
    """`data` behind its length in two bytes; `len(data)` at most 65,535."""
    return _UINT16(len(data)) + data


def vector24(data: bytes) -> bytes:
    """`data` behind its length in three bytes."""
    return len(data).to_bytes(3, "big") + data


@lru_cache(maxsize=256)
def codes16(codes: tuple[int, ...]) -> bytes:
    """A vector of 16-bit codes behind its length in two bytes."""
    count = len(codes)
    return pack(f">{count + 1}H", 2 * count, *codes)
