"""Small scenarios, and the command line: in a process of its own, or in this one."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import experiments
from experiments.command import main
from tests.experiments.small_world import ROOT, STUDY, WORLD, Run


@pytest.fixture(scope="session")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scenario file with a grid of four points, a baseline, and two replications."""
    file = tmp_path_factory.mktemp("scenario") / "small.toml"
    file.write_text(WORLD + STUDY, encoding="utf-8")
    return file


@pytest.fixture(scope="session")
def result(scenario: Path, tmp_path_factory: pytest.TempPathFactory) -> experiments.Result:
    """What that scenario gives, run in this process."""
    out = tmp_path_factory.mktemp("result") / "out"
    return experiments.run(scenario, out=out, workers=1)


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """Write a scenario file: the small world with replacements, and perhaps its study."""

    def write(*replacements: tuple[str, str], study: str = "", name: str = "bad.toml") -> Path:
        text = WORLD + study
        for old, new in replacements:
            assert old in text
            text = text.replace(old, new)
        file = tmp_path / name
        file.write_text(text, encoding="utf-8")
        return file

    return write


@pytest.fixture
def tlscape(tmp_path: Path) -> Run:
    """Run `tlscape` with arguments, in an empty folder."""
    here = tmp_path / "here"
    here.mkdir()

    def run(
        *arguments: object, timeout: float = 120, **options: object
    ) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
        return subprocess.run(
            [sys.executable, "-m", "experiments.command", *map(str, arguments)],
            cwd=here,
            env=environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            **options,  # type: ignore[call-overload]
        )

    return run


@pytest.fixture
def tlscape_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `tlscape` with arguments in this process, in an empty folder.

    It is the same command, without the two seconds that a new process takes for its imports.
    """
    here = tmp_path / "here"
    here.mkdir(exist_ok=True)

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        words = [str(ROOT / "experiments" / "command" / "__main__.py"), *map(str, arguments)]
        streams = {name: io.TextIOWrapper(io.BytesIO(), "utf-8") for name in ("stdout", "stderr")}
        before = signal.getsignal(signal.SIGTERM)
        try:
            with monkeypatch.context() as patch, pytest.raises(SystemExit) as end:
                patch.chdir(here)
                patch.setattr(sys, "argv", words)
                patch.setattr(sys, "path", list(sys.path))
                for name, stream in streams.items():
                    patch.setattr(sys, name, stream)
                main()
        finally:
            signal.signal(signal.SIGTERM, before)
        said = {}
        for name, stream in streams.items():
            stream.flush()
            said[name] = stream.buffer.getvalue().decode()  # type: ignore[attr-defined]
        return subprocess.CompletedProcess(words, int(end.value.code or 0), **said)

    return run
