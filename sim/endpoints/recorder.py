"""Two engines whose turns are recorded: they repeat those of a trace, then take further ones.

Whatever a handshake consults of the world outside (the server's resources, the calendar) it asks
for, and every query is written down with its answer: what a handshake depends on is known because
it asked. Where an answer may take time, a turn is recorded up to the query, and on from the answer.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from math import inf
from typing import Any, NamedTuple, Protocol

import tls
from sim.endpoints.endpoints import Operations
from sim.endpoints.engine_pair import EnginePair, Output
from sim.hosts.resources import Request, RequestKind
from sim.hosts.ticket_keys import (
    RECORDED_KEY,
    OpenedTicket,
    TicketToOpen,
    TicketVerdict,
)


class QueryKind(Enum):
    """What a handshake asks of the world."""

    __hash__ = object.__hash__  # an enumeration's own is a function in Python

    EPOCH = auto()
    """Which epoch of the calendar it is: see `ValidityEpochs`."""
    LOOKUP = auto()
    """Whether the session that the client offers is in the server's cache."""
    LOOKUP_UNKNOWN = auto()
    """The same of an ID that no session was given."""
    ACCEPTS = auto()
    """Whether the cache would keep a new session."""
    STORE = auto()
    """Remember the new session; always answered with yes."""
    STORE_RESUMED = auto()
    """Remember a new session that goes back to the one which was found; answered likewise."""
    REMOVE = auto()
    """Forget this connection's session; always answered with yes."""
    OPEN_TICKET = auto()
    """What the server makes of the ticket that the client offers: a `TicketVerdict`."""
    SEAL_TICKET = auto()
    """Seal a new session's ticket; always answered with yes."""
    RENEW_TICKET = auto()
    """Seal the offered ticket's session anew; always answered with yes."""
    PRIVATE_KEY = auto()
    """Use the server's key elsewhere; always answered with yes."""


REQUEST_KINDS = {
    QueryKind.LOOKUP: RequestKind.LOOK_UP_SESSION,
    QueryKind.LOOKUP_UNKNOWN: RequestKind.LOOK_UP_SESSION,
    QueryKind.ACCEPTS: RequestKind.ACCEPT_SESSION,
    QueryKind.STORE: RequestKind.STORE_SESSION,
    QueryKind.STORE_RESUMED: RequestKind.STORE_SESSION,
    QueryKind.REMOVE: RequestKind.REMOVE_SESSION,
    QueryKind.OPEN_TICKET: RequestKind.OPEN_TICKET,
    QueryKind.SEAL_TICKET: RequestKind.SEAL_TICKET,
    QueryKind.RENEW_TICKET: RequestKind.SEAL_TICKET,
    QueryKind.PRIVATE_KEY: RequestKind.USE_PRIVATE_KEY,
}
"""What each query is as a request to a server's resources; the calendar is not theirs."""

_QUERY_KINDS = {request: query for query, request in REQUEST_KINDS.items()}

Answers = tuple[tuple[QueryKind, Any], ...]
"""What one turn has queried, in order, with their answers."""


class Validity(Protocol):
    """From when until when a certificate is valid (Unix times)."""

    not_before: float
    not_after: float


class ValidityEpochs:
    """The epochs of the calendar: between two of them a certificate becomes valid or invalid.

    Args:
        start: Unix time of the scenario's start.
        certificates: those whose validity matters.
    """

    def __init__(self, start: float, certificates: Sequence[Validity]) -> None:
        self._begins = sorted(certificate.not_before for certificate in certificates)
        self._ends = sorted(certificate.not_after for certificate in certificates)
        self._start = start
        moments = [start, *self._begins, *(end + 1 for end in self._ends)]
        self._moments: dict[int, float] = {self._of(moment): moment for moment in reversed(moments)}
        self._boundaries = sorted([*self._begins, *self._ends])
        self._last, self._since, self._until = 0, inf, -inf

    def at(self, now: float) -> int:
        """The epoch `now` seconds after the scenario's start."""
        time = self._start + now
        if not self._since < time < self._until:
            self._last = self._of(time)
            position = bisect_right(self._boundaries, time)
            self._since = self._boundaries[position - 1] if position else -inf
            self._until = self._boundaries[position] if position < len(self._boundaries) else inf
        return self._last

    def moment(self, epoch: int) -> float:
        """Some Unix time in that epoch, always the same."""
        return self._moments[epoch]

    def _of(self, time: float) -> int:
        return bisect_right(self._begins, time) + bisect_left(self._ends, time)


@dataclass(frozen=True, slots=True)
class OfferedSession:
    """A session as client and server remember it, or as the server has put it in a ticket."""

    client: tls.Session
    server: tls.Session

    @property
    def is_sealed(self) -> bool:
        """Whether the client has it in a sealed ticket, and not by an ID that the cache knows."""
        return bool(self.client.ticket) and self.client.ticket != self.server.id


class Oracle:
    """Answers the queries of recorded engines: from a trace first, then from the world.

    It is the clock of both sides.

    Args:
        epochs: the calendar's.
        may_wait: kinds of requests whose answer may take time.

    Attributes:
        may_wait: those kinds.
        queries: the queries of the turn that is being taken, with their answers.
    """

    def __init__(self, epochs: ValidityEpochs, may_wait: frozenset[RequestKind]) -> None:
        self._epochs = epochs
        self.may_wait = may_wait
        self._trace: Answers = ()
        self._world: Callable[[QueryKind], Any] | None = None
        self.queries: list[tuple[QueryKind, Any]] = []

    def begin_turn(self, trace: Answers, world: Callable[[QueryKind], Any] | None) -> None:
        """What is asked from now on is answered from `trace`, then by `world`."""
        self._trace, self._world = trace, world
        self.queries = []

    def __call__(self) -> float:
        """The Unix time, as the engines' clock: some moment of the epoch that it is."""
        return self._epochs.moment(self.answer(QueryKind.EPOCH))

    def answer(self, query: QueryKind) -> Any:
        """The answer to a query, which is written down with it."""
        position = len(self.queries)
        if query is QueryKind.EPOCH:
            # No time passes during a turn.
            for earlier, answer in self.queries:
                if earlier is query:
                    return answer
        if position < len(self._trace):
            recorded, answer = self._trace[position]
            assert recorded is query, f"{query} where the trace has {recorded}"
        else:
            assert self._world is not None, f"{query} is not in the trace"
            answer = self._world(query)
        self.queries.append((query, answer))
        return answer


class Interruption(NamedTuple):
    """What a server's engine did at its turn until it had to wait.

    Attributes:
        query: what it waits for.
        subject: what that is asked of, where it is the same in each connection.
        operations: the work done, TLS apart included.
    """

    query: QueryKind
    subject: Any
    operations: Operations


def _opened(ticket: TicketToOpen, verdict: TicketVerdict, moment: float) -> OpenedTicket | None:
    """What is in a recorded ticket, with the work that it takes to come to that verdict.

    A session of TLS 1.3 has been made at that moment (Unix time).
    """
    if verdict is TicketVerdict.UNKNOWN_KEY:
        return None
    opened = RECORDED_KEY.open(*ticket)
    if opened is None or verdict is TicketVerdict.TOO_OLD:
        return None
    if opened.session.version == tls.TLS_1_3:
        opened.session.made = moment
    return OpenedTicket(opened.session, opened.made, verdict is TicketVerdict.RENEW)


class Recorder:
    """Two engines between two turns, and what they query at each.

    Args:
        begin: makes the engines, whose clock is `oracle`.
        oracle: answers their queries.
        offered: the session that the client offers.

    Attributes:
        stored: the session that the server has stored or sealed in a ticket, if any.
        was_protected: whether the sender of the last flight had sent change_cipher_spec before.
    """

    def __init__(
        self,
        begin: Callable[[], EnginePair],
        oracle: Oracle,
        offered: OfferedSession | None,
    ) -> None:
        self._begin = begin
        self._oracle = oracle
        self._flight = b""
        self._interrupted: tuple[QueryKind, Request] | None = None
        self.offered = offered
        self.stored: tls.Session | None = None
        self.was_protected = False
        self._client_protected = self._server_protected = False
        self.engines: EnginePair

    def take(
        self,
        turn: Callable[[Recorder], Any],
        trace: Answers,
        world: Callable[[QueryKind], Any] | None = None,
    ) -> tuple[Answers, Any]:
        """Have the engines take a turn, one of the methods below.

        Args:
            turn: the method.
            trace: what it asks, with the answers.
            world: answers what the trace does not; `None` where it does all.

        Returns all that was asked, and what the turn returns.
        """
        self._oracle.begin_turn(trace, world)
        result = turn(self)
        return tuple(self._oracle.queries), result

    def begin(self) -> None:
        """The client opens the connection."""
        self.engines = self._begin()

    def client_sends(self, size: int) -> Output:
        """As `EnginePair.client_sends`: the flight that the server answers next."""
        return self._clients(self.engines.client_sends(size))

    def client_closes(self) -> Output:
        """As `EnginePair.client_closes`: the flight that the server answers last."""
        return self._clients(self.engines.client_closes())

    def server_answers(self, response_size: int) -> Output | Interruption:
        """As `EnginePair`, to the client's last flight, up to what may take time."""
        return self._server_turn(self.engines.server_answers(self._flight, response_size))

    def server_continues(self, answer: Any) -> Output | Interruption:
        """On from the query that has interrupted the server's turn, whose answer this is."""
        assert self._interrupted is not None
        meant = self._meaning(*self._interrupted, answer)
        return self._server_turn(self.engines.server_continues(meant))

    def _server_turn(self, output: Output | Request) -> Output | Interruption:
        oracle = self._oracle
        while isinstance(output, Request):
            query = self._query(output)
            if output.kind in oracle.may_wait:
                self._interrupted = query, output
                subject = output.subject if query is QueryKind.PRIVATE_KEY else None
                return Interruption(query, subject, self.engines.server_operations())
            answer = self._meaning(query, output, oracle.answer(query))
            output = self.engines.server_continues(answer)
        self._flight = output.data
        self.was_protected = self._server_protected
        self._server_protected |= tls.changes_cipher_spec(output.data)
        return output

    def _query(self, request: Request) -> QueryKind:
        """A request as a query, which is the same for all connections of a class."""
        kind, subject, _ = request
        if kind is RequestKind.LOOK_UP_SESSION:
            known = self.offered is not None and subject == self.offered.server.id
            return QueryKind.LOOKUP if known else QueryKind.LOOKUP_UNKNOWN
        if kind is RequestKind.STORE_SESSION:
            self.stored = subject
            return QueryKind.STORE if subject.since is None else QueryKind.STORE_RESUMED
        if kind is RequestKind.SEAL_TICKET:
            self.stored = subject.session
            return QueryKind.SEAL_TICKET if subject.since is None else QueryKind.RENEW_TICKET
        return _QUERY_KINDS[kind]

    def _meaning(self, query: QueryKind, request: Request, answer: Any) -> Any:
        """An answer as the engine wants it: a session that was found is the one recorded here."""
        subject = request.subject
        if query is QueryKind.OPEN_TICKET:
            return _opened(subject, answer, self._oracle())
        if query is QueryKind.SEAL_TICKET or query is QueryKind.RENEW_TICKET:
            return RECORDED_KEY.seal(subject.session, 0.0, subject.random, subject.meter)
        if query is QueryKind.LOOKUP:
            assert self.offered is not None
            if not answer:
                return None
            # Since when is the world's affair: here it is known that it is some time.
            self.offered.server.since = 0.0
            return self.offered.server
        return None if query is QueryKind.LOOKUP_UNKNOWN else answer

    def client_receives(self) -> Operations:
        """As `EnginePair`, of the server's last flight."""
        return self.engines.client_receives(self._flight)

    def client_receives_from_box(self, data: bytes) -> Operations:
        """As `EnginePair.client_receives`, of spoofed data that a box has sent."""
        return self.engines.client_receives(data)

    def _clients(self, output: Output) -> Output:
        self._flight = output.data
        self.was_protected = self._client_protected
        self._client_protected |= tls.changes_cipher_spec(output.data)
        return output
