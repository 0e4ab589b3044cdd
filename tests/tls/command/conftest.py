"""`python -m tls`, run as a program on this machine."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SHIPPED = ROOT / "sim/identities"
IDENTITY = (
    "--certificate",
    str(SHIPPED / "contoso-rsa-2048.pem"),
    "--key",
    str(SHIPPED / "contoso-rsa-2048.key.pem"),
)
TRUST = (
    "--servername",
    "www.contoso.com",
    "--trust",
    str(SHIPPED / "authorities/contoso-root.pem"),
)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The program with these arguments, to its end."""
    return subprocess.run(
        [sys.executable, "-m", "tls", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.fixture(scope="module")
def serve() -> Iterator[Callable[..., int]]:
    """Starts a server with these options; returns its port."""
    with ExitStack() as running:

        def start(*options: str) -> int:
            process = running.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", "tls", "serve", "127.0.0.1:0", *options],
                    cwd=ROOT,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            running.callback(process.terminate)
            assert process.stdout is not None
            return int(process.stdout.readline().rpartition(":")[2])

        yield start
