"""Endpoints that are real engines: every byte of every connection is made, sent and read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import tls
from sim.endpoints.endpoints import Pending, ServerState, Turn
from sim.endpoints.engine_configuration import deferred_to, offer_name, server_config
from sim.endpoints.engine_pair import EnginePair, Output
from sim.endpoints.ready_sessions import ReadySessions
from sim.endpoints.recorder import OfferedSession
from sim.hosts.client import ClientGroup, Tickets
from sim.hosts.ready_session import ReadySession
from sim.hosts.resources import TAKES_TIME, Request, Resources
from sim.hosts.server import TlsSettings
from sim.hosts.work import Priced, Work
from sim.streams import Streams


class Calendar:
    """Calendar time in the simulated world; engines call it for Unix time.

    Args:
        start: Unix time of the scenario's start.
    """

    __slots__ = ("_start", "now")

    def __init__(self, start: float) -> None:
        self._start = start
        self.now = 0.0

    def at(self, now: float) -> float:
        """Unix time so many seconds from the scenario's start."""
        return self._start + now

    def __call__(self) -> float:
        """Unix time at `now`, seconds since the scenario's start."""
        return self._start + self.now


class LiveEndpointFactory:
    """Connections between two engines of `tls`.

    Args:
        host: the name that clients want.
        work: that of the servers' ends.
        settings: how those speak TLS.
        resources: what one of the servers' engines asks; others ask the same of their own.
        clients: the configuration of each browser.
        start: Unix time of the scenario's start.
        streams: where each connection's random bytes come from.
        label: tells the streams of these endpoints from those of others.
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
    ) -> None:
        self._host = host
        self._work = work
        self._server_config = server_config(settings, host, deferred=deferred_to(resources))
        self._client_configs = clients
        self._calendar = Calendar(start)
        self._client_entropy = streams.entropy(f"{label}.client")
        self._server_entropy = streams.entropy(f"{label}.server")
        self._ready = ReadySessions(
            clients, self._server_config, host, start, (self._client_entropy, self._server_entropy)
        )

    def backdate(
        self, resources: Resources, session: tls.Session | Tickets, seconds: float
    ) -> None:
        """The server's cache knows it by its ID; a ticket is sealed as it was earlier."""
        tickets = resources.tickets
        for each in _each(session):
            if each.ticket and tickets is not None:
                each.ticket = tickets.backdated(each.ticket, seconds)
            else:
                resources.backdate(each.id or each.ticket, seconds)

    def would_resume(
        self, resources: Resources, session: tls.Session | Tickets, age: float, now: float
    ) -> bool:
        """Always by its ID; by its ticket if that would be good."""
        tickets = resources.tickets
        return not _each(session)[0].ticket or tickets is None or tickets.was_good(age, now)

    def ready_session(self, browser: str, now: float) -> ReadySession | None:
        """Two whole sessions, of both ends."""
        ready = self._ready.of(browser, _ready_session)
        if ready is None or ready.offered.version < tls.TLS_1_3:
            return ready
        # Engines look at how old a session of TLS 1.3 is.
        made = self._calendar.at(now)
        return ready._replace(
            offered=replace(ready.offered, made=made),
            found=replace(ready.found, made=made),
            made=made,
        )

    def connect(
        self,
        group: ClientGroup,
        session: tls.Session | None,
        number: int,
        resources: Resources,
        *,
        recorded: bool,
        now: float,
        shown: bool = False,
        lowered: int = 0,
    ) -> LiveEndpoints:
        """Two engines; the client's hello is ready."""
        self._calendar.now = now
        client = self._client_configs[offer_name(group.browser.name, lowered)]
        pair = EnginePair(client, self._server_config, **self._ends(number, session))
        work = group.work, self._work
        return LiveEndpoints(pair, self._calendar, resources, work, recorded=recorded)

    def _ends(self, number: int, session: tls.Session | None) -> dict[str, Any]:
        """What two engines have of their world and their connection, as of `EnginePair`."""
        return {
            "server_name": self._host,
            "session": session,
            "entropy": (self._client_entropy.of(number), self._server_entropy.of(number)),
            "clock": self._calendar,
        }


def _each(session: tls.Session | Tickets) -> Sequence[tls.Session]:
    return session if isinstance(session, Tickets) else (session,)


def _ready_session(sessions: OfferedSession, number: int) -> ReadySession:
    client = sessions.client
    return ReadySession(client, client.id or client.ticket, sessions.server)


@dataclass(slots=True)
class LiveTurn:
    """A turn of an engine: `sim.endpoints.Turn`."""

    size: int
    records: int
    seconds: float
    data: bytes


class LiveEndpoints:
    """Both endpoints: `sim.endpoints.Endpoints` with engines inside.

    Args:
        state: the engines.
        calendar: set before the engines work.
        resources: what the server's engine asks.
        work: the client's and the server's.
        recorded: whether their work is counted.
    """

    __slots__ = ("_calendar", "_client_work", "_recorded", "_resources", "_server_work", "state")

    def __init__(
        self,
        state: EnginePair,
        calendar: Calendar,
        resources: Resources,
        work: tuple[Priced, Priced],
        *,
        recorded: bool,
    ) -> None:
        self.state = state
        self._calendar = calendar
        self._resources = resources
        self._client_work, self._server_work = work
        self._recorded = recorded

    @property
    def server(self) -> ServerState:
        """What the server's engine knows."""
        state = self.state
        return ServerState(
            state.server_failed, state.session_found, state.ticket_accepted, state.responded
        )

    @property
    def session(self) -> tls.Session | Tickets | None:
        """The client's session, once it has one, or its tickets."""
        tickets = self.state.tickets
        return Tickets(tickets) if tickets else self.state.session

    def client_sends(self, size: int = 0) -> Turn:
        """The client's engine sends what it has to say, and the request."""
        return self._clients_turn(self.state.client_sends(size))

    def client_closes(self) -> Turn:
        """The client's engine sends close_notify."""
        return self._clients_turn(self.state.client_closes())

    def server_answers(self, flight: Turn, now: float, response_size: int = 0) -> Turn | Pending:
        """The server's engine reads the flight's bytes, at `now` by the world's calendar."""
        self._calendar.now = now
        output = self.state.server_answers(flight.data, response_size)
        return self._server_turn(output, (flight.size,), now)

    def server_continues(self, answer: Any, now: float) -> Turn | Pending:
        """The server's engine goes on with the answer, at `now` by the world's calendar."""
        self._calendar.now = now
        return self._server_turn(self.state.server_continues(answer), (), now)

    def _server_turn(
        self, output: Output | Request, received: tuple[int, ...], now: float
    ) -> Turn | Pending:
        """Ask what is asked, and cut the work where an answer may take time.

        Args:
            output: what the engine did first.
            received: the size of the flight that it read for that, if any.
            now: seconds since the scenario's start.
        """
        resources, before = self._resources, 0.0
        while type(output) is Request:
            kind, subject, _ = output
            if kind in resources.may_wait:
                operations = self.state.server_operations()
                before += self._server_work.demand(operations, received, self._recorded)
                received = ()
            answer = resources.answer(kind, subject, now)
            if answer is TAKES_TIME:
                asked = output._replace(recorded=self._recorded)
                return Pending(asked, before, resources)
            output = self.state.server_continues(answer)
        assert isinstance(output, Output)
        data, records, operations = output
        sizes = *received, len(data)
        seconds = before + self._server_work.demand(operations, sizes, self._recorded)
        return LiveTurn(len(data), records, seconds, data)

    def client_receives(self, answer: Turn, now: float) -> float:
        """The client's engine reads the answer's bytes, at `now` by the world's calendar."""
        return self.client_receives_from_box(answer.data, now)

    def client_receives_from_box(self, data: bytes, now: float) -> float:
        """The client's engine reads spoofed data of a box."""
        self._calendar.now = now
        operations = self.state.client_receives(data)
        return self._client_work.demand(operations, (len(data),), self._recorded)

    def _clients_turn(self, output: Output) -> Turn:
        data, records, operations = output
        seconds = self._client_work.demand(operations, (len(data),), self._recorded)
        return LiveTurn(len(data), records, seconds, data)
