from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest

import experiments
import sim
from experiments.studies.job import jobs_of
from tests.experiments.small_world import WORLD


@pytest.mark.parametrize("name", sim.SCHEMAS)
def test_tables_are_the_jobs_rows_in_job_order(name: str, result: experiments.Result) -> None:
    merged = pq.read_table(result.folder / f"{name}.parquet")
    own = [field.name for field in sim.SCHEMAS[name]]
    assert merged.column_names == ["point", "replication", *result.study.columns, *own]
    start = 0
    for (point, replication), job in jobs_of(result.study).items():
        rows = pq.read_table(result.folder / "jobs" / job.key / f"{name}.parquet")
        part = merged.slice(start, len(rows))
        assert part.select(own).to_pylist() == rows.to_pylist()
        assert set(part["point"].to_pylist()) <= {point}
        assert set(part["replication"].to_pylist()) <= {replication}
        start += len(rows)
    assert start == len(merged)


def test_duckdb_reads_them(result: experiments.Result) -> None:
    rows = duckdb.sql(f"""
        SELECT "server.sessions.lifetime", "server.sessions.capacity", "server.security", count(*)
        FROM '{result.folder}/connections.parquet' GROUP BY ALL ORDER BY ALL
    """).fetchall()
    assert [row[:3] for row in rows] == [
        (10.0, 2, "tls"),
        (10.0, 1000, "tls"),
        (300.0, 2, "tls"),
        (300.0, 1000, "tls"),
        (None, None, "plain"),
    ]
    assert len({row[3] for row in rows}) == 1


TWO_PATHS = """
[links.near]
round_trip_time = "50 ms"

[links.far]
round_trip_time = "250 ms"

[paths.short]
crosses = ["near"]

[paths.long]
crosses = ["far"]

[study]
replications = 1

[study.factors]
path = ["short", "long"]
duration = ["30 s", "60 s"]
scale = [0.5, 1.0]
"""


@pytest.mark.slow
def test_factors_of_one_word_leave_the_tables_own_columns_alone(tmp_path: Path) -> None:
    """`path`, `duration` and `scale` are columns of `connections` and of the summary themselves."""
    world = WORLD.replace('[path]\nround_trip_time = "50 ms"\n', "")
    file = tmp_path / "words.toml"
    file.write_text('path = "short"\n' + world + TWO_PATHS, encoding="utf-8")
    result = experiments.run(file, out=tmp_path / "out", workers=1)
    varied = ["scenario.path", "scenario.duration", "scenario.scale"]
    assert list(result.study.columns) == varied
    levels = {point.index: result.study.levels(point) for point in result.study.points}
    assert [tuple(each.values()) for each in levels.values()] == [
        (path, duration, scale)
        for path in ("short", "long")
        for duration in (30.0, 60.0)
        for scale in (0.5, 1.0)
    ]
    for name, own in sim.SCHEMAS.items():
        merged = pq.read_table(result.folder / f"{name}.parquet")
        assert merged.column_names == ["point", "replication", *varied, *own.names]
        start = 0
        for (point, _), job in jobs_of(result.study).items():
            rows = pq.read_table(result.folder / "jobs" / job.key / f"{name}.parquet")
            part = merged.slice(start, len(rows))
            assert part.select(own.names).to_pylist() == rows.to_pylist()
            assert all(row == levels[point] for row in part.select(varied).to_pylist())
            start += len(rows)
        assert start == len(merged)

    found = result.connections
    assert (found["path"].astype(str) == found["scenario.path"].astype(str)).all()
    assert set(found["path"]) == {"short", "long"}
    assert found["duration"].max() < 10
    assert (found["arrival"] < found["scenario.duration"]).all()
    assert found.groupby("path", observed=True)["connect_time"].min().to_dict() == pytest.approx(
        {"short": 0.05, "long": 0.25}
    )
    summary = pd.read_csv(result.folder / "summary.csv")
    assert list(summary.columns[:4]) == ["point", *varied]
    assert (summary["scale"] == summary["scenario.scale"]).all()
    assert experiments.load_result(result.folder).study.columns == result.study.columns
