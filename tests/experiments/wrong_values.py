"""Worlds, wrong values of every kind, and the places of a scenario file where they may stand.

Places come from the JSON schema and the files themselves, so that a new key is tried without being
named here.
"""

from __future__ import annotations

import datetime
import itertools
import random
import tomllib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from experiments.failures import ScenarioError
from experiments.questions.settings import check_question, scenario_file_schema
from experiments.scenario_files.overrides import Override
from experiments.scenario_files.scenario_file import FOLDER, parse, ready_scenarios
from experiments.studies.forecast import outlook
from experiments.studies.study import design
from tests.experiments.small_world import STUDY, WORLD

Path_ = tuple[str | int, ...]

_CHAIN = """
path = "way"
[links.lan]
round_trip_time = "2 ms"
[links.wan]
round_trip_time = { distribution = "log-normal", median = "60 ms", sigma = 0.5 }
rate = "10 Mbit/s"
buffer = "64 kB"
loss = { model = "gilbert-elliott", good_to_bad = 0.01, bad_to_good = 0.3 }
to_client = { rate = "20 Mbit/s", buffer = "32 kB", loss = 0.1 }
[middleboxes.proxy]
kind = "connect-proxy"
machine = "nginx-2026"
[middleboxes.nat]
kind = "nat"
idle_timeout = "5 min"
[middleboxes.filter]
kind = "sni-filter"
blocked = ["*.example.com"]
[middleboxes.firewall]
kind = "stateful-firewall"
table_size = 1000
[middleboxes.shed]
kind = "load-shedder"
rate = "100 /s"
[middleboxes.cookies]
kind = "syn-cookie-front"
flood = "10 /s"
[middleboxes.packets]
kind = "packet-filter"
rules = [{ action = "permit", source = "10.0.0.0/8", ports = [443] }]
[paths.way]
crosses = ["lan", "proxy", "wan"]
[tcp]
keep_alive = "2 h"
timer_tick = "4 ms"
"""

_OWN_MACHINE = """
[server.machine]
name = "mine"
title = "mine"
source = "me"
base = "nginx-2026"
factor = 2.0
[server.machine.operations]
request = { each = 1e-3 }
"rsa.private" = { by_bits = { 1024 = 1e-3 }, exponent = 3 }
"""

WORLDS = {
    "small": WORLD + STUDY,
    "chain": WORLD.replace('[path]\nround_trip_time = "50 ms"\n', "").replace(
        "[arrivals]", _CHAIN + "\n[arrivals]"
    ),
    "machine": WORLD.replace('machine = "pentium-iii-933"\n', "") + _OWN_MACHINE,
    "tickets": WORLD
    + """
[server.tickets]
lifetime = "5 min"
keys = "per server"
rotation = "1 h"
kept = 2
renew = false
skew = "10 min"
restart_interval = "1 d"
""",
    "curve": WORLD.replace(
        'process = "poisson"\nrate = "0.5 /s"',
        'process = "curve"\ninterval = "1 min"\ncounts = [1, 2, 3.5]',
    ).replace(
        'kind = "independent"\nclients = 20', 'kind = "revisits"\nintervals = [["5 min", 0.5]]'
    ),
    "zipf": WORLD.replace(
        'kind = "independent"\nclients = 20', 'kind = "zipf"\nclients = 20\nexponent = 0.8'
    ),
    **{name: (FOLDER / f"{name}.toml").read_text(encoding="utf-8") for name in ready_scenarios()},
}

_NESTED: Any = "x"
for _ in range(900):
    _NESTED = [_NESTED]

WRONG: dict[str, Any] = {
    "truth value": True,
    "zero": 0,
    "negative": -1,
    "negative fraction": -0.5,
    "huge": 10**30,
    "of 5,000 digits": 16**5000,
    "tiny": 1e-300,
    "1e300": 1e300,
    "nan": float("nan"),
    "infinite": float("inf"),
    "empty text": "",
    "space": " ",
    "word": "nonsense",
    "long text": "x" * 100_000,
    "line break": "a\nb",
    "zero byte": "a\0b",
    "escape": "\x1b[31mred",
    "right to left": "\u202egnp.exe",
    "surrogate's neighbour": "\ue000\uffff",
    "emoji": "\U0001f600",
    "duration": "5 min",
    "huge duration": "9e99 d",
    "tiny duration": "1e-99 s",
    "negative duration": "-5 s",
    "typographer's minus": "\u22125 s",
    "typographer's space": "10\u00a0ms",
    "Greek mu": "10 \u03bcs",
    "other digits": "\u0661\u0662 ms",
    "superscript": "10\u00b2 ms",
    "unit alone": "ms",
    "unknown unit": "5 parsecs",
    "size": "1 kB",
    "huge size": "9e99 GB",
    "part of a byte": "0.5 B",
    "rate": "1 Mbit/s",
    "frequency": "1 /s",
    "huge frequency": "9e99 /s",
    "ratio": "1/0",
    "unlimited": "unlimited",
    "address": "256.1.1.1",
    "date": datetime.date(2026, 1, 1),
    "time": datetime.time(1, 2),
    "moment without a zone": datetime.datetime(2026, 1, 1),
    "the first moment": datetime.datetime(1, 1, 1, tzinfo=datetime.UTC),
    "the last moment": datetime.datetime(9999, 12, 31, 23, 59, 59, tzinfo=datetime.UTC),
    "empty array": [],
    "array": ["a", 1],
    "array of arrays": [[]],
    "array of tables": [{}],
    "empty table": {},
    "table": {"a": {"b": 1}},
    "file": "nowhere/nothing.toml",
    "folder": "/",
    "device": "/dev/zero",
    "file of counts": "nothing.csv",
    "deeply nested": _NESTED,
}

LONG = ("deeply nested", "long text")


def places(content: Any, path: Path_ = ()) -> Iterator[Path_]:
    """Every place of a file's content, tables and arrays included."""
    if path:
        yield path
    items: Any = ()
    if isinstance(content, Mapping):
        items = content.items()
    elif isinstance(content, list):
        items = itertools.islice(enumerate(content), 2)
    for key, inner in items:
        yield from places(inner, (*path, key))


def schema_places(content: Any) -> Iterator[Path_]:
    """Every place that the schema has in the tables that a file has, written or not."""
    root = scenario_file_schema()

    def steps(schema: Mapping[str, Any], content: Any, path: Path_) -> Iterator[Path_]:
        if "$ref" in schema:
            schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
        for choice in ("anyOf", "oneOf"):
            for one in schema.get(choice, ()):
                yield from steps(one, content, path)
        if not isinstance(content, Mapping):
            return
        for key, inner in schema.get("properties", {}).items():
            yield (*path, key)
            yield from steps(inner, content.get(key), (*path, key))

    return steps(root, content, ())


def changed(content: Any, path: Path_, value: Any) -> Any:
    """A copy of a content with another value in a place; missing tables are made."""
    if not path:
        return value
    copy = list(content) if isinstance(content, list) else dict(content)
    first, *rest = path
    inner = copy[first] if isinstance(copy, list) else copy.get(first, {})  # type: ignore[index]
    copy[first] = changed(inner, tuple(rest), value)  # type: ignore[index]
    return copy


def in_toml(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        escaped = "".join(
            sign if sign.isprintable() and sign not in '"\\' else f"\\U{ord(sign):08x}"
            for sign in value
        )
        return f'"{escaped}"'
    if isinstance(value, list):
        return f"[{', '.join(in_toml(one) for one in value)}]"
    if isinstance(value, dict):
        return (
            "{" + ", ".join(f"{in_toml(key)} = {in_toml(one)}" for key, one in value.items()) + "}"
        )
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    return hex(value) if isinstance(value, int) and value > 0 else repr(value)


def document(content: Mapping[str, Any]) -> str:
    return "".join(f"{in_toml(key)} = {in_toml(value)}\n" for key, value in content.items())


def outcome_of(name: str, text: str, overrides: Callable[[], list[Override]]) -> str | None:
    """The line that refuses a file, `None` for one that describes worlds."""
    try:
        file = parse(name, f"{name}.toml", text, overrides())
        check_question(file)
        lines = list(outlook(design(file, seed=0)))
    except ScenarioError as error:
        line = str(error)
        assert line.isprintable(), line
        assert len(line) <= 2_100
        return line
    assert lines
    return None


def cases(world: str, every: int = 1) -> Iterator[tuple[Path_, str]]:
    content = tomllib.loads(WORLDS[world])
    found = sorted({*places(content), *schema_places(content)}, key=repr)
    every_case = list(itertools.product(found, WRONG))
    return iter(random.Random(world).sample(every_case, len(every_case) // every))


def dotted_words(path: Path_) -> str:
    return ".".join(f'"{part}"' if isinstance(part, str) else str(part) for part in path)
