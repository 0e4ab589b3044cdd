"""The names that may stand in a scenario file, as its JSON schema lists them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import sim
import tls
from experiments.scenario_files.requirement import MEASURES
from sim.identities import authority_names, names

_GREASE = "GREASE"
_OF_A_FILE = {
    "type": "string",
    "pattern": r"[/\\]|\.[tT][oO][mM][lL]$",
    "description": "a file, relative to the scenario file",
}
_OF_ONE_S_OWN = {"type": "string", "description": "one of your own"}


def list_names(definitions: Mapping[str, Any]) -> None:
    """Let the texts of a schema's definitions be one of the names that there are.

    Browsers, machines and authorities may be one's own, too.
    """
    versions = [tls.version_name(code) for code in tls.ALL_VERSIONS]
    groups = [*tls.GROUP_NAMES.values(), *tls.HYBRID_NAMES.values()]
    schemes = [scheme.name for scheme in tls.SCHEMES.values()]
    of_browsers = [{"enum": list(sim.client_profiles())}, _OF_A_FILE]
    of_machines = [{"enum": list(sim.machine_profiles())}, _OF_A_FILE]
    host = {
        "identity": _one_of(names()),
        "versions": _one_of(versions),
        "suites": _one_of(map(tls.suite_name, tls.ALL_SUITES)),
        "groups": _one_of(groups),
        "profile": {"type": "string", "anyOf": of_browsers},
        "machine": {"type": "string", "anyOf": of_machines},
        "base": {"type": "string", "anyOf": of_machines},
        "trusts": {"anyOf": [_one_of(authority_names()), _OF_ONE_S_OWN]},
        "certificate": _one_of(names()),
        "highest": _one_of(versions),
        "lowest": _one_of(versions),
    }
    hello = {
        "versions": _one_of([*versions, _GREASE]),
        "client_version": _one_of([*versions, _GREASE]),
        "record_version": _one_of([*versions, _GREASE]),
        "suites": _one_of([*tls.SUITE_NAMES.values(), _GREASE]),
        "extensions": _one_of([*tls.EXTENSION_NAMES.values(), _GREASE]),
        "groups": _one_of([*groups, _GREASE]),
        "group": _one_of([*groups, _GREASE]),
        "key_shares": _one_of([*groups, _GREASE]),
        "signature_schemes": _one_of([*schemes, _GREASE]),
        "certificate_signature_schemes": _one_of([*schemes, _GREASE]),
    }
    of_hellos = {"HelloDescription", "KeyShareDescription"}
    for title, definition in definitions.items():
        known = hello if title in of_hellos else host
        properties = definition.get("properties", {})
        if title == "Objective":
            properties["require"] |= _comparison()
            continue
        for key in properties.keys() & known.keys():
            properties[key] = _with_names(properties[key], known[key])


def allow_texts_of_objectives(study: dict[str, Any]) -> None:
    """Let an objective of a `[study]` table be the text of what it requires."""
    objectives = study["properties"]["objectives"]
    objectives["items"] = {"anyOf": [{"type": "string", **_comparison()}, objectives["items"]]}


def _one_of(names: Sequence[str] | Any) -> dict[str, Any]:
    return {"type": "string", "enum": list(dict.fromkeys(names))}


def _comparison() -> dict[str, Any]:
    """What an objective may require: of rows a mean or quantile, of others one number."""
    of_rows: list[str] = []
    numbers: list[str] = []
    for words, measure in MEASURES.items():
        (of_rows if measure.has_distribution else numbers).append(
            re.escape(words).replace(r"\ ", "[ _]+")
        )
    statistic = r"(mean|median|p\d{1,2}(\.\d{1,4})?)"
    rows = "|".join(of_rows)
    distributed = rf"({statistic}\s+({rows})|({rows})\s+{statistic})"
    return {"pattern": rf"^\s*({distributed}|{'|'.join(numbers)})\s*(<=?|>=?|≤|≥)\s*\S"}


def _with_names(schema: Any, names: dict[str, Any]) -> Any:
    """Return a schema in which each text is one of the names."""
    if isinstance(schema, list):
        return [_with_names(one, names) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") == "string" and not schema.keys() & {"enum", "const", "pattern"}:
        return {**schema, **names}
    inner = {"items", "anyOf", "oneOf"} & schema.keys()
    return {**schema, **{key: _with_names(schema[key], names) for key in inner}}
