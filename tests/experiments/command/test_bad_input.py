"""Bad input gets one clear line, exit code 2, and changes nothing: by the real command line."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from experiments.failures import ScenarioError
from experiments.questions.settings import check_question
from experiments.scenario_files.scenario_file import parse
from tests.experiments.small_world import STUDY, WORLD, Run
from tests.experiments.wrong_values import LONG, WORLDS, WRONG, cases, dotted_words, in_toml

Write = Callable[..., Path]

_PATH = ('duration = "5 min"', 'duration = "5 min"\npath = "way"')
_IDENTITY = 'identity = "contoso-rsa-1024"'
_BOX = '[middleboxes.box]\nkind = "nat"\n\n[paths.way]\n'
_ASSUMPTION = '[[study.assumptions]]\nabout = "{}"\nsays = "so"\nsource = "me"\n'


def _with_tickets(keys: str) -> tuple[str, str]:
    """A replacement that adds a table of tickets, from line 39 on."""
    return 'lifetime = "5 min"\n', f'lifetime = "5 min"\n\n[server.tickets]\n{keys}\n'


FAULTS = {
    "unknown key": (
        [("lifetime =", "lifetme =")],
        ["bad.toml:37: server.sessions.lifetme", 'did you mean "lifetime"?'],
    ),
    "unknown table": (
        [("[server.sessions]", "[server.sesions]")],
        ["bad.toml:35: server.sesions", 'did you mean "sessions"?'],
    ),
    "wrong unit": (
        [('lifetime = "5 min"', 'lifetime = "5 parsecs"')],
        ["bad.toml:37: server.sessions.lifetime", "5 parsecs", "5 min"],
    ),
    "no unit": (
        [('round_trip_time = "50 ms"', "round_trip_time = 50")],
        ["bad.toml:20: path.round_trip_time", "50"],
    ),
    "negative rate": (
        [('rate = "0.5 /s"', 'rate = "-0.5 /s"')],
        ["bad.toml:9: arrivals.rate", "-0.5 /s", "negative"],
    ),
    "negative capacity": (
        [("capacity = 1000", "capacity = -1")],
        ["bad.toml:36: server.sessions.capacity", "-1"],
    ),
    "unknown process": (
        [('"poisson"', '"poison"')],
        ["bad.toml:7: arrivals", 'did you mean "poisson"?'],
    ),
    "unknown profile": (
        [('"internet-explorer-6"', '"internet-explorer-66"')],
        ["bad.toml:16: clients[0].profile", "internet-explorer-66", "internet-explorer-6"],
    ),
    "unknown data set": (
        [
            ('process = "poisson"', 'process = "curve"'),
            ('rate = "0.5 /s"', 'counts = "worldcup98-1998-06-31"'),
        ],
        ["bad.toml:9: arrivals.counts", 'did you mean "worldcup98-1998-06-30"?'],
    ),
    "data set with an interval": (
        [
            ('process = "poisson"', 'process = "curve"\ninterval = "1 min"'),
            ('rate = "0.5 /s"', 'counts = "worldcup98-1998-06-30"'),
        ],
        ["bad.toml:9: arrivals.interval", "remove"],
    ),
    "path without an end": (
        [_PATH, ("[path]\n", _BOX + 'crosses = ["path", "box"]\n\n[links.path]\n')],
        ["bad.toml:24: paths.way.crosses: ", "the path has no end", 'from "box" to the server'],
    ),
    "path over nothing": (
        [_PATH, ("[path]\n", _BOX + 'crosses = ["path", "bux", "path"]\n\n[links.path]\n')],
        ["bad.toml:24: paths.way.crosses[1]: ", 'no middlebox "bux"', "there are: box, path"],
    ),
    "unknown path": (
        [
            _PATH,
            ("[path]\n", _BOX + 'crosses = ["path"]\n\n[links.path]\n'),
            ("share = 1.0", 'share = 1.0\npath = "wya"'),
        ],
        ["bad.toml:19: clients[0].path: ", 'no path "wya"', "there are: way"],
    ),
    "unknown path for all": (
        [_PATH, ("[path]\n", "[links.path]\n")],
        ["bad.toml:5: path: ", 'no path "way"', 'describe it in [paths."way"]'],
    ),
    "segment without room for data": (
        [("[http]\n", '[tcp]\ntimestamps = true\nmaximum_segment_size = "12 B"\n\n[http]\n')],
        ["bad.toml:24: tcp.maximum_segment_size: ", '"13 B"', "timestamps"],
    ),
    "buffer before no rate": (
        [("[http]\n", 'buffer = "64 kB"\n\n[http]\n')],
        ["bad.toml:22: path.buffer: ", "add a rate"],
    ),
    "port out of range": (
        [("[server]\n", "[server]\nport = 70000\n")],
        ["bad.toml:28: server.port", "65535"],
    ),
    "unknown kind of box": (
        [_PATH, ("[path]\n", _BOX.replace("nat", "gnat") + 'crosses = ["path"]\n\n[links.path]\n')],
        ["bad.toml:", "middleboxes.box", "gnat"],
    ),
    "identity of no kind": (
        [(_IDENTITY, "identity = 5")],
        ["bad.toml:29: server.identity: 5 is no identity", '{ key = "rsa-2048" }'],
    ),
    "unknown kind of key": (
        [(_IDENTITY, 'identity = { key = "p256" }')],
        ["bad.toml:29: server.identity.key: ", 'no kind of key "p256"', "ecdsa-p256"],
    ),
    "key that is in no pool": (
        [(_IDENTITY, 'identity = { chain = [{ key = "rsa-2000" }] }')],
        [
            "bad.toml:29: server.identity.chain[0].key: there is no RSA key of 2000 bits; ",
            "2048, 3072",
        ],
    ),
    "certificate without names": (
        [(_IDENTITY, "identity = { names = 0 }")],
        ["bad.toml:29: server.identity.names: 0 will not do; ", "greater than or equal to 1"],
    ),
    "certificate for no host": (
        [(_IDENTITY, 'identity = { names = ["a..b"] }')],
        ["bad.toml:29: server.identity.names[0]: ", "write a DNS name"],
    ),
    "certificate of too many bytes": (
        [(_IDENTITY, 'identity = { extra_bytes = "132 kB" }')],
        ["bad.toml:29: server.identity.extra_bytes: ", 'write at most "131 kB"'],
    ),
    "chain of too many bytes": (
        [(_IDENTITY, 'identity = { extra_bytes = "90 kB", chain = [{ extra_bytes = "90 kB" }] }')],
        ["bad.toml:29: server.identity: ", "clients take 131,400", "names or extra_bytes"],
    ),
    "certificate that ends before it begins": (
        [(_IDENTITY, "identity = { not_after = 1969-01-01T00:00:00Z }")],
        ["bad.toml:29: server.identity.not_after: ", "write a later end"],
    ),
    "unknown key of a certificate": (
        [(_IDENTITY, 'identity = { chain = [{ extra_byte = "1 B" }] }')],
        ["bad.toml:29: server.identity.chain[0].extra_byte: ", 'did you mean "extra_bytes"?'],
    ),
    "unknown authority": (
        [("share = 1.0", 'share = 1.0\ntrusts = ["verisign"]')],
        ["bad.toml:18: clients[0].trusts[0]: ", 'no authority "verisign"; there are contoso-root'],
    ),
    "missing key": ([("capacity = 1000\n", "")], ["bad.toml:35: server.sessions", "capacity"]),
    "not TOML": ([("capacity = 1000", "capacity = [1000")], ["bad.toml:37", "not TOML"]),
    "unknown question": (
        [('"session-cache"', '"session-cash"')],
        ["bad.toml:40: study.question", 'did you mean "session-cache"?'],
    ),
    "unknown key of the study": (
        [("replications = 2", "replicatons = 2")],
        ["bad.toml:41: study.replicatons", 'did you mean "replications"?'],
    ),
    "assumption about nothing": (
        [("[2, 1000]\n", "[2, 1000]\n" + _ASSUMPTION.format("server.sesions.lifetime"))],
        [
            "bad.toml:48: study.assumptions[0].about: ",
            'server has nothing called "sesions"',
            'did you mean "sessions"?',
        ],
    ),
    "assumption about no path": (
        [("[2, 1000]\n", "[2, 1000]\n" + _ASSUMPTION.format("the server"))],
        ["bad.toml:48: study.assumptions[0].about: ", '"the server" is not a path'],
    ),
    "no replications": ([("replications = 2", "replications = 0")], ["study.replications", "0"]),
    "tickets without TLS": (
        [('security = "tls"', 'security = "plain"'), _with_tickets('lifetime = "5 min"')],
        ["bad.toml:39: server.tickets", "without TLS", 'tickets = "none"'],
    ),
    "tickets that no key opens": (
        [_with_tickets('lifetime = "5 min"\nrotation = "1 h"\nkept = -1')],
        ["bad.toml:42: server.tickets.kept", "-1"],
    ),
    "tickets that are dead at once": (
        [_with_tickets('lifetime = "500 ms"')],
        ["bad.toml:40: server.tickets.lifetime", "0.5 s", '"1 s"'],
    ),
    "former keys of keys that never change": (
        [_with_tickets('lifetime = "5 min"\nkept = 3')],
        ["bad.toml:41: server.tickets.kept", "no effect", "add a rotation"],
    ),
    "out of step with what never changes": (
        [_with_tickets('lifetime = "5 min"\nskew = "1 min"')],
        ["bad.toml:41: server.tickets.skew", "no effect", "add a rotation"],
    ),
    "shared keys lost at a restart": (
        [_with_tickets('lifetime = "5 min"\nrestart_interval = "1 d"')],
        ["bad.toml:41: server.tickets.restart_interval", 'keys = "per server"'],
    ),
    "unknown holder of keys": (
        [_with_tickets('lifetime = "5 min"\nkeys = "none"')],
        ["bad.toml:41: server.tickets.keys", "shared, per server"],
    ),
    "a factor of tickets that there are not": (
        [
            (
                '"server.sessions.lifetime" = ["10 s", "5 min"]',
                '"server.tickets.kept" = [0, 1]',
            )
        ],
        ["server.tickets.lifetime", "missing; add it"],
    ),
    "unknown factor": (
        [('"server.sessions.capacity" =', '"server.sessions.capcity" =')],
        ['study.factors."server.sessions.capcity"[0]', 'did you mean "capacity"?'],
    ),
    "impossible level": (
        [('["10 s", "5 min"]', '["10 s", "5 parsecs"]')],
        ['bad.toml:45: study.factors."server.sessions.lifetime"[1]', "5 parsecs"],
    ),
}


def one_line(outcome: object, *parts: str) -> None:
    """Check that a command was refused in one line that has all the parts."""
    assert outcome.returncode == 2, outcome.stderr  # type: ignore[attr-defined]
    assert outcome.stdout == ""  # type: ignore[attr-defined]
    line = outcome.stderr  # type: ignore[attr-defined]
    assert line.startswith("tlscape: ")
    assert line.count("\n") == 1
    for part in parts:
        assert part in line


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_a_scenario_file(
    fault: str, written: Write, tlscape_here: Run, tmp_path: Path
) -> None:
    replacements, parts = FAULTS[fault]
    file = written(*replacements, study=STUDY)
    one_line(tlscape_here("run", file, "--out", tmp_path / "out"), *parts)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("session-cach", ['no scenario "session-cach"', 'did you mean "session-cache"?']),
        ("nothing-like-it", ["ready scenarios: ", "session-cache"]),
        ("missing.toml", ["missing.toml: there is no such file"]),
        ("here/", ["here/: "]),
    ],
)
def test_a_scenario_that_does_not_exist(name: str, parts: list[str], tlscape_here: Run) -> None:
    one_line(tlscape_here("run", name), *parts)


@pytest.mark.parametrize(
    ("override", "parts"),
    [
        ("server.sessions.lifetime=5 parsecs", ["5 parsecs", "5 min"]),
        ("server.sesions.lifetime=5 min", ['did you mean "sessions"?']),
        ("server.cores", ['no "="']),
        ("clients.7.share=1", ["clients has 1 entries"]),
        ("arrivals.rate=-1 /s", ["arrivals.rate", "negative"]),
        ("study.replications=0", ["study.replications"]),
    ],
)
def test_a_fault_in_an_override(
    override: str, parts: list[str], scenario: Path, tlscape_here: Run
) -> None:
    one_line(tlscape_here("run", scenario, "--set", override), f"--set {override}", *parts)


@pytest.mark.parametrize("option", ["--seed=-1", "--replications=0", "--workers=0"])
def test_a_number_out_of_range(option: str, scenario: Path, tlscape_here: Run) -> None:
    one_line(tlscape_here("run", scenario, option), option.partition("=")[0])


@pytest.mark.parametrize(
    "folder", ["/proc/tlscape", "/sys/tlscape/out", "/dev/null/out", "{file}/out", "{file}"]
)
def test_an_out_folder_that_cannot_be_written(
    folder: str, scenario: Path, tlscape_here: Run
) -> None:
    out = folder.format(file=scenario)
    one_line(tlscape_here("run", scenario, "--out", out), out, "cannot be written", "--out")


def test_an_out_folder_of_another_study(scenario: Path, result: object, tlscape_here: Run) -> None:
    folder = result.folder  # type: ignore[attr-defined]
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    outcome = tlscape_here("run", scenario, "--out", folder, "--seed", "7")
    one_line(outcome, str(folder), "another study", "--out")
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_an_out_folder_of_something_else(scenario: Path, tlscape_here: Run, tmp_path: Path) -> None:
    (tmp_path / "diary.txt").write_text("dear diary")
    one_line(tlscape_here("run", scenario, "--out", tmp_path), "no study's results", "--out")
    assert (tmp_path / "diary.txt").read_text() == "dear diary"


def test_a_report_of_nothing(tlscape: Run, tmp_path: Path) -> None:
    one_line(tlscape("report", tmp_path), "no finished study")


def test_a_file_that_is_not_text(tlscape: Run, tmp_path: Path) -> None:
    file = tmp_path / "binary.toml"
    file.write_bytes(b"\xff\xfe\x00")
    one_line(tlscape("run", file), "binary.toml", "UTF-8")


def _some(number: int) -> list[tuple[str, str]]:
    every = [
        (dotted_words(path), in_toml(WRONG[kind]))
        for path, kind in cases("small")
        if kind not in (*LONG, "zero byte")
    ]
    return random.Random(20).sample(every, number)


def _check_command(path: str, value: str, folder: Path, tlscape: Run) -> None:
    file = folder / "small.toml"
    file.write_text(WORLDS["small"], encoding="utf-8")
    outcome = tlscape("check", file, "--set", f"{path}={value}")
    assert outcome.returncode in (0, 2), outcome.stderr
    assert "Traceback" not in outcome.stderr
    if outcome.returncode:
        assert outcome.stdout == ""
        assert outcome.stderr.startswith("tlscape: ")
        assert outcome.stderr.count("\n") == 1


@pytest.mark.parametrize(("path", "value"), _some(8))
def test_the_command_line_refuses_in_one_line(
    path: str, value: str, tmp_path: Path, tlscape_here: Run
) -> None:
    _check_command(path, value, tmp_path, tlscape_here)


@pytest.mark.slow
@pytest.mark.parametrize(("path", "value"), _some(60)[8:])
def test_the_command_line_refuses_anything_in_one_line(
    path: str, value: str, tmp_path: Path, tlscape: Run
) -> None:
    _check_command(path, value, tmp_path, tlscape)


@pytest.mark.parametrize(
    "value", ["x" * 3000, "x y " * 750, "é" * 3000], ids=["word", "words", "é"]
)
@pytest.mark.parametrize(
    ("was", "place", "remedy"),
    [
        ('"pentium-iii-933"', "s.toml:30: server.machine: ", "`tlscape calibrate` has written"),
        ('"contoso-rsa-1024"', "s.toml:29: server.identity: ", "contoso-rsa-2048"),
        ('"internet-explorer-6"', "s.toml:16: clients[0].profile: ", "internet-explorer-6"),
        ('"TLS 1.0"', "s.toml:33: server.versions: ", "TLS 1.2"),
        ('"session-cache"', "s.toml:40: study.question: ", "capacity"),
        ("cores =", "s.toml:31: server.", "cores"),
        ("[server.sessions]", "s.toml:35: server.", "sessions"),
    ],
)
def test_what_is_long_is_cut_and_the_remedy_behind_it_is_seen(
    value: str, was: str, place: str, remedy: str
) -> None:
    text = {'"': f'"{value}"', "c": f'"{value}" =', "[": f'[server."{value}"]'}[was[0]]
    assert was in WORLD + STUDY
    with pytest.raises(ScenarioError) as told:
        check_question(parse("s", "s.toml", (WORLD + STUDY).replace(was, text)))
    line = str(told.value)
    assert line.startswith(place)
    assert remedy in line[-400:]
    assert len(line) < 800


def test_a_long_part_of_a_path_is_cut() -> None:
    crosses = f'[paths.way]\ncrosses = ["path", "{"x" * 3000}"]\n\n[links.path]'
    text = WORLD.replace(*_PATH).replace("[path]", crosses)
    with pytest.raises(ScenarioError) as told:
        parse("s", "s.toml", text)
    line = str(told.value)
    assert line.startswith("s.toml:21: paths.way.crosses[1]: ")
    assert "[links.NAME] or [middleboxes.NAME]" in line
    assert len(line) < 400


def test_names_of_files_are_never_cut() -> None:
    folder = "/".join(["y" * 255] * 6)
    assert str(ScenarioError(f"{folder}: cannot be read")) == f"{folder}: cannot be read"
