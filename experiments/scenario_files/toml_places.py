"""On which line of a TOML file does a value stand?

`tomllib` tells no positions, so the file is cut into statements (a header, or a key with its
value): one ends with the first line that leaves no string and no bracket open.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterator
from typing import Any

Path = tuple[str | int, ...]


def line_of(text: str, path: Path) -> int | None:
    """Return the line (from 1) of the statement that gives `path`.

    A path that stands nowhere (a missing key, an item inside a value) gives the line of the
    longest part of it that does; `None` when no part of it stands in the file.
    `text` must be valid TOML.
    """
    places = _lines(text)
    for end in range(len(path), 0, -1):
        if path[:end] in places:
            return places[path[:end]]
    return None


def is_written(text: str, path: Path) -> bool:
    """Tell whether `path` itself stands in the file, as a key or as part of one."""
    return any(known[: len(path)] == path for known in _lines(text))


@functools.lru_cache(maxsize=4)
def _lines(text: str) -> dict[Path, int]:
    lines: dict[Path, int] = {}
    for path, line in _places(text):
        lines[path] = line
        # A table of which only parts have headers begins with the first of them.
        for end in range(1, len(path)):
            lines.setdefault(path[:end], line)
    return lines


def _places(text: str) -> Iterator[tuple[Path, int]]:
    table: Path = ()
    array_lengths: dict[Path, int] = {}
    for line, statement in _statements(text):
        content = tomllib.loads(statement)
        if statement.lstrip().startswith("["):
            names, is_array = _header_names(content)
            table = ()
            for depth, name in enumerate(names):
                table += (name,)
                if is_array and depth == len(names) - 1:
                    array_lengths[table] = array_lengths.get(table, 0) + 1
                if table in array_lengths:
                    if array_lengths[table] == 1:
                        yield table, line
                    table += (array_lengths[table] - 1,)
            yield table, line
        else:
            for keys in _paths(content):
                yield table + keys, line


_TOKEN = re.compile(
    r'''
      """ (?: \\. | [^\\] )*? """ "{0,2}
    | \'\'\' .*? \'\'\' \'{0,2}
    | " (?: \\. | [^"\\\n] )* "
    | ' [^'\n]* '
    | \# [^\n]*
    | [\[\]{}\n]
    ''',
    re.VERBOSE | re.DOTALL,
)


def _statements(text: str) -> Iterator[tuple[int, str]]:
    text = text.replace("\r\n", "\n")
    line = first = 1
    begin = depth = 0
    for token in _TOKEN.finditer(f"{text}\n"):
        sign = token[0]
        if sign in ("[", "{"):
            depth += 1
        elif sign in ("]", "}"):
            depth -= 1
        elif sign != "\n":
            line += sign.count("\n")
            continue
        if sign != "\n":
            continue
        line += 1
        if depth:
            continue
        statement = text[begin : token.end()]
        if statement.strip() and not statement.lstrip().startswith("#"):
            yield first, statement
        first, begin = line, token.end()


def _header_names(content: dict[str, Any]) -> tuple[list[str], bool]:
    names: list[str] = []
    inner: Any = content
    while isinstance(inner, dict) and inner:
        ((name, inner),) = inner.items()
        names.append(name)
    return names, isinstance(inner, list)


def _paths(content: Any) -> Iterator[Path]:
    if isinstance(content, dict):
        items: Any = content.items()
    elif isinstance(content, list):
        items = enumerate(content)
    else:
        return
    for key, inner in items:
        yield (key,)
        for rest in _paths(inner):
            yield (key, *rest)
