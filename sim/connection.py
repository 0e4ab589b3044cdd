"""The life of one client's connection, from its SYN to the last close_notify, and its row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import nan

import tls
from sim.activity import Moments
from sim.conversation import Alerted, Answerer, Conversation, Serve, outcome_of
from sim.hosts.client import ClientGroup
from sim.network.leg import Broken
from sim.network.route import CalmRoute, Route
from sim.peers import Ends, Turn
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
from sim.workload.http import Http

COLUMNS = (
    Column("connection", COUNT),
    Column("client", COUNT),
    Column("profile", WORD),
    Column("route", WORD),
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
    Column("time_queue", TIME),
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
"""A row of the table `connections`, written when the connection ends.

`route` is the name of the path that it takes. `outcome` is `full`, `resumed-by-id`, `plain` or
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
class Surroundings:
    """What all connections of a world share.

    `ended` is called with each connection when it has ended and its row is written.
    """

    http: Http
    server: str
    table: Table
    ended: Callable[[Connection], None]


class Connection(Conversation):
    """One client's connection.

    Args:
        surroundings: the parts of the world that it meets.
        number: its number, from 0 in order of beginning.
        client: the client's number.
        group: the client's group.
        offered: the session that it offers; else `None`.
        route: the way along its path.
        ends: both ends.
        serve, answerer: as for a conversation.
        recorded: whether it is written down and its work counted.
        now: when it begins.
    """

    __slots__ = (
        "_client",
        "_first",
        "_group",
        "_number",
        "_offered",
        "_responses",
        "_stopped",
        "_surroundings",
        "arrival",
        "recorded",
    )

    def __init__(
        self,
        surroundings: Surroundings,
        number: int,
        client: int,
        group: ClientGroup,
        offered: object,
        route: CalmRoute | Route,
        ends: Ends,
        serve: Serve,
        answerer: Answerer | None,
        *,
        recorded: bool,
        now: float,
    ) -> None:
        super().__init__(route, ends, serve, now, answerer)
        self._surroundings = surroundings
        self._number = number
        self._client = client
        self._group = group
        self._offered = offered
        self._responses = 0
        self._stopped: Broken | None = None
        self._first = nan
        self.arrival = now
        self.recorded = recorded

    def life(self) -> Moments:
        """From the SYN to the last close_notify.

        It ends when the server answers for the last time: the rest is known then.
        """
        ends, calm, depart, arrive = self.ends, self.calm, self.depart, self.arrive
        ended = None
        try:
            if calm:
                self.open_calmly()
            else:
                yield from self.connect()
            for flight, response_size in self._says():
                if calm:
                    self._first = arrive((yield depart(flight)), response_size)
                else:
                    self._first = yield from self.exchange(flight, response_size)
        except Alerted:
            # The client's alert still has to reach the server; the session is forgotten.
            self._group.remember(self._client, None, self.now)
            self.round_trips = self.route.trips // 2
            if not ends.server.failed:
                ended = yield from self.say_last(ends.client_sends())
        except Broken as broken:
            self._break_off(broken)
        else:
            ended = yield from self.say_last(ends.client_closes(), closing=True)
        yield from self.close(self.now if ended is None else ended)
        if self.recorded:
            self._record()
        self._surroundings.ended(self)

    def _says(self) -> Iterator[tuple[Turn, int]]:
        """What the client sends, flight by flight once connected, and what size it asks for.

        Each flight follows the answer to the one before.
        """
        ends, http, group = self.ends, self._surroundings.http, self._group
        size, response_size, think_time = http.request_size, http.response_size, http.think_time
        while not ends.state.completed:
            yield ends.client_sends(), 0
        self.shaken_hands()
        completed = self.now

        yield ends.client_sends(size), response_size
        self.first_byte = self._first
        self._responses = 1
        if not ends.state.resumed:
            group.remember(self._client, ends.session, completed)
        for _ in range(http.requests - 1):
            if think_time:
                self.think(think_time)
            yield ends.client_sends(size), response_size
            self._responses += 1

    def _break_off(self, broken: Broken) -> None:
        """The network has ended it: the client gives up, or reads what it got in the end."""
        self._stopped = broken
        self.account(broken.delays)
        if not self.round_trips:
            self.round_trips = self.route.trips // 2
        if broken.data:
            self.received += len(broken.data)
            then = self.now
            self.now = then + self.ends.client_takes_from_box(broken.data, then)
            self.time_client_cpu += self.now - then
            if self.ends.state.failure is not None:
                self._group.remember(self._client, None, self.now)

    # -- the row

    def _symptom(self) -> str | None:
        if self.ends.state.failure is not None:
            return "alert"
        stopped = self._stopped
        if stopped is None:
            return None
        return "reset" if stopped.symptom == "answered" else stopped.symptom

    def _record(self) -> None:
        state, offered, stopped = self.ends.state, self._offered is not None, self._stopped
        version, arrival = state.version, self.arrival
        self._surroundings.table.append(
            [
                self._number,
                self._client,
                self._group.browser.name,
                self._group.path,
                self._surroundings.server,
                arrival,
                version,
                state.suite,
                outcome_of(state, stopped),
                self._symptom(),
                state.failure,
                None if stopped is None else stopped.where,
                None if stopped is None else stopped.reason,
                offered,
                bool(self.ends.server.session_found) if offered else None,
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
                self.time_queue,
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
