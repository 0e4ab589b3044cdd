"""The life of one client's connection, from its SYN to the last close_notify."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import nan

from sim.activity import Moments
from sim.connection_row import connection_row
from sim.hosts.client import ClientGroup
from sim.network.transport import TransportFailure
from sim.telemetry import Table
from sim.tls_exchange import FatalAlert, Said, TlsExchange
from sim.warm_start import WarmStart
from sim.workload.http import Http


@dataclass(frozen=True)
class ConnectionContext:
    """What all client connections of a world share.

    Attributes:
        http: what they ask for.
        table: takes a row of each recorded one.
    """

    http: Http
    table: Table


class ClientConnection:
    """One client's connection: its exchange with the server, and the row about it.

    Args:
        context: the parts of the world that it meets.
        number: its number, from 0 in order of beginning.
        client: the client's number.
        group: the client's group.
        server: the name of the server that it goes to.
        offered: the session that it offers; else `None`.
        exchange: with the server, which begins now.
        warm_start: the world's, if it has one.
        recorded: whether it is written down.
    """

    __slots__ = (
        "_arrival",
        "_client",
        "_context",
        "_exchange",
        "_first_byte",
        "_group",
        "_number",
        "_offered",
        "_recorded",
        "_responses",
        "_server",
        "_warm_start",
    )

    def __init__(
        self,
        context: ConnectionContext,
        number: int,
        client: int,
        group: ClientGroup,
        server: str,
        offered: object,
        exchange: TlsExchange,
        *,
        warm_start: WarmStart | None,
        recorded: bool,
    ) -> None:
        self._warm_start = warm_start
        self._context = context
        self._number = number
        self._client = client
        self._group = group
        self._server = server
        self._offered = offered
        self._exchange = exchange
        self._responses = 0
        self._first_byte = nan
        self._arrival = exchange.now
        self._recorded = recorded

    def life(self) -> Moments:
        """From the SYN to the last close_notify.

        It ends when the server answers for the last time: the rest is known then.
        """
        exchange = self._exchange
        try:
            yield from exchange.connect()
            yield from exchange.converse(self._says())
        except FatalAlert:
            pass
        except TransportFailure as failure:
            yield from exchange.break_off(failure)
        if exchange.endpoints.state.failure is not None:
            self._group.remember(self._client, None, exchange.now)
        ended = yield from exchange.say_last()
        yield from exchange.close(exchange.now if ended is None else ended)
        if self._recorded:
            self._context.table.append(
                connection_row(
                    exchange,
                    self._number,
                    self._client,
                    self._group,
                    self._server,
                    self._arrival,
                    offered=self._offered is not None,
                    responses=self._responses,
                    first_byte=self._first_byte,
                )
            )

    def _says(self) -> Iterator[Said]:
        """The client's side: its handshake, then request by request; it keeps the session."""
        exchange, http, group = self._exchange, self._context.http, self._group
        size, response_size, think_time = http.request_size, http.response_size, http.think_time
        endpoints = exchange.endpoints
        yield from exchange.handshake()
        completed = exchange.now
        yield endpoints.client_sends(size), response_size
        self._first_byte = exchange.first_arrival
        self._responses = 1
        if not endpoints.state.resumed:
            session = endpoints.session
            group.remember(self._client, session, completed - self._age(session))
        for _ in range(http.requests - 1):
            if think_time:
                exchange.think(think_time)
            yield endpoints.client_sends(size), response_size
            self._responses += 1

    def _age(self, session: object) -> float:
        """By how many seconds a new session is older than it is, for a warm start."""
        warm_start = self._warm_start
        if warm_start is None or self._arrival >= 0 or session is None:
            return 0.0
        if not self._group.is_blank(self._client):
            return 0.0
        return warm_start.age(self._group, self._client, session, self._arrival)
