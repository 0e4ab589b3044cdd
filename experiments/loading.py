"""Loading a scenario file whole: the world, and what the question of its study lets one set."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sim
from experiments.questions.settings import check_question
from experiments.scenario_files.overrides import Override, setting
from experiments.scenario_files.scenario_file import ScenarioFile, load


def load_scenario(
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
    file = load(name_or_file, overrides, parts)
    check_question(file)
    return file


def scenario_to_run(
    scenario: str | os.PathLike[str] | ScenarioFile,
    settings: Mapping[str, Any],
    parts: Sequence[sim.Part] = (),
) -> ScenarioFile:
    """Return a scenario as it is run: with settings by their dotted paths, and private keys.

    It is a ready scenario's name, a TOML file's path, or what `load_scenario` gave.

    Raises:
        ScenarioError: it is not there, or it or a setting is wrong.
    """
    overrides = [setting(path, value) for path, value in settings.items()]
    if isinstance(scenario, ScenarioFile):
        file = scenario.with_overrides(overrides) if overrides else scenario
        check_question(file)
    else:
        file = load_scenario(scenario, overrides, parts)
    return file.with_keys()
