"""A validation error in one line: file, place, what is wrong, and the remedy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from experiments.failures import ScenarioError
from experiments.scenario_files import schema
from experiments.scenario_files.places import Source
from experiments.scenario_files.suggestions import did_you_mean
from experiments.scenario_files.toml_places import Path

_FIRST = ("extra_forbidden", "union_tag_invalid", "union_tag_not_found")


def complaint(
    error: ValidationError, source: Source, content: Any, *, below: Path = ()
) -> ScenarioError:
    """Return the error that tells the first of `error`'s causes in one line.

    `content` is the whole file's content and `below` the path of the table that was validated.
    Unknown keys come first: a misspelt key also makes the right one missing.
    """
    causes = sorted(error.errors(), key=lambda cause: cause["type"] not in _FIRST)
    first = causes[0]
    path = below + _path_in(_at(content, below), first["loc"])
    line = f"{source.place(path)}: {_explain(first, path, content)}"
    places = {cause["loc"] for cause in causes}
    if len(places) > 1:
        line += f" (and {len(places) - 1} more)"
    return ScenarioError(line)


def _at(content: Any, path: Path) -> Any:
    for part in path:
        try:
            content = content[part]
        except (KeyError, IndexError, TypeError):
            return None
    return content


def _path_in(content: Any, location: Iterable[str | int]) -> Path:
    """Turn pydantic's location into a path of the file.

    Pydantic puts the tag of the chosen alternative into its locations; the file has no such level.
    Tags that are no values of the file stand in parentheses.
    """
    parts = [part for part in location if not str(part).startswith("(")]
    path: Path = ()
    for index, part in enumerate(parts):
        inner = _at(content, (part,))
        if inner is None and isinstance(part, str):
            is_tag = isinstance(content, dict) and part in content.values()
            if is_tag or (index < len(parts) - 1 and not isinstance(content, dict)):
                continue
        path += (part,)
        content = inner
    return path


def _explain(cause: ErrorDetails, path: Path, content: Any) -> str:
    kind, context = cause["type"], cause.get("ctx", {})
    written = cause.get("input")
    if kind == "extra_forbidden":
        known = schema.keys_at(path[:-1], content)
        return f'unknown key "{path[-1]}"; {did_you_mean(str(path[-1]), known, what="keys here")}'
    if kind == "missing":
        return f'the key "{path[-1]}" is missing; add it'
    if kind == "union_tag_invalid":
        known = [tag.strip(" '()") for tag in context["expected_tags"].split(",")]
        key, wrong = context["discriminator"].strip("'"), str(context["tag"]).strip("()")
        if key.endswith(")"):
            # A function chooses: the file's own word for it is the one that is unknown.
            key = next((name for name, value in written.items() if value == wrong), "kind")
            known = [tag for tag in known if tag != "constant"]
        return f'{key} = "{wrong}" is unknown; {did_you_mean(wrong, known, what="known")}'
    if kind == "union_tag_not_found":
        return f"the key {context['discriminator']} is missing; add it: it says which kind is meant"
    if kind in ("literal_error", "enum"):
        known = [word.strip(" '") for word in context["expected"].replace(" or ", ",").split(",")]
        return f"{_quoted(written)} is unknown; {did_you_mean(str(written), known, what='known')}"
    if kind == "value_error":
        return str(context.get("error", cause["msg"]))
    message = cause["msg"].removeprefix("Input should ")
    return f"{_quoted(written)} will not do; it should {message}"


def _quoted(written: Any) -> str:
    words = f'"{written}"' if isinstance(written, str) else str(written)
    return words if len(words) <= 60 else words[:57] + "..."
