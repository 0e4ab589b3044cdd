"""Makers of connections: along a path, through its proxies, with TLS from end to end.

A proxy that ends TLS cuts a path into hops of TLS. Each hop has two endpoints; behind a proxy's the
next hop begins.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence

import tls
from sim.bridging import Bridge
from sim.client_connection import ClientConnection, ConnectionContext
from sim.endpoints import EndpointFactory
from sim.endpoints.engine_configuration import client_config, client_configs
from sim.endpoints.live import LiveEndpointFactory
from sim.endpoints.plain import PlainEndpointFactory
from sim.endpoints.replay import ReplayEndpointFactory
from sim.hosts.client import ClientGroup, SessionMemory
from sim.hosts.server import Server, Sessions
from sim.hosts.session_cache import SessionCache
from sim.middleboxes.terminating_proxy import TerminatingProxy
from sim.network.network import Network
from sim.network.path import Path
from sim.network.placed_link import PlacedLink
from sim.network.section import LinkOrBox
from sim.network.tls_hop import Target, TlsHop, hops_of
from sim.scenario import Scenario
from sim.streams import Streams
from sim.telemetry import Table
from sim.tls_exchange import Serve, TlsExchange
from sim.warm_start import WarmStart
from sim.workload.browsers import browser
from sim.workload.populations import Visitors


class ClientConnectionFactory:
    """Makes connections over a hop of TLS: its two endpoints, and what comes behind it.

    Args:
        hop: the links and boxes.
        endpoints: makes the two ends of TLS.
        serve: the processor of the server's end.
        bridge: that end when it is a proxy; else `None`.
        warm_start: of the sessions there, if the world has one.
        patience: seconds that an answer is waited for.
    """

    def __init__(
        self,
        hop: TlsHop,
        endpoints: EndpointFactory,
        serve: Serve,
        bridge: Bridge | None,
        warm_start: WarmStart | None,
        patience: float,
    ) -> None:
        self._warm_start = warm_start
        self._patience = patience
        self._hop = hop
        self._endpoints = endpoints
        self._serve = serve
        self._bridge = bridge

    def connection(
        self,
        context: ConnectionContext,
        number: int,
        client: int,
        group: ClientGroup,
        *,
        recorded: bool,
        now: float,
    ) -> ClientConnection:
        """A client's connection that begins now."""
        offered = group.recall(client, now)
        bridge = self._bridge
        exchange = TlsExchange(
            self._hop.transport(number, group.address(client), recorded=recorded),
            self._endpoints.connect(group, offered, number, recorded=recorded, now=now),
            self._serve,
            now,
            None if bridge is None else bridge.bridging(number, recorded=recorded),
            patience=self._patience,
        )
        return ClientConnection(
            context,
            number,
            client,
            group,
            offered,
            exchange,
            warm_start=self._warm_start,
            recorded=recorded,
        )

    def begin(
        self,
        proxy: TerminatingProxy,
        number: int,
        group: ClientGroup,
        *,
        recorded: bool,
        now: float,
    ) -> TlsExchange:
        """A proxy's exchange that begins now, on behalf of the connection of that number."""
        offered = group.recall(0, now)
        bridge, address, port = self._bridge, int(proxy.address), proxy.next_port()
        return TlsExchange(
            self._hop.transport(number, address, port=port, recorded=recorded),
            self._endpoints.connect(group, offered, number, recorded=recorded, now=now),
            self._serve,
            now,
            None if bridge is None else bridge.bridging(number, recorded=recorded),
            proxy.cpu.serve,
            patience=self._patience,
        )


class ClientConnectionFactories:
    """Makes what makes a world's connections.

    Args:
        scenario: the world's.
        streams: its random numbers.
        network, server: in their places.
        bridged: the table of the proxies' connections.
        visitors: who comes how often.
    """

    def __init__(
        self,
        scenario: Scenario,
        streams: Streams,
        network: Network,
        server: Server,
        bridged: Table,
        visitors: Visitors,
    ) -> None:
        self._visitors = visitors
        self._scenario = scenario
        self._streams = streams
        self._network = network
        self._server = server
        self._bridged = bridged
        self._configs = client_configs(scenario.clients)
        self._endpoints: dict[tuple[str, str], EndpointFactory] = {}
        self._fronts: dict[str, tls.SessionCache | SessionCache | None] = {}
        self._groups: dict[str, ClientGroup] = {}

    def factory(self, path: Path) -> ClientConnectionFactory:
        """The one for connections along a path, made from the server on."""
        hops, proxies = hops_of(self._network.parts(path.crosses))
        factory: ClientConnectionFactory | None = None
        for number in range(len(hops) - 1, -1, -1):
            before = proxies[number - 1] if number else None
            end = proxies[number] if number < len(proxies) else None
            factory = self._hop_factory(hops[number], before, end, factory)
        assert factory is not None
        return factory

    def _hop_factory(
        self,
        parts: Sequence[LinkOrBox],
        before: TerminatingProxy | None,
        end: TerminatingProxy | None,
        upstream: ClientConnectionFactory | None,
    ) -> ClientConnectionFactory:
        """One hop of TLS: from a proxy or the clients, to a proxy or the server."""
        server, scenario = self._server, self._scenario
        port = server.description.port if before is None else before.server_port
        target = Target(server.name, int(server.description.address), port, end or server)
        # The same draws on the clients' side whatever proxies come after.
        label = "network" if before is None else f"network.{before.name}"
        draws = {
            part.name: self._streams.entropy(f"{label}.{part.name}")
            for part in parts
            if isinstance(part, PlacedLink)
        }
        hop = TlsHop(scenario.tcp, parts, target, draws, self._network.verdicts)
        endpoints = self._endpoints_between(before, end)
        warm_start = self._warm_start_at(end, endpoints) if before is None else None
        patience = scenario.tcp.user_timeout
        if end is None or upstream is None:
            serve = server.cpu.serve
            return ClientConnectionFactory(hop, endpoints, serve, None, warm_start, patience)
        size = scenario.http.request_size
        tally = self._network.verdicts.add
        bridge = Bridge(end, self._group_of(end), upstream, size, self._bridged, tally)
        return ClientConnectionFactory(hop, endpoints, end.cpu.serve, bridge, warm_start, patience)

    def _warm_start_at(
        self, end: TerminatingProxy | None, endpoints: EndpointFactory
    ) -> WarmStart | None:
        """That of the clients' sessions with the server, or with a proxy that ends TLS."""
        scenario, server = self._scenario, self._server
        settings = server.description if end is None else end
        described = settings.sessions
        is_plain = end is None and server.description.security == "plain"
        begins_warm = scenario.kind == "steady-state" and scenario.warm_up > 0
        if described is None or is_plain or not begins_warm:
            return None
        if described.lifetime is None or described.renew:
            return None
        draws = self._streams.entropy("session ages")
        rate = scenario.arrivals.mean_rate * scenario.scale
        return WarmStart(
            described.lifetime,
            endpoints.backdate,
            draws,
            self._visitors,
            rate,
            -scenario.warm_up,
        )

    def _endpoints_between(
        self, before: TerminatingProxy | None, end: TerminatingProxy | None
    ) -> EndpointFactory:
        """The same for all paths with these two endpoints."""
        key = "" if before is None else before.name, "" if end is None else end.name
        if key not in self._endpoints:
            self._endpoints[key] = self._new_endpoints(before, end)
        return self._endpoints[key]

    def _new_endpoints(
        self, before: TerminatingProxy | None, end: TerminatingProxy | None
    ) -> EndpointFactory:
        server = self._server
        work = server.work if end is None else end.work
        clear_behind = before is not None and before.behind == "clear"
        if clear_behind or (end is None and server.description.security == "plain"):
            return PlainEndpointFactory(work)
        settings = server.description if end is None else end
        sessions = server.sessions if end is None else self._sessions_at(end)
        clients = self._configs if before is None else _config_of(before)
        start = self._scenario.start.timestamp()
        # A stream keeps its first name, so that a seed gives what it always gave.
        label = "peers" if before is end is None else f"peers.{_between(before, end)}"
        if self._scenario.replays:
            assert not isinstance(sessions, tls.SessionCache)
            traces = self._scenario.traces
            return ReplayEndpointFactory(
                server.name, work, settings, sessions, clients, start, self._streams, label, traces
            )
        assert not isinstance(sessions, SessionCache)
        return LiveEndpointFactory(
            server.name, work, settings, sessions, clients, start, self._streams, label
        )

    def _sessions_at(self, proxy: TerminatingProxy) -> tls.SessionCache | SessionCache | None:
        if proxy.name not in self._fronts:
            self._fronts[proxy.name] = session_cache(proxy.sessions, self._scenario)
        return self._fronts[proxy.name]

    def _group_of(self, proxy: TerminatingProxy) -> ClientGroup:
        """A proxy as a client, who remembers one session of the server."""
        if proxy.name not in self._groups:
            memory = SessionMemory(array("q") if self._scenario.replays else [])
            self._groups[proxy.name] = ClientGroup(
                browser(proxy.profile), proxy.work, memory, int(proxy.address), 1, proxy.name
            )
        return self._groups[proxy.name]


def session_cache(
    described: Sessions | None, scenario: Scenario
) -> tls.SessionCache | SessionCache | None:
    """An empty cache for what sessions are in this scenario: whole ones, or numbers."""
    if described is None:
        return None
    if scenario.replays:
        return described.numbers_cache(scenario.scale)
    return described.cache(scenario.scale)


def _between(before: TerminatingProxy | None, end: TerminatingProxy | None) -> str:
    """The two ends of a hop, in words."""
    client = "(clients)" if before is None else before.name
    server = "(server)" if end is None else end.name
    return f"{client}.{server}"


def _config_of(proxy: TerminatingProxy) -> Mapping[str, tls.ClientConfig]:
    profile = browser(proxy.profile)
    heed = proxy.warnings == "heeded"
    return {profile.name: client_config(profile, proxy.trusts, heed_warnings=heed)}
