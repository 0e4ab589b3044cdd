"""Endpoints that replay what engines did before them.

The first connections of each class run engines, whose turns become traces; later ones follow a
trace, as fast as a simulator can be. Everything that changes with time stays real: caches, queues,
networks, who remembers what. A class is not declared: it is the answers to all that the engines
asked (see `sim.endpoints.recorder`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from sim.endpoints.endpoints import Operations, Pending, ServerState, Turn
from sim.endpoints.engine_pair import Output
from sim.endpoints.recorder import (
    REQUEST_KINDS,
    Interruption,
    QueryKind,
    Recorder,
    ValidityEpochs,
)
from sim.endpoints.session_kinds import (
    KINDS,
    NO_SESSION,
    ReplayedSession,
    TicketSession,
    ticket_number,
)
from sim.endpoints.trace import (
    CLOSING,
    RECEIVING,
    Checkpoint,
    Gap,
    Query,
    Receive,
    RecordedRequest,
    RecordedTurn,
    State,
    WholeTurn,
)
from sim.endpoints.varying_sizes import (
    DerivedTurn,
    Growth,
    Larger,
    TurnFactors,
    block_of,
    factors_of,
    reference_size,
)
from sim.hosts.client import Tickets
from sim.hosts.resources import TAKES_TIME, AgedSession, Request, Resources
from sim.hosts.ticket_keys import TicketContent
from sim.hosts.work import Work

# Members of an enumeration are looked up slowly.
EPOCH, LOOKUP, LOOKUP_UNKNOWN = QueryKind.EPOCH, QueryKind.LOOKUP, QueryKind.LOOKUP_UNKNOWN
ACCEPTS, STORE, REMOVE = QueryKind.ACCEPTS, QueryKind.STORE, QueryKind.REMOVE
STORE_RESUMED = QueryKind.STORE_RESUMED
OPEN_TICKET, SEAL_TICKET = QueryKind.OPEN_TICKET, QueryKind.SEAL_TICKET
RENEW_TICKET = QueryKind.RENEW_TICKET


class Traces(Protocol):
    """What endpoints need of the factory whose traces they follow.

    Attributes:
        epochs: of the calendar, by the validity of certificates.
        requests_vary, responses_vary, sizes_vary: whether these, and any, are of many sizes.
        growth_factors: of turns with more data, as far as they have been measured.
    """

    epochs: ValidityEpochs
    requests_vary: bool
    responses_vary: bool
    sizes_vary: bool
    growth_factors: dict[Any, TurnFactors]

    def kind_of(self, recorder: Recorder) -> int | None:
        """The number of the kind of session that a recorder's client has; `None` without one."""


class ReplayEndpoints:
    """Both endpoints: `sim.endpoints.Endpoints` that follow a trace.

    Args:
        factory: whose traces they follow.
        state: where the trace begins.
        work: the client's and the server's.
        resources: what the server asks.
        number: the connection's, and so that of the session which it makes.
        session: what the client offers; else `None`.
        offered: the number by which the server's cache knows that, if by one at all.
        recorded: whether their work is counted.
    """

    __slots__ = (
        "_answered",
        "_asked",
        "_block",
        "_client_work",
        "_factory",
        "_more_answered",
        "_more_asked",
        "_number",
        "_offered",
        "_recorded",
        "_request_size",
        "_resources",
        "_response_size",
        "_sent",
        "_server_work",
        "_session_offered",
        "_since",
        "_stores",
        "_ticket",
        "server",
        "state",
    )

    def __init__(
        self,
        factory: Traces,
        state: State,
        work: tuple[Work, Work],
        resources: Resources,
        number: int,
        session: ReplayedSession | None,
        offered: int | None,
        recorded: bool,
    ) -> None:
        self._factory = factory
        self.state = state
        self.server = ServerState()
        self._client_work, self._server_work = work
        self._resources = resources
        self._number = number
        self._session_offered = session
        self._offered = offered
        # How many sessions it has had the server's cache remember.
        self._stores = 0
        # What the look-up of the session that is offered has answered.
        self._since = 0.0
        self._ticket: TicketContent | None = None
        self._request_size = self._response_size = 0
        self._block = 1
        # Bytes of application data beyond those of the turn that was recorded.
        self._more_asked = self._more_answered = 0
        self._asked: RecordedRequest | None = None
        self._recorded = recorded

    @property
    def session(self) -> ReplayedSession | Tickets | None:
        """The session that this connection has made or resumed, once the client has one."""
        kind, tickets = self.state.kind, self.state.tickets
        if kind is None:
            return None
        if tickets:
            return self._tickets(kind, tickets)
        if self._ticket is not None:
            return TicketSession(self._number * KINDS + kind, self._ticket)
        return self._number * KINDS + kind if self._stores else self._session_offered

    def _tickets(self, kind: int, count: int) -> Tickets:
        """Those that a connection of TLS 1.3 was given: sealed, or known to the server's cache."""
        if self._ticket is not None:
            return Tickets([TicketSession(self._number * KINDS + kind, self._ticket)] * count)
        return Tickets(ticket_number(self._number, place) * KINDS + kind for place in range(count))

    @property
    def _session(self) -> int:
        """The session that this connection has made or resumed, as the cache knows it."""
        offered = self._offered
        return self._number if self._stores or offered is None else offered

    # -- following the trace

    def client_sends(self, size: int = 0) -> Turn:
        """The turn of the trace for a request of this size."""
        factory = self._factory
        if factory.sizes_vary:
            self._block = block_of(self.state.suite)
        if factory.requests_vary and size > 0:
            recorded = reference_size(size, self._block)
            self._more_asked = more = size - recorded
            size = recorded
        else:
            self._more_asked = more = 0
        sent = self.state.turns.get(size)
        if sent is None:
            sent = self._record_client_turn(size)
        self._sent = sent
        self._request_size = size
        if more:
            return self._grown_request(sent, size, more)
        sent.times += self._recorded
        return sent

    def _grown_request(self, sent: RecordedTurn, size: int, more: int) -> Turn:
        growth = sent.growth
        if growth is None:
            growth = sent.growth = self._growth_of_request(sent, size)
        size = growth.size(more, 0)
        seconds = growth.demand(more, 0, self._recorded)
        grown = size - sent.size
        return DerivedTurn(
            size, sent.records, seconds, lambda question: sent.grown_bytes(grown, question)
        )

    def client_closes(self) -> Turn:
        """The turn of the trace that closes."""
        return self.client_sends(CLOSING)

    def server_answers(self, flight: Turn, now: float, response_size: int = 0) -> Turn | Pending:
        """The turn of the trace for what the world answers at `now`."""
        sent = self._sent
        if self._factory.responses_vary and response_size:
            recorded = reference_size(response_size, self._block)
            self._more_answered = response_size - recorded
            response_size = recorded
        else:
            self._more_answered = 0
        self._response_size = response_size
        answered = sent.following.get(response_size)
        if type(answered) is Query:
            answered = self._follow(answered, now)
        if type(answered) is not RecordedTurn:
            if type(answered) is not RecordedRequest:
                answered = self._record_answer(answered, response_size, now)
            if isinstance(answered, RecordedRequest):
                return self._ask(answered, now)
        if self._more_asked or self._more_answered:
            return self._finished(answered)
        answered.times += self._recorded
        self._answered = answered
        self.server = answered.server
        return answered

    def server_continues(self, answer: Any, now: float) -> Turn | Pending:
        """The rest of the turn, for this answer and what else the world answers at `now`."""
        asked = self._asked
        assert asked is not None
        self._asked = None
        part = self._part_behind(asked, answer, now)
        return self._ask(part, now) if isinstance(part, RecordedRequest) else self._finished(part)

    def _ask(self, asked: RecordedRequest, now: float) -> Turn | Pending:
        """Ask what may take time, and go on where it does not."""
        resources, seconds = self._resources, 0.0
        while True:
            if self._more_asked and asked.sizes:
                sizes = (asked.sizes[0] + self._more_asked,)
                seconds += self._server_work.demand(asked.operations, sizes, self._recorded)
            else:
                asked.times += self._recorded
                seconds += asked.seconds
            self.server = asked.server
            kind = asked.kind
            subject = self._subject(asked.query) if asked.subject is None else asked.subject
            answer = resources.answer(kind, subject, now)
            if answer is TAKES_TIME:
                self._asked = asked
                return Pending(Request(kind, subject, self._recorded), seconds, resources)
            part = self._part_behind(asked, answer, now)
            if isinstance(part, RecordedTurn):
                return WholeTurn(self._finished(part), seconds)
            asked = part

    def _finished(self, part: RecordedTurn) -> RecordedTurn | DerivedTurn:
        self._answered = part
        self.server = part.server
        asked, answered = self._more_asked, self._more_answered
        if not (asked or answered):
            part.times += self._recorded
            return part
        growth = part.growth
        if growth is None:
            growth = part.growth = self._growth_of_answer(part)
        size = growth.size(asked, answered)
        seconds = growth.demand(asked, answered, self._recorded)
        grown = size - part.size
        return DerivedTurn(
            size, part.records, seconds, lambda question: part.grown_bytes(grown, question)
        )

    def client_receives(self, answer: Turn, now: float) -> float:
        """What the trace's client has to do; it then stands where that leads."""
        receive = self._answered.following.get(RECEIVING)
        if type(receive) is Query:
            receive = self._follow(receive, now)
        if type(receive) is not Receive:
            receive = self._record_receive(receive, now)
        more = self._more_answered
        if more:
            growth = receive.growth
            if growth is None:
                growth = receive.growth = self._growth_of_receive(receive)
            self.state = receive.state
            return growth.demand(0, more, self._recorded)
        self.state = receive.state
        receive.times += self._recorded
        return receive.seconds

    def client_receives_from_box(self, data: bytes, now: float) -> float:
        """What the trace's client does with spoofed data of a box."""
        receive = self._sent.following.get(data)
        if type(receive) is Query:
            receive = self._follow(receive, now)
        if type(receive) is not Receive:
            receive = self._record_receive_from_box(receive, data, now)
        self.state = receive.state
        receive.times += self._recorded
        return receive.seconds

    def _follow(self, query: Query, now: float) -> Any:
        """Ask the world what the trace asks: what stands behind that, or the gap there."""
        while True:
            kind = query.kind
            answer = self._factory.epochs.at(now) if kind is EPOCH else self._answer(kind, now)
            entry = query.branches.get(answer)
            if type(entry) is not Query:
                return entry or Gap(query.branches, answer, (*query.before, (kind, answer)))
            query = entry

    def _answer(self, query: QueryKind, now: float) -> Any:
        """The world's answer to a query at `now`, which it may change: a store, a removal."""
        if query is EPOCH:
            return self._factory.epochs.at(now)
        kind = REQUEST_KINDS[query]
        answer = self._resources.answer(kind, self._subject(query), now)
        return self._branch(query, answer)

    def _branch(self, query: QueryKind, answer: Any) -> Any:
        """Where an answer of the server's resources leads in a trace."""
        if query is LOOKUP or query is LOOKUP_UNKNOWN:
            if answer is not None:
                self._since = answer
            return answer is not None
        if query is OPEN_TICKET:
            return answer
        if query is SEAL_TICKET or query is RENEW_TICKET:
            self._ticket = answer
        return bool(answer) if query is ACCEPTS else True

    def _subject(self, query: QueryKind) -> int | AgedSession | TicketContent | None:
        """What this connection asks the server's resources of."""
        if query is OPEN_TICKET or query is RENEW_TICKET:
            offered = self._session_offered
            return offered.content if isinstance(offered, TicketSession) else None
        if query is LOOKUP:
            return self._offered
        if query is STORE or query is STORE_RESUMED:
            place, self._stores = self._stores, self._stores + 1
            number = ticket_number(self._number, place)
            return number if query is STORE else AgedSession(number, self._since)
        if query is REMOVE:
            return self._session
        return NO_SESSION if query is LOOKUP_UNKNOWN else None

    # -- recording it

    def _record_client_turn(self, size: int) -> RecordedTurn:
        def turn(recorder: Recorder) -> Output:
            if size == CLOSING:
                return recorder.client_closes()
            return recorder.client_sends(size)

        state = self.state
        recorder = state.checkpoint.resume()
        queries, output = recorder.take(turn, ())
        checkpoint = Checkpoint(state.checkpoint, turn, queries)
        checkpoint.keep(recorder)
        sent = state.turns[size] = RecordedTurn(checkpoint, output, self._client_work, recorder)
        return sent

    def _record_answer(
        self, gap: Gap | None, response_size: int, now: float
    ) -> RecordedTurn | RecordedRequest:
        """What the server does first with the client's flight."""
        sent = self._sent
        return self._record_server(
            gap or Gap(sent.following, response_size, ()),
            sent,
            lambda engines: engines.server_answers(response_size),
            now,
            None,
        )

    def _part_behind(
        self, asked: RecordedRequest, answer: Any, now: float
    ) -> RecordedTurn | RecordedRequest:
        """What the server does next with the answer to its request."""
        branch = self._branch(asked.query, answer)
        part = asked.following.get(branch)
        if type(part) is Query:
            part = self._follow(part, now)
        if isinstance(part, RecordedTurn | RecordedRequest):
            return part
        gap = part or Gap(asked.following, branch, ())
        return self._record_server(
            gap, asked, lambda engines: engines.server_continues(branch), now, branch
        )

    def _record_server(
        self,
        gap: Gap,
        before: RecordedTurn | RecordedRequest,
        turn: Callable[[Recorder], Output | Interruption],
        now: float,
        branch: Any,
    ) -> RecordedTurn | RecordedRequest:
        """The server's turn, from the client's or a request of its own on, up to the next one."""
        recorder = before.checkpoint.resume()
        answers = gap.answers
        queries, output = recorder.take(turn, answers, lambda query: self._answer(query, now))
        checkpoint = Checkpoint(before.checkpoint, turn, queries)
        checkpoint.keep(recorder)
        received = before.size if isinstance(before, RecordedTurn) else None
        steps = (*before.steps, (branch, queries))
        part: RecordedTurn | RecordedRequest
        if isinstance(output, Output):
            part = RecordedTurn(checkpoint, output, self._server_work, recorder, received, steps)
        else:
            part = RecordedRequest(checkpoint, output, self._server_work, recorder, received, steps)
        gap.fill(queries, part)
        return part

    def _record_receive(self, gap: Gap | None, now: float) -> Receive:
        """What the client takes of the server's answer; data leave all as it was."""
        answered, before = self._answered, self.state
        stays = before.established and before.turns.get(CLOSING) is not self._sent
        gap = gap or Gap(answered.following, RECEIVING, ())
        return self._record_client(
            gap, answered, Recorder.client_receives, answered.size, now, stays=stays
        )

    def _record_receive_from_box(self, gap: Gap | None, data: bytes, now: float) -> Receive:
        """What the client takes of a box's answer."""

        def turn(recorder: Recorder) -> Operations:
            return recorder.client_receives_from_box(data)

        gap = gap or Gap(self._sent.following, data, ())
        return self._record_client(gap, self._sent, turn, len(data), now, stays=False)

    def _record_client(
        self,
        gap: Gap,
        after: RecordedTurn,
        turn: Callable[[Recorder], Operations],
        size: int,
        now: float,
        *,
        stays: bool,
    ) -> Receive:
        """What the client takes after a turn; where it `stays` that leaves all as it was."""
        recorder = after.checkpoint.resume()
        answers = gap.answers
        queries, operations = recorder.take(turn, answers, lambda query: self._answer(query, now))
        if stays:
            state = self.state
        else:
            checkpoint = Checkpoint(after.checkpoint, turn, queries)
            state = State(checkpoint, recorder.engines, self._factory.kind_of(recorder))
        state.checkpoint.keep(recorder)
        receive = Receive(self._client_work, operations, size, state, queries)
        gap.fill(queries, receive)
        return receive

    # -- measuring how turns grow

    def _growth_of_request(self, sent: RecordedTurn, size: int) -> Growth:
        """How the client's turn grows with its request."""

        def measured() -> tuple[Larger, Larger]:
            larger = self._client_turn(size + self._block)
            return (larger.operations, larger.size), None

        factors = self._factors("request", sent.operations, sent.size, measured)
        return Growth(self._client_work, sent.operations, sent.size, factors)

    def _growth_of_answer(self, part: RecordedTurn) -> Growth:
        """How the server's turn grows with the request, and with the response."""
        size, response_size, block = self._request_size, self._response_size, self._block
        factory = self._factory

        def measured() -> tuple[Larger, Larger]:
            asked = answered = None
            if factory.requests_vary and reference_size(size + block, block) == size:
                asked = self._probe(self._client_turn(size + block), part, response_size)[1]
            larger = response_size + block
            if factory.responses_vary and reference_size(larger, block) == response_size:
                answered = self._probe(self._sent, part, larger)[1]
            return (
                None if asked is None else (asked.operations, len(asked.data)),
                None if answered is None else (answered.operations, len(answered.data)),
            )

        factors = self._factors("answer", part.operations, part.size, measured)
        # The flight that it answers has been received by its first part.
        received = part.sizes[0] if len(part.sizes) > 1 else None
        return Growth(self._server_work, part.operations, part.size, factors, received)

    def _growth_of_receive(self, receive: Receive) -> Growth:
        """How the client's work grows with the response that it receives."""

        def measured() -> tuple[Larger, Larger]:
            larger = self._response_size + self._block
            recorder, output = self._probe(self._sent, self._answered, larger)
            _, operations = recorder.take(Recorder.client_receives, receive.queries)
            return None, (operations, len(output.data))

        (size,) = receive.sizes
        factors = self._factors("receive", receive.operations, size, measured)
        return Growth(self._client_work, receive.operations, size, factors)

    def _factors(
        self,
        what: str,
        operations: Operations,
        size: int,
        measured: Callable[[], tuple[Larger, Larger]],
    ) -> TurnFactors:
        """Those of a turn: turns of the same operations under the same suite grow alike."""
        state = self.state
        kind = what, state.version, state.suite, self._request_size, self._response_size
        key = kind, tuple([operation[0] for operation in operations])
        factors = self._factory.growth_factors.get(key)
        if factors is None:
            factors = factors_of(operations, size, measured(), self._block)
            self._factory.growth_factors[key] = factors
        return factors

    def _client_turn(self, size: int) -> RecordedTurn:
        """The turn of the trace for a request of another size."""
        found: RecordedTurn | None = self.state.turns.get(size)
        return found or self._record_client_turn(size)

    def _probe(
        self, sent: RecordedTurn, part: RecordedTurn, response_size: int
    ) -> tuple[Recorder, Output]:
        """The server's turn again, answered alike, with more data: nothing asks the world."""
        recorder = sent.checkpoint.resume()
        (_, queries), *further = part.steps
        _, output = recorder.take(lambda engines: engines.server_answers(response_size), queries)
        for branch, queries in further:

            def goes_on(engines: Recorder, branch: Any = branch) -> Output | Interruption:
                return engines.server_continues(branch)

            _, output = recorder.take(goes_on, queries)
        assert isinstance(output, Output)
        return recorder, output
