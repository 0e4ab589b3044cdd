"""A validation error in one line: file, place, what is wrong, and the remedy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from experiments.failures import ScenarioError
from experiments.scenario_files.explanations import explain
from experiments.scenario_files.places import Source
from experiments.scenario_files.toml_places import Path

_KEY = "[key]"
"""What pydantic puts behind a key that is wrong itself."""

_FIRST = ("extra_forbidden", "union_tag_invalid", "union_tag_not_found")


def complaint(
    error: ValidationError,
    source: Source,
    content: Any,
    *,
    below: Path = (),
    with_parts: bool = True,
) -> ScenarioError:
    """Return the error that tells the first of `error`'s causes in one line.

    `content` is the whole file's content and `below` the path of the table that was validated.
    Unknown keys come first: a misspelt key also makes the right one missing. An unknown kind of
    middlebox may be one of the user's own: where the file was read `with_parts`, they are known.
    """
    causes: dict[Path, list[ErrorDetails]] = {}
    for cause in sorted(error.errors(), key=lambda cause: cause["type"] not in _FIRST):
        place = below + _path_in(_at(content, below), cause["loc"])
        causes.setdefault(place, []).append(cause)
    path, (first, *others) = next(iter(causes.items()))
    written = None if first["loc"][-1:] == (_KEY,) else _at(content, path)
    if written is None:
        written = first["input"]
    words = explain(_joined(first, others), path, content, written)
    if not with_parts and first["type"] == "union_tag_invalid" and path[:1] == ("middleboxes",):
        words += "; for a kind of your own give --parts FILE.py (parts=[...] in Python)"
    line = f"{source.place(path)}: {words}"
    if len(causes) > 1:
        line += f" (and {len(causes) - 1} more)"
    return ScenarioError(line)


def _joined(first: ErrorDetails, others: Iterable[ErrorDetails]) -> ErrorDetails:
    """Make one cause of those that a union's alternatives of words each have."""
    if first["type"] != "literal_error":
        return first
    same = [first, *(other for other in others if other["type"] == "literal_error")]
    expected = ", ".join(cause["ctx"]["expected"] for cause in same)
    return {**first, "ctx": {"expected": expected}}


def _at(content: Any, path: Path) -> Any:
    for part in path:
        try:
            content = content[part]
        except (KeyError, IndexError, TypeError):
            return None
    return content


def _path_in(content: Any, location: Iterable[str | int]) -> Path:
    """Turn pydantic's location into a path of the file.

    Pydantic puts the tag of the chosen alternative into its locations, and names those of a union;
    the file has no such level. Tags that are no values of the file stand in parentheses.
    """
    parts = [part for part in location if not str(part).startswith("(") and part != _KEY]
    path: Path = ()
    for index, part in enumerate(parts):
        inner = _at(content, (part,))
        if inner is None and isinstance(part, str):
            is_tag = isinstance(content, dict) and part in content.values()
            is_written = content is not None or index < len(parts) - 1
            if is_tag or (is_written and not isinstance(content, dict)):
                continue
        path += (part,)
        content = inner
    return path
