"""Merging the jobs' tables into the study's, a row group at a time.

The merged tables are the same bytes whatever number of workers made the jobs: jobs are taken in
job order, and rows are regrouped by count alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

import sim
from experiments.studies.job import Job
from experiments.studies.job_record import checksum
from experiments.studies.job_store import JobStore
from experiments.studies.study import Level, Study

_ROWS_IN_A_GROUP = 131_072


@dataclass(frozen=True)
class MergedTable:
    """A table of a whole study, as it was written.

    Attributes:
        rows: how many there are.
        checksum: the SHA-256 of its file, in hexadecimal.
    """

    rows: int
    checksum: str


def merge_tables(
    study: Study, folder: Path, jobs: Mapping[tuple[int, int], Job], store: JobStore
) -> dict[str, MergedTable]:
    """Write every table of `sim.SCHEMAS`, such as `connections.parquet`.

    Each row of a job's table gets the columns `point`, `replication` and one for each of
    `study.columns` before its own.

    Args:
        study: what was run.
        folder: its out folder; the tables appear under their names when they are whole.
        jobs: its jobs by point and replication.
        store: holds them all.

    Raises:
        OSError: a table cannot be written, or a job's cannot be read.
    """
    levels = {point.index: study.levels(point) for point in study.points}
    types = {
        column: _arrow_type([levels[index][column] for index in levels]) for column in study.columns
    }
    merged = {}
    for name in sim.SCHEMAS:
        schema = pa.schema(
            [
                pa.field("point", pa.int32()),
                pa.field("replication", pa.int32()),
                *(pa.field(column, kind) for column, kind in types.items()),
                *sim.SCHEMAS[name],
            ]
        )
        partial = folder / f".{name}.parquet.partial"
        try:
            rows = _write(partial, schema, _merged(name, jobs, store, levels, schema))
            merged[name] = MergedTable(rows, checksum(partial))
            os.replace(partial, folder / f"{name}.parquet")
        finally:
            partial.unlink(missing_ok=True)
    return merged


def _merged(
    name: str,
    jobs: Mapping[tuple[int, int], Job],
    store: JobStore,
    levels: Mapping[int, Mapping[str, Level]],
    schema: pa.Schema,
) -> Iterator[pa.Table]:
    for (point, replication), job in jobs.items():
        constants = {"point": point, "replication": replication, **levels[point]}
        with pq.ParquetFile(store.path(job) / f"{name}.parquet") as file:
            for group in range(file.num_row_groups):
                part = file.read_row_group(group, use_threads=False)
                columns = [
                    part.column(field.name)
                    if field.name in part.column_names
                    else pa.repeat(pa.scalar(constants[field.name], _plain(field.type)), len(part))
                    for field in schema
                ]
                yield pa.table(columns, names=schema.names).cast(schema)


def _write(file: Path, schema: pa.Schema, parts: Iterator[pa.Table]) -> int:
    written = 0
    waiting: list[pa.Table] = []
    with pq.ParquetWriter(file, schema) as writer:

        def flush() -> None:
            nonlocal written
            table = pa.concat_tables(waiting).unify_dictionaries().combine_chunks()
            writer.write_table(table, row_group_size=_ROWS_IN_A_GROUP)
            written += len(table)
            waiting.clear()

        for part in parts:
            waiting.append(part)
            if sum(len(one) for one in waiting) >= _ROWS_IN_A_GROUP:
                flush()
        if waiting:
            flush()
    return written


def _arrow_type(values: Sequence[Level]) -> pa.DataType:
    kinds = {type(value) for value in values if value is not None}
    if kinds == {bool}:
        return pa.bool_()
    if kinds == {int}:
        return pa.int64()
    if kinds <= {int, float} and kinds:
        return pa.float64()
    return pa.dictionary(pa.int32(), pa.string())


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind
