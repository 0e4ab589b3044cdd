"""Which connections of a study: by the numbers of their rows, or in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds

from experiments.failures import EvidenceError

DEFAULT = "first 10"
MOST = 10_000
"""Connections that are looked at together at most: their bytes are kept in memory."""

_SOME = 10
_OUTCOMES = (
    "failed",
    "plain",
    "full",
    "resumed-by-id",
    "resumed-by-ticket",
    "resumed-by-psk",
    "0-rtt",
)
_WORDS = ("first", "last", "slowest", "retried", *_OUTCOMES)
_FORM = 'write row numbers such as 1,5,10-20, or "first 10", "slowest 3", "failed"'


class _Rows(NamedTuple):
    """Rows from one number to another."""

    first: int
    last: int
    words: str


class _Kind(NamedTuple):
    """So many rows of a kind."""

    kind: str
    most: int
    words: str


Choice = tuple[_Rows | _Kind, ...]


def rows_from(first: int, last: int | None = None) -> _Rows:
    """Return the choice of a row, or of those up to another.

    Raises:
        EvidenceError: rows have no such numbers.
    """
    end = first if last is None else last
    if first < 0:
        raise EvidenceError(f"connection {first}: rows are counted from 0; write such a number")
    return _Rows(first, end, f"{first:,}" if end == first else f"{first}-{end}")


def parse_choice(words: str | int) -> Choice:
    """Return what words say: numbers and ranges of rows, and kinds of connections.

    Raises:
        EvidenceError: they say nothing of that.
    """
    parts = [part.strip() for part in str(words).split(",")]
    return tuple(_parsed(part, str(words)) for part in parts)


def _parsed(part: str, whole: str) -> _Rows | _Kind:
    if found := re.fullmatch(r"([0-9]{1,18})(?:\s*-\s*([0-9]{1,18}))?", part):
        first = int(found[1])
        last = first if found[2] is None else int(found[2])
        if last < first:
            raise EvidenceError(
                f'connections "{whole}": {part} ends before it begins; write {last}-{first}'
            )
        return rows_from(first, last)
    if found := re.fullmatch(r"([a-z0-9-]+)(?:\s+([0-9]{1,9}))?", part):
        kind, most = found[1], int(found[2] or _SOME)
        if kind in _WORDS and most:
            return _Kind(kind, most, part)
    raise EvidenceError(
        f'connections "{whole}": "{part}" chooses none; {_FORM}, or one of {", ".join(_WORDS[3:])}'
    )


def chosen_rows(choice: Choice, folder: Path) -> list[int]:
    """Return the numbers of the chosen rows of a study's table `connections`, from 0, each once.

    Raises:
        EvidenceError: there are none such, or too many.
    """
    rows = list(dict.fromkeys(_rows(choice, folder)))
    if len(rows) > MOST:
        raise EvidenceError(
            f"{folder}: {len(rows):,} connections are chosen; choose no more than {MOST:,} at once"
        )
    return rows


def _rows(choice: Choice, folder: Path) -> Iterator[int]:
    table = connections_of(folder)
    count = table.count_rows()
    if not count:
        raise EvidenceError(
            f"{folder}: no connection was run there; give the scenario more load or time"
        )
    for part in choice:
        if isinstance(part, _Rows):
            if part.last >= count:
                raise EvidenceError(_never_run(part.words, folder, count))
            if part.last - part.first >= MOST:
                raise EvidenceError(
                    f"{folder}: {part.words} are {part.last - part.first + 1:,} connections; "
                    f"choose no more than {MOST:,} at once"
                )
            yield from range(part.first, part.last + 1)
            continue
        found = _of_kind(part, table, count)
        if not found:
            raise EvidenceError(
                f"{folder}: none of its {count:,} connections is {part.kind}; {_FORM}"
            )
        yield from found


def connections_of(folder: Path) -> ds.Dataset:
    """Return a study's table `connections`, of which only what is asked for is read."""
    return ds.dataset(folder / "connections.parquet", format="parquet")


def _never_run(words: str, folder: Path, count: int) -> str:
    return (
        f"{folder}: connection {words} was never run: its {count:,} connections have the numbers "
        f"0 to {count - 1:,}; choose some of these"
    )


def _of_kind(part: _Kind, table: ds.Dataset, count: int) -> list[int]:
    kind, most = part.kind, part.most
    if kind == "first":
        return list(range(min(most, count)))
    if kind == "last":
        return list(range(max(0, count - most), count))
    if kind == "slowest":
        durations = _column(table, "duration").to_numpy(zero_copy_only=False)
        return [int(row) for row in np.argsort(-durations, kind="stable")[:most]]
    if kind == "retried":
        those = _column(table, "retried").to_numpy(zero_copy_only=False)
    else:
        those = _column(table, "outcome").to_numpy(zero_copy_only=False) == kind
    return [int(row) for row in np.flatnonzero(those)[:most]]


def _column(table: ds.Dataset, name: str) -> pa.Array:
    column = table.to_table(columns=[name]).column(name)
    if pa.types.is_dictionary(column.type):
        column = column.cast(pa.string())
    return column.combine_chunks()
