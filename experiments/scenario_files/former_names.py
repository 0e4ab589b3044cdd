"""What had another name in an earlier version: one table, and the line that says so.

A name that is no longer known is looked up here before a near miss is guessed. An entry may go when
nobody can be expected to have a file with the old name any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from experiments.scenario_files.toml_places import Path

COLUMNS: Mapping[str, str] = {
    "route": "path",
    "time_queue": "time_cpu_queue",
}
"""Columns of the table `connections`, the old name first, as in all that follow."""

KEYS: Mapping[Path, str] = {
    ("scripts",): "traces",
}
"""Keys of a scenario file by their paths; the new name is that of the last part."""

WORDS: Mapping[str, str] = {
    "clicked away": "overridden",
}
"""Values of a scenario file that are one of few words."""

QUESTIONS: Mapping[str, str] = {
    "overview": "capacity",
    "passage": "reachability",
}
"""Questions of a `[study]` table; the old name still asks the question, with a line about it."""


def is_called(old: str, new: str) -> str:
    """Return the line about one name: `"scripts" is called "traces" now`."""
    return f'"{old}" is called "{new}" now'


def renamed_columns(names: Iterable[str]) -> str | None:
    """Return the line about the old names among a table's columns, `None` where there are none."""
    lines = [is_called(name, COLUMNS[name]) for name in names if name in COLUMNS]
    return ", ".join(lines) or None
