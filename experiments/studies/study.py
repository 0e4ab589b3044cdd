"""A study: a scenario, its design points in order, its replications and its seed."""

from __future__ import annotations

import functools
import hashlib
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sim
from experiments.failures import ScenarioError
from experiments.scenario_files.overrides import Override, parse_path
from experiments.scenario_files.places import Source
from experiments.scenario_files.scenario_file import ScenarioFile
from experiments.scenario_files.settings import part_of
from experiments.scenario_files.study_table import MOST_REPLICATIONS
from experiments.scenario_files.toml_places import Path
from experiments.studies.content import Content, content_of
from experiments.version import simulation_digest, version
from experiments.wording import factor_words, level_words
from sim.identities import CertificateFile, ChainDescription, IdentityFiles, PrivateKeyFile

Level = bool | int | float | str | None


@dataclass(frozen=True)
class DesignPoint:
    """One combination of levels, and the world it describes.

    Attributes:
        index: its place in the design, from 0; the baseline comes last.
        is_baseline: whether it is the design's baseline.
        settings: each factor's level (or the baseline's settings) as it was written.
        scenario: the world.
    """

    index: int
    is_baseline: bool
    settings: Mapping[str, Any]
    scenario: sim.Scenario

    @functools.cached_property
    def content(self) -> Content:
        """What decides its results, the code of the user's own parts included; not its title."""
        return content_of(self.scenario.model_copy(update={"title": ""}))

    @property
    def label(self) -> str:
        """The point's factors and levels in words, such as "lifetime 5 min, capacity 200,000"."""
        paths = tuple(self.settings)
        settings = ", ".join(
            f"{factor_words(path, paths)} {level_words(level)}"
            for path, level in self.settings.items()
        )
        if self.is_baseline:
            return f"baseline ({settings})" if settings else "baseline"
        return settings or "as described"


@dataclass(frozen=True)
class Study:
    """What is run: every design point, `replications` times, from one seed.

    The replications of all points share their random numbers (replication r of every point draws
    from the same streams), so that points can be compared pair by pair.
    """

    file: ScenarioFile
    seed: int
    replications: int
    points: tuple[DesignPoint, ...]

    @property
    def varied(self) -> Mapping[str, str]:
        """What tells the points apart: factors, then the baseline's settings.

        Dotted paths by the columns that they have in tables.
        """
        table = self.file.study
        return {column_of(path): path for path in [*table.factors, *(table.baseline or {})]}

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of what tells the points apart, which every table of the study has."""
        return tuple(self.varied)

    @property
    def baseline(self) -> DesignPoint | None:
        """The baseline's design point, if the study has one."""
        return next((point for point in self.points if point.is_baseline), None)

    def levels(self, point: DesignPoint) -> dict[str, Level]:
        """Return a point's value in each of `columns`, in the units of the tables.

        Seconds, bytes and numbers, whatever unit the file wrote. `None` for a factor that the
        baseline leaves alone.
        """
        return {
            column: None
            if point.is_baseline and path not in point.settings
            else value_at(point.scenario, parse_path(path, "column"))
            for column, path in self.varied.items()
        }

    @functools.cached_property
    def worlds(self) -> tuple[str, ...]:
        """A digest of each design point's world, whatever its title and the code that runs it."""
        dumps = (point.scenario.model_dump_json(exclude={"title"}) for point in self.points)
        return tuple(hashlib.sha256(dump.encode()).hexdigest() for dump in dumps)

    @functools.cached_property
    def identity(self) -> str:
        """A digest of all that decides the results, the number of replications apart."""
        table = self.file.study
        content = {
            "version": version(),
            "code": simulation_digest(),
            "seed": self.seed,
            "question": table.question,
            "settings": table.model_extra,
            "columns": self.columns,
            "points": [point.content.digest for point in self.points],
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def design(file: ScenarioFile, *, seed: int, replications: int | None = None) -> Study:
    """Lay out a scenario file's design: the grid, the last factor fastest, then the baseline.

    Raises:
        ScenarioError: a level makes an impossible world, and the message names the level; or the
            number of replications is out of reach.
    """
    table = file.study
    count = table.replications if replications is None else replications
    if not 1 <= count <= MOST_REPLICATIONS:
        raise ScenarioError(
            f"--replications {count}: write a number from 1 to {MOST_REPLICATIONS:,}"
        )
    points: list[DesignPoint] = []
    factors = [
        [(name, level, ("study", "factors", name, number)) for number, level in enumerate(levels)]
        for name, levels in table.factors.items()
    ]
    for combination in itertools.product(*factors):
        points.append(_point(file, len(points), list(combination), is_baseline=False))
    if table.baseline is not None:
        settings: list[tuple[str, Any, Path]] = [
            (name, value, ("study", "baseline", name)) for name, value in table.baseline.items()
        ]
        points.append(_point(file, len(points), settings, is_baseline=True))
    return Study(file=file, seed=seed, replications=count, points=tuple(points))


def column_of(path: str) -> str:
    """Return the column that a setting has in tables: its dotted path.

    A path of one word, such as `duration`, may be the name of a table's own column; its column is
    called `scenario.duration`, which no table's own can be, as those have no dots.
    """
    first, *others = parse_path(path, "column")
    return path if others else f"scenario.{first}"


def value_at(scenario: sim.Scenario, path: Path) -> Level:
    """Return the value that a scenario has at a path, `None` where the path ends early.

    What is not a number or truth value is given in words.
    """
    inner: Any = scenario
    for part in path:
        if inner is None:
            return None
        inner = part_of(inner, part)
    if inner is None or isinstance(inner, bool | int | float | str):
        return inner
    if isinstance(inner, sim.MachineProfile):
        return inner.name
    if isinstance(inner, ChainDescription | IdentityFiles | CertificateFile | PrivateKeyFile):
        return str(inner)
    return json.dumps(inner, default=str)


def _point(
    file: ScenarioFile, index: int, settings: list[tuple[str, Any, Path]], *, is_baseline: bool
) -> DesignPoint:
    overrides = [
        Override(parse_path(name, _origin(file.source, name, place)), value, words)
        for name, value, place in settings
        for words in [_origin(file.source, name, place)]
    ]
    return DesignPoint(
        index=index,
        is_baseline=is_baseline,
        settings={name: value for name, value, _ in settings},
        scenario=file.world(overrides),
    )


def _origin(source: Source, name: str, place: Path) -> str:
    """Return where a level was written: the override that pinned it, or its place in the file."""
    pinned = source.overrides.get(parse_path(name, source.place(place)))
    return pinned or source.place(place)
