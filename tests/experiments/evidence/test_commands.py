"""`tlscape run --pcap` and `tlscape connection`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import experiments
from experiments.capture.capture_files import frames
from tests.experiments.small_world import Run

KEY_LOG = ".keys"


def test_a_run_writes_a_capture(
    written: Callable[..., Path], tlscape_here: Run, tmp_path: Path
) -> None:
    scenario = written(('duration = "5 min"', 'duration = "30 s"'))
    file = tmp_path / "some.pcapng"
    options = ("--out", tmp_path / "out", "--workers", 1)
    done = tlscape_here("run", scenario, *options, "--pcap", file)
    assert done.returncode == 0, done.stderr
    keys = Path(f"{file}{KEY_LOG}")
    assert f"{file}: 10 connections; their keys in {keys}" in done.stderr
    first = file.read_bytes()
    assert len(list(frames(file))) > 100
    assert all(line.startswith("CLIENT_RANDOM ") for line in keys.read_text().splitlines())
    again = tlscape_here(
        "run", scenario, *options, "--pcap", file, "--connections", "0,2", "--json"
    )
    assert "all replications are finished" in again.stderr
    assert f"{file}: 2 connections" in again.stderr
    assert again.stdout.startswith("{")
    assert again.stdout.count("\n") == 1
    assert file.read_bytes() != first


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--connections", "3"), "it chooses what --pcap writes; give --pcap FILE too"),
        (("--pcap", "a.pcapng", "--connections", "worst"), '"worst" chooses none; write row'),
        (("--pcap", "nowhere/a.pcapng"), "there is no folder nowhere; make it first"),
        (("--pcap", "."), "a folder; name a file in it"),
    ],
)
def test_bad_options_are_refused_before_anything_is_run(
    written: Callable[..., Path],
    tlscape_here: Run,
    tmp_path: Path,
    options: tuple[str, ...],
    told: str,
) -> None:
    done = tlscape_here("run", written(), "--out", tmp_path / "out", *options)
    check_refusal(done.returncode, done.stdout, done.stderr, told)
    assert not (tmp_path / "out").exists()


def check_refusal(code: int, stdout: str, stderr: str, told: str) -> None:
    assert code == 2
    assert stdout == ""
    assert stderr.startswith("tlscape: ")
    assert stderr.count("\n") == 1
    assert told in stderr


def test_a_capture_of_what_was_never_run(
    written: Callable[..., Path], tlscape_here: Run, tmp_path: Path
) -> None:
    """The study itself is kept."""
    scenario = written(('duration = "5 min"', 'duration = "30 s"'))
    file, out = tmp_path / "some.pcapng", tmp_path / "out"
    done = tlscape_here(
        "run", scenario, "--out", out, "--workers", 1, "--pcap", file, "--connections", "5000"
    )
    assert done.returncode == 2
    last = done.stderr.splitlines()[-1]
    assert f"tlscape: {out}: connection 5,000 was never run: its " in last
    assert last.endswith("choose some of these")
    assert not file.exists()
    assert len(experiments.load_result(out).connections) > 0


def test_a_connection_is_shown(
    study: experiments.Result, tlscape_here: Run, tmp_path: Path
) -> None:
    picture, file = tmp_path / "one.svg", tmp_path / "one.pcapng"
    done = tlscape_here("connection", study.folder, 4, "--svg", picture, "--pcap", file)
    assert done.returncode == 0, done.stderr
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    assert lines == str(study.connection(4)).splitlines()
    assert picture.read_text(encoding="utf-8") == study.connection(4).svg()
    assert len(list(frames(file))) > 10
    several = tlscape_here("connection", study.folder, "4,slowest 2")
    assert several.stdout.count("Connection ") == 3


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("123456",), "connection 123,456 was never run: its "),
        (("",), '"" chooses none; write row numbers'),
        (("failed",), "connections is failed; write row numbers"),
        (("0-3", "--svg", "a.svg"), "a ladder shows one connection, and 0-3 are 4; choose one"),
        (("0", "--svg", "nowhere/a.svg"), "there is no folder nowhere"),
    ],
)
def test_bad_words_are_refused(
    study: experiments.Result, tlscape_here: Run, words: tuple[str, ...], told: str
) -> None:
    done = tlscape_here("connection", study.folder, *words)
    check_refusal(done.returncode, done.stdout, done.stderr, told)


def test_a_folder_without_a_study_is_refused(tlscape_here: Run, tmp_path: Path) -> None:
    done = tlscape_here("connection", tmp_path, 0)
    check_refusal(done.returncode, done.stdout, done.stderr, "no finished study lies here")
