"""Makers of connections: along a path, through its proxies, with TLS from end to end.

A proxy that ends TLS cuts a path into stages. Each stage has two ends of TLS, which its peers play;
behind a proxy's the next stage begins.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence

import tls
from sim.bridging import Bridge
from sim.connection import Connection, Surroundings
from sim.conversation import Conversation, Serve
from sim.hosts.client import ClientGroup, SessionMemory
from sim.hosts.server import Server, Sessions
from sim.hosts.session_cache import SessionCache
from sim.middleboxes.terminating_proxy import TerminatingProxy
from sim.network.network import Network
from sim.network.path import Path
from sim.network.stage import Hop, PlacedLink, Stage, Target, stages
from sim.peers import Peers
from sim.peers.engines import client_config, client_configs
from sim.peers.live import LivePeers
from sim.peers.plain import PlainPeers
from sim.peers.replay import ReplayPeers
from sim.scenario import Scenario
from sim.streams import Streams
from sim.telemetry import Table
from sim.workload.browsers import browser


class ConnectionFactory:
    """Makes connections over a stage: its two ends, and what comes behind it.

    Args:
        stage: the links and boxes.
        peers: both ends.
        serve: the processor of the server's end.
        bridge: that end when it is a proxy; else `None`.
    """

    def __init__(self, stage: Stage, peers: Peers, serve: Serve, bridge: Bridge | None) -> None:
        self._stage = stage
        self._peers = peers
        self._serve = serve
        self._bridge = bridge

    def connection(
        self,
        surroundings: Surroundings,
        number: int,
        client: int,
        group: ClientGroup,
        *,
        recorded: bool,
        now: float,
    ) -> Connection:
        """A client's connection that begins now."""
        offered = group.recall(client, now)
        bridge = self._bridge
        return Connection(
            surroundings,
            number,
            client,
            group,
            offered,
            self._stage.route(number, group.address(client), recorded=recorded),
            self._peers.connect(group, offered, number, recorded=recorded, now=now),
            self._serve,
            None if bridge is None else bridge.bridging(number, recorded=recorded),
            recorded=recorded,
            now=now,
        )

    def behind(
        self,
        proxy: TerminatingProxy,
        number: int,
        group: ClientGroup,
        *,
        recorded: bool,
        now: float,
    ) -> Conversation:
        """A proxy's conversation that begins now, on behalf of the connection of that number."""
        offered = group.recall(0, now)
        bridge = self._bridge
        return Conversation(
            self._stage.route(
                number, int(proxy.address), port=proxy.next_port(), recorded=recorded
            ),
            self._peers.connect(group, offered, number, recorded=recorded, now=now),
            self._serve,
            now,
            None if bridge is None else bridge.bridging(number, recorded=recorded),
            proxy.cpu.serve,
        )


class ConnectionFactories:
    """Makes what makes a world's connections.

    Args:
        scenario: the world's.
        streams: its random numbers.
        network, server: in their places.
        bridged: the table of the proxies' connections.
    """

    def __init__(
        self,
        scenario: Scenario,
        streams: Streams,
        network: Network,
        server: Server,
        bridged: Table,
    ) -> None:
        self._scenario = scenario
        self._streams = streams
        self._network = network
        self._server = server
        self._bridged = bridged
        self._configs = client_configs(scenario.clients)
        self._peers: dict[tuple[str, str], Peers] = {}
        self._fronts: dict[str, tls.SessionCache | SessionCache | None] = {}
        self._groups: dict[str, ClientGroup] = {}

    def factory(self, path: Path) -> ConnectionFactory:
        """The one for connections along a path, made from the server on."""
        parts, proxies = stages(self._network.hops(path.crosses))
        factory: ConnectionFactory | None = None
        for number in range(len(parts) - 1, -1, -1):
            before = proxies[number - 1] if number else None
            end = proxies[number] if number < len(proxies) else None
            factory = self._stage(parts[number], before, end, factory)
        assert factory is not None
        return factory

    def _stage(
        self,
        hops: Sequence[Hop],
        before: TerminatingProxy | None,
        end: TerminatingProxy | None,
        behind: ConnectionFactory | None,
    ) -> ConnectionFactory:
        """One stage: from a proxy or the clients, to a proxy or the server."""
        server, scenario = self._server, self._scenario
        port = server.description.port if before is None else before.server_port
        target = Target(server.name, int(server.description.address), port, end or server)
        # The same draws on the clients' side whatever proxies come behind.
        label = "network" if before is None else f"network.{before.name}"
        draws = {
            hop.name: self._streams.entropy(f"{label}.{hop.name}")
            for hop in hops
            if isinstance(hop, PlacedLink)
        }
        stage = Stage(scenario.tcp, hops, target, draws, self._network.verdicts)
        peers = self._peers_between(before, end)
        if end is None or behind is None:
            return ConnectionFactory(stage, peers, server.cpu.serve, None)
        size = scenario.http.request_size
        tally = self._network.verdicts.add
        bridge = Bridge(end, self._group_of(end), behind, size, self._bridged, tally)
        return ConnectionFactory(stage, peers, end.cpu.serve, bridge)

    def _peers_between(
        self, before: TerminatingProxy | None, end: TerminatingProxy | None
    ) -> Peers:
        """The same for all paths with these two ends."""
        key = "" if before is None else before.name, "" if end is None else end.name
        if key not in self._peers:
            self._peers[key] = self._new_peers(before, end)
        return self._peers[key]

    def _new_peers(self, before: TerminatingProxy | None, end: TerminatingProxy | None) -> Peers:
        server = self._server
        work = server.work if end is None else end.work
        clear_behind = before is not None and before.behind == "clear"
        if clear_behind or (end is None and server.description.security == "plain"):
            return PlainPeers(work)
        settings = server.description if end is None else end
        sessions = server.sessions if end is None else self._sessions_at(end)
        clients = self._configs if before is None else _config_of(before)
        start = self._scenario.start.timestamp()
        label = "peers" if before is end is None else f"peers.{_between(before, end)}"
        if self._scenario.replays:
            assert not isinstance(sessions, tls.SessionCache)
            scripts = self._scenario.scripts
            return ReplayPeers(
                server.name, work, settings, sessions, clients, start, self._streams, label, scripts
            )
        assert not isinstance(sessions, SessionCache)
        return LivePeers(
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
    """The two ends of a stage, in words."""
    client = "(clients)" if before is None else before.name
    server = "(server)" if end is None else end.name
    return f"{client}.{server}"


def _config_of(proxy: TerminatingProxy) -> Mapping[str, tls.ClientConfig]:
    profile = browser(proxy.profile)
    heeds = proxy.warnings == "heeded"
    return {profile.name: client_config(profile, proxy.trusts, heeds_warnings=heeds)}
