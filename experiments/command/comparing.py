"""Comparing from the command line's words."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from experiments.scenario_files.part_files import load_parts
from experiments.studies.progress import notice

if TYPE_CHECKING:
    from experiments.comparing.comparison import Comparison


def compare_two(
    first: str,
    second: str,
    parts: Sequence[Path],
    *,
    out: Path | None,
    seed: int | None,
    **how: Any,
) -> tuple[Comparison, Path]:
    """Compare two scenarios or results, and write the comparison; `how` goes to `compare`.

    Returns:
        The comparison, and the folder that it was written to.
    """
    from experiments.comparing.pairing import compare
    from experiments.comparing.report import write_comparison
    from experiments.running import DEFAULT_SEED
    from experiments.studies.out_folder import writing

    below = Path("out") if out is None else out
    found = compare(
        first,
        second,
        out=below,
        seed=DEFAULT_SEED if seed is None else seed,
        parts=load_parts(parts),
        announce=notice,
        **how,
    )
    folder = below / f"{_short(first)}-{_short(second)}"
    below.mkdir(parents=True, exist_ok=True)
    with writing(below):
        write_comparison(found, folder)
    return found, folder


def print_comparison(found: Comparison, folder: Path, *, as_json: bool) -> None:
    """Print a comparison to stdout: as text, or as one JSON object."""
    from experiments.comparing.report import PAGE, comparison_object, comparison_text
    from experiments.presentation.terminal import WIDTH_WITHOUT_TERMINAL

    if as_json:
        ascii_only = sys.stdout.encoding.lower() != "utf-8"
        print(json.dumps(comparison_object(found), ensure_ascii=ascii_only))
        return
    console = Console()
    width = console.width if console.is_terminal else WIDTH_WITHOUT_TERMINAL
    print(comparison_text(found, width))
    print(f"Comparison: {folder / PAGE}")


def _short(text: str) -> str:
    folder, colon, number = text.rpartition(":")
    return f"{Path(folder).name}-{number}" if colon else Path(text).stem
