"""The life of one connection, from the client's SYN to the last close_notify."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from math import nan

import tls
from sim.activity import Moments
from sim.hosts.client import ClientGroup
from sim.hosts.server import Server
from sim.network.path import Path
from sim.network.tcp import Tcp, TcpConnection
from sim.peers import Peers, Turn
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
    Column("server", WORD),
    Column("arrival", TIME),
    Column("version", OPTIONAL_WORD, tls.version_name),
    Column("suite", OPTIONAL_WORD, tls.suite_name),
    Column("outcome", WORD),
    Column("alert", OPTIONAL_WORD, tls.alert_name),
    Column("offered_session", FLAG),
    Column("cache_hit", OPTIONAL_FLAG),
    Column("connect_time", TIME),
    Column("handshake_time", OPTIONAL_TIME),
    Column("first_byte_time", OPTIONAL_TIME),
    Column("duration", TIME),
    Column("time_network", TIME),
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

`outcome` is `full`, `resumed-by-id`, `plain` or `failed`, then with its `alert`. `connect_time`:
from the SYN until TCP is connected; `handshake_time`: from there until the client may send its
request, null without TLS or when it failed; `first_byte_time`: from the SYN until the first byte of
the first response. The five headings `time_...` say where the `duration` went and add up to it.
Bytes and records are those on the wire, seen from the client. `round_trips`: whole ones from the
SYN until the client may send its request. `client_cpu` and `server_cpu` are CPU seconds.
"""


@dataclass(frozen=True)
class Surroundings:
    """What all connections of a world share.

    `serve` is that of the server's processor. `ended` is called with each connection when it has
    ended and its row is written.
    """

    path: Path
    tcp: Tcp
    http: Http
    server: Server
    serve: Callable[[float, float], tuple[float, float]]
    peers: Peers
    table: Table
    ended: Callable[[Connection], None]


class _Alerted(Exception):
    """An alert has ended the connection."""


class Connection:
    """One connection.

    Its life waits once for each flight that reaches the server: all delays between two visits
    there (the server's departure, the way back, the client's work, the way there) are known when
    the server answers, and are booked at once.

    Args:
        surroundings: the parts of the world that it meets.
        number: its number, from 0 in order of beginning.
        client: the client's number.
        group: the client's group.
        recorded: whether it is written down and its work counted.
        now: when it begins.
    """

    __slots__ = (
        "_client",
        "_connected",
        "_ends",
        "_first_byte",
        "_flight",
        "_group",
        "_handshake_time",
        "_now",
        "_number",
        "_offered",
        "_received",
        "_received_records",
        "_round_trips",
        "_sent",
        "_sent_records",
        "_surroundings",
        "_tcp",
        "_time_client_cpu",
        "_time_network",
        "_time_queue",
        "_time_server_cpu",
        "_time_think",
        "arrival",
        "recorded",
    )

    def __init__(
        self,
        surroundings: Surroundings,
        number: int,
        client: int,
        group: ClientGroup,
        *,
        recorded: bool,
        now: float,
    ) -> None:
        self._surroundings = surroundings
        self._number = number
        self._client = client
        self._group = group
        self.recorded = recorded
        self.arrival = self._now = now
        self._offered = offered = group.recall(client, now)
        self._ends = surroundings.peers.connect(group, offered, number, recorded=recorded, now=now)
        self._tcp = TcpConnection(surroundings.tcp, surroundings.path)
        self._flight: Turn
        self._connected = self._handshake_time = self._first_byte = nan
        self._round_trips = 0
        self._time_network = self._time_queue = self._time_think = 0.0
        self._time_server_cpu = self._time_client_cpu = 0.0
        self._sent = self._received = self._sent_records = self._received_records = 0

    def life(self) -> Moments:
        """From the SYN to the last close_notify.

        It ends when the server answers for the last time: the rest is known then.
        """
        ends, http, group = self._ends, self._surroundings.http, self._group
        size, response_size, think_time = http.request_size, http.response_size, http.think_time
        depart, arrive = self._depart, self._arrive
        self._connect()
        try:
            while not ends.state.completed:
                arrive((yield depart(ends.client_sends())))
            completed = self._now
            self._handshake_time = completed - self._connected
            self._round_trips = self._tcp.round_trips

            answered = arrive((yield depart(ends.client_sends(size))), response_size)
            self._first_byte = answered + self._tcp.one_way
            if not ends.state.resumed:
                group.remember(self._client, ends.session, completed)
            for _ in range(http.requests - 1):
                if think_time:
                    self._think(think_time)
                arrive((yield depart(ends.client_sends(size))), response_size)
            arrive((yield depart(ends.client_closes())), closing=True)
        except _Alerted:
            # The client's alert still has to reach the server; the session is forgotten.
            group.remember(self._client, None, self._now)
            self._round_trips = self._tcp.round_trips
            if not ends.state.server_failed:
                with suppress(_Alerted):
                    arrive((yield depart(ends.client_sends())))
        self._end()

    def _connect(self) -> None:
        """TCP's handshake: the server's kernel answers, no process of either side has work."""
        self._surroundings.server.open_connection()
        self._now += self._tcp.connect()
        self._connected = self._now
        self._time_network = self._now - self.arrival

    def _end(self) -> None:
        self._surroundings.server.close_connection(self._now)
        if self.recorded:
            self._record()
        self._surroundings.ended(self)

    # -- what they are made of

    def _depart(self, flight: Turn) -> float:
        """The client's work on its flight, and the way to the server: when the flight is there."""
        now = self._now
        self._flight = flight
        self._now = sent = now + flight.seconds
        self._time_client_cpu += sent - now
        self._sent += flight.size
        self._sent_records += flight.records
        return sent + self._tcp.to_server(flight.size)

    def _arrive(self, now: float, response_size: int = 0, *, closing: bool = False) -> float:
        """The server's work on the client's flight, and its answer on the way back to the client.

        Returns the moment at which the server answers. Raises `_Alerted` when the client has sent
        or received a fatal alert.
        """
        ends = self._ends
        self._time_network += now - self._now
        answer = ends.server_answers(self._flight, now, response_size)
        seconds = answer.seconds
        if seconds:
            start, done = self._surroundings.serve(now, seconds)
            self._time_queue += start - now
            self._time_server_cpu += done - start
            now = done
        size = answer.size
        if not (size or closing):
            self._now = now
            return now

        back = now + self._tcp.to_client(size)
        self._time_network += back - now
        self._received += size
        self._received_records += answer.records
        self._now = taken = back + ends.client_takes(answer, back)
        self._time_client_cpu += taken - back
        if ends.state.failure is not None:
            raise _Alerted
        return now

    def _think(self, pause: float) -> None:
        thought = self._now + pause
        self._time_think += thought - self._now
        self._now = thought

    # -- the row

    def _record(self) -> None:
        state, offered = self._ends.state, self._offered is not None
        version, failure = state.version, state.failure
        if failure is not None:
            outcome = "failed"
        elif version is None:
            outcome = "plain"
        else:
            outcome = "resumed-by-id" if state.resumed else "full"
        self._surroundings.table.append(
            [
                self._number,
                self._client,
                self._group.browser.name,
                self._surroundings.server.name,
                self.arrival,
                version,
                state.suite,
                outcome,
                failure,
                offered,
                bool(state.session_found) if offered else None,
                self._connected - self.arrival,
                nan if version is None else self._handshake_time,
                self._first_byte - self.arrival,
                self._now - self.arrival,
                self._time_network,
                self._time_queue,
                self._time_server_cpu,
                self._time_client_cpu,
                self._time_think,
                self._sent,
                self._received,
                self._sent_records,
                self._received_records,
                self._round_trips,
                # Neither processor is shared out in slices: CPU seconds are the time they take.
                self._time_client_cpu,
                self._time_server_cpu,
            ]
        )
