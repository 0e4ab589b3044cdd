"""A connection as text, message by message."""

from __future__ import annotations

from collections.abc import Iterator

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from experiments.evidence.account import ConnectionAccount
from experiments.evidence.steps import CLIENT, Step
from experiments.evidence.words import address_words, bytes_words, milliseconds, work_words
from experiments.presentation.terminal import WIDTH_WITHOUT_TERMINAL, plain_text
from experiments.wording import counted


def connection_text(shown: ConnectionAccount, width: int = WIDTH_WITHOUT_TERMINAL) -> str:
    """Return a connection as text, without colours."""
    return plain_text(connection_parts(shown), width)


def connection_parts(shown: ConnectionAccount) -> Iterator[RenderableType]:
    """Yield what a terminal shows of a connection: who and what, its messages, its time."""
    row, seen = shown.row, shown.seen
    yield Text(f"Connection {shown.number}: {shown.outcome_words}", style="bold")
    yield Text(f"{shown.agreed_words}; {shown.point}, replication {shown.replication}")
    yield Text(
        f"{row['profile']} at {address_words(seen.client)}, to {seen.end} at "
        f"{address_words(seen.server)}, from {shown.began:%Y-%m-%d %H:%M:%S.%f} UTC on"
    )
    yield _table(shown)
    yield Text(
        f"In all {milliseconds(row['duration'])} ms: "
        + ", ".join(f"{name} {milliseconds(value)}" for name, value in shown.times.items())
    )
    yield Text(
        f"Sent {counted(row['bytes_sent'], 'byte')} in {counted(row['records_sent'], 'record')}, "
        f"received {row['bytes_received']:,} in {row['records_received']:,}; CPU: client "
        f"{milliseconds(row['client_cpu'])} ms, server {milliseconds(row['server_cpu'])} ms"
    )
    for column, (value, now) in shown.differences.items():
        yield Text(f"In the table {column} is {value}, of a replayed trace; here {now}.")


def _table(shown: ConnectionAccount) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1), show_edge=False)
    table.add_column("sent\nms", justify="right")
    table.add_column("there\nms", justify="right")
    table.add_column("")
    table.add_column("message", overflow="fold")
    table.add_column("bytes", justify="right")
    begin = shown.row["arrival"]

    def moment(time: float | None) -> str:
        return "-" if time is None else milliseconds(time - begin)

    for step in shown.steps:
        if step.work:
            words = f"{step.sender}, {milliseconds(step.seconds)} ms CPU: {work_words(step.work)}"
            table.add_row("", "", "", Text(words, style="dim"), "")
        arrow = "->" if step.to_server else "<-"
        if step.words:
            size = bytes_words(step.size)
            times = moment(step.sent), moment(step.arrived)
            table.add_row(*times, arrow, Text(step.words + _lost(step)), size)
        for number, each in enumerate(step.messages):
            name = Text(each.message.name)
            if each.message.detail:
                name.append(f": {each.message.detail}")
            if each.message.protected:
                name.append(" *")
            if number == len(step.messages) - 1:
                name.append(_lost(step))
            times = moment(each.sent), moment(each.arrived)
            table.add_row(*times, arrow, name, bytes_words(each.message.size))
    table.caption = Text(_caption(shown))
    table.caption_justify = "left"
    return table


def _caption(shown: ConnectionAccount) -> str:
    words = f"-> from the {CLIENT}, <- to it"
    if any(each.message.protected for step in shown.steps for each in step.messages):
        words += "; * encrypted"
    return words


def _lost(step: Step) -> str:
    return f" [{step.loss_words}]" if step.lost else ""
