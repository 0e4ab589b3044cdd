"""Makes connections over a hop of TLS: its two endpoints, and what comes behind it."""

from __future__ import annotations

from collections.abc import Callable

from sim.booked_connection import BookedConnection
from sim.client_connection import ClientConnection, ConnectionContext
from sim.far_end import Chosen
from sim.hosts.client import ClientGroup
from sim.hosts.ready_session import ReadyResources, ReadySession
from sim.hosts.resources import Resources
from sim.hosts.server import Server
from sim.middleboxes.terminating_proxy import TerminatingProxy
from sim.network.transport import Transport
from sim.processors.processor import Processor
from sim.resuming_client import ResumingClient
from sim.served_connection import served_connection
from sim.streams import EntropySource, connection_draws
from sim.terminating_proxy_exchange import Onward
from sim.tls_exchange import BackEnd, TlsExchange

Choose = Callable[[int, int, Server | None, float], Chosen]
"""The far end of a connection by its number, the address that it comes from, the server that made
the session which it offers, and when it begins."""


class ClientConnectionFactory:
    """Makes connections over a hop of TLS: its two endpoints, and what comes behind it.

    Args:
        context: the parts of the world that all connections meet.
        choose: the far end of a connection.
        patience: seconds that an answer is waited for.
        connect_timeout: seconds that a connection may take to be made.
        resumes: where it is drawn from which of a fixed share of connections resume.
    """

    def __init__(
        self,
        context: ConnectionContext,
        choose: Choose,
        patience: float,
        connect_timeout: float,
        resumes: EntropySource,
    ) -> None:
        self._context = context
        self._choose = choose
        self._patience = patience
        self._connect_timeout = connect_timeout
        self._resumes = resumes

    def connection(
        self,
        number: int,
        client: int,
        group: ClientGroup,
        *,
        visit: int,
        attempt: int,
        recorded: bool,
        now: float,
        lowered: int = 0,
    ) -> ClientConnection:
        """A client's connection that begins now; it has fallen back by so many versions."""
        share, address = group.resumption, group.address(client)
        offered, ready = group.recall(client, now) if share is None else None, None
        made = group.made
        chosen = self._choose(number, address, group.maker(client, offered), now)
        end = chosen.end
        if share is not None and connection_draws(self._resumes.of(number))() < share:
            ready = end.endpoints.ready_session(group.browser.name, now)
            offered = None if ready is None else ready.offered
        witness = self._context.witness
        notes = None if witness is None else witness.begin(number, address, end.hop)
        packets = None if notes is None else notes.packets
        transport = end.hop.transport(number, address, recorded=recorded, packets=packets)
        exchange = self._exchange(
            chosen, transport, group, offered, number, recorded, now, ready=ready, lowered=lowered
        )
        connection = ClientConnection(
            self._context,
            number,
            client,
            group,
            end,
            offered,
            made,
            exchange,
            ages=now < 0 and group.is_blank(client),
            recorded=recorded,
            visit=visit,
            attempt=attempt,
            lowered=lowered,
        )
        if notes is not None:
            notes.passing = connection
        return connection

    def book(
        self, number: int, client: int, group: ClientGroup, *, now: float, lowered: int = 0
    ) -> BookedConnection:
        """A client's connection that takes no time, and leaves its sessions behind."""
        offered = group.recall(client, now)
        made = group.made
        maker = group.maker(client, offered)
        chosen = self._choose(number, group.address(client), maker, now)
        end = chosen.end
        if chosen.over is not None:
            chosen.over(now)
        resources = end.resources
        if end.server is not None:
            resources = end.server.resources_at_once(number)
        endpoints = end.endpoints.connect(
            group, offered, number, resources, recorded=False, now=now, lowered=lowered
        )
        ages = now < 0 and group.is_blank(client)
        who = ResumingClient(number, client, group, end, offered, made, now, ages=ages)
        return BookedConnection(who, endpoints)

    def begin(
        self,
        proxy: TerminatingProxy,
        number: int,
        group: ClientGroup,
        *,
        recorded: bool,
        now: float,
    ) -> Onward:
        """A proxy's exchange that begins now, on behalf of the connection of that number."""
        address, port = int(proxy.address), proxy.next_port()
        if proxy.remembers_each_server:
            chosen = self._choose(number, address, None, now)
            place = chosen.end.place
            offered = group.recall(place, now)
        else:
            place, offered = 0, group.recall(0, now)
            chosen = self._choose(number, address, group.maker(0, offered), now)
        made = group.made
        transport = chosen.end.hop.transport(number, address, port=port, recorded=recorded)
        exchange = self._exchange(
            chosen, transport, group, offered, number, recorded, now, proxy.processor
        )
        return Onward(exchange, chosen.end, place, offered, made)

    def _exchange(
        self,
        chosen: Chosen,
        transport: Transport,
        group: ClientGroup,
        offered: object,
        number: int,
        recorded: bool,
        now: float,
        client_processor: Processor | None = None,
        ready: ReadySession | None = None,
        lowered: int = 0,
    ) -> TlsExchange:
        """One with the far end that begins now."""
        end = chosen.end
        back_end: BackEnd | None = None
        resources: Resources = end.resources
        if end.bridge is not None:
            back_end = end.bridge.bridging(number, recorded=recorded)
        elif end.server is not None:
            back_end, resources = served_connection(end.server, number, recorded=recorded)
        if ready is not None:
            resources = ReadyResources(resources, ready)
        endpoints = end.endpoints.connect(
            group,
            offered,
            number,
            resources,
            recorded=recorded,
            now=now,
            shown=end.hop.is_read,
            lowered=lowered,
        )
        exchange = TlsExchange(
            transport,
            endpoints,
            end.processor,
            now,
            back_end,
            client_processor,
            patience=self._patience,
            over=chosen.over,
        )
        if chosen.passed_on > now:
            exchange.hold(chosen.passed_on, self._connect_timeout, chosen.balancer)
        return exchange
