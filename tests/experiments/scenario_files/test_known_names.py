"""The schema lists every name that may stand, and takes what the loader takes."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import sim
import tls
from experiments.questions.settings import scenario_file_schema
from experiments.scenario_files.requirement import MEASURES, parse_requirement
from sim.identities import shipped
from tests.experiments.small_world import ROOT, STUDY, WORLD


def errors(content: dict[str, Any]) -> list[str]:
    plain = json.loads(json.dumps(content, default=lambda time: time.isoformat()))
    validator = jsonschema.Draft202012Validator(scenario_file_schema())
    return [error.message for error in validator.iter_errors(plain)]


def a_world() -> dict[str, Any]:
    return tomllib.loads(WORLD + STUDY)


@pytest.mark.parametrize(
    ("table", "key", "names"),
    [
        ("server", "machine", sim.machine_profiles()),
        ("server", "identity", shipped.names()),
        ("server", "versions", [[tls.version_name(code)] for code in tls.ALL_VERSIONS]),
        ("server", "suites", [[tls.suite_name(code)] for code in tls.ALL_SUITES]),
        ("server", "groups", [[name] for name in tls.HYBRID_NAMES.values()]),
        ("clients", "profile", sim.client_profiles()),
        ("clients", "machine", [*sim.machine_profiles(), "here.toml", "profiles/here.toml"]),
        ("clients", "trusts", [[name] for name in shipped.authority_names()]),
        ("clients", "certificate", shipped.names()),
        ("study", "question", ("capacity", "reachability", "session-cache")),
    ],
)
def test_each_name_may_stand_and_no_other(table: str, key: str, names: list[Any]) -> None:
    for name in names:
        content = a_world()
        place = content[table][0] if table == "clients" else content[table]
        place[key] = name
        assert not errors(content), name
        place[key] = ["quince"] if isinstance(name, list) else "quince"
        assert errors(content) or key == "trusts"


@pytest.mark.parametrize("words", sorted(MEASURES))
def test_objectives_are_texts_of_the_metrics_that_there_are(words: str) -> None:
    measure = MEASURES[words]
    limit = {"SHARE": "5 %", "SECONDS": "1 s", "BYTES": "1 MB", "COUNT": "3"}[measure.unit.name]
    right = f"p99.9 {words} < {limit}" if measure.has_distribution else f"{words} >= {limit}"
    wrong = f"{words} < {limit}" if measure.has_distribution else f"p99 {words} < {limit}"
    parse_requirement(right)
    with pytest.raises(ValueError, match="write"):
        parse_requirement(wrong)
    content = a_world()
    content["study"]["objectives"] = [right, {"require": right.replace(" <", "  <")}]
    assert not errors(content)
    for objective in (wrong, {"require": wrong}, "p99 hand shake < 1 s"):
        content["study"]["objectives"] = [objective]
        assert errors(content)


def test_a_hello_says_what_the_engine_has_a_name_for() -> None:
    profile = tomllib.loads(
        (ROOT / "sim" / "workload" / "profiles" / "chrome-98.toml").read_text(encoding="utf-8")
    )
    content = a_world()
    content["clients"][0]["profile"] = {"name": "mine", **profile}
    assert not errors(content)
    for key in ("versions", "suites", "extensions", "groups", "signature_schemes"):
        hello = {**profile["hello"], key: ["quince"]}
        content["clients"][0]["profile"] = {"name": "mine", **profile, "hello": hello}
        assert errors(content), key


@pytest.mark.parametrize(
    "path", sorted((ROOT / "docs" / "how-to").glob("*.toml")), ids=lambda p: p.stem
)
def test_the_how_tos_files_are_what_the_schema_takes(path: Path) -> None:
    assert not errors(tomllib.loads(path.read_text(encoding="utf-8")))
