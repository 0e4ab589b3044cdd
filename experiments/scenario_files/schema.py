"""The JSON schema of a scenario file: the world's description, and the `[study]` table."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sim
from experiments.scenario_files import data_sets
from experiments.scenario_files.known_names import allow_texts_of_objectives, list_names
from experiments.scenario_files.study_table import StudyTable
from experiments.scenario_files.toml_places import Path

Schema = Mapping[str, Any]

_FAR = 10**9
"""A number beyond it is not proposed where no limit is known."""


@dataclass(frozen=True)
class Limits:
    """What a number may be.

    Attributes:
        least: the smallest that is taken, `None` without a limit.
        most: the largest, `None` without a limit.
        above: what it must be above, `None` without such a limit.
    """

    least: float | None = None
    most: float | None = None
    above: float | None = None

    def are_near(self, number: float) -> bool:
        """Tell whether a number is within the limits, or they say how far it may go."""
        return self.most is not None or abs(number) <= _FAR

    def words(self, number: float, text: str | None = None) -> str:
        """Return a number, as `text` if given, or in its place the nearest limit in words."""
        if self.most is not None and number > self.most:
            return f"at most {self.most}"
        if self.least is not None and number < self.least:
            return f"at least {self.least}"
        if self.above is not None and number <= self.above:
            return f"one above {self.above}"
        return str(number) if text is None else text


@functools.cache
def scenario_file_schema() -> dict[str, Any]:
    """Return the JSON schema (draft 2020-12) that a scenario file's content must satisfy."""
    schema: dict[str, Any] = sim.Scenario.model_json_schema()
    study = StudyTable.model_json_schema()
    definitions = schema.setdefault("$defs", {})
    definitions.update(study.pop("$defs", {}))
    allow_texts_of_objectives(study)
    schema["properties"]["study"] = study
    list_names(definitions)
    for definition in definitions.values():
        if "counts" in definition.get("properties", {}):
            _allow_data_sets(definition)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "tlscape scenario file"
    return schema


def _allow_data_sets(definition: dict[str, Any]) -> None:
    """Let `counts` be the name of a data set, which brings its own interval, or of a file."""
    counts = definition["properties"]["counts"]
    described = {key: counts.pop(key) for key in ("title", "description") if key in counts}
    by_name = {"type": "string", "enum": data_sets.names()}
    of_a_file = {
        "type": "string",
        "pattern": r"[/\\\\]|\.([cC][sS][vV]|[tT][sS][vV]|[tT][xX][tT])$",
        "description": "a CSV file, relative to the scenario file: a column of counts, perhaps "
        "one of times before it, which then tells the interval",
    }
    definition["properties"]["counts"] = {**described, "anyOf": [by_name, of_a_file, counts]}
    definition["required"] = [key for key in definition["required"] if key != "interval"]
    definition["if"] = {"properties": {"counts": {"type": "array"}}}
    definition["then"] = {"required": ["interval"]}


def keys_at(path: Path, content: Any) -> list[str]:
    """Return the keys that the table at `path` may have.

    `content` is the whole file's content: it says which alternative is meant where a key such as
    `process` or `kind` decides. An unknown table has no keys.
    """
    root = scenario_file_schema()
    here = _resolve(root, root, content)
    for part in path:
        content = _inner(content, part)
        if isinstance(part, int):
            step = here.get("items", {})
        else:
            step = here.get("properties", {}).get(part) or _of_any_name(here)
        here = _resolve(root, step, content)
    return sorted(here.get("properties", {}))


def limits_at(path: Path, content: Any) -> Limits:
    """Return the limits of the number at `path`, none where it has none or is unknown."""
    root = scenario_file_schema()
    here = _resolve(root, root, content)
    for part in path:
        content = _inner(content, part)
        steps: Any = here.get("items", {}) if isinstance(part, int) else None
        steps = steps or here.get("properties", {}).get(part) or _of_any_name(here)
        here = _resolve(root, steps, content)
    for one in (here, *here.get("anyOf", ())):
        if one.get("type") in ("integer", "number"):
            return Limits(one.get("minimum"), one.get("maximum"), one.get("exclusiveMinimum"))
    return Limits()


def _of_any_name(schema: Schema) -> Schema:
    """Return what a table holds under names of the user's own, if it does."""
    additional = schema.get("additionalProperties")
    return additional if isinstance(additional, dict) else {}


def _inner(content: Any, part: str | int) -> Any:
    try:
        return content[part]
    except (KeyError, IndexError, TypeError):
        return None


def _resolve(root: Schema, schema: Schema, content: Any) -> Schema:
    """Follow references, and choose the alternative that the content has chosen."""
    while True:
        if "$ref" in schema:
            schema = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
        elif "discriminator" in schema:
            rule = schema["discriminator"]
            tag = _inner(content, rule["propertyName"])
            if tag not in rule["mapping"]:
                return {"properties": {rule["propertyName"]: {}}}
            schema = {"$ref": rule["mapping"][tag]}
        elif "anyOf" in schema or "oneOf" in schema:
            choice = schema.get("anyOf") or schema["oneOf"]
            tables = [one for one in choice if "$ref" in one or "properties" in one]
            if not tables:
                return schema
            meant = next((one for one in tables if _is_meant(root, one, content)), None)
            schema = meant or max(tables, key=lambda one: _keys_shared(root, one, content))
        else:
            return schema


def _keys_shared(root: Schema, schema: Schema, content: Any) -> int:
    """How many of the content's keys are those of this alternative."""
    properties = _resolve(root, schema, content).get("properties", {})
    return len(properties.keys() & content.keys()) if isinstance(content, Mapping) else 0


def _is_meant(root: Schema, schema: Schema, content: Any) -> bool:
    """Whether the content says by a word that it is of this alternative."""
    properties = _resolve(root, schema, content).get("properties", {})
    return any(
        "const" in described and _inner(content, name) == described["const"]
        for name, described in properties.items()
    )
