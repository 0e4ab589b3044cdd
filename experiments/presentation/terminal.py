"""A study's answer as text: for the terminal, and for `print(result.answer)`.

Tables are as wide as what they are printed on: a table that is wider goes on below itself, with its
first columns repeated.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from experiments.presentation.answer_table import AnswerTable, answer_table
from experiments.questions.analysis import Analysis
from experiments.questions.table import Table as WordsTable

WIDTH_WITHOUT_TERMINAL = 80
_PADDING = 3


def answer_text(analysis: Analysis, width: int = WIDTH_WITHOUT_TERMINAL) -> str:
    """Return all that the command line prints of a study's answer, without colours."""
    console = Console(file=io.StringIO(), width=width, highlight=False, color_system=None)
    for part in answer_parts(analysis, width):
        console.print(part)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in text.splitlines())


def answer_parts(analysis: Analysis, width: int) -> Iterator[RenderableType]:
    """Yield the title, the warnings, the answer, its table, the remarks and further tables."""
    answer = analysis.answer
    yield Text(analysis.study.file.title, style="bold")
    yield ""
    yield Text(answer.sentence, style="bold")
    for warning in analysis.warnings:
        yield Text(f"Warning: {warning}", style="yellow")
    for remark in answer.remarks:
        yield Text(remark)
    yield ""
    yield from _answer_tables(answer_table(analysis), width)
    for content in analysis.word_tables:
        yield Text(content.title, style="bold")
        if content.essential is not None and content.essential < len(content.head) - 1:
            yield Text("(more columns in the report)", style="dim")
        yield from _words_tables(content, width)


def _answer_tables(content: AnswerTable, width: int) -> Iterator[Table]:
    heads = [f"{head}\n{unit}" for head, unit, _ in content.metrics]
    styles = [
        "bold" if row.is_recommended else "italic" if row.is_baseline else ""
        for row in content.rows
    ]
    levels = [row.levels for row in content.rows]
    cells = [
        [f"{mean} ± {half}" if half else mean for mean, half in row.cells] for row in content.rows
    ]
    return _in_blocks(content.factors, levels, heads, cells, width, styles)


def _words_tables(content: WordsTable, width: int) -> Iterator[Table]:
    end = None if content.essential is None else 1 + content.essential
    return _in_blocks(
        content.head[:1],
        [row[:1] for row in content.rows],
        content.head[1:end],
        [list(row[1:end]) for row in content.rows],
        width,
        justify="left",
    )


def _in_blocks(
    fixed_heads: Sequence[str],
    fixed: Sequence[Sequence[str]],
    heads: Sequence[str],
    cells: Sequence[Sequence[str]],
    width: int,
    styles: Sequence[str] = (),
    justify: str = "right",
) -> Iterator[Table]:
    """Yield the table in blocks of columns that fit, the fixed ones in each."""
    fixed_width = sum(
        _width(head, [row[column] for row in fixed]) for column, head in enumerate(fixed_heads)
    )
    fixed_width = min(fixed_width, width // 2)
    blocks: list[list[int]] = [[]]
    used = fixed_width
    for column, head in enumerate(heads):
        needed = min(_width(head, [row[column] for row in cells]), width - fixed_width)
        if blocks[-1] and used + needed > width:
            blocks.append([])
            used = fixed_width
        blocks[-1].append(column)
        used += needed
    for block in blocks:
        table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1), show_edge=False)
        for head in fixed_heads:
            table.add_column(head, overflow="fold")
        for column in block:
            table.add_column(heads[column], justify=justify, overflow="fold")  # type: ignore[arg-type]
        for number, row in enumerate(cells):
            style = styles[number] if styles else ""
            words = [*fixed[number], *(row[column] for column in block)]
            table.add_row(*map(Text, words), style=style)
        yield table
        yield ""  # type: ignore[misc]


def _width(head: str, cells: Sequence[str]) -> int:
    lines = [*head.split("\n"), *cells]
    return max(map(len, lines), default=0) + _PADDING
