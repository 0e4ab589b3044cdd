"""Makers of connections: one for each path, through its proxies, with TLS from end to end.

A proxy that ends TLS cuts a path into hops of TLS. Each hop has two endpoints; behind a proxy's the
next hop begins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import tls
from sim.balancers.balancer import PlacedBalancer
from sim.balancers.candidate import Arriving
from sim.balancers.forwarding import ForwardingProcessor
from sim.client_connection import ConnectionContext
from sim.client_connection_factory import Choose, ClientConnectionFactory
from sim.endpoints import EndpointFactory
from sim.endpoints.engine_configuration import client_config, client_configs
from sim.endpoints.live import LiveEndpointFactory
from sim.endpoints.plain import PlainEndpointFactory
from sim.endpoints.replay_factory import ReplayEndpointFactory
from sim.endpoints.session_kinds import SessionKinds
from sim.far_end import Chosen, FarEnd
from sim.fidelity import proxies_that_need_engines, session_list
from sim.hosts.client import ClientGroup, SessionMemory
from sim.hosts.machine import profile_of
from sim.hosts.resources import LocalResources, Resources
from sim.hosts.samples import Sampled, SampledAside
from sim.hosts.server import Server, ServerDescription
from sim.hosts.ticket_keys import TicketFarm, TicketKeyRing
from sim.identities import trust_store
from sim.middleboxes.terminating_proxy import TerminatingProxy
from sim.network.listener import Listener
from sim.network.network import Network
from sim.network.path import Path
from sim.network.placed_link import PlacedLink
from sim.network.section import LinkOrBox
from sim.network.tls_hop import Target, TlsHop, hops_of
from sim.scenario import Scenario
from sim.site import Entrance
from sim.streams import Streams
from sim.telemetry import Table
from sim.terminating_proxy_exchange import Bridge
from sim.warm_start import Ageing, WarmStart
from sim.witness.endpoints import HeardLiveEndpointFactory, HeardPlainEndpointFactory
from sim.workload.population import Visitors


class ClientConnectionFactories:
    """Makes what makes a world's connections.

    Args:
        scenario: the world's.
        streams: its random numbers.
        network: in its place.
        pools: the servers.
        context: the parts of the world that all connections meet.
        bridged: the table of the proxies' connections.
        visitors: who comes how often.

    Attributes:
        sampled: the balancers that have processors, once there are connections to them.
    """

    def __init__(
        self,
        scenario: Scenario,
        streams: Streams,
        network: Network,
        pools: Mapping[str, Sequence[Server]],
        context: ConnectionContext,
        bridged: Table,
        visitors: Visitors,
    ) -> None:
        self._visitors = visitors
        self._scenario = scenario
        self._streams = streams
        self._network = network
        self._pools = pools
        self._balancers: dict[str, PlacedBalancer] = {}
        self.sampled: list[Sampled] = []
        self._context = context
        self._bridged = bridged
        self._configs = client_configs(scenario.clients, scenario.roots)
        self._endpoints: dict[tuple[str | None, str, str, bool], EndpointFactory] = {}
        self._kinds = SessionKinds()
        self._proxies_needing_engines = proxies_that_need_engines(scenario)
        self._resources: dict[TerminatingProxy, Resources] = {}
        self._groups: dict[str, ClientGroup] = {}

    def factory(self, path: Path) -> ClientConnectionFactory:
        """The one for connections along a path, made from the servers on."""
        entrance = self._scenario.entrance(path)
        hops, proxies = hops_of(self._network.parts(path.crosses))
        before = proxies[-1] if proxies else None
        factory = self._to_servers(hops.pop(), before, entrance)
        while proxies:
            end = proxies.pop()
            before = proxies[-1] if proxies else None
            factory = self._to_proxy(hops.pop(), before, end, factory, entrance.front)
        return factory

    def _to_servers(
        self, parts: Sequence[LinkOrBox], before: TerminatingProxy | None, entrance: Entrance
    ) -> ClientConnectionFactory:
        """The last hop of TLS: from the clients, or from a proxy, to one of the servers."""
        servers = [(pool, each) for pool in entrance.pools for each in self._pools[pool]]
        ends = {
            server: self._server_end(parts, before, entrance, pool, server, place)
            for place, (pool, server) in enumerate(servers)
        }
        if len(ends) == 1 and entrance.balancer.forwarding is None:
            only = Chosen(next(iter(ends.values())))
            return self._factory(lambda number, address, made_by, now: only)
        balancer = self._balancer(entrance)
        forwarding = balancer.forwarding

        def choose(number: int, address: int, made_by: Server | None, now: float) -> Chosen:
            candidate = balancer.choose(Arriving(number, address, made_by), now)
            end = ends[candidate.server]
            if forwarding is None:
                return Chosen(end, candidate.take_back)
            passed_on = forwarding.passed_on(number, now)
            return Chosen(end, candidate.take_back, passed_on, entrance.name)

        return self._factory(choose)

    def _balancer(self, entrance: Entrance) -> PlacedBalancer:
        """The same for all paths that lead to it."""
        name, described = entrance.name, entrance.balancer
        if name not in self._balancers:
            forwarding = None
            if described.forwarding is not None:
                draws = self._streams.entropy(f"forwarding.{name}").of
                forwarding = ForwardingProcessor(
                    described.forwarding, draws, -self._scenario.warm_up
                )
                self.sampled.append(SampledAside(name, forwarding.processor))
            self._balancers[name] = PlacedBalancer(
                described.placed(self._streams.entropy(f"balancer.{name}").of),
                [(pool, server) for pool in entrance.pools for server in self._pools[pool]],
                described.weights,
                described.draining,
                described.health_check,
                forwarding,
            )
        return self._balancers[name]

    def _to_proxy(
        self,
        parts: Sequence[LinkOrBox],
        before: TerminatingProxy | None,
        proxy: TerminatingProxy,
        upstream: ClientConnectionFactory,
        front: ServerDescription,
    ) -> ClientConnectionFactory:
        """A hop of TLS to a proxy that ends it, behind which the next begins."""
        bridge = Bridge(
            proxy,
            self._group_of(proxy),
            upstream,
            self._bridged,
            self._network.verdicts.add,
        )
        hop = self._hop(parts, before, front, proxy)
        endpoints = self._endpoints_between(before, proxy, proxy.name, front.name, hop)
        resources = self._resources_of(proxy)
        warm_start = None
        if before is None:
            warm_start = self._warm_start_at(proxy, endpoints, resources, 1.0, 1.0)
        only = Chosen(
            FarEnd(
                front.name,
                hop,
                endpoints,
                resources,
                proxy.processor,
                bridge=bridge,
                warm_start=warm_start,
            )
        )
        return self._factory(lambda number, address, made_by, now: only)

    def _factory(self, choose: Choose) -> ClientConnectionFactory:
        tcp, resumes = self._scenario.tcp, self._streams.entropy("resumption")
        return ClientConnectionFactory(
            self._context, choose, tcp.user_timeout, tcp.connect_timeout, resumes
        )

    def _server_end(
        self,
        parts: Sequence[LinkOrBox],
        before: TerminatingProxy | None,
        entrance: Entrance,
        pool: str,
        server: Server,
        place: int,
    ) -> FarEnd:
        """A server as the end of the last hop, and the way there from a proxy or from clients."""
        front, described = entrance.front, entrance.pools[pool]
        hop = self._hop(parts, before, front, server)
        endpoints = self._endpoints_between(before, server, pool, front.name, hop)
        resources = self._resources_of(server)
        warm_start = None
        if before is None:
            warm_start = self._warm_start_at(
                server,
                endpoints,
                resources,
                entrance.share_found(described, by_ticket=False),
                entrance.share_found(described, by_ticket=True),
            )
        return FarEnd(
            server.name,
            hop,
            endpoints,
            resources,
            server.processor,
            server=server,
            warm_start=warm_start,
            place=place,
        )

    def _hop(
        self,
        parts: Sequence[LinkOrBox],
        before: TerminatingProxy | None,
        front: ServerDescription,
        listener: Listener,
    ) -> TlsHop:
        """The way to an end of TLS, from a proxy or from the clients."""
        port = front.port if before is None else before.server_port
        target = Target(front.name, int(front.address), port, listener)
        # The same draws on the clients' side whatever proxies come after.
        label = "network" if before is None else f"network.{before.name}"
        draws = {
            part.name: self._streams.entropy(f"{label}.{part.name}")
            for part in parts
            if isinstance(part, PlacedLink)
        }
        return TlsHop(self._scenario.tcp, parts, target, draws, self._network.verdicts)

    def _warm_start_at(
        self,
        end: Server | TerminatingProxy,
        endpoints: EndpointFactory,
        resources: Resources,
        found_by_id: float,
        found_by_ticket: float,
    ) -> WarmStart | None:
        """That of the clients' sessions with a server, or with a proxy that ends TLS.

        Args:
            end: the server or proxy.
            endpoints: of connections to it.
            resources: its own.
            found_by_id: the share of those who come back to meet who knows their session.
            found_by_ticket: the same with a ticket.
        """
        scenario, settings = self._scenario, end.settings
        begins_warm = scenario.kind == "steady-state" and scenario.warm_up > 0
        if end.is_plain or not begins_warm:
            return None
        cache, tickets = settings.sessions, settings.tickets
        cached = ticketed = None
        if cache is not None and not cache.renew and cache.lifetime is not None:
            cached = Ageing(cache.lifetime, found_by_id)
        if tickets is not None:
            ticketed = Ageing(tickets.lifetime, found_by_ticket)
        if cached is None and ticketed is None:
            return None
        draws = self._streams.entropy("session ages")
        rate = scenario.arrivals.mean_rate * scenario.scale
        return WarmStart(
            cached,
            ticketed,
            partial(endpoints.would_resume, resources),
            partial(endpoints.backdate, resources),
            draws,
            self._visitors,
            rate,
            -scenario.warm_up,
        )

    def _endpoints_between(
        self,
        before: TerminatingProxy | None,
        end: Server | TerminatingProxy,
        name: str,
        host: str,
        hop: TlsHop,
    ) -> EndpointFactory:
        """The same for all paths to equal ends from one client, traces and engines apart.

        Args:
            before: the client, where it is a proxy.
            end: one of the equal ends.
            name: of the pool, or the proxy.
            host: the name that clients want.
            hop: the way.
        """
        if before is None:
            needs_engines = hop.needs_engines
        else:
            needs_engines = before.name in self._proxies_needing_engines
        replays = self._scenario.replays and not needs_engines
        key = "" if before is None else before.name, name, host, replays
        if key not in self._endpoints:
            self._endpoints[key] = self._new_endpoints(before, end, host, replays=replays)
        return self._endpoints[key]

    def _new_endpoints(
        self,
        before: TerminatingProxy | None,
        end: Server | TerminatingProxy,
        host: str,
        *,
        replays: bool,
    ) -> EndpointFactory:
        clear_behind = before is not None and before.behind == "clear"
        witness = self._context.witness if before is None else None
        if clear_behind or end.is_plain:
            if witness is not None:
                return HeardPlainEndpointFactory(witness.notes_of, end.work)
            return PlainEndpointFactory(end.work)
        clients = self._configs if before is None else _config_of(before, self._scenario)
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
                self._scenario.http,
            )
        ends = host, end.work, end.settings, resources, clients, start, self._streams, label
        if witness is not None:
            return HeardLiveEndpointFactory(witness.notes_of, *ends)
        return LiveEndpointFactory(*ends)

    def _resources_of(self, end: Server | TerminatingProxy) -> Resources:
        """What a server's end of TLS asks, whoever comes to it."""
        if isinstance(end, Server):
            return end.resources
        if end not in self._resources:
            described = end.sessions
            cache = (
                None
                if described is None
                else described.cache(self._scenario.scale, profile_of(end.machine))
            )
            self._resources[end] = LocalResources(cache, self._ticket_keys_of(end))
        return self._resources[end]

    def _ticket_keys_of(self, proxy: TerminatingProxy) -> TicketKeyRing | None:
        """The ticket keys of a proxy; `None` without tickets."""
        if proxy.tickets is None:
            return None
        scenario = self._scenario
        start, begins = scenario.start.timestamp(), -scenario.warm_up
        farm = TicketFarm(proxy.name, self._streams, start, begins)
        return TicketKeyRing(proxy.tickets, proxy.name, farm)

    def _group_of(self, proxy: TerminatingProxy) -> ClientGroup:
        """A proxy as a client, who remembers one session of the server."""
        if proxy.name not in self._groups:
            memory = SessionMemory(session_list(self._scenario))
            self._groups[proxy.name] = ClientGroup(
                proxy.browser, proxy.work, memory, int(proxy.address), 1, proxy.name
            )
        return self._groups[proxy.name]


def _label(before: TerminatingProxy | None, end: Server | TerminatingProxy) -> str:
    """Tells the streams of two ends from those of others.

    A stream keeps its first name, so that a seed gives what it always gave.
    """
    if before is None and isinstance(end, Server):
        return "peers"
    client = "(clients)" if before is None else before.name
    return f"peers.{client}.{'(server)' if isinstance(end, Server) else end.name}"


def _config_of(proxy: TerminatingProxy, scenario: Scenario) -> Mapping[str, tls.ClientConfig]:
    profile = proxy.browser
    trust = trust_store(*proxy.trusts, roots=scenario.roots)
    heed = proxy.warnings == "heeded"
    return {profile.name: client_config(profile, trust, heed_warnings=heed)}
