"""A small client that any real server can test the engine with."""

from __future__ import annotations

import contextlib
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from tls.alerts import NO_RENEGOTIATION
from tls.client_connection import ClientConnection
from tls.command.agreed import kind_of_handshake
from tls.configuration import ClientConfig
from tls.errors import PeerError
from tls.event import Event
from tls.events import (
    AlertReceived,
    ApplicationData,
    CertificateAccepted,
    EarlyDataAccepted,
    EarlyDataRejected,
    FalseStart,
    HandshakeCompleted,
)
from tls.sessions import Session
from tls.suites import suite_name
from tls.versions import TLS_1_3, version_name

_READ_SIZE = 65_536
_TIMEOUT = 30.0


@dataclass(frozen=True)
class ConnectOptions:
    """Where to connect, how often, and what to ask for."""

    host: str
    port: int
    server_name: str
    resume: int
    get: str | None
    renegotiate: bool
    key_update: bool = False
    early_data: int = 0
    stapling: str | None = None


class _ConnectionFailed(Exception):
    pass


def connect(config: ClientConfig, options: ConnectOptions) -> int:
    """Open the connection and those that resume it; says on standard output how each went.

    Returns 0 when all succeeded and every one that should resume did, else 1 with a line on
    standard error.
    """
    session: Session | None = None
    for number in range(1 + options.resume):
        try:
            wants_session = number < options.resume
            connection = _Exchange(config, options, session, wants_session).run()
        except (_ConnectionFailed, PeerError, OSError) as error:
            print(f"tls: {error}", file=sys.stderr)
            return 1
        if number and not connection.resumed:
            print("tls: the server did not resume the session", file=sys.stderr)
            return 1
        session = connection.session
        if session is None and number < options.resume:
            print("tls: the server gave no session to resume", file=sys.stderr)
            return 1
    return 0


class _Exchange:
    def __init__(
        self,
        config: ClientConfig,
        options: ConnectOptions,
        session: Session | None,
        wants_session: bool,
    ) -> None:
        self._wants_session = wants_session
        self._options = options
        self._handshakes = 0
        self._false_started = False
        self._connection = ClientConnection(config, options.server_name, session=session)
        self._early_data_accepted = False

    def run(self) -> ClientConnection:
        """Handshake, perhaps another one, request if one is wanted, close_notify."""
        options, connection = self._options, self._connection
        with socket.create_connection((options.host, options.port), _TIMEOUT) as transport:
            early = self._send_early()
            while not (self._handshakes or self._false_started):
                self._exchange(transport)
            if options.renegotiate:
                connection.renegotiate()
                while self._handshakes < 2:
                    self._exchange(transport)
            if options.key_update:
                if connection.version != TLS_1_3:
                    raise _ConnectionFailed("--key-update: the server speaks no TLS 1.3")
                connection.update_keys(update_requested=True)
            if options.get is not None:
                if not (early and self._early_data_accepted):
                    connection.send(self._request())
                while not connection.closed:
                    self._exchange(transport)
            elif self._awaits_ticket:
                while connection.session is None:
                    self._exchange(transport)
            connection.close()
            self._say_farewell(transport)
        if options.stapling is not None and not connection.resumed:
            self._keep_status(Path(options.stapling))
        return connection

    def _keep_status(self, path: Path) -> None:
        """Write what was stapled: a connection that resumes has no certificate, and none."""
        response = self._connection.ocsp_response
        if not response:
            print("no OCSP response was stapled", flush=True)
        path.write_bytes(response)

    def _request(self) -> bytes:
        options = self._options
        return f"GET {options.get} HTTP/1.0\r\nHost: {options.server_name}\r\n\r\n".encode()

    def _send_early(self) -> bool:
        """Whether the request went out as early data."""
        options, connection = self._options, self._connection
        if options.get is None or not options.early_data:
            return False
        request = self._request()
        if len(request) > min(options.early_data, connection.early_data_left):
            return False
        connection.send(request)
        return True

    @property
    def _awaits_ticket(self) -> bool:
        """Whether a session is wanted, which comes after the handshake in TLS 1.3."""
        return self._wants_session and self._connection.version == TLS_1_3

    def _say_farewell(self, transport: socket.socket) -> None:
        """Send the last there is to say; the server need not wait for it."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            transport.sendall(self._connection.outgoing())

    def _exchange(self, transport: socket.socket) -> None:
        connection = self._connection
        if connection.closed:
            raise _ConnectionFailed("the server closed the connection too early")
        transport.sendall(connection.outgoing())
        data = transport.recv(_READ_SIZE)
        if not data and connection.receive_end():
            raise _ConnectionFailed("the server ended the connection without close_notify")
        try:
            events = connection.receive(data)
        except PeerError:
            self._say_farewell(transport)
            raise
        for event in events:
            self._handle(event)
        if connection.peer_closed:
            connection.close()
            self._say_farewell(transport)

    def _handle(self, event: Event) -> None:
        if isinstance(event, ApplicationData):
            sys.stdout.buffer.write(event.data)
            sys.stdout.flush()
        elif isinstance(event, CertificateAccepted):
            problems = ", ".join(sorted(problem.description for problem in event.problems))
            print(f"accepted certificate problems: {problems}", flush=True)
        elif isinstance(event, HandshakeCompleted):
            self._handshakes += 1
            self._report()
        elif isinstance(event, EarlyDataAccepted):
            self._early_data_accepted = True
            print("early data accepted", flush=True)
        elif isinstance(event, EarlyDataRejected):
            print("early data rejected", flush=True)
        elif isinstance(event, FalseStart):
            self._false_started = True
        elif isinstance(event, AlertReceived) and (event.fatal or event.alert == NO_RENEGOTIATION):
            raise _ConnectionFailed(f"the server sent the alert {event.name}")

    def _report(self) -> None:
        connection = self._connection
        version, suite = connection.version or 0, connection.suite or 0
        words = kind_of_handshake(connection), version_name(version), suite_name(suite)
        print(", ".join(words), flush=True)
