"""Real TLS endpoints by OpenSSL: a process serves one address, another connects to it repeatedly.

    python -m experiments.validation.openssl_peers serve SETTINGS
    python -m experiments.validation.openssl_peers connect SETTINGS

SETTINGS are JSON with the fields of `ServerSettings` and `ClientSettings`. A server writes "ready"
and serves until its standard input ends; a client writes a line of JSON for each connection. Every
flight is one write to the socket, and small writes wait for nothing (TCP_NODELAY). Certificates
are parsed and not verified: networks are measured here, not trust.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import ssl
import sys
import threading
import time
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import Any

from experiments.validation.punctuality import PEERS, be_punctual

PORT = 443
SERVER_NAME = "www.contoso.com"
VERSIONS = {
    "TLS 1.0": ssl.TLSVersion.TLSv1,
    "TLS 1.1": ssl.TLSVersion.TLSv1_1,
    "TLS 1.2": ssl.TLSVersion.TLSv1_2,
}

_READ = 1 << 16
_ACCEPTORS = 4
"""Threads that wait for connections: one that hangs keeps the next from being served in none."""
_PRIMINGS = 10


@dataclass(frozen=True)
class ServerSettings:
    """What a server does: it answers each `request` bytes with `response` bytes."""

    address: str
    version: str
    suites: str
    chain: str
    key: str
    request: int
    response: int
    timeout: float


@dataclass(frozen=True)
class ClientSettings:
    """What a client does: `connections` one after another, `pause` seconds apart.

    It offers everything from TLS 1.0 to 1.2 that OpenSSL has by default: the server chooses. A
    connection that takes longer than `timeout` seconds has failed.
    """

    address: str
    source: str
    resumed: bool
    request: int
    response: int
    connections: int
    pause: float
    timeout: float


@dataclass(frozen=True)
class Attempt:
    """What one connection gave; times are 0 when it failed.

    Attributes:
        connect_time: seconds of connect().
        handshake_time: from then until the handshake is complete and its last flight written.
        first_byte_time: from the call of connect() until the first byte of the response is here, as
            TLS sends it.
        total_time: from the call of connect() until the last is decrypted.
        reused: whether the session was resumed.
        symptom: why and where it failed, or None.
    """

    connect_time: float = 0.0
    handshake_time: float = 0.0
    first_byte_time: float = 0.0
    total_time: float = 0.0
    reused: bool = False
    symptom: str | None = None


class _Channel:
    """TLS on a connected socket, until a deadline."""

    def __init__(
        self,
        connected: socket.socket,
        context: ssl.SSLContext,
        deadline: float,
        session: ssl.SSLSession | None = None,
        *,
        server: bool = False,
    ) -> None:
        self._socket = connected
        self._deadline = deadline
        self.heard_at = 0.0
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self.tls = context.wrap_bio(
            self._incoming,
            self._outgoing,
            server_side=server,
            server_hostname=None if server else SERVER_NAME,
            session=session,
        )

    def handshake(self) -> None:
        while True:
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                self._exchange()
            else:
                self._flush()
                return

    def write(self, data: bytes) -> None:
        self.tls.write(data)
        self._flush()

    def read(self) -> bytes:
        """Some decrypted bytes; none after the peer's close_notify."""
        while True:
            try:
                return self.tls.read(_READ)
            except ssl.SSLWantReadError:
                self._exchange()
            except ssl.SSLZeroReturnError:
                return b""

    def close(self) -> None:
        """Send close_notify, and wait until the peer has closed the connection too."""
        with contextlib.suppress(ssl.SSLWantReadError):
            self.tls.unwrap()
        self._flush()
        self._socket.shutdown(socket.SHUT_WR)
        while self._receive():
            pass

    def _exchange(self) -> None:
        self._flush()
        data = self._receive()
        self.heard_at = self.heard_at or perf_counter()
        if not data:
            raise ConnectionError("end of stream")
        self._incoming.write(data)

    def _flush(self) -> None:
        if data := self._outgoing.read():
            self._limit()
            self._socket.sendall(data)

    def _receive(self) -> bytes:
        self._limit()
        return self._socket.recv(_READ)

    def _limit(self) -> None:
        left = self._deadline - perf_counter()
        if left <= 0:
            raise TimeoutError("timed out")
        self._socket.settimeout(left)


def serve(settings: ServerSettings) -> None:
    """Serve until standard input ends."""
    context = _context(ssl.PROTOCOL_TLS_SERVER, [settings.version], settings.suites)
    context.load_cert_chain(settings.chain, settings.key)
    listener = socket.create_server((settings.address, PORT), backlog=64)
    for _ in range(_ACCEPTORS):
        threading.Thread(target=_accept, args=(listener, context, settings), daemon=True).start()
    print("ready", flush=True)
    sys.stdin.read()
    os._exit(0)


def connect(settings: ClientSettings) -> None:
    """Connect as often as asked, and write a line for each connection.

    The first connection is not counted: it fills caches, and it makes the session that others
    resume. A connection that resumes nothing since the server forgot the session (it does after
    one that failed) is marked so and made up for.
    """
    context = _context(ssl.PROTOCOL_TLS_CLIENT, list(VERSIONS), "DEFAULT")
    session: ssl.SSLSession | None = None
    for _ in range(_PRIMINGS):
        attempt, session = _attempt(settings, context, None)
        if attempt.symptom is None:
            break
    else:
        raise SystemExit(f"{settings.address}: {attempt.symptom}")
    counted = 0
    while counted < settings.connections:
        time.sleep(settings.pause)
        attempt, made = _attempt(settings, context, session if settings.resumed else None)
        if attempt.symptom is not None or attempt.reused == settings.resumed:
            counted += 1
        else:
            session = made
        print(json.dumps(asdict(attempt)), flush=True)


def _context(protocol: int, versions: Sequence[str], suites: str) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers(f"{suites}:@SECLEVEL=0")
    if protocol == ssl.PROTOCOL_TLS_SERVER:
        # The client asks for tickets, as the simulated one does; sessions are resumed by ID.
        context.options |= ssl.OP_NO_TICKET
    with warnings.catch_warnings():
        # Old versions are what is asked for.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = (
            VERSIONS[versions[0]],
            VERSIONS[versions[-1]],
        )
    return context


def _accept(listener: socket.socket, context: ssl.SSLContext, settings: ServerSettings) -> None:
    response = bytes(settings.response)
    while True:
        accepted, _ = listener.accept()
        with accepted:
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                _answer(accepted, context, settings, response)
            except OSError:
                # The client tells what went wrong.
                continue


def _answer(
    accepted: socket.socket, context: ssl.SSLContext, settings: ServerSettings, response: bytes
) -> None:
    channel = _Channel(accepted, context, perf_counter() + settings.timeout, server=True)
    channel.handshake()
    awaited = settings.request
    while data := channel.read():
        awaited -= len(data)
        if awaited <= 0:
            channel.write(response)
            awaited += settings.request
    channel.close()


def _attempt(
    settings: ClientSettings, context: ssl.SSLContext, session: ssl.SSLSession | None
) -> tuple[Attempt, ssl.SSLSession | None]:
    step = "connect"
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as connected:
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.bind((settings.source, 0))
        connected.settimeout(settings.timeout)
        try:
            called = perf_counter()
            connected.connect((settings.address, PORT))
            there = perf_counter()
            step = "handshake"
            channel = _Channel(connected, context, called + settings.timeout, session)
            channel.handshake()
            secured = perf_counter()
            step = "response"
            channel.heard_at = 0.0
            channel.write(bytes(settings.request))
            awaited = settings.response
            while awaited > 0:
                data = channel.read()
                if not data:
                    raise ConnectionError("closed")
                awaited -= len(data)
            first, last = channel.heard_at, perf_counter()
            reused, made = bool(channel.tls.session_reused), channel.tls.session
            step = "close"
            channel.close()
        except OSError as error:
            return Attempt(symptom=f"{step}: {error.strerror or error}"), None
    return Attempt(there - called, secured - there, first - called, last - called, reused), made


def main(words: list[str]) -> None:
    """Be one of the two."""
    be_punctual(PEERS)
    role, settings = words
    fields: dict[str, Any] = json.loads(settings)
    if role == "serve":
        serve(ServerSettings(**fields))
    else:
        connect(ClientSettings(**fields))


if __name__ == "__main__":
    main(sys.argv[1:])
