"""What work a connection did: every cryptographic operation and every record."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple


class Operation(NamedTuple):
    """Work of one kind, summed.

    `bits` is the key's size for public-key operations, else 0; `bytes` counts what was hashed,
    encrypted or produced, 0 for public-key operations.
    """

    name: str
    bits: int
    count: int  # type: ignore[assignment]  # shadows tuple.count, which nobody needs here
    bytes: int


_FOLD_AT = 512


class Meter:
    """Collects operations until they are taken.

    Attributes:
        book: takes one entry, (name, bits, count, bytes), and nothing else: `add` for where time
            is short. Who books without end calls `fold` now and then.
    """

    __slots__ = ("_log", "book")

    def __init__(self) -> None:
        self._log: list[tuple[str, int, int, int]] = []
        self.book = self._log.append

    def add(self, name: str, bits: int, count: int, size: int) -> None:
        """Book `count` operations `name` over `size` bytes."""
        self.book((name, bits, count, size))
        if len(self._log) >= _FOLD_AT:
            self.fold()

    def fold(self) -> None:
        """Sum up what was booked if it has grown long."""
        log = self._log
        if len(log) >= _FOLD_AT:
            log[:] = _summed(log)

    def take_log(self) -> list[tuple[str, int, int, int]]:
        """What was done since the last call, not summed, as plain (name, bits, count, bytes).

        Cheaper than `take` for who sums himself; long stretches are summed all the same.
        """
        log = self._log.copy()
        self._log.clear()
        return log

    def take(self) -> list[Operation]:
        """What was done since the last call, one entry a (name, bits), in order of first use."""
        return _summed(self.take_log())


def _summed(log: list[tuple[str, int, int, int]]) -> list[Operation]:
    sums: dict[tuple[str, int], list[int]] = {}
    # Bulk data books the same again and again.
    for (name, bits, count, size), times in Counter(log).items():
        entry = sums.setdefault((name, bits), [0, 0])
        entry[0] += times * count
        entry[1] += times * size
    return [Operation(name, bits, *entry) for (name, bits), entry in sums.items()]
