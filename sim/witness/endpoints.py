"""The two endpoints of a connection that is listened to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sim.endpoints import Endpoints, Pending, State, Turn
from sim.endpoints.endpoints import ServerState
from sim.endpoints.engine_configuration import offer_name
from sim.endpoints.engine_pair import EnginePair
from sim.endpoints.live import LiveEndpointFactory, LiveEndpoints
from sim.endpoints.plain import PlainEndpointFactory, PlainTurn
from sim.hosts.client import ClientGroup
from sim.hosts.resources import Resources
from sim.witness.notes import ConnectionNotes, HeardWork
from sim.witness.web_text import request_text, response_text

NotesOf = Callable[[int], ConnectionNotes | None]
"""The notes of the connection of that number; `None` where nobody listens to it."""


class _TalkingPair(EnginePair):
    """Two engines whose requests and responses say something."""

    __slots__ = ("_asks_again", "_host", "_requests")

    def __init__(self, *arguments: Any, server_name: str, **named: Any) -> None:
        self._host = server_name
        self._requests = 0
        self._asks_again = False
        super().__init__(*arguments, server_name=server_name, **named)

    def request(self, size: int) -> bytes:
        # Early data that was refused is the same request when it is sent again.
        again = self.early_data is False and not self._asks_again
        self._asks_again |= again
        self._requests += not again
        return request_text(size, self._requests, self._host)

    def response(self, size: int) -> bytes:
        return response_text(size)


class HeardLiveEndpointFactory(LiveEndpointFactory):
    """`LiveEndpointFactory` that listens to chosen connections.

    Args:
        notes_of: who takes notes of a connection.
        arguments: as of `LiveEndpointFactory`.
    """

    def __init__(self, notes_of: NotesOf, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._notes_of = notes_of

    def connect(
        self,
        group: ClientGroup,
        session: Any,
        number: int,
        resources: Resources,
        *,
        recorded: bool,
        now: float,
        lowered: int = 0,
        **named: Any,
    ) -> Any:
        """Two engines; those of a chosen connection tell what they say."""
        notes = self._notes_of(number)
        if notes is None:
            named |= {"recorded": recorded, "now": now, "lowered": lowered}
            return super().connect(group, session, number, resources, **named)
        self._calendar.now = now
        client = self._client_configs[offer_name(group.browser.name, lowered)]
        pair = _TalkingPair(
            replace(client, key_log=notes.keys.append, record_log=notes.log_client),
            replace(self._server_config, record_log=notes.log_server),
            **self._ends(number, session),
        )
        work = HeardWork(group.work), HeardWork(self._work)
        endpoints = LiveEndpoints(pair, self._calendar, resources, work, recorded=recorded)
        return HeardEndpoints(endpoints, notes, work)


class HeardPlainEndpointFactory(PlainEndpointFactory):
    """`PlainEndpointFactory` that listens to chosen connections.

    Args:
        notes_of: who takes notes of a connection.
        work: the server's.
    """

    def __init__(self, notes_of: NotesOf, work: Any) -> None:
        super().__init__(work)
        self._notes_of = notes_of
        self._work = work

    def connect(
        self, group: ClientGroup, session: Any, number: int, resources: Resources, **named: Any
    ) -> Any:
        """Two endpoints that are complete from the start."""
        endpoints = super().connect(group, session, number, resources, **named)
        notes = self._notes_of(number)
        if notes is None:
            return endpoints
        return HeardEndpoints(endpoints, notes, (HeardWork(group.work), HeardWork(self._work)))


class HeardEndpoints:
    """Both endpoints: `sim.endpoints.Endpoints` of which notes are taken.

    Args:
        endpoints: do what is to be done.
        notes: taken of it.
        work: the client's and the server's, listened to.
    """

    def __init__(
        self, endpoints: Endpoints, notes: ConnectionNotes, work: tuple[HeardWork, HeardWork]
    ) -> None:
        self._endpoints = endpoints
        self._notes = notes
        self._client_work, self._server_work = notes.work = work

    @property
    def state(self) -> State:
        """How far both have come, as the client knows it."""
        return self._endpoints.state

    @property
    def server(self) -> ServerState:
        """How far the server has come."""
        return self._endpoints.server

    @property
    def session(self) -> Any:
        """The client's session, once it has one."""
        return self._endpoints.session

    def client_sends(self, size: int = 0) -> Turn:
        """The client's flight."""
        return self._clients(self._endpoints.client_sends(size))

    def client_closes(self) -> Turn:
        """The client's last flight."""
        return self._clients(self._endpoints.client_closes())

    def server_answers(self, flight: Turn, now: float, response_size: int = 0) -> Turn | Pending:
        """What the server makes of a flight that is there at `now`."""
        return self._servers(self._endpoints.server_answers(flight, now, response_size))

    def server_continues(self, answer: Any, now: float) -> Turn | Pending:
        """What the server makes of an answer that is there at `now`."""
        return self._servers(self._endpoints.server_continues(answer, now))

    def client_receives(self, answer: Turn, now: float) -> float:
        """CPU seconds that it takes the client to read an answer."""
        seconds = self._endpoints.client_receives(answer, now)
        if isinstance(answer, PlainTurn):
            self._client_work.note((), (answer.size,))
        return seconds

    def client_receives_from_box(self, data: bytes, now: float) -> float:
        """CPU seconds that it takes the client to read what a box has sent."""
        self._notes.from_box = now, data
        return self._endpoints.client_receives_from_box(data, now)

    def _clients(self, turn: Turn) -> Turn:
        if isinstance(turn, PlainTurn):
            self._client_work.note(turn.operations, turn.sizes)
        self._notes.speak(True, turn.size, self._client_work.take())
        return turn

    def _servers(self, turn: Turn | Pending) -> Turn | Pending:
        if isinstance(turn, Pending):
            return turn
        if isinstance(turn, PlainTurn):
            self._server_work.note(turn.operations, turn.sizes)
        self._notes.speak(False, turn.size, self._server_work.take())
        return turn
