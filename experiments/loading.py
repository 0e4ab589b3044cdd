"""Loading a scenario file whole: the world, and what the question of its study lets one set."""

from __future__ import annotations

import os
from collections.abc import Iterable

import sim
from experiments.questions.settings import check_question
from experiments.scenario_files.overrides import Override
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
