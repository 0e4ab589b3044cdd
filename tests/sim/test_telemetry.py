"""Tables: rows in, Arrow row groups out."""

from __future__ import annotations

from math import nan

import pyarrow as pa
import pytest

import sim
from sim.telemetry import (
    COUNT,
    FLAG,
    OPTIONAL_FLAG,
    OPTIONAL_TIME,
    OPTIONAL_WORD,
    TIME,
    WORD,
    Column,
    MemorySink,
    Table,
    schema_of,
)

COLUMNS = (
    Column("number", COUNT),
    Column("time", TIME),
    Column("maybe_time", OPTIONAL_TIME),
    Column("flag", FLAG),
    Column("maybe_flag", OPTIONAL_FLAG),
    Column("word", WORD),
    Column("maybe_word", OPTIONAL_WORD),
)
ROWS = [
    [1, 0.5, nan, True, None, "full", None],
    [-(2**40), -0.0, 0.25, False, True, "failed", "close_notify"],
    [3, 1e300, 0.0, True, False, "full", "close_notify"],
]


def test_rows_come_out_as_they_went_in() -> None:
    sink = MemorySink()
    table = Table("rows", COLUMNS, sink)
    for row in ROWS:
        table.append(list(row))
    table.close()
    whole = sink.table("rows")
    assert whole.schema.equals(schema_of(COLUMNS))
    assert whole.to_pylist() == [
        dict(zip([column.name for column in COLUMNS], row, strict=True))
        | ({"maybe_time": None} if row[2] != row[2] else {})
        for row in ROWS
    ]


def test_a_row_group_leaves_when_it_is_full() -> None:
    sink = MemorySink()
    table = Table("rows", COLUMNS, sink, rows=2)
    for number in range(5):
        table.append([number, 0.0, 0.0, True, None, f"word {number}", None])
    assert [batch.num_rows for batch in sink.batches["rows"]] == [2, 2]
    table.close()
    assert [batch.num_rows for batch in sink.batches["rows"]] == [2, 2, 1]
    table.close()
    whole = sink.table("rows")
    assert whole["number"].to_pylist() == list(range(5))
    assert whole["word"].to_pylist() == [f"word {number}" for number in range(5)]


def test_a_table_without_rows_is_an_empty_one() -> None:
    sink = MemorySink()
    Table("rows", COLUMNS, sink).close()
    assert sink.table("rows").num_rows == 0
    assert sink.table("rows").schema.equals(schema_of(COLUMNS))
    with pytest.raises(KeyError):
        sink.table("other")


def test_words_are_encoded_by_a_dictionary() -> None:
    for name in ("profile", "server", "version", "suite", "outcome", "alert"):
        assert pa.types.is_dictionary(sim.SCHEMAS["connections"].field(name).type)
    assert set(sim.SCHEMAS) == {
        "connections",
        "visits",
        "samples",
        "operations",
        "links",
        "middleboxes",
        "verdicts",
        "bridged",
    }
