"""The life of one client's connection, from its SYN to the last close_notify, and its row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import nan

import tls
from sim.activity import Moments
from sim.endpoints import Endpoints, Turn
from sim.hosts.client import ClientGroup
from sim.network.connection_chain import ConnectionChain
from sim.network.deterministic_chain import DeterministicChain
from sim.network.tcp_connection import TransportFailure
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
from sim.tls_exchange import BackEnd, FatalAlert, Serve, TlsExchange, outcome_of
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
        server: the server's name.
        table: takes a row of each recorded one.
        ended: called with each when it has ended and its row is written.
    """

    http: Http
    server: str
    table: Table
    ended: Callable[[ClientConnection], None]


class ClientConnection(TlsExchange):
    """One client's connection.

    Args:
        context: the parts of the world that it meets.
        number: its number, from 0 in order of beginning.
        client: the client's number.
        group: the client's group.
        offered: the session that it offers; else `None`.
        chain: the TCP connections along its path.
        endpoints: the client's and the server's.
        serve, back_end: as for `TlsExchange`.
        warm_start: the world's, if it has one.
        recorded: whether it is written down and its work counted.
        now: when it begins.
    """

    __slots__ = (
        "_client",
        "_context",
        "_first",
        "_group",
        "_number",
        "_offered",
        "_responses",
        "_stopped",
        "_warm_start",
        "arrival",
        "recorded",
    )

    def __init__(
        self,
        context: ConnectionContext,
        number: int,
        client: int,
        group: ClientGroup,
        offered: object,
        chain: DeterministicChain | ConnectionChain,
        endpoints: Endpoints,
        serve: Serve,
        back_end: BackEnd | None,
        *,
        warm_start: WarmStart | None,
        recorded: bool,
        now: float,
    ) -> None:
        super().__init__(chain, endpoints, serve, now, back_end)
        self._warm_start = warm_start
        self._context = context
        self._number = number
        self._client = client
        self._group = group
        self._offered = offered
        self._responses = 0
        self._stopped: TransportFailure | None = None
        self._first = nan
        self.arrival = now
        self.recorded = recorded

    def life(self) -> Moments:
        """From the SYN to the last close_notify.

        It ends when the server answers for the last time: the rest is known then.
        """
        endpoints, deterministic = self.endpoints, self.deterministic
        depart, arrive = self.depart, self.arrive
        ended = None
        try:
            if deterministic:
                self.connect_deterministically()
            else:
                yield from self.connect()
            for flight, response_size in self._flights():
                if deterministic:
                    self._first = arrive((yield depart(flight)), response_size)
                else:
                    self._first = yield from self.exchange(flight, response_size)
        except FatalAlert:
            # The client's alert still has to reach the server; the session is forgotten.
            self._group.remember(self._client, None, self.now)
            self.round_trips = self.chain.trips // 2
            if not endpoints.server.failed:
                ended = yield from self.send_last(endpoints.client_sends())
        except TransportFailure as failure:
            self._break_off(failure)
        else:
            ended = yield from self.send_last(endpoints.client_closes(), closing=True)
        yield from self.close(self.now if ended is None else ended)
        if self.recorded:
            self._record()
        self._context.ended(self)

    def _flights(self) -> Iterator[tuple[Turn, int]]:
        """What the client sends, flight by flight once connected, and what size it asks for.

        Each flight follows the answer to the one before.
        """
        endpoints, http, group = self.endpoints, self._context.http, self._group
        size, response_size, think_time = http.request_size, http.response_size, http.think_time
        while not endpoints.state.completed:
            yield endpoints.client_sends(), 0
        self.handshake_completed()
        completed = self.now

        yield endpoints.client_sends(size), response_size
        self.first_byte = self._first
        self._responses = 1
        if not endpoints.state.resumed:
            session = endpoints.session
            group.remember(self._client, session, completed - self._age(session))
        for _ in range(http.requests - 1):
            if think_time:
                self.think(think_time)
            yield endpoints.client_sends(size), response_size
            self._responses += 1

    def _age(self, session: object) -> float:
        """By how many seconds a new session is older than it is, for a warm start."""
        warm_start = self._warm_start
        if warm_start is None or self.arrival >= 0 or session is None:
            return 0.0
        if not self._group.is_blank(self._client):
            return 0.0
        return warm_start.age(self._group, self._client, session)

    def _break_off(self, failure: TransportFailure) -> None:
        """The network has ended it: the client gives up, or reads what it got in the end."""
        self._stopped = failure
        self.account(failure.delays)
        if not self.round_trips:
            self.round_trips = self.chain.trips // 2
        if failure.data:
            self.received += len(failure.data)
            then = self.now
            self.now = then + self.endpoints.client_receives_from_box(failure.data, then)
            self.time_client_cpu += self.now - then
            if self.endpoints.state.failure is not None:
                self._group.remember(self._client, None, self.now)

    # -- the row

    def _symptom(self) -> str | None:
        if self.endpoints.state.failure is not None:
            return "alert"
        stopped = self._stopped
        if stopped is None:
            return None
        return "reset" if stopped.symptom == "answered" else stopped.symptom

    def _record(self) -> None:
        state, offered, stopped = self.endpoints.state, self._offered is not None, self._stopped
        version, arrival = state.version, self.arrival
        self._context.table.append(
            [
                self._number,
                self._client,
                self._group.browser.name,
                self._group.path,
                self._context.server,
                arrival,
                version,
                state.suite,
                outcome_of(state, stopped),
                self._symptom(),
                state.failure,
                None if stopped is None else stopped.where,
                None if stopped is None else stopped.reason,
                offered,
                bool(self.endpoints.server.session_found) if offered else None,
                self._responses,
                self.connected - arrival,
                nan if version is None else self.handshake_time,
                self.first_byte - arrival,
                self.now - arrival,
                self.time_propagation,
                self.time_transmission,
                self.time_link_queue,
                self.time_retransmission,
                self.time_middlebox,
                self.time_cpu_queue,
                self.time_server_cpu,
                self.time_client_cpu,
                self.time_think,
                self.sent,
                self.received,
                self.sent_records,
                self.received_records,
                self.round_trips,
                # Neither processor is shared out in slices: CPU seconds are the time they take.
                self.time_client_cpu,
                self.time_server_cpu,
            ]
        )
