"""Makers of connections: along a path, through its proxies, with TLS from end to end.

A proxy that ends TLS cuts a path into hops of TLS. Each hop has two endpoints; behind a proxy's the
next hop begins.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import tls
from sim.client_connection import ClientConnection, ConnectionContext
from sim.endpoints import EndpointFactory
from sim.endpoints.engine_configuration import client_config, client_configs
from sim.endpoints.live import LiveEndpointFactory
from sim.endpoints.plain import PlainEndpointFactory
from sim.endpoints.replay_factory import ReplayEndpointFactory
from sim.endpoints.session_kinds import SessionKinds
from sim.fidelity import boxes_that_need_engines, proxies_that_need_engines
from sim.hosts.balancer import Balancer
from sim.hosts.client import ClientGroup, SessionMemory
from sim.hosts.processor import Processor
from sim.hosts.resources import LocalResources, Resources
from sim.hosts.server import Server, Sessions
from sim.middleboxes.terminating_proxy import TerminatingProxy
from sim.network.network import Network
from sim.network.path import Path
from sim.network.placed_link import PlacedLink
from sim.network.section import LinkOrBox
from sim.network.tls_hop import Target, TlsHop, hops_of
from sim.network.transport import Transport
from sim.scenario import Scenario
from sim.streams import Streams
from sim.telemetry import Table
from sim.terminating_proxy_exchange import Bridge
from sim.tls_exchange import TlsExchange
from sim.warm_start import WarmStart
from sim.workload.browsers import browser
from sim.workload.populations import Visitors


@dataclass(frozen=True)
class FarEnd:
    """What a hop of TLS leads to: a server, or a proxy that ends it; and the way there.

    Attributes:
        server: the name of the server that the client wants.
        hop: the links and boxes between.
        endpoints: makes the two ends of TLS.
        processor: the one of this end.
        bridge: this end when it is a proxy; else `None`.
        warm_start: of the clients' sessions here, if the world has one.
    """

    server: str
    hop: TlsHop
    endpoints: EndpointFactory
    processor: Processor
    bridge: Bridge | None = None
    warm_start: WarmStart | None = None


class ClientConnectionFactory:
    """Makes connections over a hop of TLS: its two endpoints, and what comes behind it.

    Args:
        context: the parts of the world that all connections meet.
        choose: the far end of a connection that begins now.
        patience: seconds that an answer is waited for.
    """

    def __init__(
        self, context: ConnectionContext, choose: Callable[[], FarEnd], patience: float
    ) -> None:
        self._context = context
        self._choose = choose
        self._patience = patience

    def connection(
        self, number: int, client: int, group: ClientGroup, *, recorded: bool, now: float
    ) -> ClientConnection:
        """A client's connection that begins now."""
        end = self._choose()
        offered = group.recall(client, now)
        transport = end.hop.transport(number, group.address(client), recorded=recorded)
        exchange = self._exchange(end, transport, group, offered, number, recorded, now)
        return ClientConnection(
            self._context,
            number,
            client,
            group,
            end.server,
            offered,
            exchange,
            warm_start=end.warm_start,
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
        end = self._choose()
        offered = group.recall(0, now)
        address, port = int(proxy.address), proxy.next_port()
        transport = end.hop.transport(number, address, port=port, recorded=recorded)
        return self._exchange(
            end, transport, group, offered, number, recorded, now, proxy.processor
        )

    def _exchange(
        self,
        end: FarEnd,
        transport: Transport,
        group: ClientGroup,
        offered: object,
        number: int,
        recorded: bool,
        now: float,
        client_processor: Processor | None = None,
    ) -> TlsExchange:
        """One with the far end that begins now."""
        endpoints = end.endpoints.connect(
            group, offered, number, recorded=recorded, now=now, shown=end.hop.is_read
        )
        back_end = None if end.bridge is None else end.bridge.bridging(number, recorded=recorded)
        return TlsExchange(
            transport,
            endpoints,
            end.processor,
            now,
            back_end,
            client_processor,
            patience=self._patience,
        )


class ClientConnectionFactories:
    """Makes what makes a world's connections.

    Args:
        scenario: the world's.
        streams: its random numbers.
        network, servers: in their places.
        balancer: gives each connection one of the servers.
        context: the parts of the world that all connections meet.
        bridged: the table of the proxies' connections.
        visitors: who comes how often.
    """

    def __init__(
        self,
        scenario: Scenario,
        streams: Streams,
        network: Network,
        servers: Sequence[Server],
        balancer: Balancer,
        context: ConnectionContext,
        bridged: Table,
        visitors: Visitors,
    ) -> None:
        self._visitors = visitors
        self._scenario = scenario
        self._streams = streams
        self._network = network
        self._servers = servers
        self._balancer = balancer
        self._context = context
        self._bridged = bridged
        self._configs = client_configs(scenario.clients)
        self._endpoints: dict[
            tuple[str | None, Server | TerminatingProxy, bool], EndpointFactory
        ] = {}
        self._kinds = SessionKinds()
        self._proxies_needing_engines = proxies_that_need_engines(scenario)
        self._resources: dict[Server | TerminatingProxy, Resources] = {}
        self._groups: dict[str, ClientGroup] = {}

    def factory(self, path: Path) -> ClientConnectionFactory:
        """The one for connections along a path, made from the servers on."""
        hops, proxies = hops_of(self._network.parts(path.crosses))
        before = proxies[-1] if proxies else None
        factory = self._to_servers(hops.pop(), before)
        while proxies:
            end = proxies.pop()
            before = proxies[-1] if proxies else None
            factory = self._to_proxy(hops.pop(), before, end, factory)
        return factory

    def _to_servers(
        self, parts: Sequence[LinkOrBox], before: TerminatingProxy | None
    ) -> ClientConnectionFactory:
        """The last hop of TLS: from the clients, or from a proxy, to one of the servers."""
        ends = {each: self._far_end(parts, before, each) for each in self._servers}
        choose = self._balancer.choose
        return self._factory(lambda: ends[choose()])

    def _to_proxy(
        self,
        parts: Sequence[LinkOrBox],
        before: TerminatingProxy | None,
        proxy: TerminatingProxy,
        upstream: ClientConnectionFactory,
    ) -> ClientConnectionFactory:
        """A hop of TLS to a proxy that ends it, behind which the next begins."""
        bridge = Bridge(
            proxy,
            self._group_of(proxy),
            upstream,
            self._scenario.http.request_size,
            self._bridged,
            self._network.verdicts.add,
        )
        end = self._far_end(parts, before, proxy, bridge)
        return self._factory(lambda: end)

    def _factory(self, choose: Callable[[], FarEnd]) -> ClientConnectionFactory:
        return ClientConnectionFactory(self._context, choose, self._scenario.tcp.user_timeout)

    def _far_end(
        self,
        parts: Sequence[LinkOrBox],
        before: TerminatingProxy | None,
        end: Server | TerminatingProxy,
        bridge: Bridge | None = None,
    ) -> FarEnd:
        """The end of one hop of TLS, and the way there from a proxy or from the clients."""
        wanted = self._scenario.server
        port = wanted.port if before is None else before.server_port
        target = Target(wanted.name, int(wanted.address), port, end)
        # The same draws on the clients' side whatever proxies come after.
        label = "network" if before is None else f"network.{before.name}"
        draws = {
            part.name: self._streams.entropy(f"{label}.{part.name}")
            for part in parts
            if isinstance(part, PlacedLink)
        }
        hop = TlsHop(self._scenario.tcp, parts, target, draws, self._network.verdicts)
        if before is None:
            needs_engines = hop.needs_engines
        else:
            needs_engines = before.name in self._proxies_needing_engines
        replays = self._scenario.replays and not needs_engines
        endpoints = self._endpoints_between(before, end, replays=replays)
        warm_start = self._warm_start_at(end, endpoints) if before is None else None
        return FarEnd(wanted.name, hop, endpoints, end.processor, bridge, warm_start)

    def _warm_start_at(
        self, end: Server | TerminatingProxy, endpoints: EndpointFactory
    ) -> WarmStart | None:
        """That of the clients' sessions with a server, or with a proxy that ends TLS."""
        scenario, described = self._scenario, end.settings.sessions
        begins_warm = scenario.kind == "steady-state" and scenario.warm_up > 0
        if described is None or end.is_plain or not begins_warm:
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
        self,
        before: TerminatingProxy | None,
        end: Server | TerminatingProxy,
        *,
        replays: bool,
    ) -> EndpointFactory:
        """The same for all paths with these two endpoints, traces and engines apart."""
        key = None if before is None else before.name, end, replays
        if key not in self._endpoints:
            self._endpoints[key] = self._new_endpoints(before, end, replays=replays)
        return self._endpoints[key]

    def _new_endpoints(
        self,
        before: TerminatingProxy | None,
        end: Server | TerminatingProxy,
        *,
        replays: bool,
    ) -> EndpointFactory:
        clear_behind = before is not None and before.behind == "clear"
        if clear_behind or end.is_plain:
            return PlainEndpointFactory(end.work)
        host = self._scenario.server.name
        clients = self._configs if before is None else _config_of(before)
        start = self._scenario.start.timestamp()
        label = _label(before, end)
        resources = self._resources_of(end)
        if replays:
            traces = self._scenario.traces
            return ReplayEndpointFactory(
                host,
                end.work,
                end.settings,
                resources,
                clients,
                start,
                self._streams,
                label,
                traces,
                self._kinds,
            )
        return LiveEndpointFactory(
            host, end.work, end.settings, resources, clients, start, self._streams, label
        )

    def _resources_of(self, end: Server | TerminatingProxy) -> Resources:
        """What a server's end of TLS asks, whoever comes to it."""
        if end not in self._resources:
            scale = self._scenario.scale
            sessions = (
                end.sessions if isinstance(end, Server) else session_cache(end.sessions, scale)
            )
            self._resources[end] = LocalResources(sessions)
        return self._resources[end]

    def _group_of(self, proxy: TerminatingProxy) -> ClientGroup:
        """A proxy as a client, who remembers one session of the server."""
        if proxy.name not in self._groups:
            memory = SessionMemory(session_list(self._scenario))
            self._groups[proxy.name] = ClientGroup(
                browser(proxy.profile), proxy.work, memory, int(proxy.address), 1, proxy.name
            )
        return self._groups[proxy.name]


def session_cache(described: Sessions | None, scale: float) -> tls.SessionCache | None:
    """An empty cache as it is described; `None` for none at all."""
    return None if described is None else described.cache(scale)


def session_list(scenario: Scenario) -> list[Any] | array[int]:
    """An empty one of what sessions are in this world: whole ones, or numbers alone."""
    all_numbers = scenario.replays and not boxes_that_need_engines(scenario)
    return array("q") if all_numbers else []


def _label(before: TerminatingProxy | None, end: Server | TerminatingProxy) -> str:
    """Tells the streams of two ends from those of others.

    A stream keeps its first name, so that a seed gives what it always gave.
    """
    if before is None and isinstance(end, Server):
        return "peers"
    client = "(clients)" if before is None else before.name
    return f"peers.{client}.{'(server)' if isinstance(end, Server) else end.name}"


def _config_of(proxy: TerminatingProxy) -> Mapping[str, tls.ClientConfig]:
    profile = browser(proxy.profile)
    heed = proxy.warnings == "heeded"
    return {profile.name: client_config(profile, proxy.trusts, heed_warnings=heed)}
