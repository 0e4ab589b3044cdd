"""Endpoints that replay what engines did before them.

The first connections of each class run engines, whose turns become traces; later ones follow a
trace, as fast as a simulator can be. Everything that changes with time stays real: caches, queues,
networks, who remembers what. A class is not declared: it is the answers to all that the engines
asked (see `sim.endpoints.recorder`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import tls
from sim.endpoints.endpoints import Endpoints, Operations, Pending, ServerState, Turn
from sim.endpoints.engine_configuration import deferred_to, server_config
from sim.endpoints.engine_pair import EnginePair, Output
from sim.endpoints.own_bytes import OwnBytes
from sim.endpoints.recorder import (
    REQUEST_KINDS,
    Interruption,
    OfferedSession,
    Oracle,
    QueryKind,
    Recorder,
    ValidityEpochs,
)
from sim.endpoints.session_kinds import KINDS, SessionKinds, SessionOrigin
from sim.endpoints.shown import ShownEndpoints
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
from sim.hosts.client import ClientGroup
from sim.hosts.resources import TAKES_TIME, Request, RequestKind, Resources
from sim.hosts.server import TlsSettings
from sim.hosts.work import Work
from sim.identities import identity
from sim.streams import Streams

_NO_SESSION = -1
# Members of an enumeration are looked up slowly.
_LOOK_UP_SESSION = RequestKind.LOOK_UP_SESSION

EPOCH, LOOKUP, LOOKUP_UNKNOWN = QueryKind.EPOCH, QueryKind.LOOKUP, QueryKind.LOOKUP_UNKNOWN
ACCEPTS, STORE, REMOVE = QueryKind.ACCEPTS, QueryKind.STORE, QueryKind.REMOVE

Beginning = tuple[str, int | None, int, int]
"""What is known of a connection when it begins: the browser's name, the kind of session that it
offers, which of a class's traces it takes, and the epoch of the calendar."""


class ReplayEndpointFactory:
    """Connections that follow traces.

    A session of theirs is one number (see `sim.endpoints.session_kinds`); the server's cache knows
    it by that of the connection which made it.

    Args:
        host: the name that clients want.
        work: that of the servers' ends.
        settings: how those speak TLS.
        resources: what the servers ask: their session cache and the like.
        clients: the configuration of each browser.
        start: Unix time of the scenario's start.
        streams: where the random bytes of the traces come from.
        label: tells the streams of these endpoints from those of others.
        traces: how many traces a class has; connections take them in turn.
        kinds: those of sessions, of all hops of TLS in the world.
    """

    def __init__(
        self,
        host: str,
        work: Work,
        settings: TlsSettings,
        resources: Resources,
        clients: Mapping[str, tls.ClientConfig],
        start: float,
        streams: Streams,
        label: str,
        traces: int,
        kinds: SessionKinds,
    ) -> None:
        self.resources = resources
        certificates = list(identity(settings.identity).certificates)
        for config in clients.values():
            certificates.extend(config.trust.all())
            for own in config.identities:
                certificates.extend(own.certificates)
        self.epochs = ValidityEpochs(start, certificates)
        self._host = host
        self._work = work
        self._traces = traces
        self._oracle = Oracle(self.epochs, resources.may_wait)
        self._server_config = server_config(settings, deferred=deferred_to(resources))
        self._client_configs = clients
        self._entropy = streams.entropy(f"{label}.client"), streams.entropy(f"{label}.server")
        self._beginnings: dict[Beginning, State] = {}
        self._start = start
        self._kinds = kinds
        self._caches = kinds.caches
        self._origin = SessionOrigin(resources.sessions, self._entropy[1])

    def backdate(self, session: int, seconds: float) -> None:
        """The cache knows it by the number of the connection that made it."""
        self.resources.backdate(session // KINDS, seconds)

    def connect(
        self,
        group: ClientGroup,
        session: int | None,
        number: int,
        *,
        recorded: bool,
        now: float,
        shown: bool = False,
    ) -> Endpoints:
        """Two endpoints at the beginning of a trace."""
        kind, offered = None, None
        if session is not None:
            offered, kind = divmod(session, KINDS)
            if self._caches[kind] is not self.resources.sessions:
                # Another server's, where a connection of that number may have made another here.
                offered = _NO_SESSION
        key = group.browser.name, kind, number % self._traces, self.epochs.at(now)
        state = self._beginnings.get(key) or self._begin(key)
        endpoints = ReplayEndpoints(self, state, group.work, self._work, number, offered, recorded)
        if not shown:
            return endpoints
        return ShownEndpoints(endpoints, self._bytes_of(number, session, now), self._start)

    def _bytes_of(self, number: int, session: int | None, now: float) -> OwnBytes:
        """Those that a connection shows which begins now."""
        offered_id = b""
        if session is not None:
            connection, kind = divmod(session, KINDS)
            offered_id = self._kinds.kind(kind).session_id(connection)
        client_entropy, server_entropy = self._entropy
        return OwnBytes(
            client_entropy.of(number), server_entropy.of(number), offered_id, self._start + now
        )

    def kind_of(self, recorder: Recorder) -> int | None:
        """The number of the kind of session that a recorder's client has; `None` without one."""
        session = recorder.engines.session
        if session is None:
            return None
        server = recorder.stored
        if server is None:
            if recorder.offered is None or recorder.offered.client.id != session.id:
                return None
            server = recorder.offered.server
        return self._kinds.number_of(OfferedSession(session, server), self._origin)

    def _begin(self, key: Beginning) -> State:
        """The beginning of a new trace, whose random bytes follow from its own number."""
        browser, kind, _, epoch = key
        number = len(self._beginnings)
        offered = None if kind is None else self._kinds.kind(kind).recorded

        def engines() -> EnginePair:
            client_entropy, server_entropy = self._entropy
            return EnginePair(
                self._client_configs[browser],
                self._server_config,
                server_name=self._host,
                session=None if offered is None else offered.client,
                entropy=(client_entropy.of(number), server_entropy.of(number)),
                clock=self._oracle,
            )

        def new() -> Recorder:
            return Recorder(engines, self._oracle, offered)

        checkpoint = Checkpoint(new, Recorder.begin, ((EPOCH, epoch),))
        recorder = checkpoint.resume()
        checkpoint.keep(recorder)
        state = self._beginnings[key] = State(checkpoint, recorder.engines, None)
        return state


class ReplayEndpoints:
    """Both endpoints: `sim.endpoints.Endpoints` that follow a trace.

    Args:
        factory: whose traces.
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
        factory: ReplayEndpointFactory,
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
            if kind is EPOCH:
                answer = self._factory.epochs.at(now)
            elif kind is LOOKUP:
                found = self._factory.resources.answer(_LOOK_UP_SESSION, self._offered, now)
                answer = found is not None
            else:
                answer = self._answer(kind, now)
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
        return _NO_SESSION if query is LOOKUP_UNKNOWN else None

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
