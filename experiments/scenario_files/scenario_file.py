"""Scenario files: found by name or path, read, overridden, checked.

A scenario file describes a world (`sim.Scenario`) and, in its optional `[study]` table, what
is asked of it. Every fault in one is a single `ScenarioError` line that names the file, the
place, what is wrong, and the remedy.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import prod
from pathlib import Path
from typing import Any

from pydantic import ValidationError

import sim
from experiments.failures import ScenarioError
from experiments.scenario_files.complaints import complaint
from experiments.scenario_files.data_files import DataFiles
from experiments.scenario_files.embedded import NOTHING, Embedded
from experiments.scenario_files.former_names import QUESTIONS, is_called
from experiments.scenario_files.objective import check_objectives
from experiments.scenario_files.overrides import Override, apply, parse_path
from experiments.scenario_files.places import Source
from experiments.scenario_files.prices import check_prices
from experiments.scenario_files.settings import unknown_setting
from experiments.scenario_files.study_table import Assumption, StudyTable
from experiments.scenario_files.suggestions import did_you_mean, shortened
from experiments.scenario_files.text_files import read_text, toml_content
from experiments.scenario_files.toml_places import Path as TomlPath

FOLDER = Path(__file__).parents[1] / "scenarios"

LARGEST = 4_000_000
"""Bytes of a scenario file."""

MOST_POINTS = 10_000
"""Design points of a study."""


@dataclass(frozen=True)
class ScenarioFile:
    """A scenario file that was read and found right.

    Attributes:
        name: the file's name without its ending; it names the default out folder.
        source: the file's name and text, and the words of each override.
        description: the content with overrides applied, without `[study]`, as plain TOML values.
        study: the `[study]` table; its defaults when there is none.
        overrides: what was set beside the file, in order.
        parts: classes of the caller's own that it may name.
        notices: what is understood, but has another name now, a line each.
        data: the files that it names: counts and machine profiles of the user's own.
        embedded: what came with the file, in place of what ships here under the same names.
    """

    name: str
    source: Source
    description: Mapping[str, Any]
    study: StudyTable
    overrides: tuple[Override, ...] = ()
    parts: tuple[sim.Part, ...] = ()
    notices: tuple[str, ...] = ()
    data: DataFiles = field(default_factory=DataFiles)
    embedded: Embedded = NOTHING

    @property
    def title(self) -> str:
        """The scenario's title, its name when it has none."""
        return str(self.description.get("title") or self.name)

    def with_overrides(self, overrides: Iterable[Override]) -> ScenarioFile:
        """Return the same file with further overrides.

        Raises:
            ScenarioError: they make its content wrong.
        """
        every = [*self.overrides, *overrides]
        return parse(
            self.name,
            self.source.name,
            self.source.text,
            every,
            self.parts,
            data=self.data,
            embedded=self.embedded,
        )

    def with_keys(self) -> ScenarioFile:
        """Return the same file with the private keys that it names, which no result has.

        Raises:
            ScenarioError: one is not where it was when the study was run, or is another.
        """
        return replace(self, data=self.data.with_keys())

    def world(self, overrides: Iterable[Override] = ()) -> sim.Scenario:
        """Return the world that the file describes, with further overrides (a design point's).

        Raises:
            ScenarioError: the overrides make it impossible.
        """
        description: Mapping[str, Any] = self.description
        words = dict(self.source.overrides)
        for override in overrides:
            description = apply(description, override)
            words[override.path] = override.words
        source = Source(self.source.name, self.source.text, words)
        content, included = self.data.filled(self.embedded.in_place(description), source)
        source = replace(source, included=included)
        try:
            world = sim.scenario_with(*self.parts).model_validate(content)
        except ValidationError as error:
            raise complaint(error, source, content, with_parts=bool(self.parts)) from None
        check_prices(world, source)
        return world


def ready_scenarios() -> dict[str, str]:
    """Return the ready scenarios: name and title, sorted by name."""
    titles = {}
    for path in sorted(FOLDER.glob("*.toml")):
        content = toml_content(path.read_text(encoding="utf-8"), path.name)
        titles[path.stem] = str(content.get("title", ""))
    return titles


def start_scenario(name: str, file: Path) -> None:
    """Write a ready scenario, comments and all, to a file that is not there yet.

    Raises:
        ScenarioError: there is no such scenario, or the file cannot be written.
    """
    source = FOLDER / f"{name}.toml"
    known = ready_scenarios()
    if name not in known:
        remedy = did_you_mean(name, known, what="ready scenarios")
        raise ScenarioError(f'there is no scenario "{shortened(name)}"; {remedy}')
    if file.suffix != ".toml":
        raise ScenarioError(
            f'{shortened(str(file))}: a scenario\'s file ends in ".toml"; name it so'
        )
    try:
        with file.open("x", encoding="utf-8") as new:
            new.write(source.read_text(encoding="utf-8"))
    except FileExistsError:
        raise ScenarioError(f"{file}: it is there already; give the name of a new file") from None
    except OSError as error:
        raise ScenarioError(
            f"{shortened(str(file))}: cannot be written ({error.strerror}); choose another place"
        ) from None


def load(
    name_or_file: str | os.PathLike[str],
    overrides: Iterable[Override] = (),
    parts: Iterable[sim.Part] = (),
) -> ScenarioFile:
    """Load a ready scenario by its name, or a TOML file by its path.

    `parts` are boxes, balancers, browsers and the like of the caller's own, which it may name.

    Raises:
        ScenarioError: there is no such scenario or file, it is not TOML, its content is wrong, or
            one of the parts cannot be used.
    """
    file, shown = _find(name_or_file)
    text = read_text(file, shown, largest=LARGEST)
    return parse(file.stem, shown, text, overrides, parts, data=DataFiles(file.parent))


def parse(
    name: str,
    shown: str,
    text: str,
    overrides: Iterable[Override] = (),
    parts: Iterable[sim.Part] = (),
    *,
    data: DataFiles | None = None,
    embedded: Embedded = NOTHING,
) -> ScenarioFile:
    """Read a scenario file's text.

    Args:
        name: of the scenario; it names the default out folder.
        shown: what error messages call the file.
        text: the file's.
        overrides: what is set beside it, in order.
        parts: classes of the caller's own.
        data: where the files lie that it names, or what was read of them before.
        embedded: what came with it, in place of what ships here under the same names.

    Raises:
        ScenarioError: it is not TOML, its content is wrong, a file that it names cannot be used, or
            one of the parts cannot.
    """
    text = text.removeprefix("\ufeff")
    content = toml_content(text, shown)
    return _checked(
        name,
        Source(shown, text),
        content,
        tuple(overrides),
        tuple(parts),
        data or DataFiles(),
        embedded,
    )


def _find(name_or_file: str | os.PathLike[str]) -> tuple[Path, str]:
    name = os.fspath(name_or_file)
    is_path = isinstance(name_or_file, os.PathLike) or name.endswith(".toml") or os.sep in name
    if not is_path:
        known = ready_scenarios()
        if name in known:
            return FOLDER / f"{name}.toml", f"{name}.toml"
        remedy = did_you_mean(name, known, what="ready scenarios")
        if name in (path.stem for path in Path().glob("*.toml")):
            remedy = f"for the file here write {name}.toml"
        raise ScenarioError(f'there is no scenario "{name}"; {remedy} (or give a FILE.toml)')
    file = Path(name)
    try:
        is_file = file.is_file()
    except OSError as error:
        raise ScenarioError(f"{shortened(name)}: cannot be read ({error.strerror})") from None
    if is_file:
        return file, name
    if file.is_dir():
        raise ScenarioError(f"{name}: a folder, not a scenario file; give a FILE.toml")
    beside = [path.name for path in file.parent.glob("*.toml")] if file.parent.is_dir() else []
    remedy = did_you_mean(file.name, beside, what=f'scenario files in "{file.parent}"')
    raise ScenarioError(f"{name}: there is no such file; {remedy}")


def _checked(
    name: str,
    source: Source,
    content: dict[str, Any],
    overrides: tuple[Override, ...],
    parts: tuple[sim.Part, ...],
    data: DataFiles,
    embedded: Embedded,
) -> ScenarioFile:
    _check_parts(parts)
    pinning = []
    for override in overrides:
        pinning.append(_pinning(override, content))
        content = apply(apply(content, override), pinning[-1])
    source = Source(
        source.name, source.text, {override.path: override.words for override in overrides}
    )
    data = data.read(content, [*overrides, *pinning], source)
    written_study = content.get("study", {})
    try:
        study = StudyTable.model_validate(written_study)
    except ValidationError as error:
        raise complaint(error, source, content, below=("study",)) from None
    _check_study(study, source)
    study, notices = _by_its_name_now(study, source)
    description = {key: value for key, value in content.items() if key != "study"}
    scenario = ScenarioFile(
        name, source, description, study, overrides, parts, data=data, embedded=embedded
    )
    world = scenario.world()
    check_objectives(study.objectives, world, source)
    assumptions = _that_apply(study, world, source, overrides)
    study = study.model_copy(update={"assumptions": assumptions})
    return replace(scenario, study=study, notices=notices)


def _by_its_name_now(study: StudyTable, source: Source) -> tuple[StudyTable, tuple[str, ...]]:
    """Return a study whose question may have been written by a former name, and a line about it."""
    former = study.question
    if former not in QUESTIONS:
        return study, ()
    place = source.place(("study", "question"))
    notice = f"{place}: {is_called(former, QUESTIONS[former])}"
    return study.model_copy(update={"question": QUESTIONS[former]}), (notice,)


def _pinning(override: Override, content: Mapping[str, Any]) -> Override:
    """Return the override itself, or that of a factor's levels where it sets what the study varies.

    Setting a factor means: at this one level.
    """
    factors = content.get("study", {}).get("factors", {})
    for factor in factors if isinstance(factors, dict) else ():
        if parse_path(factor, "study.factors") == override.path:
            return Override(("study", "factors", factor), [override.value], override.words)
    return override


def _check_parts(parts: tuple[sim.Part, ...]) -> None:
    try:
        sim.scenario_with(*parts)
    except ValueError as error:
        raise ScenarioError(f"parts: {error}") from None


def _check_study(study: StudyTable, source: Source) -> None:
    points = prod(map(len, study.factors.values()))
    if points > MOST_POINTS:
        number = f"{points:,}" if points < 10**9 else "thousands of millions of"
        raise ScenarioError(
            f"{source.place(('study', 'factors'))}: {number} design points, at most "
            f"{MOST_POINTS:,} are taken; give fewer factors or levels"
        )
    settings: dict[TomlPath, str] = {}
    for factor, levels in study.factors.items():
        place = source.place(("study", "factors", factor))
        other = settings.setdefault(parse_path(factor, place), factor)
        if other != factor:
            raise ScenarioError(f'{place}: the same setting as "{other}"; keep one of the two')
        for level, times in Counter(map(repr, levels)).items():
            if times > 1:
                raise ScenarioError(
                    f"{place}: the level {shortened(level)} stands twice; remove one of the two"
                )


def _that_apply(
    study: StudyTable, world: sim.Scenario, source: Source, overrides: tuple[Override, ...]
) -> tuple[Assumption, ...]:
    """Return the assumptions without those about what an override has put something else in for.

    Each is to be about a setting: one of the world's, or one that the study sets.
    """
    varied = {*study.factors, *(study.baseline or {})}
    replaced = {override.path[0] for override in overrides}
    kept = []
    for number, assumption in enumerate(study.assumptions):
        place = source.place(("study", "assumptions", number, "about"))
        path = parse_path(assumption.about, place)
        fault = unknown_setting(world, path)
        if fault is None or assumption.about in varied:
            kept.append(assumption)
        elif path[0] not in replaced:
            raise ScenarioError(f"{place}: {fault}")
    return tuple(kept)
