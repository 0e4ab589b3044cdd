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
        essential: how many columns a terminal shows behind the first; `None` for all.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    essential: int | None = None
