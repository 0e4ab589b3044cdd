"""`python -m tls serve` lives through what the network does to servers."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

import tls
from tests.interop.identities import Identities
from tests.interop.ours import ROOT, identity_options, read_some, visit
from tls.command.admission import RESERVE, Admission, Place

pytestmark = pytest.mark.interop

DESCRIPTORS = 256
_WITH_FEW_DESCRIPTORS = f"""
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_NOFILE, ({DESCRIPTORS}, {DESCRIPTORS}))
sys.argv[0] = "tls"
runpy.run_module("tls", run_name="__main__")
"""


class Server:
    """A running server."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.port = port

    def cpu_seconds(self) -> float:
        """What it has computed so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def open_descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


@contextmanager
def server(identities: Identities, *options: str) -> Iterator[Server]:
    """A server with few descriptors, and what it wrote on standard error in `errors`."""
    command = [sys.executable, "-c", _WITH_FEW_DESCRIPTORS, "serve", "127.0.0.1:0"]
    command += [*identity_options(identities.server["RSA"]), *options]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield Server(process, int(process.stdout.readline().rpartition(":")[2]))
            assert process.poll() is None
        finally:
            process.terminate()
            _, errors = process.communicate(timeout=10)
    assert errors.count("\n") <= 1
    assert "Traceback" not in errors


@pytest.fixture
def many_descriptors() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 2_048:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(2_048, hard), hard))


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), 10)


def rests(running: Server) -> bool:
    """Whether the server computes next to nothing for three seconds."""
    before = running.cpu_seconds()
    time.sleep(3)
    return running.cpu_seconds() - before < 0.15


def served_within(seconds: float, close_one: Callable[[], None], serve: Callable[[], None]) -> bool:
    """Whether somebody is served so soon after one has closed.

    A machine that does something else meanwhile gets three tries.
    """
    for _ in range(3):
        close_one()
        start = time.monotonic()
        serve()
        if time.monotonic() - start < seconds:
            return True
    return False


@pytest.mark.usefixtures("many_descriptors")
def test_six_hundred_idle_clients(identities: Identities) -> None:
    """A client is served within a second of the first that closes."""
    config = tls.ClientConfig(identities.trust)

    def serve() -> None:
        _, answer = visit(running.port, config)
        assert answer.startswith(b"HTTP/1.0 200 OK")

    with server(identities) as running, ExitStack() as clients:
        idle = [clients.enter_context(connect(running.port)) for _ in range(600)]
        time.sleep(1)
        assert rests(running)
        assert running.open_descriptors() <= DESCRIPTORS
        assert served_within(1, lambda: idle.pop(0).close(), serve)


@pytest.mark.usefixtures("many_descriptors")
def test_six_hundred_clients_with_a_handshake(identities: Identities) -> None:
    """Those who have a place keep it; the first who waits is served when one of them closes."""
    config = tls.ClientConfig(identities.trust)
    established: list[socket.socket] = []
    waiting: list[tuple[tls.ClientConnection, socket.socket]] = []

    def serve() -> None:
        client, transport = waiting.pop(0)
        transport.settimeout(10)
        shake_hands(client, transport)

    with server(identities, "--echo") as running, ExitStack() as clients:
        for _ in range(600):
            transport = clients.enter_context(connect(running.port))
            client = tls.ClientConnection(config, "www.contoso.com")
            if len(established) < DESCRIPTORS - RESERVE:
                shake_hands(client, transport)
                established.append(transport)
            else:
                transport.sendall(client.outgoing())
                waiting.append((client, transport))
        assert rests(running)
        assert running.open_descriptors() <= DESCRIPTORS
        assert served_within(1, lambda: established.pop(0).close(), serve)


@pytest.mark.usefixtures("many_descriptors")
def test_silent_clients_in_the_queue_keep_nobody_waiting(identities: Identities) -> None:
    """All places but one are taken for good, and hundreds wait for it who say nothing."""
    config = tls.ClientConfig(identities.trust)

    def serve() -> None:
        visit(running.port, config, request=b"hello", is_answered=lambda a: len(a) >= 5)

    with server(identities, "--echo") as running, ExitStack() as clients:
        established = []
        for _ in range(DESCRIPTORS - RESERVE):
            transport = clients.enter_context(connect(running.port))
            shake_hands(tls.ClientConnection(config, "www.contoso.com"), transport)
            established.append(transport)
        for _ in range(376):
            clients.enter_context(connect(running.port))
        time.sleep(1)
        assert rests(running)
        assert served_within(1, lambda: established.pop(0).close(), serve)


@pytest.mark.usefixtures("many_descriptors")
def test_descriptors_that_something_else_holds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Where accept fails for want of descriptors the silent make room, and one line tells."""

    class Listener(socket.socket):
        def accept(self) -> NoReturn:
            raise OSError(errno.EMFILE, "Too many open files")

    async def knock() -> None:
        held: list[int] = []

        async def handle(transport: socket.socket, place: Place) -> None:
            held.append(transport.fileno())

        with Listener() as listener, socket.socket() as client:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            listener.setblocking(False)
            client.connect(listener.getsockname())
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(2):
                    await Admission(handle, 10).accept_from(listener)
        assert held == []

    before = time.process_time()
    asyncio.run(knock())
    assert time.process_time() - before < 1
    assert capsys.readouterr().err.count("\n") == 1


def test_as_many_idle_clients_with_a_handshake(identities: Identities) -> None:
    """They keep their places; others wait, and are served when one closes."""
    config = tls.ClientConfig(identities.trust)
    with server(identities, "--echo", "--connections", "20") as running, ExitStack() as clients:
        established = []
        for _ in range(20):
            transport = clients.enter_context(connect(running.port))
            client = tls.ClientConnection(config, "www.contoso.com")
            shake_hands(client, transport)
            established.append(transport)
        waiting = clients.enter_context(connect(running.port))
        client = tls.ClientConnection(config, "www.contoso.com")
        waiting.sendall(client.outgoing())
        waiting.settimeout(1)
        with pytest.raises(TimeoutError):
            waiting.recv(1)
        assert rests(running)
        established.pop().close()
        waiting.settimeout(10)
        shake_hands(client, waiting)


def shake_hands(client: tls.ClientConnection, transport: socket.socket) -> None:
    while not client.handshake_completed:
        transport.sendall(client.outgoing())
        client.receive(read_some(transport))
    transport.sendall(client.outgoing())


def ends(transport: socket.socket) -> bool:
    """Whether the server ends the connection, within ten seconds."""
    transport.settimeout(10)
    with contextlib.suppress(ConnectionResetError):
        while transport.recv(65_536):
            pass
    return True


def test_a_client_that_trickles_is_cut_off(identities: Identities) -> None:
    hello = tls.ClientConnection(tls.ClientConfig(identities.trust), "www.contoso.com").outgoing()
    with server(identities, "--deadline", "1") as running, connect(running.port) as transport:
        transport.settimeout(0.1)
        ended = False
        for byte in hello:
            try:
                transport.sendall(bytes((byte,)))
                if transport.recv(1) == b"":
                    ended = True
            except TimeoutError:
                continue
            except (BrokenPipeError, ConnectionResetError):
                ended = True
            if ended:
                break
        assert ended


def test_a_client_that_never_sends_is_cut_off(identities: Identities) -> None:
    with server(identities, "--deadline", "0.5") as running, connect(running.port) as transport:
        assert ends(transport)


def test_a_client_that_never_reads_is_cut_off(identities: Identities) -> None:
    config = tls.ClientConfig(identities.trust)
    with server(identities, "--echo", "--deadline", "1") as running:
        with connect(running.port) as transport:
            client = tls.ClientConnection(config, "www.contoso.com")
            shake_hands(client, transport)
            transport.settimeout(0.5)
            data = bytes(1 << 20)
            sent = 0
            with pytest.raises((BrokenPipeError, ConnectionResetError)):
                for _ in range(200):
                    client.send(data)
                    outgoing = client.outgoing()
                    while outgoing:
                        try:
                            count = transport.send(outgoing)
                        except TimeoutError:
                            continue
                        outgoing = outgoing[count:]
                        sent += count
            assert sent < 100 << 20
        _, answer = visit(
            running.port, config, request=b"still there", is_answered=lambda a: len(a) >= 11
        )
        assert answer == b"still there"


def test_a_slow_client_that_keeps_talking_is_not_cut_off(identities: Identities) -> None:
    config = tls.ClientConfig(identities.trust)
    options = ("--echo", "--deadline", "4")
    with server(identities, *options) as running, connect(running.port) as transport:
        client = tls.ClientConnection(config, "www.contoso.com")
        shake_hands(client, transport)
        for _ in range(4):
            time.sleep(1.2)
            client.send(b"ping")
            transport.sendall(client.outgoing())
            answer = b""
            while len(answer) < 4:
                answer += b"".join(
                    event.data
                    for event in client.receive(read_some(transport))
                    if isinstance(event, tls.ApplicationData)
                )
            assert answer == b"ping"
