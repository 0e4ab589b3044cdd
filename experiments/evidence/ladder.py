"""A connection as a ladder: time goes down between its two ends, a rung for each flight."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from html import escape
from typing import NamedTuple

from experiments.evidence.account import ConnectionAccount
from experiments.evidence.steps import Step
from experiments.evidence.words import address_words, milliseconds, work_words
from experiments.presentation.chart import GRID, INK, MUTED, SERIES
from experiments.presentation.colours import of_times
from experiments.wording import counted, duration_words

_BLUE, _VERMILION, _GREEN, _PINK, _, _, _ = SERIES
_WIDTH = 860.0
_LEFT, _RIGHT = 230.0, 630.0
_MARGIN = 16.0
_LINE = 14.0
_TALLEST_WORK, _STEEPEST = 44.0, 34.0
_LEAST_WORK, _LEAST_SLOPE = 4.0, 8.0
_LETTERS_BETWEEN, _LETTERS_BESIDE, _LETTERS_ACROSS = 56, 30, 118
_PAUSE = 0.1
"""Of a connection's duration: who does nothing for longer than this is said to wait."""


class _Line(NamedTuple):
    """How flights of a kind are drawn, in colour and in black and white."""

    colour: str
    width: float
    dashes: str
    words: str


_LINES = {
    "TCP": _Line(MUTED, 1.0, "3 3", "TCP"),
    "proxy": _Line(_PINK, 1.6, "9 3 2 3", "with a proxy, in clear"),
    "handshake": _Line(_BLUE, 1.6, "", "handshake"),
    "data": _Line(_GREEN, 2.8, "", "data"),
    "alert": _Line(_VERMILION, 1.6, "6 3", "alert"),
}


def ladder(shown: ConnectionAccount) -> str:
    """Return the ladder of a connection as an SVG file."""
    drawing = _Drawing()
    _head(drawing, shown)
    top = drawing.y
    drawing.y += 10
    _rungs(drawing, shown)
    drawing.y += 8
    for x in (_LEFT, _RIGHT):
        drawing.beneath(
            f'<line x1="{x}" y1="{top:g}" x2="{x}" y2="{drawing.y:g}" stroke="{INK}" '
            'stroke-width="1.2"/>'
        )
    _foot(drawing, shown)
    return drawing.svg(f"Connection {shown.number}: {shown.outcome_words}")


class _Drawing:
    """An SVG file that grows downwards.

    Attributes:
        y: how far it has come.
    """

    def __init__(self) -> None:
        self.y = _MARGIN
        self._beneath: list[str] = []
        self._parts: list[str] = []

    def beneath(self, element: str) -> None:
        """Draw something beneath all that is drawn else."""
        self._beneath.append(element)

    def draw(self, element: str) -> None:
        """Draw something."""
        self._parts.append(element)

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        anchor: str = "start",
        colour: str = INK,
        size: float = 11.5,
        style: str = "",
    ) -> None:
        """Write words whose baseline is at `y`."""
        self.draw(
            f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="{colour}" '
            f'font-size="{size:g}"{style}>{escape(words)}</text>'
        )

    def svg(self, label: str) -> str:
        """Return the file."""
        height = self.y + _MARGIN
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:g} {height:g}" '
                f'width="{_WIDTH:g}" height="{height:g}" role="img" '
                f'aria-label="{escape(label)}" font-family="DejaVu Sans, Verdana, sans-serif">',
                f'<rect width="{_WIDTH:g}" height="{height:g}" fill="white"/>',
                *self._beneath,
                *self._parts,
                "</svg>\n",
            ]
        )


_BOLD = ' font-weight="bold"'
_ITALIC = ' font-style="italic"'


def _head(drawing: _Drawing, shown: ConnectionAccount) -> None:
    row, seen = shown.row, shown.seen
    drawing.y += 4
    title = f"Connection {shown.number}: {shown.outcome_words}"
    for line in textwrap.wrap(title, _LETTERS_ACROSS):
        drawing.text(_MARGIN, drawing.y, line, size=14, style=_BOLD)
        drawing.y += 18
    below = (
        f"{shown.agreed_words}; {shown.point}, replication {shown.replication}; "
        f"{shown.began:%Y-%m-%d %H:%M:%S} UTC"
    )
    for line in textwrap.wrap(below, _LETTERS_ACROSS):
        drawing.text(_MARGIN, drawing.y, line, colour=MUTED)
        drawing.y += _LINE
    drawing.y += _LINE
    for x, name, host in (
        (_LEFT, str(row["profile"]), seen.client),
        (_RIGHT, seen.end, seen.server),
    ):
        drawing.text(x, drawing.y, name, anchor="middle", style=_BOLD)
        drawing.text(x, drawing.y + _LINE, address_words(host), anchor="middle", colour=MUTED)
    for x, anchor in ((_MARGIN, "start"), (_WIDTH - _MARGIN, "end")):
        drawing.text(x, drawing.y + _LINE, "ms since SYN", anchor=anchor, colour=MUTED, size=10)
    drawing.y += 1.6 * _LINE


def _rungs(drawing: _Drawing, shown: ConnectionAccount) -> None:
    steps, begin = shown.steps, shown.row["arrival"]
    slowest = max((step.seconds for step in steps), default=0.0)
    longest = max((_on_the_way(step) for step in steps), default=0.0)
    pause = _PAUSE * shown.row["duration"]
    before = begin
    for step in steps:
        if step.sent is not None and step.sent - before - step.seconds > max(pause, 1e-4):
            _wait(drawing, step, step.sent - before - step.seconds)
        if step.work:
            _work(drawing, step, slowest)
        if step.kind != "work":
            _rung(drawing, step, begin, longest)
        before = next((each for each in (step.arrived, step.sent) if each is not None), before)


def _on_the_way(step: Step) -> float:
    return 0.0 if step.sent is None or step.arrived is None else step.arrived - step.sent


def _side(to_server: bool) -> tuple[float, int, str]:
    """Return the place of an end, which way is out from there, and how text is set there."""
    return (_LEFT, -1, "end") if to_server else (_RIGHT, 1, "start")


def _wait(drawing: _Drawing, step: Step, seconds: float) -> None:
    x, out, anchor = _side(step.to_server)
    drawing.y += 6
    drawing.draw(
        f'<line x1="{x}" y1="{drawing.y:g}" x2="{x}" y2="{drawing.y + 16:g}" stroke="white" '
        'stroke-width="3" stroke-dasharray="2 3"/>'
    )
    words = f"waits {duration_words(seconds)}"
    drawing.text(x + 12 * out, drawing.y + 12, words, anchor=anchor, colour=MUTED, style=_ITALIC)
    drawing.y += 20


def _work(drawing: _Drawing, step: Step, slowest: float) -> None:
    x, out, anchor = _side(step.to_server)
    share = step.seconds / slowest if slowest else 0.0
    height = max(_LEAST_WORK, _TALLEST_WORK * share)
    words = textwrap.wrap(work_words(step.work, 2), _LETTERS_BESIDE)
    lines = [f"{milliseconds(step.seconds)} ms CPU", *words]
    drawing.y += 4
    drawing.draw(
        f'<rect x="{x - 5:g}" y="{drawing.y:g}" width="10" height="{height:g}" fill="{INK}"/>'
    )
    for number, line in enumerate(lines):
        drawing.text(
            x + 12 * out,
            drawing.y + 9 + 12 * number,
            line,
            anchor=anchor,
            size=10,
            colour=MUTED if number else INK,
        )
    drawing.y += max(height, 12 * len(lines)) + 2


def _rung(drawing: _Drawing, step: Step, begin: float, longest: float) -> None:
    line = _LINES[step.kind]
    start, _, start_anchor = _side(step.to_server)
    end, _, end_anchor = _side(not step.to_server)
    labels = _labels(step)
    drawing.y += 6 + _LINE * (len(labels) - 1)
    for number, (words, style) in enumerate(labels):
        drawing.text(
            (_LEFT + _RIGHT) / 2,
            drawing.y - _LINE * (len(labels) - 1 - number),
            words,
            anchor="middle",
            style=style,
            colour=MUTED if number == len(labels) - 1 and step.messages else INK,
            size=10 if number == len(labels) - 1 and step.messages else 11.5,
        )
    y = drawing.y + 5
    share = _on_the_way(step) / longest if longest else 0.0
    there = y + max(_LEAST_SLOPE, _STEEPEST * share)
    reaches = step.arrived is not None
    if step.sent is None:
        # It comes from a box on the way.
        start = (start + end) / 2
    if not reaches:
        end, there = start + 0.7 * (end - start), y + 0.7 * (there - y)
    dashes = f' stroke-dasharray="{line.dashes}"' if line.dashes else ""
    drawing.draw(
        f'<line x1="{start:g}" y1="{y:g}" x2="{end:g}" y2="{there:g}" stroke="{line.colour}" '
        f'stroke-width="{line.width:g}"{dashes}/>'
    )
    drawing.draw(_point(end, there, 1 if end > start else -1, line.colour, reaches=reaches))
    for moment, x, height, anchor in (
        (step.sent, start, y, start_anchor),
        (step.arrived, end, there, end_anchor),
    ):
        if moment is not None:
            out = -12 if anchor == "end" else 12
            words = milliseconds(moment - begin)
            drawing.text(x + out, height + 4, words, anchor=anchor, size=10, colour=line.colour)
    drawing.y = there + 4


def _point(x: float, y: float, way: int, colour: str, *, reaches: bool) -> str:
    if reaches:
        back = x - 9 * way
        return f'<path d="M{x:g} {y:g}L{back:g} {y - 4:g}L{back:g} {y + 4:g}Z" fill="{colour}"/>'
    return (
        f'<path d="M{x - 5:g} {y - 5:g}L{x + 5:g} {y + 5:g}M{x - 5:g} {y + 5:g}'
        f'L{x + 5:g} {y - 5:g}" stroke="{colour}" stroke-width="2"/>'
    )


def _labels(step: Step) -> list[tuple[str, str]]:
    """Return what stands above a rung: lines, each with its style; what is encrypted slants."""
    if step.words:
        return [(step.words + _packets(step), "")]
    labels = []
    for protected, names in _grouped(step):
        style = _ITALIC if protected else ""
        labels += [(line, style) for line in textwrap.wrap(" · ".join(names), _LETTERS_BETWEEN)]
    size = counted(step.size, "byte")
    records = f" in {counted(step.records, 'record')}" if step.records else ""
    return [*labels, (size + records + _packets(step), "")]


def _grouped(step: Step) -> Iterable[tuple[bool, list[str]]]:
    """Return the names of messages, in clear and encrypted ones in turn."""
    groups: list[tuple[bool, list[str]]] = []
    for each in step.messages:
        message = each.message
        name = message.name + (f": {message.detail}" if message.detail else "")
        if not groups or groups[-1][0] is not message.protected:
            groups.append((message.protected, []))
        groups[-1][1].append(name)
    return groups


def _packets(step: Step) -> str:
    if step.lost:
        return f", {step.loss_words}"
    return f", {counted(step.packets, 'packet')}" if step.packets > 1 else ""


def _foot(drawing: _Drawing, shown: ConnectionAccount) -> None:
    """The legend, and where the time went."""
    drawing.y += 22
    kinds = [kind for kind in _LINES if any(step.kind == kind for step in shown.steps)]
    x = _MARGIN
    for kind in kinds:
        line = _LINES[kind]
        dashes = f' stroke-dasharray="{line.dashes}"' if line.dashes else ""
        drawing.draw(
            f'<line x1="{x:g}" y1="{drawing.y - 4:g}" x2="{x + 30:g}" y2="{drawing.y - 4:g}" '
            f'stroke="{line.colour}" stroke-width="{line.width:g}"{dashes}/>'
        )
        drawing.text(x + 36, drawing.y, line.words, size=10.5)
        x += 56 + 6.8 * len(line.words)
    if any(each.message.protected for step in shown.steps for each in step.messages):
        drawing.text(x, drawing.y, "slanted: encrypted", size=10.5, style=_ITALIC)
    drawing.y += 26
    duration = shown.row["duration"]
    words = f"Where its {milliseconds(duration)} ms went"
    drawing.text(_MARGIN, drawing.y, words, style=_BOLD)
    drawing.y += 8
    times = shown.times
    colours = [colour for colour, _ in of_times(list(times))]
    x, width = _MARGIN, _WIDTH - 2 * _MARGIN
    drawing.draw(f'<rect x="{x:g}" y="{drawing.y:g}" width="{width:g}" height="14" fill="{GRID}"/>')
    for seconds, colour in zip(times.values(), colours, strict=True):
        length = width * seconds / duration
        drawing.draw(
            f'<rect x="{x:.2f}" y="{drawing.y:g}" width="{length:.2f}" height="14" '
            f'fill="{colour}" stroke="white" stroke-width="0.8"/>'
        )
        x += length
    drawing.y += 32
    x = _MARGIN
    for (name, seconds), colour in zip(times.items(), colours, strict=True):
        words = f"{name} {milliseconds(seconds)}"
        length = 30 + 6.6 * len(words)
        if x + length > _WIDTH - _MARGIN:
            x, drawing.y = _MARGIN, drawing.y + 18
        drawing.draw(
            f'<rect x="{x:g}" y="{drawing.y - 9:g}" width="10" height="10" fill="{colour}"/>'
        )
        drawing.text(x + 15, drawing.y, words, size=10.5)
        x += length
