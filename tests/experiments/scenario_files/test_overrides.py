from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from experiments.failures import ScenarioError
from experiments.scenario_files.overrides import apply, parse_override, setting
from experiments.scenario_files.scenario_file import parse
from tests.experiments.small_world import WORLD


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("server.cores=4", ("server", "cores"), 4),
        ("scale=1/1000", ("scale",), "1/1000"),
        ("server.sessions.lifetime=5 min", ("server", "sessions", "lifetime"), "5 min"),
        ('server.name="a b"', ("server", "name"), "a b"),
        ("clients.0.share=0.5", ("clients", 0, "share"), 0.5),
        ("server.sessions.renew=true", ("server", "sessions", "renew"), True),
        ('study.factors."server.cores"=[1, 2]', ("study", "factors", "server.cores"), [1, 2]),
        (" server.cores = 4 ", ("server", "cores"), 4),
        ("title=a = b", ("title",), "a = b"),
        ("title=", ("title",), ""),
    ],
)
def test_parse_override(text: str, path: tuple[str | int, ...], value: Any) -> None:
    override = parse_override(text)
    assert (override.path, override.value) == (path, value)
    assert override.words == f"--set {text}"


@pytest.mark.parametrize("text", ["server.cores", "=3", "server..cores=3", "a b=3", "[x]=3"])
def test_what_is_no_override(text: str) -> None:
    with pytest.raises(ScenarioError, match="--set"):
        parse_override(text)


def test_a_number_of_numpy_is_a_number() -> None:
    assert type(setting("server.cores", np.int64(4)).value) is int


def test_apply_copies() -> None:
    description = {"server": {"cores": 1}, "clients": [{"share": 1.0}]}
    changed = apply(description, setting("clients.0.share", 0.5))
    assert changed == {"server": {"cores": 1}, "clients": [{"share": 0.5}]}
    assert description["clients"] == [{"share": 1.0}]
    assert apply({}, setting("a.b.c", 1)) == {"a": {"b": {"c": 1}}}


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("clients.3.share", "has 1 entries"),
        ("server.cores.x", "holds a value"),
        ("server.cores.x", "set it as a whole: server.cores = { x = ... }"),
        ("server.cores.x.y", "set it as a whole"),
    ],
)
def test_a_path_through_nothing(path: str, what: str) -> None:
    with pytest.raises(ScenarioError, match=what):
        apply({"server": {"cores": 1}, "clients": [{"share": 1.0}]}, setting(path, 1))


@pytest.mark.parametrize(
    ("override", "value"),
    [
        ("clients[0].machine=nginx-2026", "nginx-2026"),
        ("clients.0.machine=nginx-2026", "nginx-2026"),
        ('"clients"[0]."machine"="nginx-2026"', "nginx-2026"),
    ],
)
def test_numbers_of_tables_stand_in_brackets_or_behind_dots(override: str, value: str) -> None:
    world = parse("set", "set.toml", WORLD, [parse_override(override)]).world()
    assert world.clients[0].machine == value


@pytest.mark.parametrize(
    "quantity", ["10 \u00b5s", "10 \u03bcs", "10\u00a0us", "10\u2009us", "10\u202fus"]
)
def test_a_quantity_as_word_processors_write_it(quantity: str) -> None:
    override = parse_override(f"path.round_trip_time={quantity}")
    assert parse("set", "set.toml", WORLD, [override]).world().path.round_trip_time == 1e-5  # type: ignore[union-attr]
