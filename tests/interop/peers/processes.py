"""Programs of other implementations: what they say, and where they listen."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import threading
import time
from collections.abc import Sequence

import pytest

from tests.interop.ours import REQUEST
from tests.peers import require_program

TIMEOUT = 30
_PAUSE = 0.3
"""Seconds between the pieces of a client's input."""


def end(process: subprocess.Popen[str]) -> None:
    """Kill it and take what it left."""
    process.kill()
    process.communicate()


def drain(process: subprocess.Popen[str]) -> None:
    """Read what a server says from now on, lest its pipe fill up."""
    output = process.stdout
    assert output is not None
    threading.Thread(target=lambda: [None for _ in output], daemon=True).start()


def run_client(*command: str, input: Sequence[bytes] = (REQUEST,)) -> str:
    """What a client program says that is given some input, one piece at a time."""
    with subprocess.Popen(
        [require_program(command[0]), *command[1:]],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        bufsize=0,
    ) as process:
        timer = threading.Timer(TIMEOUT, process.kill)
        timer.start()
        assert process.stdin is not None
        assert process.stdout is not None
        # Some take the end of their input for the wish to close before the answer has come: the
        # input stays open.
        with contextlib.suppress(BrokenPipeError):
            for number, piece in enumerate(input):
                if number:
                    time.sleep(_PAUSE)
                process.stdin.write(piece)
        output = process.stdout.read()
        timer.cancel()
    return output.decode(errors="replace").replace("\r", "")


def free_port() -> int:
    """A port for a program that cannot choose a free one itself."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def wait_until_listening(port: int) -> None:
    """Return when a connection is taken."""
    for _ in range(200):
        with contextlib.suppress(ConnectionRefusedError), socket.socket() as transport:
            transport.settimeout(5)
            transport.connect(("127.0.0.1", port))
            return
        threading.Event().wait(0.05)
    pytest.fail(f"nothing listens on port {port}")
