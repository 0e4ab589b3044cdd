"""The life of one client's connection, from its SYN to the last close_notify."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from math import inf, nan

from sim.activity import Moments, Until
from sim.connection_row import connection_row, symptom_of
from sim.far_end import FarEnd
from sim.hosts.client import ClientGroup
from sim.network.transport import TransportFailure
from sim.resuming_client import ResumingClient
from sim.telemetry import Table
from sim.tls_exchange import FatalAlert, Said, TlsExchange
from sim.witness.witness import Witness, WitnessedTable
from sim.workload.http import Request


@dataclass(frozen=True)
class ConnectionContext:
    """What all client connections of a world share.

    Attributes:
        table: takes a row of each recorded one.
        witness: sees chosen ones, if there is one.
    """

    table: Table | WitnessedTable
    witness: Witness | None = None


class ClientConnection(ResumingClient):
    """One client's connection: its exchange with the server, and the row about it.

    Args:
        context: the parts of the world that it meets.
        number: its number, the visit's for the first of a visit.
        client: the client's number.
        group: the client's group.
        end: the far end that it goes to.
        offered: the session that it offers; else `None`.
        exchange: with that, which begins now.
        ages: whether the session that this makes may be older than it is, for a warm start.
        recorded: whether it is written down.
        visit: the visit's number.
        attempt: which of the visit's connections it is, from 1.
        lowered: by how many versions its client has fallen back.

    Attributes:
        arrival: when it begins.
        ended: when the client has done with it, or knows that it has failed.
        responses: how many came.
        first_byte: when the first of the first one was there; else NaN.
        unanswered: the request that it has made, or would have, and got no response to.
        left: the request that it would have made next, had the server not closed before.
        deadline: when its user stops waiting.
        tries: how many connections have failed before it in a row.
    """

    __slots__ = (
        "_context",
        "_in_turn",
        "_keep_alive",
        "_patience",
        "_recorded",
        "attempt",
        "deadline",
        "ended",
        "exchange",
        "first_byte",
        "left",
        "lowered",
        "offered",
        "responses",
        "server",
        "tries",
        "unanswered",
        "visit",
    )

    def __init__(
        self,
        context: ConnectionContext,
        number: int,
        client: int,
        group: ClientGroup,
        end: FarEnd,
        offered: object,
        made: float,
        exchange: TlsExchange,
        *,
        ages: bool,
        recorded: bool,
        visit: int,
        attempt: int,
        lowered: int,
    ) -> None:
        super().__init__(number, client, group, end, offered, made, exchange.now, ages=ages)
        self._context = context
        self.server = end.name
        self.offered = offered is not None
        self.exchange = exchange
        self.ended = exchange.now
        self.visit = visit
        self.attempt = attempt
        self.lowered = lowered
        self._recorded = recorded
        self.responses = self.tries = 0
        self.first_byte = nan
        self.unanswered: Request | None = None
        self.left: Request | None = None
        server = end.server
        self._keep_alive = None if server is None else server.description.keep_alive
        self.deadline = self._patience = inf
        self._in_turn = False

    def ask(
        self, request: Request, deadline: float, patience: float, *, tries: int, in_turn: bool
    ) -> None:
        """What it asks first, and how long its user waits.

        Args:
            request: the first.
            deadline: when its user stops waiting.
            patience: how long he waits after a pause.
            tries: how many connections have failed before it in a row.
            in_turn: whether others take the same requests: each is taken when it is time for it.
        """
        self.unanswered = request
        self.deadline = self.exchange.deadline = deadline
        self._patience = patience
        self.tries = tries
        self._in_turn = in_turn

    @property
    def symptom(self) -> str | None:
        """What the client notices of its failure; `None` where it has not failed."""
        return symptom_of(self.exchange)

    @property
    def falls_back(self) -> bool:
        """Whether its client, now that it has failed, tries again with a lower version."""
        state, symptom = self.exchange.endpoints.state, self.symptom
        # TCP has been connected, which is a number then, and TLS has not.
        in_handshake = self.exchange.connected <= self.ended and not state.completed
        if symptom is None or not in_handshake:
            return False
        return self.group.falls_back(symptom, state.failure, self.lowered)

    def life(self, more: Iterator[Request], done: Callable[[ClientConnection], None]) -> Moments:
        """From the SYN to the last close_notify.

        It ends when the server answers for the last time: the rest is known then.

        Args:
            more: what it asks behind its first request.
            done: called when it is known when the client has done, or the connection failed: it
                does not wait until the server has heard of the end.
        """
        exchange = self.exchange
        try:
            yield from exchange.connect()
            if self._in_turn:
                yield from exchange.converse(self._says(iter(())))
                while (request := (yield from self._take(more))) is not None:
                    if self._is_closed_before(request):
                        break
                    yield from exchange.converse(self._asks(request))
            else:
                yield from exchange.converse(self._says(more))
        except FatalAlert:
            pass
        except TransportFailure as failure:
            yield from exchange.break_off(failure)
        self.ended = exchange.now
        done(self)
        if self.left is not None:
            self._wait_for_server_to_close()
        self.forget_session(exchange.endpoints, exchange.now)
        ended = yield from exchange.say_last()
        if exchange.endpoints.state.early_data:
            # Of a handshake that ends with the connection, whose client waits for its tickets.
            self.keep_session(exchange.endpoints, exchange.now)
        yield from exchange.close(exchange.now if ended is None else ended)
        if self._recorded:
            self._context.table.append(connection_row(self))

    def _says(self, more: Iterator[Request]) -> Iterator[Said]:
        """The client's side: its handshake, then request by request; it keeps the session."""
        exchange, request = self.exchange, self.unanswered
        endpoints = exchange.endpoints
        if request is not None:
            exchange.request_size = request.size
        was_early = yield from exchange.handshake(request)
        self.keep_session(exchange.endpoints, exchange.now)
        if request is None:
            return
        if not was_early:
            yield endpoints.client_sends(request.size), request.response_size
        self.first_byte = exchange.first_arrival
        self.responses = 1
        # It has begun early, before the handshake was over, or was given tickets behind it.
        self.keep_session(exchange.endpoints, exchange.now)
        for request in more:
            if self._is_closed_before(request):
                break
            self._prepare(request)
            yield endpoints.client_sends(request.size), request.response_size
            self.responses += 1
            if was_early:
                # The handshake ended with this request: now there are tickets.
                was_early = False
                self.keep_session(exchange.endpoints, exchange.now)
        self.unanswered = None

    def _is_closed_before(self, request: Request) -> bool:
        """Whether the server closes before a further request is made, after its pause."""
        keep_alive = self._keep_alive
        if keep_alive is None or not keep_alive.closes(self.responses, request.think_time):
            return False
        self.left = request
        return True

    def _wait_for_server_to_close(self) -> None:
        """At once where it has served enough; else when it has waited for long enough."""
        keep_alive = self._keep_alive
        assert keep_alive is not None
        if keep_alive.time_out is not None and not keep_alive.closes(self.responses, 0.0):
            self.exchange.think(keep_alive.time_out)

    def _asks(self, request: Request) -> Iterator[Said]:
        """A further request."""
        self._prepare(request)
        yield self.exchange.endpoints.client_sends(request.size), request.response_size
        self.responses += 1
        self.unanswered = None

    def _prepare(self, request: Request) -> None:
        """A further request is made, after a pause."""
        exchange = self.exchange
        self.unanswered = request
        exchange.request_size = request.size
        if request.think_time:
            exchange.think(request.think_time)
            self.deadline = exchange.deadline = exchange.now + self._patience

    def _take(self, more: Iterator[Request]) -> Generator[Until, float, Request | None]:
        """The next request, when this connection is free for it."""
        yield self.exchange.now
        return next(more, None)
