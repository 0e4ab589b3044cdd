"""Makes endpoints that replay: which trace a connection follows, and where it begins."""

from __future__ import annotations

from collections.abc import Mapping

import tls
from sim.endpoints.endpoints import Endpoints
from sim.endpoints.engine_configuration import deferred_to, server_config
from sim.endpoints.engine_pair import EnginePair
from sim.endpoints.own_bytes import OwnBytes
from sim.endpoints.recorder import (
    OfferedSession,
    Oracle,
    QueryKind,
    Recorder,
    ValidityEpochs,
)
from sim.endpoints.replay import ReplayEndpoints
from sim.endpoints.session_kinds import KINDS, NO_SESSION, SessionKinds, SessionOrigin
from sim.endpoints.shown import ShownEndpoints
from sim.endpoints.trace import (
    Checkpoint,
    State,
)
from sim.hosts.client import ClientGroup
from sim.hosts.resources import Resources
from sim.hosts.server import TlsSettings
from sim.hosts.work import Work
from sim.identities import identity
from sim.streams import Streams

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
                offered = NO_SESSION
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

        checkpoint = Checkpoint(new, Recorder.begin, ((QueryKind.EPOCH, epoch),))
        recorder = checkpoint.resume()
        checkpoint.keep(recorder)
        state = self._beginnings[key] = State(checkpoint, recorder.engines, None)
        return state
