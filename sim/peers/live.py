"""Ends that are real engines: every byte of every connection is made, sent and read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import tls
from sim.hosts.client import ClientDescription
from sim.hosts.server import Server
from sim.identities import identity, trust_store
from sim.peers.ends import Flight, Operations
from sim.streams import Streams
from sim.workload.browsers import Browser, browser

_WARNINGS = frozenset(
    {
        tls.CertificateProblem.NAME_MISMATCH,
        tls.CertificateProblem.EXPIRED,
        tls.CertificateProblem.UNKNOWN_AUTHORITY,
    }
)
"""What a browser lets its user click away."""


class Calendar:
    """Calendar time in the simulated world; engines call it for Unix time.

    Args:
        start: Unix time of the scenario's start.
    """

    __slots__ = ("_start", "now")

    def __init__(self, start: float) -> None:
        self._start = start
        self.now = 0.0

    def __call__(self) -> float:
        """Unix time at `now`, seconds since the scenario's start."""
        return self._start + self.now


class LivePeers:
    """Connections between two engines of `tls`.

    Args:
        server: whose description and session cache the servers' ends have.
        clients: the browsers' descriptions.
        start: Unix time of the scenario's start.
        streams: where each connection's random bytes come from.
    """

    def __init__(
        self, server: Server, clients: Sequence[ClientDescription], start: float, streams: Streams
    ) -> None:
        self._server = _server_config(server)
        self._clients = {client.profile: _client_config(client) for client in clients}
        self._server_name = server.name
        self._calendar = Calendar(start)
        self._client_entropy = streams.entropy("peers.client")
        self._server_entropy = streams.entropy("peers.server")

    def connect(
        self, browser: Browser, session: tls.Session | None, connection: int, now: float
    ) -> tuple[LiveClientEnd, LiveServerEnd]:
        """Two engines; the client's hello is ready."""
        calendar = self._calendar
        calendar.now = now
        client = tls.ClientConnection(
            self._clients[browser.name],
            self._server_name,
            session=session,
            entropy=self._client_entropy.of(connection),
            clock=calendar,
        )
        server = tls.ServerConnection(
            self._server, entropy=self._server_entropy.of(connection), clock=calendar
        )
        return LiveClientEnd(client, calendar), LiveServerEnd(server, calendar)


def _server_config(server: Server) -> tls.ServerConfig:
    description = server.description
    return tls.ServerConfig(
        [identity(description.identity)],
        versions=[tls.version_from_name(name) for name in description.versions],
        suites=[tls.suite_from_name(name) for name in description.suites],
        sessions=server.sessions,
        split_records=description.split_records,
    )


def _client_config(description: ClientDescription) -> tls.ClientConfig:
    profile = browser(description.profile)
    return tls.ClientConfig(
        trust_store(),
        versions=profile.versions,
        suites=profile.suites,
        server_name_indication=profile.server_name_indication,
        secure_renegotiation=profile.secure_renegotiation,
        groups=profile.groups,
        extended_master_secret=False,
        encrypt_then_mac=False,
        session_tickets=False,
        split_records=False,
        accept=_WARNINGS if description.warnings == "clicked away" else frozenset(),
    )


class _LiveEnd:
    """What both ends share: an engine, and what its events have said."""

    __slots__ = ("_calendar", "_engine", "_records", "completed", "failure")

    def __init__(
        self, engine: tls.ClientConnection | tls.ServerConnection, calendar: Calendar
    ) -> None:
        self._engine = engine
        self._calendar = calendar
        self._records = 0
        self.completed = False
        self.failure: int | None = None

    def receive(self, flight: Flight, now: float) -> None:
        """Give the bytes to the engine, at `now` by the world's calendar."""
        self._calendar.now = now
        try:
            events = self._engine.receive(flight.data)
        except tls.PeerError as error:
            events = error.events
            self.failure = error.alert
        self._take(events)

    def _take(self, events: Iterable[tls.Event]) -> None:
        raise NotImplementedError

    def send(self, size: int) -> None:
        """Encrypt `size` bytes of application data."""
        self._engine.send(bytes(size))

    def close(self) -> None:
        """Send close_notify."""
        self._engine.close()

    def flight(self) -> Flight:
        """The engine's bytes, in its records."""
        data = self._engine.outgoing()
        before, self._records = self._records, self._engine.records_sent
        return Flight(len(data), self._records - before, data)

    def work(self) -> Operations:
        """What the engine's meter has counted."""
        return self._engine.meter.take_log()


class LiveClientEnd(_LiveEnd):
    """The client's end: `sim.peers.ClientEnd` with an engine inside."""

    __slots__ = ("resumed", "session", "suite", "version")

    def __init__(self, engine: tls.ClientConnection, calendar: Calendar) -> None:
        super().__init__(engine, calendar)
        self.version: int | None = None
        self.suite: int | None = None
        self.resumed = False
        self.session: tls.Session | None = None

    def _take(self, events: Iterable[tls.Event]) -> None:
        for event in events:
            if isinstance(event, tls.HandshakeCompleted):
                self.completed = True
                self.version = event.version
                self.suite = event.suite
                self.resumed = event.resumed
                self.session = event.session
            elif isinstance(event, tls.AlertReceived) and event.fatal:
                self.failure = event.alert


class LiveServerEnd(_LiveEnd):
    """The server's end: `sim.peers.ServerEnd` with an engine inside."""

    __slots__ = ("session_found",)

    def __init__(self, engine: tls.ServerConnection, calendar: Calendar) -> None:
        super().__init__(engine, calendar)
        self.session_found: bool | None = None

    def _take(self, events: Iterable[tls.Event]) -> None:
        for event in events:
            if isinstance(event, tls.HandshakeCompleted):
                self.completed = True
            elif isinstance(event, tls.SessionLookedUp):
                self.session_found = event.found
            elif isinstance(event, tls.AlertReceived) and event.fatal:
                self.failure = event.alert
