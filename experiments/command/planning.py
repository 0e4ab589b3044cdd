"""Planning from the command line's words."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from experiments.command.studies import load
from experiments.failures import ScenarioError
from experiments.studies.progress import notice

if TYPE_CHECKING:
    from experiments.planning.plan import Plan
    from experiments.scenario_files.ladder import Bound


def plan_study(
    scenario: str,
    settings: Sequence[str],
    parts: Sequence[Path],
    *,
    smallest: str | None,
    between: str | None,
    seed: int | None,
    **how: Any,
) -> Plan:
    """Plan a scenario's study; `how` goes to `experiments.plan`.

    Raises:
        ScenarioError: one of the words is wrong.
    """
    file = load(scenario, settings, parts)
    for line in file.notices:
        notice(line)
    ends = None if between is None else _ends(between)
    from experiments.planning.planning import plan
    from experiments.running import DEFAULT_SEED

    return plan(
        file,
        smallest=smallest,
        between=ends,
        seed=DEFAULT_SEED if seed is None else seed,
        announce=notice,
        **how,
    )


def print_plan(found: Plan, *, as_json: bool) -> None:
    """Print a plan to stdout: as text, or as one JSON object."""
    from experiments.planning.report import PAGE, plan_object, plan_text
    from experiments.presentation.terminal import WIDTH_WITHOUT_TERMINAL

    if as_json:
        ascii_only = sys.stdout.encoding.lower() != "utf-8"
        print(json.dumps(plan_object(found), ensure_ascii=ascii_only, default=str))
        return
    console = Console()
    width = console.width if console.is_terminal else WIDTH_WITHOUT_TERMINAL
    print(plan_text(found, width))
    print(f"Plan: {found.folder / PAGE}")


def _ends(text: str) -> tuple[Bound, Bound]:
    """Return the ends of a range, such as of "1..64"."""
    least, dots, most = text.partition("..")
    if not dots or not least.strip() or not most.strip():
        raise ScenarioError(f'--between {text}: write two ends, such as 1..64 or "1 min..12 h"')
    return _end(least.strip()), _end(most.strip())


def _end(text: str) -> Bound:
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text
