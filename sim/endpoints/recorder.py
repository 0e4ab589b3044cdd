"""Two engines whose turns are recorded: they repeat those of a trace, then take further ones.

Whatever a handshake consults of the world outside (the server's session cache, the calendar) it
asks for, and every query is written down with its answer: what a handshake depends on is known
because it asked.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from math import inf
from typing import Any, Protocol

import tls
from sim.endpoints.endpoints import Operations
from sim.endpoints.engine_pair import EnginePair, Output


class QueryKind(Enum):
    """What a handshake asks of the world."""

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
    REMOVE = auto()
    """Forget this connection's session; always answered with yes."""


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
    """A session as client and server remember it."""

    client: tls.Session
    server: tls.Session


class Oracle:
    """Answers the queries of recorded engines: from a trace first, then from the world.

    It is the session store of their servers and the clock of both sides.

    Attributes:
        queries: the queries of the turn that is being taken, with their answers.
    """

    def __init__(self, epochs: ValidityEpochs) -> None:
        self._epochs = epochs
        self._trace: Answers = ()
        self._world: Callable[[QueryKind], Any] | None = None
        self._recorder: Recorder | None = None
        self.queries: list[tuple[QueryKind, Any]] = []

    def begin_turn(
        self,
        recorder: Recorder,
        trace: Answers,
        world: Callable[[QueryKind], Any] | None,
    ) -> None:
        """What is asked from now on is answered from `trace`, then by `world`."""
        self._recorder, self._trace, self._world = recorder, trace, world
        self.queries = []

    def __call__(self) -> float:
        """The Unix time, as the engines' clock: some moment of the epoch that it is."""
        return self._epochs.moment(self._query(QueryKind.EPOCH))

    def accepts(self) -> bool:
        """As `tls.SessionStore`: whether a new session would be kept."""
        return bool(self._query(QueryKind.ACCEPTS))

    def lookup(self, session_id: bytes, now: float) -> tls.Session | None:
        """As `tls.SessionStore`: of the session that is offered, or of none."""
        assert self._recorder is not None
        offered = self._recorder.offered
        if offered is None or session_id != offered.server.id:
            self._query(QueryKind.LOOKUP_UNKNOWN)
            return None
        return offered.server if self._query(QueryKind.LOOKUP) else None

    def store(self, session: tls.Session, now: float) -> bool:
        """As `tls.SessionStore`: the session that the recorder holds from now on."""
        assert self._recorder is not None
        self._recorder.stored = session
        return bool(self._query(QueryKind.STORE))

    def remove(self, session_id: bytes) -> None:
        """As `tls.SessionStore`: of this connection's session."""
        self._query(QueryKind.REMOVE)

    def _query(self, query: QueryKind) -> Any:
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


class Recorder:
    """Two engines between two turns, and what they query at each.

    Args:
        begin: makes the engines, whose clock and session store is `oracle`.
        oracle: answers their queries.
        offered: the session that the client offers.

    Attributes:
        stored: the session that the server has stored, if any.
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
        self._oracle.begin_turn(self, trace, world)
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

    def server_answers(self, response_size: int) -> Output:
        """As `EnginePair`, to the client's last flight."""
        output = self.engines.server_answers(self._flight, response_size)
        self._flight = output.data
        self.was_protected = self._server_protected
        self._server_protected |= tls.changes_cipher_spec(output.data)
        return output

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
