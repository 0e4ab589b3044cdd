"""The manifest: everything a study did, and where and when it did it.

Date, host, folder and number of workers stand here and nowhere else, so that all other files of
two equal studies are equal.
"""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import platform
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from experiments.scenario_files.embedded import Embedded
from experiments.studies.own_source import GATHERED, sources_of
from experiments.studies.study import Study
from experiments.studies.whole_files import write_whole
from experiments.version import simulation_digest, version

FILE = "manifest.json"
_LIBRARIES = (
    "cryptography",
    "duckdb",
    "matplotlib",
    "numpy",
    "pandas",
    "pyarrow",
    "pydantic",
    "scipy",
    "simpy",
)


def write_manifest(
    study: Study,
    folder: Path,
    *,
    rows: Mapping[str, int],
    checksums: Mapping[str, str],
    workers: int,
    wall_seconds: float,
) -> None:
    """Write `manifest.json` into the study's folder, whole or not at all.

    Args:
        study: what was run.
        folder: its out folder.
        rows: of each merged table.
        checksums: the SHA-256 of each merged table's file.
        workers: how many processes simulated.
        wall_seconds: how long all of it took.

    Raises:
        OSError: it cannot be written.
    """
    content = _manifest(study, folder, rows=rows, workers=workers, wall_seconds=wall_seconds)
    content["checksums"] = dict(checksums)
    write_whole(folder / FILE, json.dumps(content, indent=2, default=str) + "\n")


def _manifest(
    study: Study, folder: Path, *, rows: Mapping[str, int], workers: int, wall_seconds: float
) -> dict[str, Any]:
    file = study.file
    sources = sources_of(file.parts)
    return {
        "scenario": {
            "name": file.name,
            "file": file.source.name,
            "text": file.source.text,
            "overrides": [
                {"path": list(one.path), "value": one.value, "words": one.words}
                for one in file.overrides
            ],
            "data_files": file.data.texts,
            "keys_at": file.data.keys_at,
        },
        "seed": study.seed,
        "replications": study.replications,
        "design_points": [
            {"point": point.index, "baseline": point.is_baseline, "settings": point.settings}
            for point in study.points
        ],
        "rows": dict(rows),
        "identity": study.identity,
        "worlds": study.worlds,
        "tlscape": version(),
        "simulation_digest": simulation_digest(),
        "commit": _commit(),
        "python": platform.python_version(),
        "libraries": {name: _version(name) for name in _LIBRARIES},
        **Embedded.named_in(_named(study), file.embedded).plain(),
        "parts": {
            "classes": [[_module_of(part, sources), part.__qualname__] for part in file.parts],
            "sources": sources,
        },
        "finished": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "host": {
            "name": socket.gethostname(),
            "system": platform.platform(),
            "processor": platform.processor() or platform.machine(),
        },
        "folder": str(folder.resolve()),
        "workers": workers,
        "wall_seconds": round(wall_seconds, 2),
        "command": sys.argv,
    }


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def _named(study: Study) -> Iterable[Any]:
    """Yield whatever names data sets and machine profiles: the file's content, and the worlds."""
    table = study.file.study
    yield study.file.description
    yield table.factors
    yield table.baseline or {}
    yield from (point.scenario.model_dump(exclude={"title"}) for point in study.points)


def _module_of(part: type, sources: Mapping[str, str] | None) -> str:
    return part.__module__ if sources is None or part.__module__ in sources else GATHERED


def _commit() -> str | None:
    """Return the commit of the checkout that this code runs from, "+" after it when changed."""
    git, root = shutil.which("git"), Path(__file__).parent
    if git is None:
        return None

    def ask(*words: str) -> str | None:
        answer = subprocess.run(
            [git, "-C", str(root), *words], capture_output=True, text=True, check=False
        )
        return answer.stdout.strip() if answer.returncode == 0 else None

    if ask("ls-files", "--error-unmatch", Path(__file__).name) is None:
        return None
    commit = ask("rev-parse", "HEAD")
    changed = ask("status", "--porcelain", "--untracked-files=no", "--", "..")
    return f"{commit}+" if commit and changed else commit
