"""Traces: what two engines did at each turn, and what came of it by what they were answered.

All traces of a world are one graph. A `State` lies between two exchanges; an exchange leads from it
over a `RecordedTurn` of the client, one of the server, and the client's `Receive` to the next.
Where engines asked something at a turn, a `Query` stands before it, with a branch for each answer
so far; where an answer may take time, a `RecordedRequest`, which ends a part of a server's turn.
Data on an established connection leads back to the same state: its turns depend on sizes alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from sim.endpoints.endpoints import Operations, ServerState
from sim.endpoints.engine_pair import EnginePair, Output
from sim.endpoints.own_bytes import RecordedBytes
from sim.endpoints.recorder import REQUEST_KINDS, Answers, Interruption, QueryKind, Recorder
from sim.endpoints.varying_sizes import DerivedTurn, Growth, grown_flight
from sim.hosts.work import Task, Work

Branches = dict[Any, Any]
"""What follows, by what is done or by the answer to a query: a `Query` or a turn's result."""


Steps = tuple[tuple[Any, Answers], ...]
"""Parts of a server's turn: the branch by which each goes on from the request before (the first
goes on from the client's flight, by none), and what is asked at it."""


class Query:
    """A query that the engines ask at a turn.

    Attributes:
        kind: what is asked.
        before: what they asked before it at the same turn, with the answers that led here.
        branches: what follows, by the answer.
    """

    __slots__ = ("before", "branches", "kind")

    def __init__(self, kind: QueryKind, before: Answers) -> None:
        self.kind = kind
        self.before = before
        self.branches: Branches = {}


class Checkpoint:
    """A point between two turns of a trace, and how engines get there.

    Engines are kept at the checkpoint that they came to last; everywhere else they are made again
    and repeat all turns from the beginning.

    Args:
        before: the checkpoint before it; for the first, what makes engines.
        turn: taken there to get here.
        answers: given at that turn.
    """

    __slots__ = ("_answers", "_before", "_recorder", "_turn")

    def __init__(
        self,
        before: Checkpoint | Callable[[], Recorder],
        turn: Callable[[Recorder], Any],
        answers: Answers,
    ) -> None:
        self._before = before
        self._turn = turn
        self._answers = answers
        self._recorder: Recorder | None = None

    def keep(self, recorder: Recorder) -> None:
        """Keep engines here that have just got here."""
        self._recorder = recorder

    def resume(self) -> Recorder:
        """Engines that stand here, to go on with: those kept here, or new ones."""
        recorder, self._recorder = self._recorder, None
        if recorder is None:
            before = self._before
            recorder = before.resume() if isinstance(before, Checkpoint) else before()
            recorder.take(self._turn, self._answers)
        return recorder


class State:
    """Between two exchanges: `sim.endpoints.State`.

    Attributes:
        checkpoint: how to get here.
        established: whether handshakes are over on both sides.
        kind: the number of the kind of session that the client may offer next time; else `None`.
        tickets: how many of that it has got, each to be offered once; 0 where it is offered again.
        turns: the client's turns so far, by the size of the request or `CLOSING`.
    """

    __slots__ = (
        "checkpoint",
        "completed",
        "early_data",
        "early_data_left",
        "established",
        "failure",
        "fault",
        "group",
        "kind",
        "lifetime_hint",
        "offers_ticket",
        "renewed",
        "resumed",
        "retried",
        "suite",
        "tickets",
        "turns",
        "version",
    )

    def __init__(self, checkpoint: Checkpoint, engines: EnginePair, kind: int | None) -> None:
        self.checkpoint = checkpoint
        self.completed = engines.completed
        self.failure = engines.failure
        self.fault = engines.fault
        self.version = engines.version
        self.suite = engines.suite
        self.resumed = engines.resumed
        self.offers_ticket = engines.offers_ticket
        self.renewed = engines.renewed
        self.retried = engines.retried
        self.group = engines.group
        self.early_data = engines.early_data
        self.early_data_left = engines.early_data_left
        self.tickets = len(engines.tickets)
        self.lifetime_hint = engines.lifetime_hint
        self.established = (
            engines.completed
            and engines.server_completed
            and engines.failure is None
            and not engines.server_failed
        )
        self.kind = kind
        self.turns: Branches = {}


CLOSING = -1
"""In place of a request's size: the client closes."""
RECEIVING = 0
"""The key under which what the client does with an answer follows it."""


class RecordedTurn(Task):
    """A turn of an engine, as it was recorded: `sim.endpoints.Turn`.

    Args:
        checkpoint: how to get behind it.
        output: what the engine did.
        work: its machine's.
        received: bytes of the flight that it answers; `None` for a client, which answers none.
        recorder: has taken it.

    Attributes:
        data: none: the flight's bytes are another connection's.
        server: what the server knows behind it.
        following: the server's turns by the size of the response, or the client's `Receive` of
            the answer by `RECEIVING`.
        steps: those of a server's turn, from the client's flight on.
        growth: with more data than it has, once that was measured.
    """

    __slots__ = (
        "_bytes",
        "_flight",
        "_protected",
        "checkpoint",
        "following",
        "growth",
        "records",
        "server",
        "size",
        "steps",
    )

    data = b""

    def __init__(
        self,
        checkpoint: Checkpoint,
        output: Output,
        work: Work,
        recorder: Recorder,
        received: int | None = None,
        steps: Steps = (),
    ) -> None:
        size = len(output.data)
        super().__init__(work, output.operations, (size,) if received is None else (received, size))
        self.size = size
        self.records = output.records
        self.checkpoint = checkpoint
        engines = recorder.engines
        self.server = _server_state(engines)
        self.following: Branches = {}
        self._flight = output.data
        self._protected = recorder.was_protected
        self._bytes: RecordedBytes | None = None
        self.steps = steps
        self.growth: Growth | None = None

    def grown_bytes(self, more: int, question: RecordedBytes | None) -> RecordedBytes:
        """Its flight with so many bytes more in its last record."""
        flight = grown_flight(self._flight, more) if more else self._flight
        return RecordedBytes(flight, protected=self._protected, question=question)

    def recorded_bytes(self, question: RecordedBytes | None) -> RecordedBytes:
        """Its flight, which answers the client's `question` if it is a server's."""
        found = self._bytes
        if found is None:
            found = self._bytes = RecordedBytes(
                self._flight, protected=self._protected, question=question
            )
        return found


class WholeTurn:
    """A server's turn of several parts, none of which had to wait: `sim.endpoints.Turn`.

    Args:
        last: its last part, and so its flight.
        before: CPU seconds of the parts before.
    """

    __slots__ = ("data", "recorded_bytes", "records", "seconds", "size")

    def __init__(self, last: RecordedTurn | DerivedTurn, before: float) -> None:
        self.size = last.size
        self.records = last.records
        self.seconds = before + last.seconds
        self.data = last.data
        self.recorded_bytes = last.recorded_bytes


class RecordedRequest(Task):
    """A part of a server's turn, as it was recorded: what it does until its request.

    Args:
        checkpoint: how to get there.
        interruption: what the engine did, and asks.
        work: the server's.
        recorder: has come there.
        received: bytes of the flight that it answers; `None` where it has waited before.

    Attributes:
        query: what is asked.
        kind: the same as a request's.
        subject: what that is asked of, where it is the same in each connection.
        server: what the server knows there.
        following: what it does next, by the answer.
        steps: those of the turn so far, from the client's flight on.
    """

    __slots__ = ("checkpoint", "following", "kind", "query", "server", "steps", "subject")

    def __init__(
        self,
        checkpoint: Checkpoint,
        interruption: Interruption,
        work: Work,
        recorder: Recorder,
        received: int | None,
        steps: Steps,
    ) -> None:
        super().__init__(work, interruption.operations, () if received is None else (received,))
        self.checkpoint = checkpoint
        self.query = interruption.query
        self.kind = REQUEST_KINDS[interruption.query]
        self.subject = interruption.subject
        engines = recorder.engines
        self.server = _server_state(engines)
        self.following: Branches = {}
        self.steps = steps


def _server_state(engines: EnginePair) -> ServerState:
    return ServerState(
        engines.server_failed, engines.session_found, engines.ticket_accepted, engines.responded
    )


class Receive(Task):
    """The client has received an answer.

    Args:
        work: the client's.
        operations: what it did for that.
        answer: the answer's size in bytes.
        state: where that leads.
        queries: asked at it.

    Attributes:
        growth: with more data than were recorded, once that was measured.
    """

    __slots__ = ("growth", "queries", "state")

    def __init__(
        self, work: Work, operations: Operations, answer: int, state: State, queries: Answers
    ) -> None:
        super().__init__(work, operations, (answer,))
        self.state = state
        self.queries = queries
        self.growth: Growth | None = None


class Gap(NamedTuple):
    """Where a trace does not go on yet.

    Attributes:
        branches, key: what is to follow there, and by what.
        answers: to the queries before it at the same turn.
    """

    branches: Branches
    key: Any
    answers: Answers

    def fill(self, queries: Answers, entry: Any) -> None:
        """Write the turn, or the `Receive`, behind the queries that were asked at it in all."""
        branches, key, known = self.branches, self.key, len(self.answers)
        for position in range(known, len(queries)):
            kind, answer = queries[position]
            node = branches[key] = Query(kind, queries[:position])
            branches, key = node.branches, answer
        branches[key] = entry
