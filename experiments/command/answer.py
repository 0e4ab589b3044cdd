"""Printing a study's answer: text for people, a JSON object for programs."""

from __future__ import annotations

import json
import sys

from rich.console import Console
from rich.text import Text

from experiments.presentation.plain_values import plain_rows
from experiments.presentation.terminal import WIDTH_WITHOUT_TERMINAL, answer_parts
from experiments.result import Result


def print_answer(result: Result) -> None:
    """Print the answer, warnings, tables, and the report's place, to stdout."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=WIDTH_WITHOUT_TERMINAL)
    for part in answer_parts(result.analysis, console.width):
        console.print(part)
    console.print(Text(f"Report: {result.report}"), soft_wrap=True)


def print_json(result: Result) -> None:
    """Print the answer and the summary as one JSON object to stdout; NaN is null."""
    answer = result.answer
    content = {
        "scenario": result.study.file.name,
        "title": result.study.file.title,
        "seed": result.study.seed,
        "replications": result.study.replications,
        "answer": answer.sentence,
        "warnings": list(result.warnings),
        "remarks": list(answer.remarks),
        "objectives": plain_rows(result.objectives),
        "recommended": answer.recommended,
        "summary": plain_rows(result.summary),
        "tables": {
            content.title: [dict(zip(content.head, row, strict=True)) for row in content.rows]
            for content in result.analysis.word_tables
        },
        "folder": str(result.folder),
        "report": str(result.report),
    }
    print(json.dumps(content, ensure_ascii=sys.stdout.encoding.lower() != "utf-8", default=str))
