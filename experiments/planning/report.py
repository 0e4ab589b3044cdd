"""What a plan leaves behind: text for a terminal, a table, a JSON object, and a page."""

from __future__ import annotations

import json
from typing import Any

from rich.text import Text

from experiments.planning.plan import Plan
from experiments.presentation.plain_values import plain_rows
from experiments.presentation.report import environment
from experiments.presentation.terminal import plain_text, word_table
from experiments.studies.whole_files import write_whole

PAGE = "plan.html"


def write_plan(plan: Plan) -> None:
    """Write `plan.csv`, `plan.json` and `plan.html` into the plan's folder, each whole.

    Raises:
        OSError: they cannot be written.
    """
    plan.folder.mkdir(parents=True, exist_ok=True)
    evidence = plan.evidence.to_csv(index=False, lineterminator="\n")
    write_whole(plan.folder / "plan.csv", evidence)
    content = json.dumps(plan_object(plan), indent=2, default=str) + "\n"
    write_whole(plan.folder / "plan.json", content)
    write_whole(plan.folder / PAGE, environment().get_template("plan.html.j2").render(plan=plan))


def plan_object(plan: Plan) -> dict[str, Any]:
    """Return a plan as one JSON object; NaN is null."""
    return {
        "scenario": plan.file.name,
        "title": plan.file.title,
        "answer": plan.answer,
        "remarks": plan.remarks,
        "smallest": plan.table.smallest,
        "confidence": plan.table.confidence,
        "designs": [
            {"settings": dict(found.settings), "value": found.value} for found in plan.designs
        ],
        "evidence": plain_rows(plan.evidence),
        "folder": str(plan.folder),
    }


def plan_text(plan: Plan, width: int) -> str:
    """Return a plan as it stands in a terminal: the answer, remarks, and the search."""
    lines = (plan.file.title, "", plan.answer, *plan.remarks, "")
    return plain_text([*map(Text, lines), word_table(plan.search)], width)
