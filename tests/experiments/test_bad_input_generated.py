"""Wrong values of every kind in every place of a scenario file: one line each, or a world.

Places come from the JSON schema and the files themselves, so that a new key is tried without being
named here.
"""

from __future__ import annotations

import datetime
import itertools
import random
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.failures import ScenarioError
from experiments.loading import load_scenario
from experiments.questions.settings import check_question, scenario_file_schema
from experiments.scenario_files.overrides import Override, parse_override, setting
from experiments.scenario_files.scenario_file import FOLDER, parse, ready_scenarios
from experiments.studies.forecast import outlook
from experiments.studies.study import design
from tests.experiments.small_world import STUDY, WORLD, Run

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

_WORLDS = {
    "small": WORLD + STUDY,
    "chain": WORLD.replace('[path]\nround_trip_time = "50 ms"\n', "").replace(
        "[arrivals]", _CHAIN + "\n[arrivals]"
    ),
    "machine": WORLD.replace('machine = "pentium-iii-933"\n', "") + _OWN_MACHINE,
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

_WRONG: dict[str, Any] = {
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

_LONG = ("deeply nested", "long text")


def _places(content: Any, path: Path_ = ()) -> Iterator[Path_]:
    """Every place of a file's content, tables and arrays included."""
    if path:
        yield path
    items: Any = ()
    if isinstance(content, Mapping):
        items = content.items()
    elif isinstance(content, list):
        items = itertools.islice(enumerate(content), 2)
    for key, inner in items:
        yield from _places(inner, (*path, key))


def _of_schema(schema: Mapping[str, Any], content: Any, path: Path_ = ()) -> Iterator[Path_]:
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

    return steps(schema, content, path)


def _changed(content: Any, path: Path_, value: Any) -> Any:
    """A copy of a content with another value in a place; missing tables are made."""
    if not path:
        return value
    copy = list(content) if isinstance(content, list) else dict(content)
    first, *rest = path
    inner = copy[first] if isinstance(copy, list) else copy.get(first, {})  # type: ignore[index]
    copy[first] = _changed(inner, tuple(rest), value)  # type: ignore[index]
    return copy


def _toml(value: Any) -> str:
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
        return f"[{', '.join(_toml(one) for one in value)}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_toml(key)} = {_toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    return hex(value) if isinstance(value, int) and value > 0 else repr(value)


def _document(content: Mapping[str, Any]) -> str:
    return "".join(f"{_toml(key)} = {_toml(value)}\n" for key, value in content.items())


def _outcome(name: str, text: str, overrides: Callable[[], list[Override]]) -> str | None:
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


def _cases(world: str, every: int = 1) -> Iterator[tuple[Path_, str]]:
    content = tomllib.loads(_WORLDS[world])
    places = sorted({*_places(content), *_of_schema(scenario_file_schema(), content)}, key=repr)
    cases = list(itertools.product(places, _WRONG))
    return iter(random.Random(world).sample(cases, len(cases) // every))


def _words(path: Path_) -> str:
    return ".".join(f'"{part}"' if isinstance(part, str) else str(part) for part in path)


def _check_set(world: str, every: int) -> None:
    """Set wrong values from outside the file."""
    refused = valid = 0
    for path, kind in _cases(world, every):
        words, value = _words(path), _WRONG[kind]
        line = _outcome(
            world, _WORLDS[world], lambda words=words, value=value: [setting(words, value)]
        )
        if line is None:
            valid += 1
            continue
        refused += 1
        assert line.startswith(("the setting ", f"{world}.toml")), line
        assert line.count(": ") >= 1, line
    assert refused > valid


def _check_written(world: str, every: int) -> None:
    """Write wrong values into the file."""
    content = tomllib.loads(_WORLDS[world])
    refused = valid = 0
    for path, kind in _cases(world, every):
        if kind in _LONG:
            continue
        line = _outcome(world, _document(_changed(content, path, _WRONG[kind])), list)
        if line is None:
            valid += 1
            continue
        refused += 1
        assert line.startswith(f"{world}.toml"), line
    assert refused > valid


@pytest.mark.parametrize("world", _WORLDS)
def test_kinds_of_wrong_values_in_places(world: str) -> None:
    """Some 1,000 of them; the slow test tries ten times as many."""
    _check_set(world, every=100)
    _check_written(world, every=100)


@pytest.mark.slow
@pytest.mark.parametrize("world", _WORLDS)
def test_each_kind_of_wrong_value_in_each_place(world: str) -> None:
    _check_set(world, every=10)
    _check_written(world, every=10)


_LINES = st.sampled_from(sorted(_WORLDS.values()))


@settings(max_examples=100, deadline=None)
@given(
    text=_LINES,
    where=st.floats(0, 1),
    length=st.integers(0, 30),
    instead=st.one_of(
        st.text(max_size=20),
        st.sampled_from(
            [
                "\0",
                "\ufeff",
                "\r",
                "[",
                "]]",
                "{",
                '"',
                "'",
                '"""',
                "=",
                ".",
                "#",
                "\n",
                "1e999",
                "[[",
            ]
        ),
    ),
)
def test_any_change_of_a_text_is_a_world_or_one_line(
    text: str, where: float, length: int, instead: str
) -> None:
    begin = int(where * len(text))
    changed = text[:begin] + instead + text[begin + length :]
    line = _outcome("changed", changed, list)
    assert line is None or line.startswith(("changed.toml", "changed"))


@settings(max_examples=100, deadline=None)
@given(
    path=st.one_of(
        st.sampled_from(
            [_words(path) for text in _WORLDS.values() for path in _places(tomllib.loads(text))]
        ),
        st.text(max_size=20),
        st.sampled_from(
            ["clients[0].share", "clients[9].share", "clients[-1].share", "[0]", "a[0"]
        ),
    ),
    value=st.one_of(
        st.text(max_size=30),
        st.sampled_from(sorted(_toml(one) for kind, one in _WRONG.items() if kind not in _LONG)),
        st.integers().map(str),
        st.floats().map(str),
    ),
)
def test_any_words_of_an_override_are_a_world_or_one_line(path: str, value: str) -> None:
    line = _outcome("set", WORLD, lambda: [parse_override(f"{path}={value}")])
    assert line is None or line.startswith(("--set", "set.toml")), line


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


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("WWW.Contoso.Com", "www.contoso.com"),
        ("www.contoso.com.", "www.contoso.com"),
        ("b\u00fccher.example", "xn--bcher-kva.example"),
        ("192.0.2.1", "192.0.2.1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("localhost", "localhost"),
        ("a" * 63 + ".example", "a" * 63 + ".example"),
    ],
)
def test_a_servers_name_has_one_form(name: str, form: str) -> None:
    assert (
        parse("set", "set.toml", WORLD, [setting("server.name", name)]).world().server.name == form
    )


@pytest.mark.parametrize(
    "name",
    [
        "", " ", ".", "..", "a..b", ".a", "a b", "a\tb", "a\nb", "a\0b", "-a.example", "a-.example",
        "a" * 64 + ".example", "a." * 127 + "example", "1.2.3", "256.0.0.1", "a/b", "https://a.example",
        "a.example:443", "*.example", "\u200b.example", "\U0001f600.example", "x" * 100_000,
    ],
)  # fmt: skip
def test_what_is_no_servers_name(name: str) -> None:
    line = _outcome("set", WORLD, lambda: [setting("server.name", name)])
    assert line is not None
    assert "server.name" in line
    assert "write" in line


_FILES: dict[str, bytes] = {
    "utf-16": WORLD.encode("utf-16"),
    "latin-1": WORLD.replace("small", "sm\u00e4ll").encode("latin-1"),
    "nul": WORLD.encode() + b"\0",
    "empty": b"",
    "huge": b"#" + b"x" * 4_000_001,
    "arrays": b"a = " + b"[" * 100_000,
    "tables": b"a = " + b"{a = " * 5_000,
    "dots": b".".join([b"a"] * 3_000) + b" = 1",
    "header": b"[" + b".".join([b"a"] * 3_000) + b"]",
    "table twice": (WORLD + "[server]\n").encode(),
    "key twice": WORLD.replace("cores = 1", "cores = 1\ncores = 2").encode(),
    "no quotes": WORLD.replace('"5 min"', "5 min").encode(),
    "curly quotes": WORLD.replace('"5 min"', "\u201c5 min\u201d").encode(),
    "digits": WORLD.replace("cores = 1", "cores = " + "9" * 5_000).encode(),
    "hexadecimal digits": WORLD.replace("cores = 1", "cores = 0x" + "f" * 5_000).encode(),
    "no such month": WORLD.replace("1998-06-30T", "1998-13-30T").encode(),
    "no zone": WORLD.replace("00:00:00Z", "00:00:00").encode(),
    "one long array": WORLD.replace(
        'versions = ["SSL 3.0", "TLS 1.0"]', "versions = [\n" + '"SSL 3.0",\n' * 50_000 + '"x"]'
    ).encode(),
    "too many points": (
        WORLD + "[study.factors]\n"
        f'"server.cores" = {list(range(1, 102))}\n"server.port" = {list(range(1, 101))}\n'
    ).encode(),
    "many factors": (
        WORLD + "[study.factors]\n" + "".join(f'"server.a{n}" = [1, 2]\n' for n in range(3_000))
    ).encode(),
}


@pytest.mark.parametrize("what", _FILES)
def test_a_file_that_cannot_be_read(what: str, tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_bytes(_FILES[what])
    with pytest.raises(ScenarioError) as raised:
        load_scenario(file)
    line = str(raised.value)
    assert line.startswith(str(file))
    assert line.isprintable()
    assert len(line) < 1_000


@pytest.mark.parametrize("text", ["\ufeff" + WORLD, WORLD.replace("\n", "\r\n")])
def test_marks_and_line_ends_of_other_systems(text: str, tmp_path: Path) -> None:
    file = tmp_path / "good.toml"
    file.write_bytes(text.encode())
    assert load_scenario(file).world() == parse("small", "small.toml", WORLD).world()


@pytest.mark.parametrize(
    "name",
    [
        "a\0b.toml", "x" * 300 + ".toml", "x" * 5_000, "/dev/zero", "/proc/self/mem", "", " ",
        ".toml", "..", "/", "~/x.toml", "nope/x.toml", "sess\nion",
    ],
)  # fmt: skip
def test_what_is_no_scenario(name: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        load_scenario(name)
    assert str(raised.value).isprintable()


_LIMITS = {
    "population.clients=1" + "0" * 30: "less than or equal to",
    "population.clients=100000000000": "memory",
    "server.cores=1000000000000": "less than or equal to",
    "arrivals.rate=1e300 /s": "frequency",
    "arrivals.rate=1e30 /s": "1e9 /s",
    "path.round_trip_time=2 d": "1 d",
    "path.round_trip_time=1000 d": "1 d",
    "duration=90000 d": "36525 d",
    "duration=36500 d": "3653 d",
    "scale=1e-12": "at least 1e-9",
    "scale=1e-9": "larger scale",
    "scale=-1": "above 0",
    "sample_interval=1e-9 s": "0.0003 s",
    "sample_interval=1e-20 s": "1 ns",
    "start=0001-01-01T00:00:00Z": "1970 to 2105",
    "start=9999-12-31T23:59:59Z": "1970 to 2105",
    "study.replications=1" + "0" * 12: "less than or equal to",
    "http.response_size=1e15 B": "1 GB",
    "path.rate=1e-20 bit/s": "1 bit/s",
    "path.rate=1e20 bit/s": "1 bit/s",
    "server.sessions.capacity=1" + "0" * 30: "less than or equal to",
    "server.backlog=1" + "0" * 30: "less than or equal to",
}


@pytest.mark.parametrize("override", _LIMITS)
def test_what_is_out_of_reach(override: str) -> None:
    line = _outcome("set", WORLD, lambda: [parse_override(override)])
    assert line is not None
    assert override.partition("=")[0] in line
    assert _LIMITS[override] in line


@pytest.mark.parametrize(
    ("factors", "words"),
    [
        ('"server.cores" = [1, 2, 1]', "the level 1 stands twice"),
        ('"server.cores" = [1]\n"server.\'cores\'" = [2]', 'the same setting as "server.cores"'),
        (
            '"clients.0.warnings" = ["heeded"]\n"clients[0].warnings" = ["heeded"]',
            'the same setting as "clients.0.warnings"',
        ),
    ],
)
def test_levels_and_factors_stand_once(factors: str, words: str) -> None:
    line = _outcome("twice", f"{WORLD}[study.factors]\n{factors}\n", list)
    assert line is not None
    assert words in line
    assert line.startswith("twice.toml:")


@pytest.mark.parametrize("replications", [0, -1, 10**12])
def test_a_number_of_replications_out_of_reach(replications: int) -> None:
    file = parse("small", "small.toml", WORLD)
    with pytest.raises(ScenarioError, match=f"^--replications {replications}: write"):
        design(file, seed=0, replications=replications)


def _some(number: int) -> list[tuple[str, str]]:
    cases = [
        (_words(path), _toml(_WRONG[kind]))
        for path, kind in _cases("small")
        if kind not in (*_LONG, "zero byte")
    ]
    return random.Random(20).sample(cases, number)


def _check_command(path: str, value: str, folder: Path, tlscape: Run) -> None:
    file = folder / "small.toml"
    file.write_text(_WORLDS["small"], encoding="utf-8")
    outcome = tlscape("check", file, "--set", f"{path}={value}")
    assert outcome.returncode in (0, 2), outcome.stderr
    assert "Traceback" not in outcome.stderr
    if outcome.returncode:
        assert outcome.stdout == ""
        assert outcome.stderr.startswith("tlscape: ")
        assert outcome.stderr.count("\n") == 1


@pytest.mark.parametrize(("path", "value"), _some(8))
def test_the_command_line_refuses_in_one_line(
    path: str, value: str, tmp_path: Path, tlscape: Run
) -> None:
    _check_command(path, value, tmp_path, tlscape)


@pytest.mark.slow
@pytest.mark.parametrize(("path", "value"), _some(60)[8:])
def test_the_command_line_refuses_anything_in_one_line(
    path: str, value: str, tmp_path: Path, tlscape: Run
) -> None:
    _check_command(path, value, tmp_path, tlscape)
