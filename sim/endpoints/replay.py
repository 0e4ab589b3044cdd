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
from sim.endpoints.session_kinds import KINDS, NO_SESSION
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
from sim.hosts.resources import TAKES_TIME, Request, Resources
from sim.hosts.work import Work

# Members of an enumeration are looked up slowly.
EPOCH, LOOKUP, LOOKUP_UNKNOWN = QueryKind.EPOCH, QueryKind.LOOKUP, QueryKind.LOOKUP_UNKNOWN
ACCEPTS, STORE, REMOVE = QueryKind.ACCEPTS, QueryKind.STORE, QueryKind.REMOVE


class Traces(Protocol):
    """What endpoints need of the factory whose traces they follow.

    Attributes:
        epochs: of the calendar, by the validity of certificates.
        resources: what the servers ask.
    """

    epochs: ValidityEpochs
    resources: Resources

    def kind_of(self, recorder: Recorder) -> int | None:
        """The number of the kind of session that a recorder's client has; `None` without one."""


class ReplayEndpoints:
    """Both endpoints: `sim.endpoints.Endpoints` that follow a trace.

    Args:
        factory: whose traces they follow.
        state: where the trace begins.
        client_work, server_work: of the machines.
        number: the connection's, and so that of the session which it makes.
        offered: the number of the session that the client offers; else `None`.
        recorded: whether their work is counted.
    """

    __slots__ = (
        "_answered",
        "_asked",
        "_client_work",
        "_factory",
        "_number",
        "_offered",
        "_recorded",
        "_sent",
        "_server_work",
        "_stores",
        "server",
        "state",
    )

    def __init__(
        self,
        factory: Traces,
        state: State,
        client_work: Work,
        server_work: Work,
        number: int,
        offered: int | None,
        recorded: bool,
    ) -> None:
        self._factory = factory
        self.state = state
        self.server = ServerState()
        self._client_work = client_work
        self._server_work = server_work
        self._number = number
        self._offered = offered
        self._stores = False
        self._asked: RecordedRequest | None = None
        self._recorded = recorded

    @property
    def session(self) -> int | None:
        """The session's number, once the client has one."""
        kind = self.state.kind
        return None if kind is None else self._session * KINDS + kind

    @property
    def _session(self) -> int:
        """The session that this connection has made or resumed, as the cache knows it."""
        offered = self._offered
        return self._number if self._stores or offered is None else offered

    # -- following the trace

    def client_sends(self, size: int = 0) -> Turn:
        """The turn of the trace for a request of this size."""
        sent = self.state.turns.get(size)
        if sent is None:
            sent = self._record_client_turn(size)
        sent.times += self._recorded
        self._sent = sent
        return sent

    def client_closes(self) -> Turn:
        """The turn of the trace that closes."""
        return self.client_sends(CLOSING)

    def server_answers(self, flight: Turn, now: float, response_size: int = 0) -> Turn | Pending:
        """The turn of the trace for what the world answers at `now`."""
        sent = self._sent
        answered = sent.following.get(response_size)
        if type(answered) is Query:
            answered = self._follow(answered, now)
        if type(answered) is not RecordedTurn:
            if type(answered) is not RecordedRequest:
                answered = self._record_answer(answered, response_size, now)
            if isinstance(answered, RecordedRequest):
                return self._ask(answered, now)
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
        resources, seconds = self._factory.resources, 0.0
        while True:
            asked.times += self._recorded
            seconds += asked.seconds
            self.server = asked.server
            kind = asked.kind
            subject = self._subject(asked.query) if asked.subject is None else asked.subject
            answer = resources.answer(kind, subject, now)
            if answer is TAKES_TIME:
                self._asked = asked
                return Pending(Request(kind, subject), seconds, resources)
            part = self._part_behind(asked, answer, now)
            if isinstance(part, RecordedTurn):
                return WholeTurn(self._finished(part), seconds)
            asked = part

    def _finished(self, part: RecordedTurn) -> RecordedTurn:
        part.times += self._recorded
        self._answered = part
        self.server = part.server
        return part

    def client_receives(self, answer: Turn, now: float) -> float:
        """What the trace's client has to do; it then stands where that leads."""
        receive = self._answered.following.get(RECEIVING)
        if type(receive) is Query:
            receive = self._follow(receive, now)
        if type(receive) is not Receive:
            receive = self._record_receive(receive, now)
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
        return _branch(query, self._factory.resources.answer(kind, self._subject(query), now))

    def _subject(self, query: QueryKind) -> int | None:
        """What this connection asks the server's resources of."""
        if query is LOOKUP:
            return self._offered
        if query is STORE:
            self._stores = True
            return self._number
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
        )

    def _part_behind(
        self, asked: RecordedRequest, answer: Any, now: float
    ) -> RecordedTurn | RecordedRequest:
        """What the server does next with the answer to its request."""
        branch = _branch(asked.query, answer)
        part = asked.following.get(branch)
        if type(part) is Query:
            part = self._follow(part, now)
        if isinstance(part, RecordedTurn | RecordedRequest):
            return part
        gap = part or Gap(asked.following, branch, ())
        return self._record_server(
            gap, asked, lambda engines: engines.server_continues(branch), now
        )

    def _record_server(
        self,
        gap: Gap,
        before: RecordedTurn | RecordedRequest,
        turn: Callable[[Recorder], Output | Interruption],
        now: float,
    ) -> RecordedTurn | RecordedRequest:
        """The server's turn, from the client's or a request of its own on, up to the next one."""
        recorder = before.checkpoint.resume()
        answers = gap.answers
        queries, output = recorder.take(turn, answers, lambda query: self._answer(query, now))
        checkpoint = Checkpoint(before.checkpoint, turn, queries)
        checkpoint.keep(recorder)
        received = before.size if isinstance(before, RecordedTurn) else None
        part: RecordedTurn | RecordedRequest
        if isinstance(output, Output):
            part = RecordedTurn(checkpoint, output, self._server_work, recorder, received)
        else:
            part = RecordedRequest(checkpoint, output, self._server_work, recorder, received)
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
        receive = Receive(self._client_work, operations, size, state)
        gap.fill(queries, receive)
        return receive


def _branch(query: QueryKind, answer: Any) -> bool:
    """Where an answer of the server's resources leads in a trace."""
    if query is LOOKUP or query is LOOKUP_UNKNOWN:
        return answer is not None
    return bool(answer) if query is ACCEPTS else True
