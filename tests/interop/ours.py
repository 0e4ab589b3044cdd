"""Our side of a conversation: `python -m tls serve`, and a client that asks for a page."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import tls
from tests.interop.identities import SERVER_NAME, Files, Identities

ROOT = Path(__file__).resolve().parents[2]
REQUEST = b"GET / HTTP/1.0\r\n\r\n"
EVERY_SUITE = ",".join(map(tls.suite_name, tls.IMPLEMENTED_SUITES))


def identity_options(*files: Files) -> list[str]:
    """Options that give `python -m tls` identities."""
    options = []
    for each in files:
        options += ["--certificate", str(each.certificate), "--key", str(each.key)]
    return options


@contextmanager
def tls_serve(*options: str, arguments: tuple[str, ...] = ("-m", "tls")) -> Iterator[int]:
    """The port of a `python -m tls serve`; what it writes on standard error fails the test."""
    command = [sys.executable, *arguments, "serve", "127.0.0.1:0", *options]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("listening on 127.0.0.1:"), line
            yield int(line.rpartition(":")[2])
            assert process.poll() is None
        finally:
            process.terminate()
            _, errors = process.communicate(timeout=10)
        assert errors == ""


@contextmanager
def serve_everything(identities: Identities, *options: str) -> Iterator[int]:
    """A server with all suites and an identity of every kind."""
    everything = identity_options(*identities.server.values())
    everything += ["--suites", EVERY_SUITE, "--renegotiation", "legacy", "--ssl2-hello"]
    with tls_serve(*everything, *options) as port:
        yield port


def tls_connect(port: int, *options: str) -> subprocess.CompletedProcess[str]:
    """The command line client, finished."""
    command = [sys.executable, "-m", "tls", "connect", f"127.0.0.1:{port}"]
    command += ["--servername", SERVER_NAME, *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)


def read_all(transport: socket.socket) -> Iterator[bytes]:
    """What comes, in pieces, ended by the peer in any way."""
    with contextlib.suppress(ConnectionResetError):
        while data := transport.recv(65_536):
            yield data


def read_some(transport: socket.socket) -> bytes:
    """What comes next of a peer that is to say more."""
    data = transport.recv(65_536)
    assert data, "the peer has closed the connection"
    return data


def visit(
    port: int,
    config: tls.ClientConfig,
    session: tls.Session | None = None,
    request: bytes = REQUEST,
    is_answered: Callable[[bytes], bool] = lambda answer: False,
) -> tuple[tls.ClientConnection, bytes]:
    """Connect, ask for a page, read until the peer closes or `is_answered`."""
    client = tls.ClientConnection(config, SERVER_NAME, session=session)
    answer = b""
    with socket.create_connection(("127.0.0.1", port), 10) as transport:
        transport.sendall(client.outgoing())
        for data in read_all(transport):
            for event in client.receive(data):
                if isinstance(event, tls.HandshakeCompleted):
                    client.send(request)
                elif isinstance(event, tls.ApplicationData):
                    answer += event.data
            if is_answered(answer):
                client.close()
            # Nobody reads an answer to the peer's close_notify.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                transport.sendall(client.outgoing())
            if client.closed or is_answered(answer):
                break
    return client, answer
