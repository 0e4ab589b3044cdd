"""A Dask cluster that runs jobs: a worker's death costs a retry, a scheduler may be restarted.

Its workers need not see this machine's disk. What a job has written comes back as bytes, in pieces
where it is large; what the cluster has lost is given to it again.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from experiments.failures import ClusterFailed, ClusterNotFound
from experiments.studies.progress import notice
from experiments.studies.transport import (
    LARGEST_PIECE,
    PackedJob,
    Parcel,
    Pieces,
    Place,
    piece_of,
    sizes_of,
    work,
)

RETRIES = 3
"""How often a job is tried again that a worker could not finish."""

_PATIENCE = 15.0
"""Seconds until a cluster must have answered at first."""

_PATIENCE_WHEN_LOST = 120.0
"""Seconds until a cluster must be back that had answered before."""

_BETWEEN_ATTEMPTS = 1.0

Stored = Callable[[], None]


class _Lost(Exception):
    """The cluster has lost what it was given."""


class Cluster:
    """A Dask cluster.

    Args:
        where: its scheduler's address (`tcp://host:8786`, or `tls://host:8786` with the
            certificates that Dask's own configuration names), or the scheduler's file.
    """

    def __init__(self, where: str) -> None:
        self.where = where

    def run(self, jobs: Mapping[str, PackedJob], place: Place, stored: Stored) -> None:
        """Run jobs, by their keys, and store what they wrote.

        Args:
            jobs: what is to be run.
            place: where it is to be left.
            stored: is called for each job that has been stored.

        Raises:
            ClusterNotFound: nothing answers at its address, or Dask is not installed.
            ClusterFailed: it was lost for two minutes, or workers died again and again.
            WorkerDied: a worker has other code than this process.
            OSError: tables cannot be written here.
        """
        pending = dict(jobs)
        has_answered = False
        while pending:
            with self._connected(has_answered=has_answered) as client:
                try:
                    _run(client, pending, place, stored)
                except _Lost:
                    notice(
                        f"{self.where}: the cluster has lost {len(pending)} jobs; they are given "
                        "to it again when it is back"
                    )
            has_answered = True

    @contextlib.contextmanager
    def _connected(self, *, has_answered: bool) -> Iterator[Any]:
        """Connect to the scheduler, again and again for a while.

        Raises:
            ClusterNotFound: nothing answers, and nothing ever has.
            ClusterFailed: nothing answers any longer.
        """
        distributed = _distributed()
        until = time.monotonic() + (_PATIENCE_WHEN_LOST if has_answered else _PATIENCE)
        with _quiet():
            yield from self._client_until(until, distributed, has_answered=has_answered)

    def _client_until(self, until: float, distributed: Any, *, has_answered: bool) -> Iterator[Any]:
        """Yield a client once; it is closed behind it."""
        while True:
            left = max(1.0, until - time.monotonic())
            try:
                client = self._client(distributed, min(left, _PATIENCE))
                break
            except Exception as failure:
                has_no_file = isinstance(failure, FileNotFoundError) and not has_answered
                if has_no_file or time.monotonic() >= until:
                    failed = ClusterFailed if has_answered else ClusterNotFound
                    raise failed(
                        f"--cluster {self.where}: no Dask scheduler answers ({_words(failure)}); "
                        "start one with dask scheduler, and workers with dask worker"
                    ) from None
                time.sleep(_BETWEEN_ATTEMPTS)
        try:
            yield client
        finally:
            with contextlib.suppress(Exception):
                client.close(timeout=2)

    def _client(self, distributed: Any, timeout: float) -> Any:
        quiet = {"set_as_default": False, "timeout": timeout}
        if "://" in self.where or not Path(self.where).suffix:
            return distributed.Client(self.where, **quiet)
        if not Path(self.where).is_file():
            raise FileNotFoundError("there is no such file")
        return distributed.Client(scheduler_file=self.where, **quiet)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep Dask from telling pages on stderr of what is told in a line."""
    loggers = [
        logging.getLogger(name)
        for name in list(logging.root.manager.loggerDict)
        if name.partition(".")[0] in ("distributed", "tornado")
    ]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _run(client: Any, pending: dict[str, PackedJob], place: Place, stored: Stored) -> None:
    """Run jobs with a client, and take those out of `pending` that are stored.

    Raises:
        _Lost: the scheduler is gone, or has forgotten them.
    """
    futures = {
        client.submit(work, packed, place, key=f"tlscape-{key}", pure=False, retries=RETRIES): key
        for key, packed in pending.items()
    }
    distributed = _distributed()
    try:
        for future in distributed.as_completed(futures, loop=client.loop):
            key = futures[future]
            if future.status == "error":
                _raise(future.exception(timeout=_PATIENCE))
            if future.status != "finished":
                raise _Lost
            _store(client, future, key, place)
            del pending[key]
            future.release()
            stored()
        if pending:
            raise _Lost
    except BaseException as error:
        with contextlib.suppress(Exception):
            client.cancel(list(futures), force=True)
        if _is_of_the_cluster(error):
            raise _Lost from None
        raise


def _store(client: Any, future: Any, key: str, place: Place) -> None:
    """Store what a job wrote, where its worker has not done so itself."""
    sizes = client.submit(sizes_of, future, pure=False).result(timeout=_PATIENCE_WHEN_LOST)
    if sizes is None:
        return
    if sum(sizes.values()) <= LARGEST_PIECE:
        parcel: Parcel = future.result(timeout=_PATIENCE_WHEN_LOST)
        parcel.store(place)
        return

    def fetched(name: str, start: int, length: int) -> bytes:
        piece = client.submit(piece_of, future, name, start, length, pure=False)
        data: bytes = piece.result(timeout=_PATIENCE_WHEN_LOST)
        return data

    Pieces(key, sizes, fetched).store(place)


def _raise(error: BaseException | None) -> None:
    """Raise what a job ended with, in words where it is the cluster's own."""
    if error is None:
        raise _Lost
    if type(error).__name__ == "KilledWorker":
        raise ClusterFailed(
            f"workers died again and again while they ran one job ({_words(error)}); give them "
            "more memory"
        )
    if _is_of_the_cluster(error):
        raise _Lost
    raise error


def _is_of_the_cluster(error: BaseException) -> bool:
    """Tell whether an error is of the cluster and its network, not of what it ran."""
    if isinstance(error, TimeoutError | ConnectionError):
        return True
    module = type(error).__module__.partition(".")[0]
    return module in ("distributed", "tornado", "asyncio", "concurrent") or (
        type(error).__name__ in ("CancelledError", "FutureCancelledError", "CommClosedError")
    )


def _distributed() -> Any:
    try:
        import distributed
    except ImportError:
        raise ClusterNotFound(
            "--cluster: Dask is not installed here; install it with pip install tlscape[cluster]"
        ) from None
    return distributed


def _words(error: BaseException) -> str:
    return str(error).partition("\n")[0] or type(error).__name__
