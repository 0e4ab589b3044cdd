"""Tables that grow without bound in constant memory: rows are packed as they come.

A table holds one row group of packed rows; when it is full it is turned into Arrow columns, handed
to the sink, and forgotten.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import gcd
from struct import pack
from typing import Any, NamedTuple, Protocol

import numpy as np
import pyarrow as pa

ROWS_IN_A_GROUP = 16_384

# Many rows one after another are packed in half the time that each takes by itself, between other
# work.
_PACKED_AT_ONCE = 128


class Sink(Protocol):
    """What takes the tables of a simulation, a row group at a time."""

    def write(self, table: str, batch: pa.RecordBatch) -> None:
        """Take a row group of the table of that name; its schema is `SCHEMAS[table]`."""


class MemorySink:
    """Keeps all row groups in memory."""

    def __init__(self) -> None:
        self.batches: dict[str, list[pa.RecordBatch]] = {}

    def write(self, table: str, batch: pa.RecordBatch) -> None:
        """Keep a row group of the table of that name."""
        self.batches.setdefault(table, []).append(batch)

    def table(self, name: str) -> pa.Table:
        """A whole table. Raises `KeyError` when no simulation wrote one of that name."""
        return pa.Table.from_batches(self.batches[name]).unify_dictionaries()


class _Codes(dict[Any, int]):
    """Numbers words, or what words name, in order of first use; `None` is -1."""

    def __init__(self) -> None:
        super().__init__({None: -1})

    def __missing__(self, value: Any) -> int:
        code = self[value] = len(self) - 1
        return code

    def values_seen(self) -> list[Any]:
        return [value for value in self if value is not None]


@dataclass(frozen=True)
class Kind:
    """A kind of column: how a value is packed (the code of an array), and what it is in Arrow."""

    format: str
    arrow: pa.DataType
    nullable: bool = False


TIME = Kind("d", pa.float64())
"""Seconds, or another number that need not be whole."""
OPTIONAL_TIME = Kind("d", pa.float64(), nullable=True)
"""Seconds; NaN becomes null."""
COUNT = Kind("q", pa.int64())
"""A whole number."""
FLAG = Kind("b", pa.bool_())
"""True or false."""
OPTIONAL_FLAG = Kind("b", pa.bool_(), nullable=True)
"""True, false or `None`."""
WORD = Kind("i", pa.dictionary(pa.int32(), pa.string()))
"""One of few strings."""
OPTIONAL_WORD = Kind("i", pa.dictionary(pa.int32(), pa.string()), nullable=True)
"""One of few strings, or `None`."""

_FLAG_CODES = {None: -1, False: 0, True: 1}


class Column(NamedTuple):
    """A column of a table.

    Attributes:
        name: as tables have it.
        kind: what its values are.
        word: names a value, for a column of words whose rows hold codes.
    """

    name: str
    kind: Kind
    word: Callable[[Any], str] = str


def schema_of(columns: Sequence[Column]) -> pa.Schema:
    """The Arrow schema of these columns."""
    return pa.schema(
        [
            pa.field(column.name, column.kind.arrow, nullable=column.kind.nullable)
            for column in columns
        ]
    )


class Table:
    """One table on its way to the sink."""

    def __init__(
        self, name: str, columns: Sequence[Column], sink: Sink, rows: int = ROWS_IN_A_GROUP
    ) -> None:
        self.name = name
        self._columns = tuple(columns)
        self._schema = schema_of(columns)
        self._sink = sink
        self._rows = rows
        self._waiting: list[Sequence[Any]] = []
        self._packed_at_once = gcd(rows, _PACKED_AT_ONCE)
        self._handed_over = False
        self._codes: dict[int, _Codes] = {}
        self._encoders: list[Callable[[Any], int] | None] = []
        for position, (_, kind, _) in enumerate(columns):
            encoder = None
            if pa.types.is_dictionary(kind.arrow):
                self._codes[position] = codes = _Codes()
                encoder = codes.__getitem__
            elif kind is OPTIONAL_FLAG:
                encoder = _FLAG_CODES.__getitem__
            self._encoders.append(encoder)
        self._packed = self._no_rows()

    def append(self, row: Sequence[Any]) -> None:
        """Add a row: a value for each column, in their order."""
        waiting = self._waiting
        waiting.append(row)
        if len(waiting) == self._packed_at_once:
            self._pack()

    def close(self) -> None:
        """Hand the last rows to the sink; a table without rows is handed over as an empty one."""
        self._pack()
        if self._packed[0] or not self._handed_over:
            self._flush()

    def _no_rows(self) -> list[array[Any]]:
        return [array(column.kind.format) for column in self._columns]

    def _pack(self) -> None:
        """Pack the rows that wait."""
        if not self._waiting:
            return
        count, values = len(self._waiting), zip(*self._waiting, strict=True)
        for packed, encoder, column in zip(self._packed, self._encoders, values, strict=True):
            # Three times as fast as to extend an array.
            packing = f"{count}{packed.typecode}"
            packed.frombytes(pack(packing, *(column if encoder is None else map(encoder, column))))
        self._waiting.clear()
        if len(self._packed[0]) == self._rows:
            self._flush()

    def _flush(self) -> None:
        """Hand the packed rows so far to the sink."""
        arrays = [
            self._arrow(position, np.frombuffer(packed, packed.typecode), column)
            for position, (packed, column) in enumerate(
                zip(self._packed, self._columns, strict=True)
            )
        ]
        self._packed = self._no_rows()
        self._handed_over = True
        self._sink.write(self.name, pa.RecordBatch.from_arrays(arrays, schema=self._schema))

    def _arrow(self, position: int, values: np.ndarray, column: Column) -> pa.Array:
        kind = column.kind
        if position in self._codes:
            indices = pa.array(values, mask=values < 0)
            words = pa.array(map(column.word, self._codes[position].values_seen()), pa.string())
            return pa.DictionaryArray.from_arrays(indices, words)
        if pa.types.is_boolean(kind.arrow):
            return pa.array(values > 0, mask=values < 0)
        mask = np.isnan(values) if kind.nullable else None
        return pa.array(values, mask=mask)
