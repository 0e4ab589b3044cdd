"""Where a value was written: in a scenario file, or in an override beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from experiments.scenario_files.toml_places import Path, is_written, line_of


@dataclass(frozen=True)
class Source:
    """What a description was read from.

    Attributes:
        name: the file's name as the user knows it.
        text: the file's whole text (valid TOML), empty when there is no file.
        overrides: each overridden path with the words that override it ("--set path=value").
        included: each path whose content stands in a file of its own, with that file.
    """

    name: str
    text: str = ""
    overrides: Mapping[Path, str] = field(default_factory=dict)
    included: Mapping[Path, Source] = field(default_factory=dict)

    def place(self, path: Path) -> str:
        """Return "file:line: dotted path", or the override that wrote this path."""
        for inside, included in self.included.items():
            if len(path) > len(inside) and path[: len(inside)] == inside:
                return f"{self.place(inside)}: {included.place(path[len(inside) :])}"
        for depth in range(len(path), 0, -1):
            if path[:depth] in self.overrides:
                inner = f": {dotted(path)}" if depth < len(path) else ""
                return self.overrides[path[:depth]] + inner
        for overridden, words in self.overrides.items():
            if path and overridden[: len(path)] == path and not is_written(self.text, path):
                return f"{words}: {dotted(path)}"
        line = line_of(self.text, path) if self.text and path else None
        file = self.name if line is None else f"{self.name}:{line}"
        return f"{file}: {dotted(path)}" if path else file


def dotted(path: Path) -> str:
    """Return a path as TOML writes it: `study.factors."server.cores"`, `clients[0].share`."""
    words = ""
    for part in path:
        if isinstance(part, int):
            words += f"[{part}]"
        else:
            bare = re.fullmatch(r"[A-Za-z0-9_-]+", part)
            words += ("." if words else "") + (part if bare else f'"{part}"')
    return words
