"""The out folder: one study's results, never mixed with another's, never deleted."""

from __future__ import annotations

import contextlib
import errno
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from experiments.failures import DiskFailed, FolderError
from experiments.studies.job_store import Cleaned, JobStore
from experiments.studies.study import Study
from experiments.studies.whole_files import write_whole
from experiments.version import simulation_digest

JOBS = "jobs"
_STUDY = "study.json"
_MANIFEST = "manifest.json"
_DISK_ERRORS = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO))


def claim(folder: Path | None, study: Study) -> Path:
    """Return the study's out folder, made if need be, and marked as this study's.

    A study that has grown (levels, replications), whose file or code was edited, goes on in its
    folder: what it has in common with what lies there is not run again.

    Without a `folder` it is `out/NAME`; `out/NAME-DIGEST` for a study with overrides, or when
    another study (another seed or version) lies there.

    Raises:
        FolderError: the folder cannot be written, or it holds something else. Nothing was changed.
    """
    if folder is None:
        folder = Path("out") / study.file.name
        if study.file.overrides or _other_content(folder, study) is not None:
            folder = Path("out") / f"{study.file.name}-{study.identity[:8]}"
    fault = _other_content(folder, study)
    if fault is not None:
        raise FolderError(f"{folder}: {fault}; choose another folder with --out")
    made = _make(folder / JOBS)
    marker = folder / JOBS / _STUDY
    try:
        content = {
            "identity": study.identity,
            "scenario": study.file.name,
            "seed": study.seed,
            "worlds": study.worlds,
        }
        write_whole(marker, json.dumps(content, indent=1) + "\n")
    except OSError as error:
        for path in reversed(made):
            with contextlib.suppress(OSError):
                path.rmdir()
        raise FolderError(_cannot_write(folder, error)) from None
    return folder


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold a study's folder against a second run into it, while the first is going on.

    The operating system lets go of it when the process ends, however it ends. Where it has no
    such locks (Windows) nothing is held.

    Raises:
        FolderError: another run holds it.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    descriptor = os.open(folder / JOBS, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderError(
                f"{folder}: another run is writing into it; wait for it, or choose another folder "
                "with --out"
            ) from None
        yield
    finally:
        os.close(descriptor)


def clean(folder: Path) -> Cleaned:
    """Remove what no study needs any longer from an out folder's jobs, or from a store.

    In the folder of an older tlscape, known by its manifest, those are all of its jobs: the tables
    that were made of them stay.

    Raises:
        FolderError: it is neither, or a run is using it.
    """
    jobs = folder / JOBS
    store = JobStore(jobs if jobs.is_dir() else folder)
    outdated = not store.notes_needs and jobs.is_dir() and _is_of_older(folder)
    return store.clean(outdated=outdated)


def _is_of_older(folder: Path) -> bool:
    """Tell whether another version of tlscape has left its manifest in an out folder."""
    try:
        content = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return (
        isinstance(content, dict)
        and {"scenario", "seed", "tlscape"} <= content.keys()
        and content.get("simulation_digest") != simulation_digest()
    )


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Tell a failing disk in one line.

    Raises:
        DiskFailed: the disk is full or failing, or the folder is gone.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _DISK_ERRORS and folder.is_dir():
            raise
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise DiskFailed(
            f"{folder}: writing results failed ({reason}); finished replications are kept, "
            "the same command goes on when there is room again"
        ) from None


def _other_content(folder: Path, study: Study) -> str | None:
    """Return what else a folder holds, `None` when this study may use it."""
    if not folder.is_dir():
        return None
    try:
        names = {path.name for path in folder.iterdir()}
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    if not names or (names == {JOBS} and not any((folder / JOBS).glob("?" * 64))):
        return None
    claims = list(_claims(folder))
    if not claims:
        return "holds files that are no study's results"
    if any(_goes_on(content, study) for content in claims):
        return None
    return (
        f'holds another study (scenario "{_name(claims[0])}", seed {claims[0].get("seed")}, '
        "other settings, or another version of tlscape)"
    )


def _goes_on(content: Mapping[str, Any], study: Study) -> bool:
    """Tell whether a study is the one that a folder holds, or that one grown or edited."""
    if content.get("identity") == study.identity:
        return True
    known, worlds = content.get("worlds"), set(study.worlds)
    if content.get("seed") != study.seed or not isinstance(known, list) or not known:
        return False
    edited = _name(content) == study.file.name and not study.file.overrides
    return worlds.issuperset(known) or (edited and not worlds.isdisjoint(known))


def _claims(folder: Path) -> Iterator[Mapping[str, Any]]:
    """Yield what says which study a folder is of: its mark, and its manifest."""
    for file in (folder / JOBS / _STUDY, folder / _MANIFEST):
        with contextlib.suppress(OSError, ValueError):
            content = json.loads(file.read_text(encoding="utf-8"))
            if isinstance(content, dict):
                yield content


def _name(claim: Mapping[str, Any]) -> Any:
    scenario = claim.get("scenario")
    return scenario.get("name") if isinstance(scenario, dict) else scenario


def _make(folder: Path) -> list[Path]:
    """Make a folder and those above it; on failure remove what was made."""
    missing = []
    for path in (folder, *folder.parents):
        if path.exists():
            break
        missing.append(path)
    made: list[Path] = []
    try:
        for path in reversed(missing):
            path.mkdir()
            made.append(path)
        if not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
    except OSError as error:
        for path in reversed(made):
            path.rmdir()
        raise FolderError(_cannot_write(folder.parent, error)) from None
    return made


def _cannot_write(folder: Path, error: OSError) -> str:
    return (
        f"{folder}: the out folder cannot be written ({error.strerror}); "
        "choose a folder that can be with --out"
    )
