"""Running jobs: in this process, in worker processes, or in any `concurrent.futures.Executor`.

Finished jobs are on disk and stay there whatever happens to the others.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from multiprocessing.connection import wait as wait_for_sentinels
from pathlib import Path

from experiments.failures import Interrupted, WorkerDied
from experiments.studies.jobs import Job, is_finished, remove_partial, run_job, share_done
from experiments.studies.progress import StudyProgress

_SECONDS_BETWEEN_LOOKS = 0.25


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_jobs(
    jobs: Sequence[Job],
    folder: Path,
    *,
    title: str,
    workers: int | None = None,
    executor: Executor | None = None,
) -> None:
    """Run the jobs that `folder` (the study's `jobs`) does not hold yet.

    `workers` processes run them (as many as there are processors when it is `None`; with one,
    this process runs them itself), or else the `executor` that is given: its workers must
    reach `folder` by the same path.

    Raises:
        WorkerDied: a worker ended without an answer.
        OSError: results could not be written.
        Interrupted: the user pressed Ctrl-C (or the notebook's stop).
    """
    remove_partial(folder)
    missing = [job for job in jobs if not is_finished(job, folder)]
    if not missing:
        return
    count = min(workers or processors(), len(missing))
    try:
        with StudyProgress(title, jobs=len(jobs), finished=len(jobs) - len(missing)) as progress:
            if executor is not None:
                _run_in(executor, missing, folder, progress, len(jobs))
            elif count == 1:
                _run_here(missing, folder, progress, len(jobs))
            else:
                with _worker_processes(count) as pool:
                    _run_in(pool, missing, folder, progress, len(jobs))
    except KeyboardInterrupt:
        raise Interrupted(f"interrupted: {_kept(jobs, folder)}") from None
    except BrokenExecutor:
        raise WorkerDied(
            f"a worker process died (killed, or out of memory): {_kept(jobs, folder)}; "
            "fewer --workers need less memory"
        ) from None
    finally:
        if executor is None:
            remove_partial(folder)


def _kept(jobs: Sequence[Job], folder: Path) -> str:
    finished = sum(is_finished(job, folder) for job in jobs)
    return (
        f"{finished} of {len(jobs)} replications are finished and kept in {folder}; "
        "the same command goes on from there"
    )


def _run_here(jobs: Sequence[Job], folder: Path, progress: StudyProgress, of: int) -> None:
    for done, job in enumerate(jobs):
        with _watching(job, folder, progress, finished=of - len(jobs) + done, done=done):
            run_job(job, folder)
    progress.update(finished=of, done=len(jobs))


@contextlib.contextmanager
def _watching(
    job: Job, folder: Path, progress: StudyProgress, *, finished: int, done: int
) -> Iterator[None]:
    """Show a job's progress from a thread while this one simulates."""
    over = threading.Event()

    def look() -> None:
        while not over.wait(_SECONDS_BETWEEN_LOOKS):
            progress.update(finished=finished, done=done + share_done(job, folder))

    thread = threading.Thread(target=look, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _run_in(
    executor: Executor, jobs: Sequence[Job], folder: Path, progress: StudyProgress, of: int
) -> None:
    with _main_module_hidden():
        futures = {executor.submit(run_job, job, folder.absolute()): job for job in jobs}
    pending: set[Future[None]] = set(futures)
    try:
        while pending:
            done, pending = wait(
                pending, timeout=_SECONDS_BETWEEN_LOOKS, return_when=FIRST_COMPLETED
            )
            for future in done:
                future.result()
            whole = len(jobs) - len(pending)
            running = sum(share_done(futures[one], folder) for one in pending if one.running())
            progress.update(finished=of - len(pending), done=whole + running)
    except BaseException:
        for future in pending:
            future.cancel()
        raise


@contextlib.contextmanager
def _worker_processes(count: int) -> Iterator[ProcessPoolExecutor]:
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
