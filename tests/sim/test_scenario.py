"""Scenarios: what is accepted, and that errors say what would be."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from pydantic import ValidationError

import sim
from tests.sim.worlds import description, scenario


def test_a_scenario_is_frozen_and_in_plain_numbers() -> None:
    world = scenario(warm_up="10 h", scale="1/2000")
    assert world.warm_up == 36_000.0
    assert world.scale == 0.0005
    assert world.server.sessions is not None
    assert world.server.sessions.lifetime == 300.0
    assert world.http.response_size == 3700
    with pytest.raises(ValidationError, match="frozen"):
        world.duration = 5.0  # type: ignore[misc]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"population": {"kind": "revisits", "intervals": [["5 min", 0.2], ["1 h", 0.5]]}},
        {"population": {"kind": "zipf", "clients": 10, "exponent": 0.8}},
        {"arrivals": {"process": "curve", "counts": [1, 2], "interval": "1 h"}},
        {"server__sessions": {"capacity": "unlimited", "lifetime": "unlimited"}},
        {"server__sessions": None},
    ],
)
def test_what_is_dumped_can_be_read_again(changes: dict[str, Any]) -> None:
    world = scenario(**changes)
    assert sim.Scenario.model_validate(json.loads(world.model_dump_json())) == world


def test_the_json_schema_can_be_made() -> None:
    schema = sim.Scenario.model_json_schema()
    assert set(description()) <= set(schema["properties"])
    assert schema["properties"]["warm_up"]["type"] == "string"
    assert "before the start" in schema["properties"]["warm_up"]["description"]


@pytest.mark.parametrize(
    ("changes", "place", "said"),
    [
        ({"duratoin": "1 h"}, ("duratoin",), "Extra inputs are not permitted"),
        ({"duration": "1 fortnight"}, ("duration",), "one of the units ns, us, µs, ms, s, min"),
        ({"duration": 60}, ("duration",), "60 has no unit"),
        ({"duration": "0 s"}, ("duration",), "must be above 0"),
        ({"warm_up": "-1 h"}, ("warm_up",), "is negative; a duration is at least 0"),
        ({"scale": "2"}, ("scale",), 'such as "1/2000"'),
        ({"start": "1998-06-30T00:00:00"}, ("start",), "timezone"),
        ({"kind": "endless"}, ("kind",), "'terminating' or 'steady-state'"),
        ({"arrivals__process": "weibull"}, ("arrivals",), "'poisson', 'curve'"),
        ({"arrivals__rate": "-1 /s"}, ("arrivals", "poisson", "rate"), "is negative"),
        ({"population__kind": "cats"}, ("population",), "'revisits', 'independent', 'zipf'"),
        ({"population__clients": 0}, ("population", "independent", "clients"), "greater than 0"),
        ({"clients": []}, ("clients",), "at least one table [[clients]] is needed"),
        (
            {"clients": [{"profile": "lynx"}]},
            ("clients", 0, "profile"),
            'there is no client profile "lynx"; there are chrome-98, chromium-156',
        ),
        (
            {"clients": [{"profile": "internet-explorer-6", "share": 0.7}]},
            ("clients",),
            "must add up to 1, not 0.7",
        ),
        (
            {"clients": [{"profile": "internet-explorer-6", "share": 0.5}] * 2},
            ("clients",),
            "stands in two tables; join them",
        ),
        ({"http__requests": 0}, ("http", "requests", "(constant)"), "greater than 0"),
        ({"http__request_size": "0 B"}, ("http", "request_size", "(constant)"), "must be above 0"),
        (
            {"http__response_size": "3.7 kb"},
            ("http", "response_size", "(constant)"),
            "units B, kB, MB",
        ),
        ({"server__cores": 0}, ("server", "cores"), "greater than 0"),
        (
            {"server__machine": "cray"},
            ("server", "machine", "(name)"),
            'there is no machine profile "cray"; there are nginx-2026',
        ),
        (
            {"server__identity": "nobody"},
            ("server", "identity"),
            'there is no identity "nobody"; there are client-rsa-1024, contoso-ecdsa-p256',
        ),
        (
            {"server__versions": ["TLS 1.4"]},
            ("server", "versions"),
            'the version "TLS 1.4" is unknown; there are SSL 3.0, TLS 1.0',
        ),
        ({"server__versions": []}, ("server", "versions"), "at least one version is needed"),
        (
            {"server__suites": ["RC4"]},
            ("server", "suites"),
            'the cipher suite "RC4" is unknown; nearest are TLS_RSA_WITH_',
        ),
        (
            {"server__sessions__capacity": -1},
            ("server", "sessions", "capacity"),
            "greater than or equal to 0",
        ),
        (
            {"server__sessions__lifetime": "for ever"},
            ("server", "sessions", "lifetime"),
            'or "unlimited"',
        ),
    ],
)
def test_bad_scenarios(changes: dict[str, Any], place: tuple[str | int, ...], said: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(said)) as error:
        scenario(**changes)
    assert [each["loc"] for each in error.value.errors()] == [place]


def with_box(kind: str, **keys: Any) -> dict[str, Any]:
    return {"middleboxes": {"box": {"kind": kind, **keys}}}


@pytest.mark.parametrize("written", [True, 10.0, "10"])
@pytest.mark.parametrize(
    "changes",
    [
        lambda value: {"server__cores": value},
        lambda value: {"server__backlog": value},
        lambda value: {"server__port": value},
        lambda value: {"server__sessions__capacity": value},
        lambda value: {"http__requests": value},
        lambda value: {"population__clients": value},
        lambda value: {"tcp": {"initial_window": value}},
        lambda value: {"traces": value},
        lambda value: with_box("stateful-firewall", table_size=value),
        lambda value: with_box("load-shedder", burst=value),
        lambda value: with_box("packet-filter", rules=[{"action": "permit", "ports": [value]}]),
    ],
)
def test_a_whole_number_is_written_as_one(changes: Any, written: object) -> None:
    scenario(**changes(10))
    with pytest.raises(ValidationError, match=r"valid integer|write a whole number"):
        scenario(**changes(written))


@pytest.mark.parametrize("written", [True, "1"])
@pytest.mark.parametrize(
    "changes",
    [
        lambda value: {"path__loss": value},
        lambda value: {"path__share_to_server": value},
        lambda value: {"clients": [{"profile": "internet-explorer-6", "share": value}]},
        lambda value: {
            "arrivals": {"process": "curve", "counts": [value], "interval": "1 h"},
        },
        lambda value: {
            "population": {"kind": "revisits", "intervals": [["5 min", value]]},
        },
        lambda value: {
            "server__machine": {
                "name": "x",
                "title": "x",
                "source": "x",
                "base": "nginx-2026",
                "factor": value,
            }
        },
    ],
)
def test_a_number_is_written_as_one(changes: Any, written: object) -> None:
    scenario(**changes(1))
    with pytest.raises(ValidationError, match="valid number"):
        scenario(**changes(written))
