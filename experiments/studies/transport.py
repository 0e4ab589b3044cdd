"""How a job gets to a worker, and its tables back.

A job travels by value: classes and functions of the user's own with it, so that a worker needs no
file of the user's. A worker that sees the store's folder leaves the tables there; one that does not
(another machine) gives them back as bytes, and the caller stores them.
"""

from __future__ import annotations

import contextlib
import pickle
import secrets
import shutil
import sys
import tempfile
import uuid
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cloudpickle

import sim
from experiments.failures import ScenarioError, WorkerDied
from experiments.studies import job_record
from experiments.studies.job import Job, run_job
from experiments.studies.job_store import JobStore
from experiments.studies.libraries import simulating_libraries
from experiments.version import simulation_digest

LARGEST_PIECE = 32 * 2**20
"""Bytes of a job's tables that a cluster's worker sends at once; more come in pieces."""

_THIS_PROCESS = uuid.uuid4().hex
_at_home: weakref.WeakValueDictionary[str, Job] = weakref.WeakValueDictionary()


@dataclass(frozen=True)
class Place:
    """Where a job is to leave its tables: a store's folder, if the worker sees it.

    Attributes:
        store: the store's folder, absolute.
        token: the name of a file in it that only this run has made.
    """

    store: Path
    token: str

    @property
    def is_here(self) -> bool:
        """Whether the folder is the very one that the caller means, and can be written."""
        try:
            if (self.store / f".place-{self.token}").read_text() != self.token:
                return False
            with tempfile.NamedTemporaryFile(dir=self.store, prefix=".", suffix=".partial"):
                return True
        except OSError:
            return False

    def partial(self, key: str) -> Path:
        """Return where a job of that key is simulated before it is whole."""
        return self.store / f".{key}-{self.token}.partial"


@contextlib.contextmanager
def place_in(store: JobStore, *, outlived: bool = False) -> Iterator[Place]:
    """Mark a store as the place where the jobs of one run leave their tables.

    What is half-written at the end is removed, unless the run may be `outlived` by its workers.
    """
    place = Place(store.folder.resolve(), secrets.token_hex(8))
    mark = place.store / f".place-{place.token}"
    mark.write_text(place.token)
    try:
        yield place
    finally:
        mark.unlink(missing_ok=True)
        for partial in [] if outlived else place.store.glob(f".*-{place.token}.partial"):
            shutil.rmtree(partial, ignore_errors=True)


@dataclass(frozen=True)
class Parcel:
    """A finished job's files, from a worker that does not see the store.

    Its size is that of one job's tables, compressed.
    """

    key: str
    files: dict[str, bytes]

    def store(self, place: Place) -> None:
        """Store the job as a worker that sees the place would have.

        Raises:
            OSError: it cannot be written.
        """
        with _in_partial(place, self.key) as partial:
            for name in sorted(job_record.FILES & self.files.keys()):
                (partial / name).write_bytes(self.files.pop(name))


class Pieces:
    """A finished job's files that are fetched piece by piece from the worker that has them.

    Args:
        key: the job's.
        sizes: of its files, in bytes, by their names.
        fetched: returns the piece of a file that begins at a byte and has so many.
    """

    def __init__(
        self, key: str, sizes: Mapping[str, int], fetched: Callable[[str, int, int], bytes]
    ) -> None:
        self._key = key
        self._sizes = sizes
        self._fetched = fetched

    def store(self, place: Place) -> None:
        """Store the job as a worker that sees the place would have.

        Raises:
            OSError: it cannot be written.
        """
        with _in_partial(place, self._key) as partial:
            for name in sorted(job_record.FILES & self._sizes.keys()):
                with (partial / name).open("wb") as file:
                    for start in range(0, self._sizes[name], LARGEST_PIECE):
                        file.write(self._fetched(name, start, LARGEST_PIECE))


def sizes_of(parcel: Parcel | None) -> dict[str, int] | None:
    """Return the sizes of a parcel's files, where it is: at the worker that has it."""
    return None if parcel is None else {name: len(data) for name, data in parcel.files.items()}


def piece_of(parcel: Parcel, name: str, start: int, length: int) -> bytes:
    """Return a piece of one of a parcel's files, where it is."""
    return parcel.files[name][start : start + length]


class PackedJob:
    """A job on its way to a worker; it is pickled by value, and only if it leaves the process."""

    def __init__(self, job: Job) -> None:
        self.key = job.key
        self._job: Job | None = job
        self._data = b""
        self._home = _THIS_PROCESS
        self._made_with = _environment()
        _at_home[job.key] = job

    def pack(self) -> None:
        """Pickle the job now, to find out whether that can be done.

        Raises:
            ScenarioError: a part of the user's own holds what cannot leave the process.
        """
        if self._job is not None and not self._data:
            try:
                self._data = _by_value(self._job)
            except Exception as error:
                raise ScenarioError(
                    f"parts: a class of your own cannot be sent to a worker process ({error}); "
                    "run it with one worker"
                ) from None

    def __getstate__(self) -> dict[str, Any]:
        self.pack()
        return {**vars(self), "_job": None}

    def job(self) -> Job:
        """Return the job, in the process that is to run it.

        Raises:
            WorkerDied: this worker has other code than the caller, or lacks some.
        """
        if self._home == _THIS_PROCESS and self.key in _at_home:
            return _at_home[self.key]
        for name, (theirs, ours) in _differences(self._made_with, _environment()).items():
            raise WorkerDied(
                f"a worker has {name} {ours}, where the study was begun with {theirs}; "
                "install the same there"
            )
        try:
            found: dict[str, Any] = pickle.loads(self._data)
        except Exception as error:
            raise WorkerDied(f"a worker cannot load the study's parts ({error})") from None
        values = found.pop("scenario")
        return Job(scenario=sim.Scenario.model_construct(**values), **found)


def work(packed: PackedJob, place: Place) -> Parcel | None:
    """Run a job in a worker; return its files where the worker does not see the place.

    Raises:
        WorkerDied: this worker has other code than the caller.
        OSError: the tables cannot be written.
    """
    job = packed.job()
    if place.is_here:
        run_in_place(job, place)
        return None
    with tempfile.TemporaryDirectory(prefix="tlscape-") as folder:
        run_job(job, Path(folder))
        files = {path.name: path.read_bytes() for path in Path(folder).iterdir()}
    return Parcel(job.key, files)


def run_in_place(job: Job, place: Place) -> None:
    """Simulate a job into the store.

    Raises:
        OSError: the tables cannot be written; nothing half-written is left behind.
    """
    with _in_partial(place, job.key) as partial:
        run_job(job, partial)


@contextlib.contextmanager
def _in_partial(place: Place, key: str) -> Iterator[Path]:
    partial = place.partial(key)
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    try:
        yield partial
        JobStore(place.store).keep(partial, key)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _by_value(job: Job) -> bytes:
    content: dict[str, Any] = {**vars(job)}
    content["scenario"] = {
        name: getattr(job.scenario, name) for name in type(job.scenario).model_fields
    }
    own = [sys.modules[name] for name in job.modules if name in sys.modules and name != "__main__"]
    known = cloudpickle.list_registry_pickle_by_value()
    added = [module for module in own if module.__name__ not in known]
    for module in added:
        cloudpickle.register_pickle_by_value(module)
    try:
        data: bytes = cloudpickle.dumps(content)
    finally:
        for module in added:
            cloudpickle.unregister_pickle_by_value(module)
    return data


def _environment() -> dict[str, str]:
    """What a job's tables depend on beside the job: the same here and at the worker."""
    python = ".".join(map(str, sys.version_info[:2]))
    return {"Python": python, **simulating_libraries(), "the simulation": simulation_digest()}


def _differences(one: dict[str, str], other: dict[str, str]) -> dict[str, tuple[str, str]]:
    return {
        name: (one[name][:12], other.get(name, "?")[:12])
        for name in one
        if one[name] != other.get(name)
    }
