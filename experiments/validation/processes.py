"""Python programs of this package as processes inside namespaces."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import experiments
from experiments.validation.namespaces import CommandFailed, Namespace


def module_command(module: str, *words: str) -> list[str]:
    """The command that runs a module of this package with this interpreter."""
    return [sys.executable, "-m", f"{__package__}.{module}", *words]


def module_environment() -> dict[str, str]:
    """The environment in which it finds this package."""
    root = str(Path(experiments.__file__).parents[1])
    rest = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([root, *([rest] if rest else [])])}


@contextlib.contextmanager
def running(place: Namespace, module: str, *words: str) -> Iterator[subprocess.Popen[str]]:
    """A module of this package, run inside a namespace; killed when the block ends before it."""
    with subprocess.Popen(
        place.command(*module_command(module, *words)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=module_environment(),
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def await_ready(process: subprocess.Popen[str]) -> None:
    """Wait until it says "ready". Raises `CommandFailed` when it ends instead."""
    assert process.stdout is not None
    if process.stdout.readline() != "ready\n":
        output(process)
        raise CommandFailed(process.args, "it is not ready")  # type: ignore[arg-type]


def output(process: subprocess.Popen[str]) -> str:
    """What it writes until it ends. Raises `CommandFailed` when it fails."""
    out, stderr = process.communicate()
    if process.returncode:
        raise CommandFailed(process.args, stderr)  # type: ignore[arg-type]
    return out
