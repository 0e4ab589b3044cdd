"""Overrides of a scenario file: `--set server.sessions.lifetime="5 min"`."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.failures import ScenarioError
from experiments.scenario_files.places import dotted
from experiments.scenario_files.toml_places import Path


@dataclass(frozen=True)
class Override:
    """One setting that replaces what the file says: its path, its value, and its words."""

    path: Path
    value: Any
    words: str


def parse_override(text: str) -> Override:
    """Read `path=value`.

    The path is a dotted key of TOML, tables in arrays by number (`clients.0.share`); the value
    is TOML (`0.5`, `true`, `["1 h", "2 h"]`), and what is not TOML is a string (`5 min`).

    Raises:
        ScenarioError: there is no `=`, or the path is not a key.
    """
    path, equals, value = text.partition("=")
    words = f"--set {text}"
    if not equals:
        raise ScenarioError(f'{words}: there is no "="; write --set path=value')
    return Override(parse_path(path.strip(), words), _value(value.strip()), words)


def setting(path: str, value: Any) -> Override:
    """Return the override that sets `path` to a Python value (the face for notebooks)."""
    if isinstance(value, np.generic):
        value = value.item()
    words = f"the setting {path}={value!r}"
    return Override(parse_path(path, words), value, words)


def parse_path(text: str, place: str) -> Path:
    """Read a dotted path; its errors begin with `place`.

    Raises:
        ScenarioError: `text` is not a dotted key.
    """
    try:
        inner: Any = tomllib.loads(f"{text} = 0")
    except tomllib.TOMLDecodeError:
        inner = None
    path: Path = ()
    while isinstance(inner, dict) and len(inner) == 1:
        ((name, inner),) = inner.items()
        path += (int(name) if name.isdigit() else name,)
    if not path or inner != 0:
        raise ScenarioError(f'{place}: "{text}" is not a path; write one such as server.cores')
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
            part = str(part)
        if isinstance(inner, list) and isinstance(part, int):
            if part >= len(inner):
                raise ScenarioError(
                    f"{override.words}: {dotted(override.path[:depth])} has {len(inner)} entries; "
                    f"the first is number 0"
                )
        elif not isinstance(inner, dict):
            raise ScenarioError(
                f"{override.words}: {dotted(override.path[:depth])} holds a value, "
                f"it has nothing called {part!r}; set it as a whole"
            )
        elif not is_last:
            inner.setdefault(part, {})
        if is_last:
            inner[part] = override.value
        else:
            inner = inner[part]
    return changed


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, KeyError):
        return text
