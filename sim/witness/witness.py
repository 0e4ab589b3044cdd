"""Who looks at chosen connections of a world as they pass."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import isnan
from typing import Any, Protocol

from sim.connection_row import COLUMNS
from sim.hosts.ports import source_port
from sim.network.tls_hop import TlsHop
from sim.telemetry import FLAG, OPTIONAL_FLAG, OPTIONAL_WORD, WORD, Column
from sim.witness.notes import ConnectionNotes
from sim.witness.seen import SeenConnection


class AllSeen(Exception):
    """The last of the chosen connections has ended."""


class _Rows(Protocol):
    """Takes rows, as `sim.telemetry.Table` does."""

    def append(self, row: Sequence[Any]) -> None:
        """Add a row."""


class Witness:
    """Sees chosen connections; nothing else in the world is otherwise for it.

    Args:
        connections: their numbers.
    """

    def __init__(self, connections: Collection[int]) -> None:
        self._chosen = frozenset(connections)
        self._left = len(self._chosen)
        self._notes: dict[int, ConnectionNotes] = {}

    def begin(self, number: int, address: int, hop: TlsHop) -> ConnectionNotes | None:
        """The connection of that number begins; returns what takes notes of a chosen one."""
        if number not in self._chosen:
            return None
        come_from = address, source_port(number)
        notes = ConnectionNotes(come_from, hop.entrance, hop.end, hop.segment)
        self._notes[number] = notes
        return notes

    def notes_of(self, number: int) -> ConnectionNotes | None:
        """What takes notes of a chosen connection that has begun; `None` for others."""
        return self._notes.get(number)

    def table(self, rows: _Rows) -> WitnessedTable:
        """A table whose rows are looked at."""
        return WitnessedTable(self, rows)

    def end(self, row: Sequence[Any]) -> None:
        """A connection has ended whose row this is. Raises `AllSeen` behind the last chosen one."""
        notes = self._notes.get(row[0])
        if notes is None:
            return
        notes.row = {
            column.name: _in_table(column, value)
            for column, value in zip(COLUMNS, row, strict=True)
        }
        self._left -= 1
        if not self._left:
            raise AllSeen

    def connections(self) -> list[SeenConnection]:
        """What has been seen of those that have ended, by their numbers."""
        return [
            SeenConnection.of(notes)
            for _, notes in sorted(self._notes.items())
            if notes.row is not None
        ]


class WitnessedTable:
    """The table `connections` of a world that has a witness.

    Args:
        witness: who looks at each row.
        rows: take it.
    """

    def __init__(self, witness: Witness, rows: _Rows) -> None:
        self._witness = witness
        self._rows = rows

    def append(self, row: Sequence[Any]) -> None:
        """Add a row: a value for each column, in their order."""
        self._rows.append(row)
        self._witness.end(row)


def _in_table(column: Column, value: Any) -> Any:
    """A value of a row as the table will have it."""
    if value is None:
        return None
    if column.kind in (WORD, OPTIONAL_WORD):
        return column.word(value)
    if column.kind in (FLAG, OPTIONAL_FLAG):
        return bool(value)
    return None if column.kind.nullable and isnan(value) else value
