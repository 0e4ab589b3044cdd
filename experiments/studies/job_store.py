"""The store of finished jobs: a folder that holds each under the digest of its content.

Several studies may share a store; each notes there what it needs, so that the rest can be cleaned
away. A job's folder appears under its key when it is whole, and is never changed.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from experiments.failures import FolderError
from experiments.studies import job_record
from experiments.studies.job import Job
from experiments.studies.job_record import Damaged, JobRecord
from experiments.studies.whole_files import write_whole

_NEEDS = "needs"
_LOCK = ".lock"
_KEY = re.compile(r"[0-9a-f]{64}")
_FORMER = re.compile(r"point-\d+-replication-\d+")
_PARTIAL = re.compile(r"\..+\.partial")
_PLACE = re.compile(r"\.place-[0-9a-f]+")


@dataclass(frozen=True)
class Cleaned:
    """What was cleaned away.

    Attributes:
        jobs: finished jobs that no study there needs.
        partial: what interrupted runs left.
        size: bytes of both.
        kept: finished jobs that stay.
        unread: files that say what a study needs but cannot be read; while there are any, no
            finished job is removed.
    """

    jobs: int
    partial: int
    size: int
    kept: int
    unread: tuple[str, ...] = ()


class JobStore:
    """A folder of finished jobs.

    Args:
        folder: where they lie, or are to lie.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, job: Job) -> Path:
        """Return where a job lies when it is finished."""
        return self.folder / job.key

    def has(self, job: Job) -> bool:
        """Tell whether a job is finished, without a look at its tables."""
        return (self.path(job) / job_record.FILE).is_file()

    def find(self, job: Job) -> JobRecord | None:
        """Return a finished job's record after a look at every byte of it, `None` without one.

        Raises:
            Damaged: it is there, but not as the job left it; the message names the file.
        """
        try:
            return job_record.checked(self.path(job), job.key)
        except FileNotFoundError:
            return None
        except NotADirectoryError:
            raise Damaged("it is no folder") from None
        except OSError as error:
            raise Damaged(f"it cannot be read ({error.strerror})") from None

    def keep(self, partial: Path, key: str) -> None:
        """Make a job that was finished in `partial` (in the store) appear under its key.

        Where another run was faster, its result stays: the two are the same.
        """
        try:
            partial.rename(self.folder / key)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                raise
            shutil.rmtree(partial, ignore_errors=True)

    def remove(self, job: Job) -> None:
        """Remove a job's folder, or whatever lies in its place."""
        path = self.path(job)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def in_use(self) -> Iterator[None]:
        """Hold the store against cleaning; several runs may use it at a time.

        What interrupted runs left is removed first, unless another run is going on.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with _locked(self.folder / _LOCK) as lock:
            if lock.alone():
                for path in self._matching(_PARTIAL, _PLACE):
                    _remove(path)
            lock.share()
            yield

    def needs(self, study: Path, name: str, jobs: Iterable[Job]) -> None:
        """Note which jobs a study needs; `study` is its out folder, `name` its scenario's.

        Raises:
            OSError: it cannot be noted.
        """
        relative = os.path.relpath(study.resolve(), self.folder.resolve())
        content = {
            "folder": Path(relative).as_posix(),
            "scenario": name,
            "jobs": sorted({job.key for job in jobs if job.is_reusable}),
        }
        (self.folder / _NEEDS).mkdir(parents=True, exist_ok=True)
        file = hashlib.sha256(relative.encode()).hexdigest()[:16]
        write_whole(self.folder / _NEEDS / f"{file}.json", json.dumps(content, indent=1) + "\n")

    def clean(self, *, outdated: bool = False) -> Cleaned:
        """Remove the jobs that no study needs whose out folder is still there, and partial ones.

        Args:
            outdated: the jobs are known to be those of an older tlscape, which noted no needs and
                whose jobs no study can use any longer.

        Raises:
            FolderError: it is no store, or a run is using it.
        """
        if not outdated and not self.notes_needs:
            raise FolderError(
                f"{self.folder}: nothing here says which study has left it; give the out folder of "
                "a study, with its manifest.json, or a store of jobs"
            )
        with _locked(self.folder / _LOCK) as lock:
            if not lock.alone():
                raise FolderError(f"{self.folder}: a run is using it; wait for it to end")
            needed, unread = self._needed()
            finished = self._matching(_KEY, _FORMER)
            partial = self._matching(_PARTIAL, _PLACE)
            idle = [] if unread else [path for path in finished if path.name not in needed]
            size = sum(map(_size, [*idle, *partial]))
            for path in [*idle, *partial]:
                _remove(path)
        return Cleaned(len(idle), len(partial), size, len(finished) - len(idle), tuple(unread))

    @property
    def notes_needs(self) -> bool:
        """Whether a study has noted here what it needs."""
        return (self.folder / _NEEDS).is_dir()

    def _needed(self) -> tuple[set[str], list[str]]:
        needed: set[str] = set()
        unread = []
        for file in sorted((self.folder / _NEEDS).glob("*.json")):
            try:
                content = json.loads(file.read_text(encoding="utf-8"))
                folder, keys = self.folder / content["folder"], set(content["jobs"])
            except (OSError, ValueError, KeyError, TypeError):
                unread.append(f"{_NEEDS}/{file.name}")
                continue
            if folder.is_dir():
                needed |= keys
            else:
                file.unlink()
        return needed, unread

    def _matching(self, *names: re.Pattern[str]) -> list[Path]:
        return [
            path
            for path in sorted(self.folder.iterdir())
            if any(name.fullmatch(path.name) for name in names)
        ]


class _Lock:
    """A lock that the system lets go of when the process ends; none where there are none."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def alone(self) -> bool:
        try:
            import fcntl
        except ImportError:
            return True
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def share(self) -> None:
        try:
            import fcntl
        except ImportError:
            return
        fcntl.flock(self._descriptor, fcntl.LOCK_SH)


@contextlib.contextmanager
def _locked(file: Path) -> Iterator[_Lock]:
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        yield _Lock(descriptor)
    finally:
        os.close(descriptor)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())
