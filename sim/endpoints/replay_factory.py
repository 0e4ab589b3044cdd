"""Makes endpoints that replay: which trace a connection follows, and where it begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import inf
from typing import Any

import tls
from sim.distributions import varies
from sim.endpoints.endpoints import Endpoints
from sim.endpoints.engine_configuration import deferred_to, offer_name, server_config
from sim.endpoints.engine_pair import EnginePair
from sim.endpoints.own_bytes import OwnBytes, client_random
from sim.endpoints.ready_sessions import ReadySessions
from sim.endpoints.recorder import (
    OfferedSession,
    Oracle,
    QueryKind,
    Recorder,
    ValidityEpochs,
)
from sim.endpoints.replay import ReplayEndpoints
from sim.endpoints.session_kinds import (
    KINDS,
    NO_SESSION,
    ReplayedSession,
    SessionKinds,
    TicketSession,
)
from sim.endpoints.shown import ShownEndpoints
from sim.endpoints.trace import (
    Checkpoint,
    State,
)
from sim.endpoints.varying_sizes import TurnFactors
from sim.hosts.client import ClientGroup, Tickets
from sim.hosts.ready_session import READY_TICKET, ReadySession
from sim.hosts.resources import Resources
from sim.hosts.server import TlsSettings
from sim.hosts.work import Work
from sim.identities import identity
from sim.streams import Streams
from sim.workload.http import Http

Beginning = tuple[str, int | None, int, int, int]
"""What is known of a connection when it begins: its `offer_name`, the kind of session that it
offers, which of a class's traces it takes, the epoch of the calendar, and which of its lengths its
hello has."""


class ReplayEndpointFactory:
    """Connections that follow traces.

    A session of theirs is one number, or a `TicketSession` (see `sim.endpoints.session_kinds`); the
    server's cache knows it by the number of the connection which made it.

    Args:
        host: the name that clients want.
        work: that of the servers' ends.
        settings: how those speak TLS.
        resources: what one of the servers asks; others ask the same of their own.
        clients: the configuration of each browser.
        start: Unix time of the scenario's start.
        streams: where the random bytes of the traces come from.
        label: tells the streams of these endpoints from those of others.
        traces: how many traces a class has; connections take them in turn.
        kinds: those of sessions, of all hops of TLS in the world.
        http: what clients ask for.
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
        http: Http,
    ) -> None:
        self.requests_vary = varies(http.request_size)
        self.responses_vary = varies(http.response_size)
        self.sizes_vary = self.requests_vary or self.responses_vary
        self.growth_factors: dict[Any, TurnFactors] = {}
        certificates = list(identity(settings.identity, host).certificates)
        for config in clients.values():
            certificates.extend(config.trust.all())
            for own in config.identities:
                certificates.extend(own.certificates)
        self.epochs = ValidityEpochs(start, certificates)
        self._host = host
        self._work = work
        self._traces = traces
        self._oracle = Oracle(self.epochs, resources.may_wait)
        self._server_config = server_config(settings, host, deferred=deferred_to(resources))
        self._client_configs = clients
        self._entropy = streams.entropy(f"{label}.client"), streams.entropy(f"{label}.server")
        self._beginnings: dict[Beginning, State] = {}
        self._start = start
        self._kinds = kinds
        self._origins = kinds.origins
        self._origin = kinds.origin(label, self._entropy[1])
        self._ready = ReadySessions(clients, self._server_config, host, start, self._entropy)

    def backdate(
        self, resources: Resources, session: ReplayedSession | Tickets, seconds: float
    ) -> None:
        """The cache knows it by the number of the connection that made it; a ticket changes."""
        tickets = resources.tickets
        each = session if isinstance(session, Tickets) else (session,)
        if not isinstance(each[0], TicketSession):
            for number in each:
                assert isinstance(number, int)
                resources.backdate(number // KINDS, seconds)
        elif tickets is not None:
            # Sealed tickets of one connection have one content.
            tickets.backdate(each[0].content, seconds)

    def would_resume(
        self, resources: Resources, session: ReplayedSession | Tickets, age: float, now: float
    ) -> bool:
        """Always by its ID; by its ticket if that would be good."""
        tickets = resources.tickets
        first = session[0] if isinstance(session, Tickets) else session
        by_id = not isinstance(first, TicketSession)
        return by_id or tickets is None or tickets.was_good(age, now)

    def ready_session(self, browser: str, now: float) -> ReadySession | None:
        """The number of the connection that has made it, and its kind's."""
        return self._ready.of(browser, self._ready_session)

    def _ready_session(self, sessions: OfferedSession, number: int) -> ReadySession:
        session = number * KINDS + self._kinds.number_of(sessions, self._origin)
        if sessions.is_sealed:
            return ReadySession(TicketSession(session, READY_TICKET), number, inf)
        return ReadySession(session, number, inf)

    def connect(
        self,
        group: ClientGroup,
        session: ReplayedSession | None,
        number: int,
        resources: Resources,
        *,
        recorded: bool,
        now: float,
        shown: bool = False,
        lowered: int = 0,
    ) -> Endpoints:
        """Two endpoints at the beginning of a trace."""
        kind, offered = None, None
        if isinstance(session, TicketSession):
            offered, kind = NO_SESSION, session.number % KINDS
        elif session is not None:
            offered, kind = divmod(session, KINDS)
            if self._origins[kind] is not self._origin:
                # Made elsewhere, where a connection of that number may have made another here.
                offered = NO_SESSION
        name = offer_name(group.browser.name, lowered)
        length = self._length_of(name, number)
        key = name, kind, number % self._traces, self.epochs.at(now), length
        state = self._beginnings.get(key) or self._begin(key)
        work = group.work, self._work
        endpoints = ReplayEndpoints(
            self, state, work, resources, number, session, offered, recorded
        )
        if not shown:
            return endpoints
        own = self._bytes_of(number, session, self._client_configs[name], now)
        return ShownEndpoints(endpoints, own, self._start)

    def _length_of(self, name: str, number: int) -> int:
        """Which of its lengths a connection's hello has, by what its engine would draw."""
        config = self._client_configs[name]
        template = config.hello
        if template is None or template.lengths == 1:
            return 0
        client = self._entropy[0].of(number)
        client_random(client, 0.0, offers_tls_1_3=tls.TLS_1_3 in config.versions)
        return template.length_of(client(tls.SEED_LENGTH))

    def _bytes_of(
        self, number: int, session: ReplayedSession | None, config: tls.ClientConfig, now: float
    ) -> OwnBytes:
        """Those that a connection shows which begins now."""
        offered_id = b""
        if session is not None and not isinstance(session, TicketSession):
            connection, kind = divmod(session, KINDS)
            offered_id = self._kinds.kind(kind).session_id(connection)
        client_entropy, server_entropy = self._entropy
        return OwnBytes(
            client_entropy.of(number),
            server_entropy.of(number),
            offered_id,
            self._start + now,
            offers_tls_1_3=tls.TLS_1_3 in config.versions,
            template=config.hello,
        )

    def kind_of(self, recorder: Recorder) -> int | None:
        """The number of the kind of session that a recorder's client has; `None` without one."""
        session = recorder.engines.session
        if session is None:
            return None
        server = recorder.stored
        if server is None:
            offered = recorder.offered
            if offered is None or (offered.client.id, offered.client.ticket) != (
                session.id,
                session.ticket,
            ):
                return None
            server = offered.server
        return self._kinds.number_of(OfferedSession(session, server), self._origin)

    def _begin(self, key: Beginning) -> State:
        """The beginning of a new trace, whose random bytes follow from its own number."""
        name, kind, _, epoch, length = key
        number = len(self._beginnings)
        config = self._client_configs[name]
        if config.hello is not None and config.hello.lengths > 1:
            config = replace(config, hello=config.hello.of_length(length))
        offered = (
            None if kind is None else self._kinds.kind(kind).recorded_at(self.epochs.moment(epoch))
        )

        def engines() -> EnginePair:
            client_entropy, server_entropy = self._entropy
            return EnginePair(
                config,
                self._server_config,
                server_name=self._host,
                session=None if offered is None else offered.client,
                entropy=(client_entropy.of(number), server_entropy.of(number)),
                clock=self._oracle,
            )

        def new() -> Recorder:
            return Recorder(engines, self._oracle, offered)

        checkpoint = Checkpoint(new, Recorder.begin, ((QueryKind.EPOCH, epoch),))
        recorder = checkpoint.resume()
        checkpoint.keep(recorder)
        state = self._beginnings[key] = State(checkpoint, recorder.engines, None)
        return state
