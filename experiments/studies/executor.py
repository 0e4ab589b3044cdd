"""Running jobs: in this process, in worker processes, or in any `concurrent.futures.Executor`.

Finished jobs are on disk and stay there whatever happens to the others.
"""

from __future__ import annotations

import contextlib
import errno
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from multiprocessing.connection import wait as wait_for_sentinels

from experiments.failures import ClusterFailed, Interrupted, WorkerDied
from experiments.studies.cluster import Cluster
from experiments.studies.job import Job, share_done
from experiments.studies.job_record import Damaged
from experiments.studies.job_store import JobStore
from experiments.studies.progress import StudyProgress, notice
from experiments.studies.transport import (
    PackedJob,
    Parcel,
    Place,
    place_in,
    run_in_place,
    work,
)

_SECONDS_BETWEEN_LOOKS = 0.25


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def remove_damaged(jobs: Iterable[Job], store: JobStore) -> None:
    """Look at every byte of the jobs in the store; name on stderr, and remove, what is damaged.

    Raises:
        OSError: it cannot be removed.
    """
    for job in {job.key: job for job in jobs}.values():
        try:
            store.find(job)
        except Damaged as damage:
            notice(f"{store.path(job)}: {damage}; this replication is run again")
            store.remove(job)


def run_jobs(
    jobs: Sequence[Job],
    store: JobStore,
    *,
    title: str,
    workers: int | None = None,
    executor: Executor | None = None,
    cluster: Cluster | None = None,
    forecast: float | None = None,
) -> None:
    """Run the jobs that are not in the store; those there are taken to be whole.

    `workers` processes run them (as many as there are processors when it is `None`; with one,
    this process runs them itself), or else the `executor` or the `cluster` that is given. Their
    workers need not see the store's folder. The time to go is told by the `forecast` (seconds)
    until some of it is done.

    Raises:
        WorkerDied: a worker ended without an answer, or cannot run this study's jobs.
        OSError: results could not be written.
        Interrupted: the user pressed Ctrl-C (or the notebook's stop).
    """
    every = {job.key: job for job in jobs}
    missing = [job for job in every.values() if not store.has(job)]
    if not missing:
        return
    count = min(workers or processors(), len(missing))
    try:
        with (
            place_in(store, outlived=executor is not None or cluster is not None) as place,
            StudyProgress(
                title, jobs=len(every), finished=len(every) - len(missing), forecast=forecast
            ) as progress,
        ):
            if cluster is not None:
                _run_in_cluster(cluster, missing, place, progress, len(every))
            elif executor is not None:
                _run_in(executor, missing, place, progress, len(every))
            elif count == 1:
                _run_here(missing, place, progress, len(every))
            else:
                with worker_processes(count) as pool:
                    _run_in(pool, missing, place, progress, len(every))
    except KeyboardInterrupt:
        raise Interrupted(f"interrupted: {_kept(every.values(), store)}") from None
    except BrokenExecutor:
        raise WorkerDied(
            f"a worker process died (killed, or out of memory): {_kept(every.values(), store)}; "
            "fewer --workers need less memory"
        ) from None
    except (WorkerDied, ClusterFailed) as death:
        raise type(death)(f"{death}: {_kept(every.values(), store)}") from None
    for job in missing:
        _check_made(job, store)


def _check_made(job: Job, store: JobStore) -> None:
    try:
        found = store.find(job)
    except Damaged as damage:
        raise OSError(errno.EIO, str(damage), str(store.path(job))) from None
    if found is None:
        raise OSError(errno.EIO, "it is gone", str(store.path(job)))


def _kept(jobs: Collection[Job], store: JobStore) -> str:
    finished = sum(store.has(job) for job in jobs)
    return (
        f"{finished} of {len(jobs)} replications are finished and kept in {store.folder}; "
        "the same command goes on from there"
    )


def _run_here(jobs: Sequence[Job], place: Place, progress: StudyProgress, of: int) -> None:
    for done, job in enumerate(jobs):
        with _watching(job, place, progress, finished=of - len(jobs) + done, done=done):
            run_in_place(job, place)
    progress.update(finished=of, done=len(jobs))


@contextlib.contextmanager
def _watching(
    job: Job, place: Place, progress: StudyProgress, *, finished: int, done: int
) -> Iterator[None]:
    """Show a job's progress from a thread while this one simulates."""
    over = threading.Event()

    def look() -> None:
        while not over.wait(_SECONDS_BETWEEN_LOOKS):
            progress.update(finished=finished, done=done + share_done(place.partial(job.key)))

    thread = threading.Thread(target=look, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _run_in(
    executor: Executor, jobs: Sequence[Job], place: Place, progress: StudyProgress, of: int
) -> None:
    """Run jobs in an executor; what far workers give back is stored, and let go of, as it comes."""
    with _main_module_hidden():
        pending = {executor.submit(work, packed, place): packed.key for packed in _packed(jobs)}
    try:
        while pending:
            done, _ = wait(pending, timeout=_SECONDS_BETWEEN_LOOKS, return_when=FIRST_COMPLETED)
            while done:
                future = done.pop()
                del pending[future]
                parcel = _answer(future)
                del future
                if parcel is not None:
                    parcel.store(place)
                    del parcel
            running = sum(share_done(place.partial(key)) for key in pending.values())
            whole = len(jobs) - len(pending)
            progress.update(finished=of - len(pending), done=whole + running)
    except BaseException:
        for future in pending:
            future.cancel()
        raise


def _run_in_cluster(
    cluster: Cluster, jobs: Sequence[Job], place: Place, progress: StudyProgress, of: int
) -> None:
    """Run jobs in a cluster, and show how many it has finished."""
    finished = of - len(jobs)

    def stored() -> None:
        nonlocal finished
        finished += 1
        progress.update(finished=finished, done=finished - (of - len(jobs)))

    with _main_module_hidden():
        packed = {one.key: one for one in _packed(jobs)}
        cluster.run(packed, place, stored)


def _packed(jobs: Sequence[Job]) -> list[PackedJob]:
    """Pack all jobs, those with classes of the user's own at once: a fault is told before any."""
    every = [PackedJob(job) for job in jobs]
    for job, packed in zip(jobs, every, strict=True):
        if job.modules:
            packed.pack()
    return every


def _answer(future: Future[Parcel | None]) -> Parcel | None:
    try:
        return future.result()
    except Exception as error:
        if type(error).__module__.partition(".")[0] == "distributed":
            raise WorkerDied(f"a worker died ({error})") from None
        raise


@contextlib.contextmanager
def worker_processes(count: int) -> Iterator[ProcessPoolExecutor]:
    """Give a pool of fresh processes; on any failure its workers end at once.

    They are spawned, not forked: a fork of a process with threads (a notebook's, Arrow's) may
    deadlock, and spawning costs half a second once.
    """
    ours = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(
        count, mp_context=multiprocessing.get_context("spawn"), initializer=_begin_worker
    )
    try:
        yield pool
    except BaseException:
        for process in set(multiprocessing.active_children()) - ours:
            process.terminate()
        pool.shutdown(wait=True, cancel_futures=True)
        raise
    pool.shutdown(wait=True)


def _begin_worker() -> None:
    """Leave Ctrl-C to the parent, and end when the parent has ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    wait_for_sentinels([sentinel])
    os._exit(1)


@contextlib.contextmanager
def _main_module_hidden() -> Iterator[None]:
    """Keep spawned workers from running the user's script once more.

    A spawned process imports its parent's main module, which without a
    `if __name__ == "__main__"` starts the study again. Jobs need nothing from it.
    """
    main = sys.modules["__main__"]
    hidden = {name: vars(main).pop(name) for name in ("__file__",) if name in vars(main)}
    spec, main.__spec__ = getattr(main, "__spec__", None), None
    try:
        yield
    finally:
        vars(main).update(hidden)
        main.__spec__ = spec
