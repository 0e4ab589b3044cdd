"""Simulating a study: its jobs, those that are missing, and the tables that are made of them."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from experiments.failures import FolderError
from experiments.results.study_tables import StudyTables
from experiments.results.tables import merge_tables
from experiments.studies import out_folder
from experiments.studies.cluster import Cluster
from experiments.studies.executor import processors, remove_damaged, run_jobs
from experiments.studies.forecast import estimate_words, expected_simulation
from experiments.studies.job import jobs_of
from experiments.studies.job_store import JobStore
from experiments.studies.manifest import write_manifest
from experiments.studies.progress import notice
from experiments.studies.study import Study


@dataclass(frozen=True)
class Means:
    """By what means jobs are run.

    Attributes:
        workers: processes that simulate; as many as there are processors without it.
        executor: any `concurrent.futures.Executor` in place of worker processes.
        cluster: a Dask cluster in place of them: its scheduler's address, or its file.
        announce: is told, before a study begins, how much will be run and how long it takes.
    """

    workers: int | None = None
    executor: Executor | None = None
    cluster: str | None = None
    announce: Callable[[str], None] | None = None


def simulate(study: Study, folder: Path, store: JobStore, means: Means) -> StudyTables:
    """Run what is missing of a study, merge its tables, and write its manifest.

    Args:
        study: what is to be run.
        folder: its out folder, claimed and held by the caller.
        store: holds finished jobs, and is in use by the caller.
        means: by which the jobs are run.

    Raises:
        WorkerDied, Interrupted: finished replications are kept in the store.
        OSError: writing failed.
    """
    began = time.perf_counter()
    jobs = jobs_of(study)
    store.needs(folder, study.file.name, jobs.values())
    remove_damaged(jobs.values(), store)
    missing = Counter(point for (point, _), job in jobs.items() if not store.has(job))
    if means.announce is not None:
        means.announce(f"{study.file.name}: {estimate_words(study, means.workers, missing)}")
    for reason in dict.fromkeys(why for job in jobs.values() for why in job.unknown):
        notice(f"parts: {reason}; what it takes part in is simulated anew each time")
    run_jobs(
        list(jobs.values()),
        store,
        title=study.file.name,
        workers=means.workers,
        executor=means.executor,
        cluster=None if means.cluster is None else Cluster(means.cluster),
        forecast=expected_simulation(study, means.workers, missing),
    )
    merged = merge_tables(study, folder, jobs, store)
    for job in jobs.values():
        if not job.is_reusable:
            store.remove(job)
    write_manifest(
        study,
        folder,
        rows={name: table.rows for name, table in merged.items()},
        checksums={name: table.checksum for name, table in merged.items()},
        workers=min(means.workers or processors(), len(jobs)),
        wall_seconds=time.perf_counter() - began,
    )
    return StudyTables(folder, study)


@contextlib.contextmanager
def using(store: JobStore) -> Iterator[None]:
    """Use a store of finished jobs.

    Raises:
        FolderError: there is no such folder, and none can be made.
    """
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(store.in_use())
        except OSError as error:
            raise FolderError(
                f"{store.folder}: finished jobs cannot be kept here ({error.strerror}); "
                "choose a folder that can be written with --store"
            ) from None
        yield


def job_store(folder: Path, store: Path | None) -> JobStore:
    """Return the store of finished jobs: one that is given, else that of an out folder."""
    return JobStore(folder / out_folder.JOBS if store is None else store)
