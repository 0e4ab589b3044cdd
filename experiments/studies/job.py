"""Jobs: one replication of one world, simulated into Parquet files.

A job is a pure function of its content: scenario, seed, replication, and the code that simulates.
Its key is the digest of that content, so that whoever needs the same job finds the same one,
whatever study, design point or machine it was first run for.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

import sim
from experiments.studies.content import Content
from experiments.studies.expected_connections import share_of_work
from experiments.studies.job_record import JobRecord, checksum
from experiments.studies.libraries import simulating_libraries
from experiments.studies.study import Study
from experiments.version import simulation_digest

_FORMAT = 1
_PROGRESS = "progress"
_SECONDS_BETWEEN_REPORTS = 0.2


@dataclass(frozen=True)
class Job:
    """One replication of one world.

    Attributes:
        key: the digest of its content, 64 hexadecimal digits.
        scenario: the world.
        seed: of all random numbers.
        replication: which of the independent repetitions, from 0.
        simulation: the digest of the code that is to simulate it.
        unknown: what of its content could not be known; then the key is its own, and it is never
            found again.
        modules: the user's own modules that its world is of.
    """

    key: str
    scenario: sim.Scenario
    seed: int
    replication: int
    simulation: str
    unknown: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()

    @property
    def is_reusable(self) -> bool:
        """Whether another run may take this job's tables for its own."""
        return not self.unknown


def jobs_of_world(
    scenario: sim.Scenario, content: Content, *, seed: int, replications: Iterable[int]
) -> list[Job]:
    """Return the jobs of one world, one a replication; `content` is the world's."""
    code = simulation_digest()
    decisive = {
        "format": _FORMAT,
        "simulation": code,
        "libraries": simulating_libraries(),
        "scenario": content.digest,
        "seed": seed,
        "once": uuid.uuid4().hex if content.unknown else None,
    }
    jobs = []
    for replication in replications:
        of_one = {**decisive, "replication": replication}
        key = hashlib.sha256(json.dumps(of_one, sort_keys=True).encode()).hexdigest()
        jobs.append(Job(key, scenario, seed, replication, code, content.unknown, content.modules))
    return jobs


def jobs_of(study: Study) -> dict[tuple[int, int], Job]:
    """Return a study's jobs by point and replication, in that order."""
    replications = range(study.replications)
    return {
        (point.index, job.replication): job
        for point in study.points
        for job in jobs_of_world(
            point.scenario, point.content, seed=study.seed, replications=replications
        )
    }


def run_job(job: Job, folder: Path) -> JobRecord:
    """Simulate a job into `folder`, which is there and empty: its tables, and their record.

    Memory does not grow with the number of connections.

    Raises:
        OSError: the tables cannot be written.
    """
    began = time.perf_counter()
    with ParquetSink(folder) as sink:
        sim.simulate(
            job.scenario,
            seed=job.seed,
            replication=job.replication,
            sink=sink,
            progress=_Progress(folder / _PROGRESS, share_of_work(job.scenario)),
        )
    (folder / _PROGRESS).unlink(missing_ok=True)
    record = JobRecord(
        key=job.key,
        seed=job.seed,
        replication=job.replication,
        simulation=job.simulation,
        rows=sink.rows,
        checksums={file: checksum(folder / file) for file in sink.files},
        wall_seconds=round(time.perf_counter() - began, 3),
    )
    record.write(folder)
    return record


def share_done(folder: Path) -> float:
    """Return how much of the work of the job being run in a folder is done, from 0 to 1."""
    try:
        return float((folder / _PROGRESS).read_text())
    except (OSError, ValueError):
        return 0.0


class ParquetSink:
    """A `sim.Sink` that writes each table to `TABLE.parquet`, one row group a batch."""

    def __init__(self, folder: Path) -> None:
        self.rows = dict.fromkeys(sim.SCHEMAS, 0)
        self.files = [f"{name}.parquet" for name in sim.SCHEMAS]
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
    """Writes the share of the work that is done beside the tables, a few times a second.

    A file, and not a queue, because it works the same in a thread, a process and on another machine
    that shares the disk.
    """

    def __init__(self, file: Path, share_of_work: Callable[[float], float]) -> None:
        self._file = file
        self._share_of_work = share_of_work
        self._due = time.monotonic()

    def __call__(self, of_time: float) -> None:
        now = time.monotonic()
        if now >= self._due:
            self._due = now + _SECONDS_BETWEEN_REPORTS
            scratch = self._file.with_suffix(".new")
            scratch.write_text(f"{self._share_of_work(of_time):.4f}")
            os.replace(scratch, self._file)
