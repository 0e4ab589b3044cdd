"""Jobs: one replication of one design point, simulated into Parquet files.

A job is a pure function of its scenario, seed and replication. Its tables are written into a
folder under a temporary name, which is renamed when it is whole: a job folder that exists is a
finished job, and a finished job is never run again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

import sim
from experiments.studies.study import Study
from experiments.version import simulation_digest, version

_RECORD = "job.json"
_PROGRESS = "progress"
_SECONDS_BETWEEN_REPORTS = 0.2


@dataclass(frozen=True)
class Job:
    """One replication of one design point."""

    point: int
    replication: int
    seed: int
    scenario: sim.Scenario
    fingerprint: str

    @property
    def folder_name(self) -> str:
        """The name of the job's folder, the same for the same point and replication."""
        return f"point-{self.point:03d}-replication-{self.replication:03d}"


def jobs_of(study: Study) -> list[Job]:
    """Return a study's jobs in job order: by point, then by replication."""
    code = simulation_digest(study.file.parts)
    return [
        Job(
            point.index,
            replication,
            study.seed,
            point.scenario,
            _fingerprint(point.scenario, code, study.seed, replication),
        )
        for point in study.points
        for replication in range(study.replications)
    ]


def is_finished(job: Job, folder: Path) -> bool:
    """Tell whether `folder` (the study's `jobs`) holds this job's whole result."""
    try:
        record = json.loads((folder / job.folder_name / _RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(record.get("fingerprint") == job.fingerprint)


def run_job(job: Job, folder: Path) -> None:
    """Simulate a job and leave its tables in `folder / job.folder_name`.

    Raises:
        OSError: the tables cannot be written; nothing half-written is left behind.
    """
    partial = folder / f".{job.folder_name}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        began = time.perf_counter()
        with ParquetSink(partial) as sink:
            sim.simulate(
                job.scenario,
                seed=job.seed,
                replication=job.replication,
                sink=sink,
                progress=_Progress(partial / _PROGRESS),
            )
        record = {
            "fingerprint": job.fingerprint,
            "point": job.point,
            "replication": job.replication,
            "seed": job.seed,
            "rows": sink.rows,
            "wall_seconds": round(time.perf_counter() - began, 3),
        }
        (partial / _RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        (partial / _PROGRESS).unlink(missing_ok=True)
        whole = folder / job.folder_name
        if whole.exists():
            shutil.rmtree(whole)
        partial.rename(whole)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def share_done(job: Job, folder: Path) -> float:
    """Return how much of a job that is not finished has been simulated, from 0 to 1."""
    try:
        return float((folder / f".{job.folder_name}.partial" / _PROGRESS).read_text())
    except (OSError, ValueError):
        return 0.0


def remove_partial(folder: Path) -> None:
    """Remove what interrupted jobs left in a study's `jobs` folder."""
    for partial in folder.glob(".*.partial"):
        shutil.rmtree(partial, ignore_errors=True)


class ParquetSink:
    """A `sim.Sink` that writes each table to `TABLE.parquet`, one row group a batch."""

    def __init__(self, folder: Path) -> None:
        self.rows = dict.fromkeys(sim.SCHEMAS, 0)
        self._writers = {
            name: pq.ParquetWriter(folder / f"{name}.parquet", schema)
            for name, schema in sim.SCHEMAS.items()
        }

    def write(self, table: str, batch: pa.RecordBatch) -> None:
        """Write a row group, and count its rows."""
        self.rows[table] += batch.num_rows
        self._writers[table].write_batch(batch)

    def __enter__(self) -> ParquetSink:
        return self

    def __exit__(self, *exception: Any) -> None:
        for writer in self._writers.values():
            writer.close()


class _Progress:
    """Writes the share done beside the tables, a few times a second.

    A file, and not a queue, because it works the same in a thread, a process and on another machine
    that shares the disk.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._due = time.monotonic()

    def __call__(self, share: float) -> None:
        now = time.monotonic()
        if now >= self._due:
            self._due = now + _SECONDS_BETWEEN_REPORTS
            scratch = self._file.with_suffix(".new")
            scratch.write_text(f"{share:.4f}")
            os.replace(scratch, self._file)


def _fingerprint(scenario: sim.Scenario, code: str, seed: int, replication: int) -> str:
    digest = hashlib.sha256()
    for part in (version(), code, seed, replication, scenario.model_dump_json()):
        digest.update(f"{part}\0".encode())
    return digest.hexdigest()
