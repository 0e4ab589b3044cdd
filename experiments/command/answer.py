"""Printing a study's answer: a table for people, a JSON object for programs."""

from __future__ import annotations

import json
import math
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from experiments.presentation.answer_table import answer_table
from experiments.questions.question import Table as WordsTable
from experiments.result import Result
from experiments.wording import fraction

_WIDTH_WITHOUT_TERMINAL = 200


def print_answer(result: Result) -> None:
    """Print the answer, its table with intervals, and the report's place, to stdout."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_WIDTH_WITHOUT_TERMINAL)
    answer = result.answer
    console.print(Text(result.study.file.title, style="bold"))
    console.print()
    console.print(_table(result))
    console.print(Text(answer.sentence, style="bold"))
    for remark in answer.remarks:
        console.print(Text(remark))
    console.print()
    for content in result.analysis.word_tables:
        console.print(_words_table(content))
        console.print()
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
        "remarks": list(answer.remarks),
        "recommended": answer.recommended,
        "summary": [
            {name: _number(value) for name, value in row.items()}
            for row in result.summary.to_dict("records")
        ],
        "tables": {
            content.title: [dict(zip(content.head, row, strict=True)) for row in content.rows]
            for content in result.analysis.word_tables
        },
        "folder": str(result.folder),
        "report": str(result.report),
    }
    print(json.dumps(content, ensure_ascii=False, default=str))


def _words_table(content: WordsTable) -> Table:
    table = Table(
        title=Text(content.title, style="bold"),
        title_justify="left",
        box=SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1),
        show_edge=False,
    )
    for name in content.head:
        table.add_column(name)
    for row in content.rows:
        table.add_row(*map(Text, row))
    return table


def _number(value: Any) -> Any:
    if isinstance(value, float) and math.isnan(value):
        return None
    return value.item() if hasattr(value, "item") else value


def _table(result: Result) -> Table:
    content = answer_table(result.analysis)
    scale = result.study.points[0].scenario.scale
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1), show_edge=False)
    for factor in content.factors:
        table.add_column(factor, justify="left", no_wrap=True)
    for metric in result.analysis.metrics:
        unit = metric.quantity.value
        if metric.at_scale and scale != 1:
            unit += f" at {fraction(scale)}"
        table.add_column(f"{metric.label}\n{unit}", justify="right", no_wrap=True)
    for row in content.rows:
        cells = [f"{mean} ± {half}" if half else mean for mean, half in row.cells]
        style = "bold" if row.is_recommended else "italic" if row.is_baseline else ""
        table.add_row(*row.levels, *cells, style=style)
    return table
