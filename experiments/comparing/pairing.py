"""Finding the two that are compared, and running them where they have not been."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import sim
from experiments.comparing.comparison import Comparison
from experiments.comparing.side import Side
from experiments.failures import ScenarioError
from experiments.questions.objectives import described_point
from experiments.result import Result, load_result
from experiments.running import DEFAULT_SEED, run
from experiments.scenario_files.scenario_file import ScenarioFile
from experiments.studies.manifest import FILE as MANIFEST
from experiments.studies.study import DesignPoint

Compared = str | os.PathLike[str] | ScenarioFile | Result


def compare(
    first: Compared,
    second: Compared,
    *,
    out: str | os.PathLike[str] | None = None,
    seed: int = DEFAULT_SEED,
    replications: int | None = None,
    workers: int | None = None,
    parts: Sequence[sim.Part] = (),
    announce: Callable[[str], None] | None = None,
) -> Comparison:
    """Compare two scenarios, two results, or two design points of results.

    Scenarios are run with the same seed, so that replication r of both draws the same random
    numbers; results must have been.

    Args:
        first, second: a scenario's name or file, a result or the folder of one; of a result with
            several design points `FOLDER:NUMBER` says which.
        out: the folder below which scenarios are run; `out` here without one.
        seed: of the scenarios that are run.
        replications: of each, in place of the scenarios' own.
        workers, parts, announce: as for `experiments.run`.

    Raises:
        ScenarioError, FolderError: one of the two is not there, or they cannot be paired.
    """
    folder = Path("out") if out is None else Path(out)
    sides = []
    for one in (first, second):
        result, number = _found(one, parts)
        if result is None:
            result = run(
                one,  # type: ignore[arg-type]
                out=folder / _name(one),
                seed=seed,
                replications=replications,
                workers=workers,
                parts=parts,
                announce=announce,
            )
        sides.append(_side(one, result, number))
    _check_pair(*sides)
    return Comparison(*_apart(*sides))


def _found(one: Compared, parts: Sequence[sim.Part]) -> tuple[Result | None, int | None]:
    """Return a result that is there, and the design point that is asked for."""
    if isinstance(one, Result):
        return one, None
    if isinstance(one, ScenarioFile):
        return None, None
    text = os.fspath(one)
    if (Path(text) / MANIFEST).is_file():
        return load_result(text, parts), None
    folder, colon, number = text.rpartition(":")
    if colon and number.isdecimal() and len(number) < 7 and Path(folder).is_dir():
        return load_result(folder, parts), int(number)
    if Path(text).is_dir():
        return load_result(text, parts), None
    return None, None


def _side(one: Compared, result: Result, number: int | None) -> Side:
    study = result.study
    name = one if isinstance(one, str) else study.file.name
    point: DesignPoint | None
    if number is not None:
        if number >= len(study.points):
            raise ScenarioError(
                f"{name}: there is no design point {number}; they are 0 to {len(study.points) - 1}"
            )
        point = study.points[number]
    else:
        point = described_point(study)
    if point is None:
        labels = "; ".join(f"{one.index}: {one.label}" for one in study.points[:6])
        more = "; ..." if len(study.points) > 6 else ""
        raise ScenarioError(
            f"{name}: it has {len(study.points)} design points; say which with "
            f"{result.folder}:NUMBER ({labels}{more})"
        )
    words = study.file.name if len(study.points) == 1 else point.label
    return Side(words, result, point)


def _check_pair(first: Side, second: Side) -> None:
    """Check that replications of two sides draw the same random numbers.

    Raises:
        ScenarioError: they do not.
    """
    for what, one, other in (
        ("seeds", first.result.study.seed, second.result.study.seed),
        ("replications", first.result.study.replications, second.result.study.replications),
    ):
        if one != other:
            raise ScenarioError(
                f"{first.name} and {second.name} cannot be paired: their {what} are {one} and "
                f"{other}; run both with the same --seed and --replications"
            )


def _apart(first: Side, second: Side) -> tuple[Side, Side]:
    """Return two sides whose names tell them apart."""
    if first.name != second.name:
        return first, second
    names = [f"{one.result.folder}" for one in (first, second)]
    if names[0] == names[1]:
        names = [f"{one.name} ({one.point.index})" for one in (first, second)]
    return (
        Side(names[0], first.result, first.point),
        Side(names[1], second.result, second.point),
    )


def _name(one: Compared) -> str:
    if isinstance(one, ScenarioFile):
        return one.name
    return Path(os.fspath(one)).stem  # type: ignore[arg-type]
