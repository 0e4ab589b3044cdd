"""A connection is found again as its row says, or it is told that it is not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import experiments
from experiments.evidence.choice import parse_choice
from experiments.evidence.finding import Found, find_connections
from experiments.results.study_tables import StudyTables, load_tables
from tests.experiments.small_world import WORLD


def found_in(result: experiments.Result, words: str) -> list[Found]:
    return find_connections(load_tables(result.folder), parse_choice(words))


def test_rows_of_several_worlds_are_found_in_their_order(study: experiments.Result) -> None:
    table = study.connections
    last = len(table) - 1
    rows = [last, 0, int(table.index[table["point"] == 2][3]), int(table.index[-2])]
    found = found_in(study, ",".join(map(str, rows)))
    assert [each.row for each in found] == rows
    for each in found:
        row = table.iloc[each.row]
        assert (each.point.index, each.replication) == (row["point"], row["replication"])
        assert each.seen.row["connection"] == row["connection"]
        assert each.seen.row["duration"] == row["duration"]
        assert each.differences == {}
    assert {each.replication for each in found} == {0, 1}


def test_a_result_of_this_process_and_one_that_was_read_show_the_same(
    study: experiments.Result,
) -> None:
    again = experiments.load_result(study.folder)
    assert str(study.connection(5)) == str(again.connection(5))
    assert study.connection(5).svg() == again.connection(5).svg()


def tampered(study: experiments.Result, folder: Path, column: str, value: object) -> StudyTables:
    """A copy of a study, one of whose rows says something else."""
    shutil.copytree(study.folder, folder)
    file = folder / "connections.parquet"
    table = pq.read_table(file)
    values = table.column(column).to_pylist()
    values[7] = value
    place = table.schema.get_field_index(column)
    changed = pa.array(values).cast(table.schema.field(column).type)
    pq.write_table(table.set_column(place, table.schema.field(column), changed), file)
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["checksums"]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return load_tables(folder)


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("bytes_sent", 1, "bytes_sent 1 in the table and"),
        ("outcome", "plain", "outcome plain in the table and"),
        ("connection", 10**9, "does not come again"),
    ],
)
def test_one_that_comes_out_otherwise_is_an_error(
    study: experiments.Result, tmp_path: Path, column: str, value: object, told: str
) -> None:
    tables = tampered(study, tmp_path / "other", column, value)
    with pytest.raises(experiments.EvidenceError, match=told) as caught:
        find_connections(tables, parse_choice("7"))
    assert "connection 7" in str(caught.value)
    assert "run the study again into another folder" in str(caught.value)
    assert find_connections(tables, parse_choice("6"))


def test_another_tlscape_is_named_as_the_reason(study: experiments.Result, tmp_path: Path) -> None:
    tables = tampered(study, tmp_path / "other", "bytes_sent", 1)
    tables.manifest["simulation_digest"] = "of another"
    with pytest.raises(experiments.EvidenceError, match="another tlscape has simulated it"):
        find_connections(tables, parse_choice("7"))


def test_lengths_that_replay_gives_to_others_are_told(tmp_path: Path) -> None:
    """ECDSA's signatures: traces of a few stand for all."""
    file = tmp_path / "varying.toml"
    text = WORLD.replace("contoso-rsa-1024", "contoso-ecdsa-p256")
    text = text.replace("internet-explorer-6", "internet-explorer-8-windows-7")
    text = text.replace(
        'kind = "terminating"', 'kind = "terminating"\nfidelity = "replay"\ntraces = 1'
    )
    text = text.replace('versions = ["SSL 3.0", "TLS 1.0"]', "")
    file.write_text(text, encoding="utf-8")
    result = experiments.run(file, out=tmp_path / "out", workers=1)
    found = found_in(result, "full 30")
    differing = [each for each in found if each.differences]
    assert 0 < len(differing) < len(found)
    for each in differing:
        for column, (told, seen) in each.differences.items():
            assert told == result.connections[column].iloc[each.row]
            assert seen == each.seen.row[column] != told
            assert abs(told - seen) <= (8 if column.startswith("bytes_") else 1e-3)
        shown = " ".join(str(result.connection(each.row)).split())
        assert shown.count("of a replayed trace") == len(each.differences)
    assert any("bytes_received" in each.differences for each in differing)
    calm = next(each.row for each in found if not each.differences)
    assert "In the table" not in str(result.connection(calm))


def test_long_looking_is_announced(
    study: experiments.Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    find_connections(load_tables(study.folder), parse_choice("0"), told.append)
    assert told == []
    monkeypatch.setattr("experiments.evidence.finding._WORTH_TELLING", 0.0)
    find_connections(load_tables(study.folder), parse_choice("0"), told.append)
    (words,) = told
    assert words.startswith("these connections are simulated again")
