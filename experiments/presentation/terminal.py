"""A study's answer as text: for the terminal, and for `print(result.answer)`.

It takes a screen or two, however many design points there are: one table, with the metrics that
lead and, where there is room, the others below, the factors' columns repeated. The report has all.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from rich.box import SIMPLE_HEAD
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from experiments.presentation.answer_table import AnswerTable, Row, answer_table
from experiments.questions.analysis import Analysis
from experiments.questions.table import Table as WordTable
from experiments.wording import counted, listed

WIDTH_WITHOUT_TERMINAL = 80
Spelling = Callable[[str], str]

_PADDING = 3
_MOST_ROWS = 24
_MOST_LINES = 30
_LINES_OF_HEAD = 4


def answer_text(analysis: Analysis, width: int = WIDTH_WITHOUT_TERMINAL) -> str:
    """Return all that the command line prints of a study's answer, without colours."""
    return plain_text(answer_parts(analysis, width), width)


def plain_text(parts: Iterable[RenderableType], width: int) -> str:
    """Return parts as a terminal of that width shows them, without colours."""
    console = Console(file=io.StringIO(), width=width, highlight=False, color_system=None)
    for part in parts:
        console.print(part)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in text.splitlines())


def answer_parts(analysis: Analysis, width: int) -> Iterator[RenderableType]:
    """Yield the title, the answer, warnings, remarks, one table, and where the rest stands."""
    yield _Written(analysis, width)


def word_table(content: WordTable) -> Table:
    """Return a table of words as it stands in a terminal."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1), show_edge=False)
    for number, name in enumerate(content.head):
        if number < content.identifying:
            table.add_column(Text(name), overflow="fold")
        else:
            table.add_column(Text(name), overflow="fold", justify="right")
    for row in content.rows:
        table.add_row(*map(Text, row))
    return table


class _Written:
    """An answer as it stands in a terminal; one that knows ASCII alone gets that, as wide."""

    def __init__(self, analysis: Analysis, width: int) -> None:
        self._analysis = analysis
        self._width = width

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        spelt = _in_ascii if options.ascii_only else str
        yield from _parts(self._analysis, self._width, spelt)


def _in_ascii(words: str) -> str:
    """Return words with what is longer in ASCII written so; the rest takes as much room there."""
    return words.replace("±", "+/-").replace("…", "...")


def _parts(analysis: Analysis, width: int, spelt: Spelling) -> Iterator[RenderableType]:
    answer = analysis.answer
    yield Text(spelt(analysis.study.file.title), style="bold")
    yield Text()
    yield Text(spelt(answer.sentence), style="bold")
    for warning in analysis.further_warnings:
        yield Text(spelt(f"Warning: {warning}"), style="yellow")
    for remark in answer.remarks:
        yield Text(spelt(remark))
    yield Text()
    content = _spelt(answer_table(analysis), spelt)
    if not content.metrics:
        return
    rows = _shown(content.rows)
    blocks = _fitting(content, rows, width)
    yield from _tables(content, rows, blocks)
    columns = len(content.metrics) - sum(map(len, blocks))
    for line in _rest(analysis, len(content.rows) - len(rows), columns):
        yield Text(spelt(line), style="dim")


def _spelt(content: AnswerTable, spelt: Spelling) -> AnswerTable:
    return AnswerTable(
        tuple(map(spelt, content.factors)),
        tuple((spelt(head), spelt(unit), definition) for head, unit, definition in content.metrics),
        tuple(
            replace(
                row,
                levels=tuple(map(spelt, row.levels)),
                cells=tuple((spelt(estimate), spelt(interval)) for estimate, interval in row.cells),
            )
            for row in content.rows
        ),
    )


def _shown(rows: Sequence[Row]) -> list[Row]:
    """Return the rows that a terminal has room for; the recommended and the baseline always."""
    special = [row for row in rows if row.is_recommended or row.is_baseline]
    others = [row for row in rows if row not in special]
    kept = {row.point for row in (*special, *others[: _MOST_ROWS - len(special)])}
    return [row for row in rows if row.point in kept]


def _rest(analysis: Analysis, points: int, columns: int) -> Iterator[str]:
    """Yield what is not printed, and where it stands."""
    left_out = []
    if points:
        left_out.append(counted(points, "further design point"))
    if columns:
        left_out.append(counted(columns, "further column"))
    if left_out:
        yield f"{listed(left_out)} in the report and in summary.csv."
    titles = [table.title.partition(", ")[0] for table in analysis.word_tables]
    if titles:
        yield f"More tables in the report: {'; '.join(titles)}."


def _cells(row: Row) -> list[str]:
    return [f"{estimate} {interval}".rstrip() for estimate, interval in row.cells]


def _fitting(content: AnswerTable, rows: Sequence[Row], width: int) -> list[list[int]]:
    """Return the metrics' columns in blocks, as wide as the terminal, no more than it has room for.

    The factors' columns stand in each block.
    """
    fixed_width = sum(
        _width(head, [row.levels[column] for row in rows])
        for column, head in enumerate(content.factors)
    )
    fixed_width = min(fixed_width, width // 2)
    heads, cells = _heads(content), [_cells(row) for row in rows]
    blocks: list[list[int]] = [[]]
    used = fixed_width
    for column, head in enumerate(heads):
        needed = min(_width(head, [row[column] for row in cells]), width - fixed_width)
        if blocks[-1] and used + needed > width:
            blocks.append([])
            used = fixed_width
        blocks[-1].append(column)
        used += needed
    return blocks[: max(1, _MOST_LINES // (len(rows) + _LINES_OF_HEAD))]


def _tables(
    content: AnswerTable, rows: Sequence[Row], blocks: Sequence[Sequence[int]]
) -> Iterator[RenderableType]:
    heads = _heads(content)
    for block in blocks:
        table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1), show_edge=False)
        for head in content.factors:
            table.add_column(head, overflow="fold")
        for column in block:
            table.add_column(heads[column], justify="right", overflow="fold")
        for row in rows:
            style = "bold" if row.is_recommended else "italic" if row.is_baseline else ""
            cells = _cells(row)
            words = [*row.levels, *(cells[column] for column in block)]
            table.add_row(*map(Text, words), style=style)
        yield table
        yield Text()


def _heads(content: AnswerTable) -> list[str]:
    return [f"{head}\n{unit}" for head, unit, _ in content.metrics]


def _width(head: str, cells: Sequence[str]) -> int:
    lines = [*head.split("\n"), *cells]
    return max(map(len, lines), default=0) + _PADDING
