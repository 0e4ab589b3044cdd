"""The JSON schema of a scenario file: the world's description, and the `[study]` table."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import sim
from experiments.scenario_files import data_sets
from experiments.scenario_files.study_table import StudyTable
from experiments.scenario_files.toml_places import Path

Schema = Mapping[str, Any]


@functools.cache
def scenario_file_schema() -> dict[str, Any]:
    """Return the JSON schema (draft 2020-12) that a scenario file's content must satisfy."""
    schema: dict[str, Any] = sim.Scenario.model_json_schema()
    study = StudyTable.model_json_schema()
    definitions = schema.setdefault("$defs", {})
    definitions.update(study.pop("$defs", {}))
    schema["properties"]["study"] = study
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
            schema = next((one for one in tables if _is_meant(root, one, content)), tables[0])
        else:
            return schema


def _is_meant(root: Schema, schema: Schema, content: Any) -> bool:
    """Whether the content says by a word that it is of this alternative."""
    properties = _resolve(root, schema, content).get("properties", {})
    return any(
        "const" in described and _inner(content, name) == described["const"]
        for name, described in properties.items()
    )
