"""Scenario files that cannot be read, and names of none: one line each."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.failures import ScenarioError
from experiments.loading import load_scenario
from experiments.scenario_files.scenario_file import parse
from tests.experiments.small_world import WORLD

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
