"""A client's and a server's engine that talk to each other, turn by turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import tls
from sim.endpoints.endpoints import ACCEPT, REQUEST, Operations


class Output(NamedTuple):
    """What an engine did at its turn.

    Attributes:
        data: its flight.
        records: records that it is made of.
        operations: the work done, TLS apart included.
    """

    data: bytes
    records: int
    operations: Operations


class EnginePair:
    """Both engines of one connection, and what their events have output.

    Attributes are those of `sim.endpoints.State`, and `session`, the client's.
    """

    __slots__ = (
        "_accepted",
        "_client",
        "_client_records",
        "_server",
        "_server_records",
        "completed",
        "failure",
        "resumed",
        "server_completed",
        "server_failed",
        "session",
        "session_found",
        "suite",
        "version",
    )

    def __init__(
        self,
        client: tls.ClientConfig,
        server: tls.ServerConfig,
        *,
        server_name: str,
        session: tls.Session | None,
        entropy: tuple[tls.Entropy, tls.Entropy],
        clock: Callable[[], float],
    ) -> None:
        self._client = tls.ClientConnection(
            client, server_name, session=session, entropy=entropy[0], clock=clock
        )
        self._server = tls.ServerConnection(server, entropy=entropy[1], clock=clock)
        self._client_records = self._server_records = 0
        self._accepted = False
        self.completed = self.resumed = False
        self.server_completed = self.server_failed = False
        self.failure: int | None = None
        self.version: int | None = None
        self.suite: int | None = None
        self.session: tls.Session | None = None
        self.session_found: bool | None = None

    def client_sends(self, size: int) -> Output:
        """The client's pending flight, then `size` bytes of application data."""
        if size:
            self._client.send(bytes(size))
        return self._clients_flight()

    def client_closes(self) -> Output:
        """The client's close_notify, its last flight."""
        self._client.close()
        return self._clients_flight()

    def server_answers(self, data: bytes, response_size: int) -> Output:
        """What the server makes of a flight; a response if the handshake allows one."""
        server = self._server
        try:
            self._process_server_events(server.receive(data))
        except tls.PeerError as error:
            self._process_server_events(error.events)
            self.server_failed = True
        around: Operations = () if self._accepted else (ACCEPT,)
        self._accepted = True
        if response_size and self.server_completed and not self.server_failed:
            server.send(bytes(response_size))
            around = (*around, REQUEST)
        answer = server.outgoing()
        before, self._server_records = self._server_records, server.records_sent
        operations = server.meter.take_log()
        operations += around
        return Output(answer, self._server_records - before, operations)

    def client_receives(self, data: bytes) -> Operations:
        """What the client has to do to read an answer."""
        try:
            self._process_client_events(self._client.receive(data))
        except tls.PeerError as error:
            self._process_client_events(error.events)
            self.failure = error.alert
        return self._client.meter.take_log()

    def _clients_flight(self) -> Output:
        client = self._client
        data = client.outgoing()
        before, self._client_records = self._client_records, client.records_sent
        return Output(data, self._client_records - before, client.meter.take_log())

    def _process_client_events(self, events: Iterable[tls.Event]) -> None:
        for event in events:
            if isinstance(event, tls.HandshakeCompleted):
                self.completed = True
                self.version = event.version
                self.suite = event.suite
                self.resumed = event.resumed
                self.session = event.session
            elif isinstance(event, tls.FalseStart):
                self.completed = True
            elif isinstance(event, tls.AlertReceived) and event.fatal:
                self.failure = event.alert

    def _process_server_events(self, events: Iterable[tls.Event]) -> None:
        for event in events:
            if isinstance(event, tls.HandshakeCompleted):
                self.server_completed = True
            elif isinstance(event, tls.SessionLookedUp):
                self.session_found = event.found
            elif isinstance(event, tls.AlertReceived) and event.fatal:
                self.server_failed = True
