"""Turns that carry application data, derived from those of another size.

What a turn does depends on the size of its data in two ways: into how many records these are cut,
and how the last of them is padded. Where both are the same, every operation on that record, and the
flight, has as many bytes more as the data have. Such turns are derived from one of them, whose
growth is measured on engines: the same for each kind of cipher, whatever it adds to a record.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import tls
from sim.endpoints.endpoints import Operations
from sim.endpoints.own_bytes import RecordedBytes
from sim.hosts.work import Factors, GrowingTask, Work

_FULL_RECORD = 1 << 14
_LEAST = 2
"""Of a byte alone it is seen whether data are split 1/n-1."""
_HEADER = 5


@cache
def block_of(suite: int | None) -> int:
    """Data that are so many bytes longer are padded alike; before a suite is agreed on, any are."""
    return 16 if suite is None or "_CBC_" in tls.suite_name(suite) else 1


def reference_size(size: int, block: int) -> int:
    """The smallest size of data that are cut and padded like these; they differ by whole blocks.

    There is a turn of this size, and of a block more, from which that for `size` follows; the size
    itself where nothing is smaller.
    """
    full, rest = divmod(size, _FULL_RECORD)
    if rest < _LEAST:
        return size
    return full * _FULL_RECORD + _LEAST + (rest - _LEAST) % block


class TurnFactors(NamedTuple):
    """By how many bytes the operations of a turn, and its flight, grow with its data.

    Attributes:
        operations: of each.
        flight: of that.
    """

    operations: list[Factors]
    flight: Factors


Larger = tuple[Operations, int] | None
"""A turn's operations and the bytes of its flight with more data; `None` where there never are."""


def factors_of(
    operations: Operations, size: int, larger: tuple[Larger, Larger], block: int
) -> TurnFactors:
    """Measure them.

    Args:
        operations: those of the turn.
        size: bytes of its flight.
        larger: the same with a block more of the request, and of the response.
        block: its bytes.
    """
    asked, answered = (
        _of_operations(operations, None if one is None else one[0], block) for one in larger
    )
    of_asked, of_answered = (0 if one is None else (one[1] - size) // block for one in larger)
    return TurnFactors(list(zip(asked, answered, strict=True)), (of_asked, of_answered))


def _of_operations(operations: Operations, larger: Operations | None, block: int) -> list[int]:
    if larger is None:
        return [0] * len(operations)
    pairs = list(zip(operations, larger, strict=True))
    assert all(one[:3] == other[:3] for one, other in pairs), "more data, other operations"
    return [(other[3] - one[3]) // block for one, other in pairs]


class Growth:
    """A turn with more data than it was recorded with.

    Args:
        work: of the machine that takes it.
        operations: those of the turn.
        size: bytes of its flight.
        factors: by how much they grow.
        received: bytes of the flight that it answers, if it has to receive that.
    """

    __slots__ = ("_flight", "_size", "demand")

    def __init__(
        self,
        work: Work,
        operations: Operations,
        size: int,
        factors: TurnFactors,
        received: int | None = None,
    ) -> None:
        self._size = size
        self._flight = factors.flight
        sizes = [] if received is None else [(received, (1, 0))]
        growing = [(name, bits, count, each) for name, bits, count, each in operations]
        task = GrowingTask(
            work,
            list(zip(growing, factors.operations, strict=True)),
            [*sizes, (size, factors.flight)],
        )
        self.demand = task.demand

    def size(self, asked: int, answered: int) -> int:
        """Bytes of the flight with so many bytes more of the request, and of the response."""
        of_asked, of_answered = self._flight
        return self._size + of_asked * asked + of_answered * answered


class DerivedTurn:
    """A turn with more data than the one that was recorded: `sim.endpoints.Turn`.

    Args:
        size: bytes of its flight.
        records: records that it is made of.
        seconds: CPU time.
        recorded_bytes: the bytes that it shows, by those of the flight that it answers.
    """

    __slots__ = ("recorded_bytes", "records", "seconds", "size")

    data = b""

    def __init__(
        self,
        size: int,
        records: int,
        seconds: float,
        recorded_bytes: Callable[[Any], RecordedBytes],
    ) -> None:
        self.size = size
        self.records = records
        self.seconds = seconds
        self.recorded_bytes = recorded_bytes


def grown_flight(flight: bytes, more: int) -> bytes:
    """A flight whose last record is so much longer."""
    position = 0
    while position < len(flight):
        last = position
        position += _HEADER + int.from_bytes(flight[position + 3 : position + 5], "big")
    length = len(flight) - last - _HEADER + more
    header = flight[last : last + 3] + length.to_bytes(2, "big")
    return flight[:last] + header + flight[last + _HEADER :] + bytes(more)
