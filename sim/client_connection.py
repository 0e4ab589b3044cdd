"""The life of one client's connection, from its SYN to the last close_notify, and its row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import nan

import tls
from sim.activity import Moments
from sim.hosts.client import ClientGroup
from sim.network.transport import TransportFailure
from sim.telemetry import (
    COUNT,
    FLAG,
    OPTIONAL_FLAG,
    OPTIONAL_TIME,
    OPTIONAL_WORD,
    TIME,
    WORD,
    Column,
    Table,
)
from sim.tls_exchange import FatalAlert, Said, TlsExchange, outcome_of
from sim.warm_start import WarmStart
from sim.workload.http import Http

COLUMNS = (
    Column("connection", COUNT),
    Column("client", COUNT),
    Column("profile", WORD),
    Column("path", WORD),
    Column("server", WORD),
    Column("arrival", TIME),
    Column("version", OPTIONAL_WORD, tls.version_name),
    Column("suite", OPTIONAL_WORD, tls.suite_name),
    Column("outcome", WORD),
    Column("symptom", OPTIONAL_WORD),
    Column("alert", OPTIONAL_WORD, tls.alert_name),
    Column("stopped_by", OPTIONAL_WORD),
    Column("reason", OPTIONAL_WORD),
    Column("offered_session", FLAG),
    Column("cache_hit", OPTIONAL_FLAG),
    Column("responses", COUNT),
    Column("connect_time", OPTIONAL_TIME),
    Column("handshake_time", OPTIONAL_TIME),
    Column("first_byte_time", OPTIONAL_TIME),
    Column("duration", TIME),
    Column("time_propagation", TIME),
    Column("time_transmission", TIME),
    Column("time_link_queue", TIME),
    Column("time_retransmission", TIME),
    Column("time_middlebox", TIME),
    Column("time_cpu_queue", TIME),
    Column("time_server_cpu", TIME),
    Column("time_client_cpu", TIME),
    Column("time_think", TIME),
    Column("bytes_sent", COUNT),
    Column("bytes_received", COUNT),
    Column("records_sent", COUNT),
    Column("records_received", COUNT),
    Column("round_trips", COUNT),
    Column("client_cpu", TIME),
    Column("server_cpu", TIME),
)
"""A row of the table `connections`, written when the connection endpoints.

`path` is the name of the path that it takes. `outcome` is `full`, `resumed-by-id`, `plain` or
`failed`; a connection that ends after its handshake but before its last response has failed too.
`symptom` is what the client of a failed one notices: `alert` (then `alert` names it), `reset`,
`timeout`, or `refused` by a proxy; `stopped_by` and `reason` name the box or host that did it, null
where the network lost too much or an end itself gave up. `responses`: those that came.
`connect_time`: from the SYN until TCP is connected (to the server, through any tunnel);
`handshake_time`: from there until the client may send its request, null without TLS or when it
failed; `first_byte_time`: from the SYN until the first byte of the first response. The nine
headings `time_...` say where the `duration` went and add up to it: on the way (waiting for
acknowledgements included), being sent bit by bit, behind others on a link, until what was lost was
sent again or given up, in boxes, in the server's run queue, on the server's processor and the
client's, and between requests. Bytes and records are those on the wire, seen from the client.
`round_trips`: whole ones from the SYN until the client may send its request. `client_cpu` and
`server_cpu` are CPU seconds.
"""


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
            self._record()

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

    # -- the row

    def _symptom(self) -> str | None:
        if self._exchange.endpoints.state.failure is not None:
            return "alert"
        stopped = self._exchange.stopped
        if stopped is None:
            return None
        return "reset" if stopped.symptom == "answered" else stopped.symptom

    def _record(self) -> None:
        exchange, offered, arrival = self._exchange, self._offered is not None, self._arrival
        state, stopped = exchange.endpoints.state, exchange.stopped
        version = state.version
        self._context.table.append(
            [
                self._number,
                self._client,
                self._group.browser.name,
                self._group.path,
                self._server,
                arrival,
                version,
                state.suite,
                outcome_of(state, stopped),
                self._symptom(),
                state.failure,
                None if stopped is None else stopped.where,
                None if stopped is None else stopped.reason,
                offered,
                bool(exchange.endpoints.server.session_found) if offered else None,
                self._responses,
                exchange.connected - arrival,
                nan if version is None else exchange.handshake_time,
                self._first_byte - arrival,
                exchange.now - arrival,
                exchange.time_propagation,
                exchange.time_transmission,
                exchange.time_link_queue,
                exchange.time_retransmission,
                exchange.time_middlebox,
                exchange.time_cpu_queue,
                exchange.time_server_cpu,
                exchange.time_client_cpu,
                exchange.time_think,
                exchange.sent,
                exchange.received,
                exchange.sent_records,
                exchange.received_records,
                exchange.round_trips,
                # Its processor is not shared out in slices: CPU seconds are the time they take.
                exchange.time_client_cpu,
                exchange.server_cpu,
            ]
        )
