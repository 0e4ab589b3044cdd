"""As much of DER as the library does not read itself (X.690 §8.1, §10.1)."""

from __future__ import annotations

INTEGER = 0x02
OBJECT_IDENTIFIER = 0x06
SEQUENCE = 0x30


class DerReader:
    """Reads the values of one constructed value from left to right.

    Every method raises `ValueError` for what is malformed.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def at_end(self) -> bool:
        """Whether nothing is left."""
        return self._position == len(self._data)

    def next_tag(self) -> int | None:
        """The tag of the next value; `None` at the end."""
        return None if self.at_end() else self._data[self._position]

    def value(self, tag: int) -> bytes:
        """The contents of the next value, which must have that tag."""
        if self.next_tag() != tag:
            raise ValueError(f"no value with the tag {tag:#04x}")
        start = self._position + 2
        length = self._byte(self._position + 1)
        if length & 0x80:
            octets = length & 0x7F
            length = int.from_bytes(self._data[start : start + octets], "big")
            start += octets
        self._position = start + length
        if self._position > len(self._data):
            raise ValueError("a value ends too late")
        return self._data[start : self._position]

    def optional(self, tag: int) -> bytes | None:
        """The contents of the next value if it has that tag, else `None`."""
        return self.value(tag) if self.next_tag() == tag else None

    def _byte(self, position: int) -> int:
        if position >= len(self._data):
            raise ValueError("a value ends too soon")
        return self._data[position]
