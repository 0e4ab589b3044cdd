"""Replayed endpoints whose flights somebody on the way reads: they show bytes of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sim.endpoints.endpoints import Endpoints, Pending, ServerState, State, Turn
from sim.endpoints.own_bytes import OwnBytes, RecordedBytes
from sim.endpoints.trace import RecordedTurn, WholeTurn
from sim.endpoints.varying_sizes import DerivedTurn


@dataclass(slots=True)
class ShownTurn:
    """A connection's own turn: `sim.endpoints.Turn`."""

    size: int
    records: int
    seconds: float
    data: bytes


class ShownEndpoints:
    """Both endpoints: `sim.endpoints.Endpoints` that follow a trace and show their own bytes.

    Args:
        replayed: follow the trace; their turns are `RecordedTurn`s, `WholeTurn`s and
            `DerivedTurn`s.
        own: the connection's bytes.
        start: Unix time of the scenario's start.
    """

    __slots__ = ("_heard", "_own", "_replayed", "_said", "_start")

    def __init__(self, replayed: Endpoints, own: OwnBytes, start: float) -> None:
        self._replayed = replayed
        self._own = own
        self._start = start
        self._said: RecordedBytes | None = None
        self._heard = 0.0

    @property
    def state(self) -> State:
        """How far both have come, as the client knows it."""
        return self._replayed.state

    @property
    def server(self) -> ServerState:
        """How far the server has come."""
        return self._replayed.server

    @property
    def session(self) -> Any:
        """The client's session, once it has one."""
        return self._replayed.session

    def client_sends(self, size: int = 0) -> Turn:
        """The client's flight, in bytes of its own."""
        return self._clients(self._replayed.client_sends(size))

    def client_closes(self) -> Turn:
        """The client's last flight, in bytes of its own."""
        return self._clients(self._replayed.client_closes())

    def server_answers(self, flight: Turn, now: float, response_size: int = 0) -> Turn | Pending:
        """What the server makes of a flight that is there at `now`, in bytes of its own."""
        self._heard = now
        return self._servers(self._replayed.server_answers(flight, now, response_size))

    def server_continues(self, answer: Any, now: float) -> Turn | Pending:
        """What the server makes of an answer that is there at `now`, in bytes of its own."""
        return self._servers(self._replayed.server_continues(answer, now))

    def client_receives(self, answer: Turn, now: float) -> float:
        """CPU seconds that it takes the client to read an answer."""
        return self._replayed.client_receives(answer, now)

    def client_receives_from_box(self, data: bytes, now: float) -> float:
        """CPU seconds that it takes the client to read what a box has sent."""
        return self._replayed.client_receives_from_box(self._own.as_recorded(data), now)

    def _servers(self, turn: Turn | Pending) -> Turn | Pending:
        """A server's turn; its hello is made when it has read the client's, before it waits."""
        if isinstance(turn, Pending):
            return turn
        return self._shown(turn, self._said, self._heard)

    def _clients(self, turn: Turn) -> Turn:
        return self._shown(turn, None, 0.0)

    def _shown(self, turn: Turn, question: RecordedBytes | None, now: float) -> ShownTurn:
        assert isinstance(turn, RecordedTurn | WholeTurn | DerivedTurn)
        recorded = turn.recorded_bytes(question)
        if question is None:
            self._said = recorded
        data = self._own.of_flight(recorded, self._start + now)
        return ShownTurn(turn.size, turn.records, turn.seconds, data)
