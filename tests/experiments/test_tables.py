from __future__ import annotations

import duckdb
import pyarrow.parquet as pq
import pytest

import experiments
import sim
from experiments.studies.jobs import jobs_of


@pytest.mark.parametrize("name", sim.SCHEMAS)
def test_tables_are_the_jobs_rows_in_job_order(name: str, result: experiments.Result) -> None:
    merged = pq.read_table(result.folder / f"{name}.parquet")
    own = [field.name for field in sim.SCHEMAS[name]]
    assert merged.column_names == ["point", "replication", *result.study.columns, *own]
    start = 0
    for job in jobs_of(result.study):
        rows = pq.read_table(result.folder / "jobs" / job.folder_name / f"{name}.parquet")
        part = merged.slice(start, len(rows))
        assert part.select(own).to_pylist() == rows.to_pylist()
        assert set(part["point"].to_pylist()) <= {job.point}
        assert set(part["replication"].to_pylist()) <= {job.replication}
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
