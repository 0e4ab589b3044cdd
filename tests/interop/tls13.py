"""Our two sides where they speak TLS 1.3 alone."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import tls
from tests.interop.identities import SERVER_NAME, Identities
from tests.interop.ours import (
    REQUEST,
    identity_options,
    read_all,
    read_some,
    tls_connect,
    tls_serve,
)

SUITES = [
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_AES_128_CCM_SHA256",
    "TLS_AES_128_CCM_8_SHA256",
]
KEY = "00112233445566778899aabbccddeeff"
"""A pre-shared key, in hexadecimal."""


def served(identities: Identities, *options: str, kind: str = "RSA") -> AbstractContextManager[int]:
    """A server with one identity; its port."""
    return tls_serve(*identity_options(identities.server[kind]), "--versions", "TLS 1.3", *options)


def request_of(identities: Identities, port: int, *options: str) -> str:
    """What a client says that asks for a page."""
    finished = tls_connect(
        port, "--trust", str(identities.authority), "--get", "/", "--versions", "TLS 1.3", *options
    )
    return finished.stdout + finished.stderr


def exchange(
    client: tls.ClientConnection,
    transport: socket.socket,
    until: Callable[[tls.ClientConnection], object],
) -> list[tls.Event]:
    """Talk until something holds; what the client was told."""
    transport.sendall(client.outgoing())
    events: list[tls.Event] = []
    while not until(client):
        events += client.receive(read_some(transport))
        transport.sendall(client.outgoing())
    return events


@dataclass
class Told:
    """What one of our sides was told of a connection."""

    events: list[tls.Event] = field(default_factory=list)
    data: bytes = b""

    def add(self, events: list[tls.Event]) -> None:
        """Take what `receive` has given."""
        self.events += events
        self.data += b"".join(e.data for e in events if isinstance(e, tls.ApplicationData))

    def has(self, *kinds: type[tls.Event]) -> bool:
        """Whether it was told all of these."""
        return all(any(isinstance(event, kind) for event in self.events) for kind in kinds)

    @property
    def completed(self) -> tls.HandshakeCompleted:
        """What the handshake has agreed on."""
        return next(each for each in self.events if isinstance(each, tls.HandshakeCompleted))


def ask(
    identities: Identities,
    port: int,
    session: tls.Session | None = None,
    /,
    *,
    updates: int = 0,
    early: bytes = b"",
    request: bytes = REQUEST,
    **settings: Any,
) -> tuple[tls.ClientConnection, Told]:
    """Our client asks for a page and reads until the server closes.

    Args:
        identities: whose authority is trusted.
        port: where to connect.
        session: to resume.
        updates: how often it asks for new keys on both sides, before its request.
        early: what it sends as early data before it.
        request: what it sends once the handshake is over.
        settings: of its configuration.
    """
    config = tls.ClientConfig(identities.trust, versions=[tls.TLS_1_3], **settings)
    client, told = tls.ClientConnection(config, SERVER_NAME, session=session), Told()
    if early:
        client.send(early)
    with socket.create_connection(("127.0.0.1", port), 20) as transport:
        transport.sendall(client.outgoing())
        for data in read_all(transport):
            events = client.receive(data)
            told.add(events)
            if any(isinstance(event, tls.HandshakeCompleted) for event in events):
                for _ in range(updates):
                    client.update_keys(update_requested=True)
                client.send(request)
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                transport.sendall(client.outgoing())
            if client.closed:
                break
    return client, told


class Answering:
    """Our server, one connection after another, which keeps what it was told of each.

    Attributes:
        port: where it listens.
        told: of each connection.
    """

    def __init__(
        self, config: tls.ServerConfig, listening: socket.socket, *, updates: int, asks_later: bool
    ) -> None:
        self.port = int(listening.getsockname()[1])
        self.told: list[Told] = []
        self._config = config
        self._listening = listening
        self._updates = updates
        self._asks_later = asks_later

    def run(self) -> None:
        """Answer until the listening socket is closed."""
        with contextlib.suppress(OSError):
            while True:
                transport, _ = self._listening.accept()
                with transport, contextlib.suppress(OSError):
                    transport.settimeout(20)
                    try:
                        self._answer(transport)
                    except tls.PeerError:
                        # Lest a reset overtake the alert.
                        transport.shutdown(socket.SHUT_WR)
                        for _ in read_all(transport):
                            pass

    def _answer(self, transport: socket.socket) -> None:
        server, told = tls.ServerConnection(self._config), Told()
        self.told.append(told)
        updates, asks, answered = self._updates, self._asks_later, False
        for data in read_all(transport):
            try:
                told.add(server.receive(data))
            finally:
                transport.sendall(server.outgoing())
            if server.handshake_completed:
                for _ in range(updates):
                    server.update_keys(update_requested=True)
                updates = 0
            if server.handshake_completed and b"\r\n\r\n" in told.data and not answered:
                if asks:
                    server.request_client_certificate()
                    asks = False
                elif not self._asks_later or told.has(tls.ClientAuthenticated):
                    server.send(b"HTTP/1.0 200 OK\r\n\r\na page\n")
                    server.close()
                    answered = True
            transport.sendall(server.outgoing())
            if answered:
                transport.shutdown(socket.SHUT_WR)


@contextmanager
def answering(
    identities: Identities,
    /,
    *,
    kind: str = "RSA",
    updates: int = 0,
    asks_later: bool = False,
    **settings: Any,
) -> Iterator[Answering]:
    """Our server in a thread.

    Args:
        identities: of the server, and whose authority clients are trusted by.
        kind: of its identity.
        updates: how often it asks for new keys on both sides, once a handshake is over.
        asks_later: whether it asks for the client's certificate once the request has come.
        settings: of its configuration.
    """
    settings.setdefault("ticket_keys", tls.TicketKeys(b"of these tests"))
    config = tls.ServerConfig(
        [identities.server_identities[kind]],
        versions=[tls.TLS_1_3],
        client_trust=identities.trust,
        **settings,
    )
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = Answering(config, listening, updates=updates, asks_later=asks_later)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        yield server
        # Closing alone wakes nobody who waits for a connection.
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(30)


EARLY = {"max_early_data": 1_000, "early_data_guard": tls.ReplayWindow()}
"""A server that takes early data."""


def refusing_early_data() -> dict[str, Any]:
    """A server whose tickets allow early data that it refuses in the end."""
    return {"max_early_data": 1_000, "early_data_guard": tls.ReplayWindow(capacity=0)}
