"""Every command's help ends with an example, and what it says can be typed."""

from __future__ import annotations

import os
import re
import shlex
import socket
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from experiments.command.application import application
from tests.experiments.small_world import ROOT, Run

COMMANDS = [
    command.name or command.callback.__name__
    for command in application.registered_commands
    if command.callback is not None
]


def example_in(help_text: str) -> str:
    """Cut the lines of the example from a help text."""
    found = re.search(r"^  Example:\n(.+)", help_text, re.MULTILINE | re.DOTALL)
    assert found is not None, help_text
    return re.sub(r"^    ", "", found[1], flags=re.MULTILINE)


def commands_in(example: str) -> list[list[str]]:
    """Split an example into the words of its commands."""
    lines = example.replace("\\\n", " ").splitlines()
    return [words for line in lines if (words := shlex.split(line, comments=True))]


def connect_until_answered(port: int, over: threading.Event) -> None:
    """Say a hello as a browser would, again until somebody listens."""
    context = ssl.create_default_context()
    while not over.is_set():
        try:
            with socket.create_connection(("localhost", port), timeout=10) as plain:
                context.wrap_socket(plain, server_hostname="localhost")
        except ssl.SSLError:
            return
        except OSError:
            time.sleep(0.1)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_ends_with_an_example_of_the_command(command: str, tlscape_here: Run) -> None:
    outcome = tlscape_here(command, "--help")
    example = example_in(outcome.stdout)
    assert max(map(len, example.splitlines())) <= 100
    typed = commands_in(example)
    assert all(words[0] == "tlscape" for words in typed)
    assert command in {words[1] for words in typed}
    assert {words[1] for words in typed} <= set(COMMANDS)


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_the_example_of_a_help_runs_as_it_stands(
    command: str, tlscape: Run, tmp_path: Path
) -> None:
    example = example_in(tlscape(command, "--help").stdout)
    here = tmp_path / "typed"
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    here.mkdir()
    (scripts / "tlscape").write_text(
        f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m experiments.command "$@"\n',
        encoding="utf-8",
    )
    (scripts / "tlscape").chmod(0o755)
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([str(scripts), os.environ["PATH"]]),
        "PYTHONPATH": str(ROOT),
    }
    over = threading.Event()
    listening = re.search(r"capture localhost:(\d+)", example)
    caller = threading.Thread(
        target=connect_until_answered, args=(int(listening[1]) if listening else 0, over)
    )
    if listening:
        caller.start()
    try:
        outcome = subprocess.run(
            ["sh", "-e", "-c", example],
            cwd=here,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    finally:
        over.set()
        if listening:
            caller.join(timeout=30)
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stdout
    assert "Traceback" not in outcome.stderr
