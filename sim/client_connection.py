"""The life of one client's connection, from its SYN to the last close_notify."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from math import inf, nan

from sim.activity import Moments, Until
from sim.connection_row import connection_row, symptom_of
from sim.far_end import FarEnd
from sim.hosts.client import ClientGroup, Tickets
from sim.network.transport import TransportFailure
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


class ClientConnection:
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
        "_ages",
        "_context",
        "_end",
        "_in_turn",
        "_keep_alive",
        "_made",
        "_patience",
        "_recorded",
        "_session",
        "arrival",
        "attempt",
        "client",
        "deadline",
        "ended",
        "exchange",
        "first_byte",
        "group",
        "left",
        "lowered",
        "number",
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
        self._context = context
        self.number = number
        self.client = client
        self.group = group
        self.server = end.name
        self._end = end
        self._ages = ages
        self.offered = offered is not None
        self._session = offered
        self._made = made
        self.exchange = exchange
        self.arrival = self.ended = exchange.now
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
        fallback, state, symptom = self.group.fallback, self.exchange.endpoints.state, self.symptom
        # TCP has been connected, which is a number then, and TLS has not.
        in_handshake = self.exchange.connected <= self.ended and not state.completed
        return (
            fallback is not None
            and in_handshake
            and symptom is not None
            and fallback.follows(symptom, state.failure)
            and self.lowered < fallback.steps(self.group.browser.versions)
        )

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
        session = self._session
        failed = exchange.endpoints.state.failure is not None
        if failed and session is not None and self.group.resumption is None:
            self.group.forget(self.client, session, exchange.now, self.number)
        ended = yield from exchange.say_last()
        if exchange.endpoints.state.early_data:
            # Of a handshake that ends with the connection, whose client waits for its tickets.
            self._keep_session()
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
        self._keep_session()
        if request is None:
            return
        if not was_early:
            yield endpoints.client_sends(request.size), request.response_size
        self.first_byte = exchange.first_arrival
        self.responses = 1
        # It has begun early, before the handshake was over, or was given tickets behind it.
        self._keep_session()
        for request in more:
            if self._is_closed_before(request):
                break
            self._prepare(request)
            yield endpoints.client_sends(request.size), request.response_size
            self.responses += 1
            if was_early:
                # The handshake ended with this request: now there are tickets.
                was_early = False
                self._keep_session()
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

    def _keep_session(self) -> None:
        """Remember from now on what a full handshake has made, or the new ticket of another."""
        endpoints, moment = self.exchange.endpoints, self.exchange.now
        state, session = endpoints.state, endpoints.session
        if session is None or session == self._session or self.group.resumption is not None:
            return
        group, client, number = self.group, self.client, self.number
        if state.resumed and type(session) is not Tickets:
            if state.renewed:
                self._session = session
                group.renew(client, session, moment, number)
            return
        self._session = session
        hint, warm_start, age = state.lifetime_hint, self._end.warm_start, 0.0
        if self._ages and warm_start is not None and not state.resumed:
            age = warm_start.age(group, client, session, self.arrival, by_ticket=hint > 0)
        # A ticket names no server: whoever has its key may take it.
        maker = None if hint else self._end.server
        made = self._made if state.resumed else None
        group.remember(client, session, moment, number, maker, age, hint, made)
