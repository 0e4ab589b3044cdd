"""Repeating a study from its manifest, here or on another machine."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import sim
from experiments.failures import ScenarioError
from experiments.questions.settings import check_question
from experiments.result import Result
from experiments.results.study_tables import scenario_of
from experiments.running import run
from experiments.scenario_files.embedded_parts import embedded_parts
from experiments.scenario_files.scenario_file import ScenarioFile
from experiments.studies.libraries import simulating_libraries
from experiments.studies.manifest import FILE
from experiments.studies.progress import notice
from experiments.version import simulation_digest


def repeat(
    manifest: str | os.PathLike[str],
    *,
    out: str | os.PathLike[str] | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    cluster: str | None = None,
    parts: Sequence[sim.Part] = (),
    store: str | os.PathLike[str] | None = None,
    yes: bool = False,
    announce: Callable[[str], None] | None = None,
) -> Result:
    """Run again what a manifest says: the same tables, byte for byte, where the code is the same.

    Whether they are is told in one line on stderr, and so is another code beforehand.

    Args:
        manifest: a study's `manifest.json`, or its folder.
        out: the out folder; `out/NAME` here without one.
        workers: as for `run`.
        executor: as for `run`.
        cluster: as for `run`.
        parts: classes of your own in the place of those that the manifest brings along.
        store: as for `run`.
        yes: as for `run`.
        announce: as for `run`.

    Raises:
        ScenarioError, FolderError: it is no manifest, or what it says cannot be run here.
        WorkerDied, ClusterFailed, DiskFailed, Interrupted: finished replications are kept in the
            out folder.
    """
    path = Path(manifest)
    path = path / FILE if path.is_dir() else path
    content = _read(path)
    try:
        file = _scenario(str(path), content, parts)
        seed, replications = int(content["seed"]), int(content["replications"])
        expected = dict(content.get("checksums", {}))
        _tell_other_code(str(path), content)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ScenarioError(
            f"{path}: not a whole manifest ({type(error).__name__}: {error}); "
            "give the manifest.json of a study's out folder"
        ) from None
    check_question(file)
    result = run(
        file,
        out=out,
        seed=seed,
        replications=replications,
        workers=workers,
        executor=executor,
        cluster=cluster,
        store=store,
        yes=yes,
        announce=announce,
    )
    _tell_tables(str(path), expected, result.manifest["checksums"])
    return result


def _read(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ScenarioError(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise ScenarioError(f"{path}: not a manifest ({error})") from None
    if not isinstance(content, dict):
        raise ScenarioError(f"{path}: not a manifest; give the manifest.json of an out folder")
    return content


def _scenario(shown: str, content: Mapping[str, Any], parts: Sequence[sim.Part]) -> ScenarioFile:
    brought = content.get("parts", {})
    if brought.get("classes") and not parts:
        if brought.get("sources") is None:
            raise ScenarioError(
                f"{shown}: the study had parts whose source is not known "
                f"({', '.join(name for _, name in brought['classes'])}); "
                "give them with --parts FILE.py"
            )
        parts = embedded_parts(shown, brought["sources"], brought["classes"])
    return scenario_of(content, parts)


def _tell_other_code(shown: str, content: Mapping[str, Any]) -> None:
    others = []
    if content["simulation_digest"] != simulation_digest():
        others.append(
            f"tlscape {content['tlscape']} (simulation {content['simulation_digest'][:12]}, "
            f"here {simulation_digest()[:12]})"
        )
    for name, version in simulating_libraries().items():
        if content["libraries"].get(name, version) != version:
            others.append(f"{name} {content['libraries'][name]} (here {version})")
    if others:
        notice(
            f"{shown}: made by other code: {', '.join(others)}; it is run with what is here, "
            "and its tables may differ"
        )


def _tell_tables(shown: str, expected: Mapping[str, str], got: Mapping[str, str]) -> None:
    if not expected:
        return
    differing = [name for name in got if got[name] != expected.get(name)]
    if differing:
        notice(f"{shown}: these tables are not the same, byte for byte: {', '.join(differing)}")
    else:
        notice(f"{shown}: repeated; the tables are the same, byte for byte")
