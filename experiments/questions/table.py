"""A table of words beside the answer's."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """A table of words beside the answer's.

    Attributes:
        title: what it is about.
        head: its columns.
        rows: its rows, a word for each column.
        identifying: how many of the first columns say what a row is about.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    identifying: int = 1
