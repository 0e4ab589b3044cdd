"""A client's and a server's engine that talk to each other, turn by turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import tls
from sim.endpoints.endpoints import ACCEPT, REQUEST, Operations
from sim.hosts.resources import Request, RequestKind
from sim.hosts.ticket_keys import OpenedTicket, TicketToOpen, TicketToSeal

_ACCEPT_SESSION = Request(RequestKind.ACCEPT_SESSION, None)


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


def _session_of(opened: OpenedTicket) -> tuple[tls.Session, bool]:
    """What an engine is told of a ticket: its session, as old as that is, and whether to renew."""
    opened.session.since = opened.since
    return opened.session, opened.renew


class EnginePair:
    """Both engines of one connection, and what their events have output.

    A turn of the server's ends with its output, or with a request of a kind that its configuration
    defers; then `server_continues` with the answer.

    Attributes are those of `sim.endpoints.State`, `session`, the client's newest, `session_found`
    and `ticket_accepted`, what the server made of the one that was offered, and `responded`,
    whether its last flight was a response.
    """

    __slots__ = (
        "_accepted",
        "_client",
        "_client_records",
        "_heard_early_data",
        "_is_early",
        "_offered",
        "_random",
        "_response_size",
        "_secret",
        "_server",
        "_server_records",
        "_tickets",
        "completed",
        "early_data",
        "failure",
        "fault",
        "group",
        "lifetime_hint",
        "offers_ticket",
        "renewed",
        "responded",
        "resumed",
        "retried",
        "server_completed",
        "server_failed",
        "session",
        "session_found",
        "suite",
        "ticket_accepted",
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
        self._random = tls.RandomSource(entropy[1], self._server.meter)
        self._client_records = self._server_records = 0
        self._accepted = False
        self._response_size = 0
        self._secret: bytes | None = None
        self._offered = session
        self._tickets: list[tls.Session] = []
        self._is_early = self._heard_early_data = False
        self.retried = self.responded = False
        self.group: int | None = None
        self.early_data: bool | None = None
        self.completed = self.resumed = self.renewed = False
        self.offers_ticket = session is not None and bool(session.ticket)
        self.lifetime_hint = 0
        self.server_completed = self.server_failed = False
        self.failure: int | None = None
        self.fault: str | None = None
        self.version: int | None = None
        self.suite: int | None = None
        self.session: tls.Session | None = None
        self.session_found: bool | None = None
        self.ticket_accepted: bool | None = None

    @property
    def tickets(self) -> Sequence[tls.Session]:
        """The sessions of TLS 1.3 that the client was given, each to be offered once."""
        return self._tickets

    @property
    def early_data_left(self) -> int:
        """Bytes of early data that the client may send now."""
        return self._client.early_data_left

    def request(self, size: int) -> bytes:
        """What a request of so many bytes says: nothing that anybody looks at."""
        return bytes(size)

    def response(self, size: int) -> bytes:
        """What a response of so many bytes says: nothing that anybody looks at."""
        return bytes(size)

    def client_sends(self, size: int) -> Output:
        """The client's pending flight, then `size` bytes of application data."""
        if size:
            self._is_early = not self.completed
            self._client.send(self.request(size))
        return self._clients_flight()

    def client_closes(self) -> Output:
        """The client's close_notify, its last flight."""
        self._client.close()
        return self._clients_flight()

    def server_answers(self, data: bytes, response_size: int) -> Output | Request:
        """What the server makes of a flight; a response if the handshake allows one."""
        self._response_size = response_size
        return self._server_turn(self._server.receive, data)

    def server_continues(self, answer: Any) -> Output | Request:
        """What it does with the answer to its request.

        That of a look-up is a session or `None`, that of a ticket to open what was found in it. A
        private-key operation has its real result, whatever the answer is.
        """
        request = self._server.pending_request
        if isinstance(request, tls.PrivateKeyOperation):
            answer = self._secret
        elif isinstance(request, tls.OpenTicket):
            answer = None if answer is None else _session_of(answer)
        return self._server_turn(self._server.answer, answer)

    def server_operations(self) -> Operations:
        """The server's work since it was last taken: at a request, of the turn so far."""
        operations = self._server.meter.take_log()
        if not self._accepted:
            self._accepted = True
            operations.append(ACCEPT)
        return operations

    def _server_turn(
        self, step: Callable[[Any], Iterable[tls.Event]], argument: Any
    ) -> Output | Request:
        server = self._server
        try:
            self._process_server_events(step(argument))
        except tls.PeerError as error:
            self._process_server_events(error.events)
            self.server_failed = True
            self._note_fault(error)
        if server.pending_request is not None:
            return self._request(server.pending_request)
        hears = self.server_completed or self._heard_early_data
        self.responded = responds = bool(self._response_size and hears and not self.server_failed)
        if responds:
            server.send(self.response(self._response_size))
        if server.peer_closed:
            server.close()
        answer = server.outgoing()
        before, self._server_records = self._server_records, server.records_sent
        operations = self.server_operations()
        if responds:
            operations = (*operations, REQUEST)
        return Output(answer, self._server_records - before, operations)

    def _request(self, pending: tls.Deferrable) -> Request:
        """A request of the server's engine in the simulator's terms."""
        if isinstance(pending, tls.LookUpSession):
            return Request(RequestKind.LOOK_UP_SESSION, pending.session_id)
        if isinstance(pending, tls.AcceptSession):
            return _ACCEPT_SESSION
        if isinstance(pending, tls.StoreSession):
            return Request(RequestKind.STORE_SESSION, pending.session)
        if isinstance(pending, tls.RemoveSession):
            return Request(RequestKind.REMOVE_SESSION, pending.session_id)
        if isinstance(pending, tls.OpenTicket):
            offered = TicketToOpen(pending.ticket, self._server.meter)
            return Request(RequestKind.OPEN_TICKET, offered)
        if isinstance(pending, tls.SealTicket):
            session = pending.session
            sealed = TicketToSeal(session, session.since, self._random, self._server.meter)
            return Request(RequestKind.SEAL_TICKET, sealed)
        assert isinstance(pending, tls.PrivateKeyOperation)
        elsewhere = tls.Meter()
        self._secret = tls.use_private_key(pending, elsewhere, deterministic=True)
        return Request(RequestKind.USE_PRIVATE_KEY, tuple(elsewhere.take_log()))

    def client_receives(self, data: bytes) -> Operations:
        """What the client has to do to read an answer."""
        try:
            self._process_client_events(self._client.receive(data))
        except tls.PeerError as error:
            self._process_client_events(error.events)
            self.failure = error.alert
            self._note_fault(error)
        return self._client.meter.take_log()

    def _note_fault(self, error: tls.PeerError) -> None:
        """The first counts: the other end may find a fault in what the alert comes in."""
        if self.fault is None:
            self.fault = error.reason.value

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
                self.retried = event.retried
                self.group = event.group
                if event.version < tls.TLS_1_3:
                    self._note_session(event)
            elif isinstance(event, tls.TicketReceived):
                self._tickets.append(event.session)
                self.session = event.session
                self.lifetime_hint = event.session.ticket_lifetime_hint
            elif isinstance(event, tls.EarlyDataAccepted | tls.EarlyDataRejected):
                if self._is_early:
                    self.early_data = isinstance(event, tls.EarlyDataAccepted)
            elif isinstance(event, tls.FalseStart):
                self.completed = True
            elif isinstance(event, tls.AlertReceived) and event.fatal:
                self.failure = event.alert

    def _note_session(self, event: tls.HandshakeCompleted) -> None:
        """What the client may offer next time."""
        self.session = session = event.session
        self.renewed = event.resumed and session is not self._offered
        if session is not None and session.ticket:
            self.lifetime_hint = session.ticket_lifetime_hint

    def _process_server_events(self, events: Iterable[tls.Event]) -> None:
        for event in events:
            if isinstance(event, tls.HandshakeCompleted):
                self.server_completed = True
            elif isinstance(event, tls.EarlyData):
                self._heard_early_data = True
            elif isinstance(event, tls.SessionLookedUp) and event.by_ticket:
                self.ticket_accepted = event.found
            elif isinstance(event, tls.SessionLookedUp):
                self.session_found = event.found
            elif isinstance(event, tls.AlertReceived) and event.fatal:
                self.server_failed = True
