"""Endpoints without TLS: application data as it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sim.endpoints.endpoints import ACCEPT, REQUEST, Operations, ServerState, Turn
from sim.hosts.client import ClientGroup
from sim.hosts.resources import Resources
from sim.hosts.work import Task, Work

Made = TypeVar("Made")


class PlainTurn(Task):
    """A turn without TLS: `sim.endpoints.Turn`."""

    __slots__ = ("data", "records", "size")

    def __init__(self, work: Work, operations: Operations, received: int, sent: int) -> None:
        super().__init__(work, operations, (received, sent))
        self.size = sent
        self.records = 0
        self.data = b""


class _Made(dict[int, Made]):
    """A table that makes the entry of a key when it is first asked for."""

    def __init__(self, make: Callable[[int], Made]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: int) -> Made:
        made = self[key] = self._make(key)
        return made


class _ClientTurns:
    """A client's turns by the bytes that it sends, and those at which it takes so many."""

    def __init__(self, work: Work) -> None:
        self.sending = _Made(lambda size: PlainTurn(work, (), 0, size))
        self.taking = _Made(lambda size: PlainTurn(work, (), size, 0))


class _ServerTurns:
    """A server's turns by the bytes that it sends, for each number of bytes received.

    It serves a request where there is a response; at the `first` turn it accepts besides.
    """

    def __init__(self, work: Work) -> None:
        def turns(received: int, operations: Operations) -> _Made[PlainTurn]:
            def turn(sent: int) -> PlainTurn:
                asked = (REQUEST,) if received and sent else ()
                return PlainTurn(work, (*operations, *asked), received, sent)

            return _Made(turn)

        self.first = _Made(lambda received: turns(received, (ACCEPT,)))
        self.later = _Made(lambda received: turns(received, ()))


class PlainEndpointFactory:
    """Connections without TLS.

    Args:
        work: the server's.
    """

    def __init__(self, work: Work) -> None:
        self._server = _ServerTurns(work)
        self._clients: dict[str, _ClientTurns] = {}

    def backdate(self, resources: Resources, session: Any, seconds: float) -> None:
        """There are no sessions."""

    def would_resume(self, resources: Resources, session: Any, age: float, now: float) -> bool:
        """There are no sessions."""
        return False

    def ready_session(self, browser: str, now: float) -> None:
        """There are no sessions."""

    def connect(
        self,
        group: ClientGroup,
        session: Any,
        number: int,
        resources: Resources,
        *,
        recorded: bool,
        now: float,
        shown: bool = False,
        lowered: int = 0,
    ) -> PlainEndpoints:
        """Two endpoints that are complete from the start."""
        name = group.browser.name
        client = self._clients.get(name)
        if client is None:
            client = self._clients[name] = _ClientTurns(group.work)
        return PlainEndpoints(client, self._server, recorded)


class _Connected:
    """What is agreed on without TLS: nothing, and data may flow from the start."""

    completed = True
    failure: int | None = None
    fault: str | None = None
    version: int | None = None
    suite: int | None = None
    resumed = False
    offers_ticket = False
    renewed = False
    retried = False
    group: int | None = None
    early_data: bool | None = None
    early_data_left = 0
    lifetime_hint = 0


class PlainEndpoints:
    """Both endpoints of a TCP connection without TLS: `sim.endpoints.Endpoints` of sizes alone."""

    __slots__ = ("_answers", "_later_answers", "_recorded", "_sending", "_taking")

    state = _Connected()
    server = ServerState(responded=True)
    session = None

    def __init__(self, client: _ClientTurns, server: _ServerTurns, recorded: bool) -> None:
        self._sending = client.sending
        self._taking = client.taking
        self._answers = server.first
        self._later_answers = server.later
        self._recorded = recorded

    def client_sends(self, size: int = 0) -> Turn:
        """The request's bytes, unprotected."""
        turn = self._sending[size]
        turn.times += self._recorded
        return turn

    def client_closes(self) -> Turn:
        """TCP's FIN says it without a byte."""
        return self.client_sends(0)

    def server_answers(self, flight: Turn, now: float, response_size: int = 0) -> Turn:
        """The response's bytes, unprotected."""
        turn = self._answers[flight.size][response_size]
        self._answers = self._later_answers
        turn.times += self._recorded
        return turn

    def server_continues(self, answer: Any, now: float) -> Turn:
        """Raises `AssertionError`, always: without TLS nothing is asked for."""
        raise AssertionError("no request is pending without TLS")

    def client_receives(self, answer: Turn, now: float) -> float:
        """CPU seconds of carrying the bytes: there is nothing to decrypt."""
        turn = self._taking[answer.size]
        turn.times += self._recorded
        return turn.seconds

    def client_receives_from_box(self, data: bytes, now: float) -> float:
        """CPU seconds of carrying the bytes: there is nothing to decrypt."""
        turn = self._taking[len(data)]
        turn.times += self._recorded
        return turn.seconds
