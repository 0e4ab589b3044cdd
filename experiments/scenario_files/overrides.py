"""Overrides of a scenario file: `--set server.sessions.lifetime="5 min"`."""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.failures import ScenarioError
from experiments.scenario_files.places import dotted
from experiments.scenario_files.suggestions import shortened
from experiments.scenario_files.text_files import DEEPEST, check_content, toml_content
from experiments.scenario_files.toml_places import Path

_IN_BRACKETS = re.compile(r"""\"[^\"]*\"|'[^']*'|\[(\d+)\]""", re.ASCII)
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)


@dataclass(frozen=True)
class Override:
    """One setting that replaces what the file says: its path, its value, and its words."""

    path: Path
    value: Any
    words: str


def parse_override(text: str) -> Override:
    """Read `path=value`.

    The path is a dotted key of TOML, tables in arrays by number (`clients.0.share`, or as messages
    write it, `clients[0].share`); the value is TOML (`0.5`, `true`, `["1 h", "2 h"]`), and what is
    not TOML is a string (`5 min`). A file that the value names lies in the working directory.

    Raises:
        ScenarioError: there is no `=`, or the path is not a key.
    """
    path, equals, value = text.partition("=")
    words = f"--set {shortened(text, 120)}"
    if not equals:
        raise ScenarioError(f'{words}: there is no "="; write --set path=value')
    return Override(parse_path(path.strip(), words), _value(value.strip(), words), words)


def setting(path: str, value: Any) -> Override:
    """Return the override that sets `path` to a Python value (the face for notebooks)."""
    if isinstance(value, np.generic):
        value = value.item()
    words = f"the setting {path}"
    check_content({"value": value}, words)
    words = shortened(f"{words}={value!r}", 120)
    return Override(parse_path(path, words), value, words)


def parse_path(text: str, place: str) -> Path:
    """Read a dotted path, numbers in brackets or between dots; its errors begin with `place`.

    Raises:
        ScenarioError: `text` is not a dotted key.
    """
    dots = _IN_BRACKETS.sub(lambda match: f".{match[1]}" if match[1] else match[0], text)
    try:
        inner: Any = tomllib.loads(f"{dots} = 0")
    except (ValueError, RecursionError):
        inner = None
    path: Path = ()
    while isinstance(inner, dict) and len(inner) == 1:
        ((name, inner),) = inner.items()
        path += (int(name) if _NUMBER.fullmatch(name) else name,)
    if not path or inner != 0 or len(path) > DEEPEST:
        raise ScenarioError(
            f'{place}: "{shortened(text)}" is not a path; write one such as server.cores'
        )
    return path


def apply(description: Mapping[str, Any], override: Override) -> dict[str, Any]:
    """Return a copy of a description with one override applied; missing tables are made.

    Raises:
        ScenarioError: the path goes through a value that is no table, or past an array's end.
    """
    changed = copy.deepcopy(dict(description))
    inner: Any = changed
    for depth, part in enumerate(override.path):
        is_last = depth == len(override.path) - 1
        if isinstance(inner, dict):
            # Names that the user gives to links, boxes and key sizes may be numbers.
            part = str(part)
            if not is_last:
                inner.setdefault(part, {})
        elif not isinstance(inner, list) or not isinstance(part, int):
            raise ScenarioError(
                f"{override.words}: {dotted(override.path[:depth])} holds {_held(inner)}, "
                f"it has nothing called {part!r}; set it as a whole{_whole(override.path, depth)}"
            )
        elif part >= len(inner):
            raise ScenarioError(
                f"{override.words}: {dotted(override.path[:depth])} has {len(inner)} entries; "
                f"the first is number 0"
            )
        if is_last:
            inner[part] = override.value
        else:
            inner = inner[part]
    return changed


def _whole(path: Path, depth: int) -> str:
    """Return how a table is set in the place of a value, where it is one of one key."""
    if depth != len(path) - 1 or isinstance(path[depth], int):
        return ""
    return f": {dotted(path[:depth])} = {{ {dotted(path[depth:])} = ... }}"


def _held(inner: Any) -> str:
    return "an array" if isinstance(inner, list) else "a value"


def _value(text: str, words: str) -> Any:
    try:
        content = toml_content(f"value = {text}", words)
    except ScenarioError:
        if text[:1] in ("[", "{"):
            raise
        return text
    return content["value"] if len(content) == 1 and "value" in content else text
