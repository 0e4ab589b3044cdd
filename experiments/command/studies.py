"""Running studies from the command line's words.

What runs and reports (pandas, matplotlib) is imported when there is a scenario to be run, so that
`tlscape check`, and a refusal, come in half the time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.busiest import busiest_part
from experiments.failures import ScenarioError
from experiments.loading import load_scenario
from experiments.scenario_files.overrides import parse_override
from experiments.scenario_files.part_files import load_parts
from experiments.scenario_files.scenario_file import ScenarioFile
from experiments.studies.progress import notice

if TYPE_CHECKING:
    from experiments.result import Result


def load(
    scenario: str, settings: Sequence[str], parts: Sequence[Path], busiest: str | None = None
) -> ScenarioFile:
    """Load a scenario with what `--set` and `--parts` say; with `--busiest` its busiest part.

    Raises:
        ScenarioError: one of them is wrong.
    """
    file = load_scenario(scenario, [parse_override(text) for text in settings], load_parts(parts))
    return file if busiest is None else busiest_part(file, busiest)


def run_study(
    scenario: str | None,
    settings: Sequence[str],
    parts: Sequence[Path],
    *,
    seed: int | None,
    busiest: str | None = None,
    **how: Any,
) -> Result:
    """Run a scenario; `how` goes to `experiments.run`.

    Raises:
        ScenarioError: no scenario is given, or one of the words is wrong.
    """
    if scenario is None:
        raise ScenarioError(
            "there is no scenario; give a NAME, a FILE.toml, or --from manifest.json"
        )
    file = load(scenario, settings, parts, busiest)
    for line in file.notices:
        notice(line)
    from experiments.running import DEFAULT_SEED, run

    return run(file, seed=DEFAULT_SEED if seed is None else seed, **how)


def repeat_study(
    manifest: Path, parts: Sequence[Path], given: Mapping[str, Any], **how: Any
) -> Result:
    """Repeat a study from its manifest; `given` are options that it decides itself.

    Raises:
        ScenarioError: one of those is given, or it is no manifest.
    """
    for option, value in given.items():
        if value not in (None, []):
            raise ScenarioError(f"--from {manifest}: the manifest says that; leave out {option}")
    from experiments.repeating import repeat

    return repeat(manifest, parts=load_parts(parts), **how)
