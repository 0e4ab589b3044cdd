"""Which connections: numbers of rows, and words."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import experiments
from experiments.evidence.choice import chosen_rows, parse_choice

OUTCOMES = ["full", "failed", "resumed-by-id", "failed", "full", "0-rtt"]
DURATIONS = [0.2, 9.0, 0.1, 0.3, 9.0, 0.2]
RETRIED = [False, False, True, False, False, True]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    outcomes = pa.array(OUTCOMES).dictionary_encode()
    table = pa.table({"outcome": outcomes, "duration": DURATIONS, "retried": RETRIED})
    pq.write_table(table, tmp_path / "connections.parquet", row_group_size=2)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "rows"),
    [
        ("3", [3]),
        (3, [3]),
        ("5,1, 2-4,1", [5, 1, 2, 3, 4]),
        ("0-5", [0, 1, 2, 3, 4, 5]),
        ("first 2", [0, 1]),
        ("first", [0, 1, 2, 3, 4, 5]),
        ("last 2", [4, 5]),
        ("slowest 3", [1, 4, 3]),
        ("failed", [1, 3]),
        ("failed 1, full 1", [1, 0]),
        ("0-rtt", [5]),
        ("retried", [2, 5]),
    ],
)
def test_what_words_choose(folder: Path, words: str | int, rows: list[int]) -> None:
    assert chosen_rows(parse_choice(words), folder) == rows


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("6", "connection 6 was never run: its 6 connections have the numbers 0 to 5"),
        ("1,4-6", "connection 4-6 was never run"),
        ("plain", "none of its 6 connections is plain"),
        ("0-99999", "never run"),
    ],
)
def test_what_was_never_run_is_refused(folder: Path, words: str, told: str) -> None:
    with pytest.raises(experiments.EvidenceError, match=told) as caught:
        chosen_rows(parse_choice(words), folder)
    assert str(folder) in str(caught.value)
    assert caught.value.exit_code == 2


def test_an_empty_study_has_none(tmp_path: Path) -> None:
    table = pa.table({"outcome": pa.array([], pa.string())})
    pq.write_table(table, tmp_path / "connections.parquet")
    for words in ("first 10", "0"):
        with pytest.raises(experiments.EvidenceError, match="no connection was run there"):
            chosen_rows(parse_choice(words), tmp_path)


def test_too_many_at_once_are_refused(tmp_path: Path) -> None:
    table = pa.table({"outcome": ["full"] * 10_001})
    pq.write_table(table, tmp_path / "connections.parquet")
    assert len(chosen_rows(parse_choice("0-9999"), tmp_path)) == 10_000
    for words in ("0-10000", "0-9999,10000", "full 10001"):
        with pytest.raises(experiments.EvidenceError, match="no more than 10,000 at once"):
            chosen_rows(parse_choice(words), tmp_path)


@pytest.mark.parametrize(
    "words",
    ["", ",", "1,", "-1", "1-", "first 0", "first -1", "worst", "full stop", "1.5", "١", "9" * 30],
)
def test_what_chooses_nothing_is_refused(words: str) -> None:
    with pytest.raises(experiments.EvidenceError, match="chooses none; write row numbers such as"):
        parse_choice(words)


def test_a_range_that_goes_back_is_refused() -> None:
    with pytest.raises(experiments.EvidenceError, match="9-3 ends before it begins; write 3-9"):
        parse_choice("1,9-3")


@given(st.text(max_size=30))
def test_any_words_are_a_choice_or_are_refused(words: str) -> None:
    try:
        assert parse_choice(words)
    except experiments.EvidenceError as error:
        assert str(error).isprintable()
