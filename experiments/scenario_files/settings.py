"""Does a dotted path name a part of the scenario? What is there in its place?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from experiments.scenario_files import former_names
from experiments.scenario_files.places import dotted
from experiments.scenario_files.suggestions import did_you_mean
from experiments.scenario_files.toml_places import Path


def unknown_setting(world: BaseModel, path: Path) -> str | None:
    """Return what is wrong with a path that names nothing in a world, and the nearest that does.

    `None` for one that names something, or may: what is not described has no parts to compare with.
    """
    inner: Any = world
    for depth, part in enumerate(path):
        if inner is None:
            return None
        known = _names(inner)
        if str(part) not in known:
            if path[: depth + 1] in former_names.KEYS:
                return former_names.is_called(str(part), former_names.KEYS[path[: depth + 1]])
            before = f"{dotted(path[:depth])} has" if depth else "there is"
            remedy = did_you_mean(str(part), known, what="names there")
            return f'{before} nothing called "{part}"; {remedy}'
        inner = part_of(inner, part)
    return None


def _names(inner: Any) -> list[str]:
    if isinstance(inner, BaseModel):
        return sorted(type(inner).model_fields)
    if isinstance(inner, Mapping):
        return sorted(map(str, inner))
    if isinstance(inner, tuple | list):
        return [str(number) for number in range(len(inner))]
    return []


def part_of(inner: Any, part: str | int) -> Any:
    """Return the part of a described world that a step of a path names.

    Raises:
        LookupError: there is none.
    """
    if isinstance(inner, BaseModel):
        return getattr(inner, str(part))
    if isinstance(inner, Mapping):
        return {str(key): value for key, value in inner.items()}[str(part)]
    return inner[int(part)]
