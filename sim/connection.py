"""The life of one connection, from the client's SYN to the last close_notify."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from math import isnan, nan

import simpy

import tls
from sim.hosts.client import ClientGroup
from sim.hosts.server import Server
from sim.network.path import Path
from sim.network.tcp import Tcp, TcpConnection
from sim.peers import Flight, Operations, Peers
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
    Column("version", OPTIONAL_WORD),
    Column("suite", OPTIONAL_WORD),
    Column("outcome", WORD),
    Column("alert", OPTIONAL_WORD),
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

_ACCEPT = (("accept", 0, 1, 0),)
_REQUEST = (("request", 0, 1, 0),)


@dataclass(frozen=True)
class Surroundings:
    """What all connections of a world share.

    `ended` is called with each connection when it has ended and its row is written.
    """

    environment: simpy.Environment
    path: Path
    tcp: Tcp
    http: Http
    server: Server
    peers: Peers
    table: Table
    ended: Callable[[Connection], None]


class _Alerted(Exception):
    """An alert has ended the connection."""


class Connection:
    """One connection.

    Its process waits once for each flight that reaches the server: all delays between two visits
    there (the server's departure, the way back, the client's work, the way there) are known when
    the server answers, and are booked at once.

    Args:
        surroundings: the parts of the world that it meets.
        number: its number, from 0 in order of beginning.
        client: the client's number.
        group: the client's group.
        recorded: whether it is written down and its work counted.
    """

    __slots__ = (
        "_accepted",
        "_client",
        "_client_end",
        "_connected",
        "_first_byte",
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
        "_server_end",
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
    ) -> None:
        self._surroundings = surroundings
        self._number = number
        self._client = client
        self._group = group
        self.recorded = recorded
        self.arrival = now = surroundings.environment.now
        self._now = now
        self._offered = group.recall(client, now)
        self._client_end, self._server_end = surroundings.peers.connect(
            group.browser, self._offered, number, now
        )
        self._tcp = TcpConnection(surroundings.tcp, surroundings.path)
        self._connected = self._handshake_time = self._first_byte = nan
        self._accepted = False
        self._round_trips = 0
        self._time_network = self._time_queue = self._time_think = 0.0
        self._time_server_cpu = self._time_client_cpu = 0.0
        self._sent = self._received = self._sent_records = self._received_records = 0

    def life(self) -> Generator[simpy.Event, None, None]:
        """The process."""
        server = self._surroundings.server
        server.open_connections += 1
        self._connect()
        try:
            yield from self._shake_hands()
            yield from self._request_and_respond()
            yield from self._close()
        except _Alerted:
            yield from self._deliver_alert()
        environment = self._surroundings.environment
        yield environment.timeout(self._now - environment.now)
        server.open_connections -= 1
        if self.recorded:
            self._record()
        self._surroundings.ended(self)

    # -- the chapters

    def _connect(self) -> None:
        """TCP's handshake: the server's kernel answers, no process of either side has work."""
        self._now += self._tcp.connect()
        self._connected = self._now
        self._time_network = self._now - self.arrival

    def _shake_hands(self) -> Generator[simpy.Event, None, None]:
        """Flights to and fro until the client may send its request."""
        while not self._client_end.completed:
            yield from self._exchange()
            self._heed_alert()
        self._handshake_time = self._now - self._connected
        self._round_trips = self._tcp.round_trips

    def _request_and_respond(self) -> Generator[simpy.Event, None, None]:
        """HTTP on the kept-alive connection."""
        http = self._surroundings.http
        completed = self._now
        for request in range(http.requests):
            if request:
                self._think(http.think_time)
            self._client_end.send(http.request_size)
            yield from self._exchange(response_size=http.response_size)
            self._heed_alert()
            if not (request or self._client_end.resumed):
                self._group.remember(self._client, self._client_end.session, completed)

    def _close(self) -> Generator[simpy.Event, None, None]:
        """close_notify and FIN of the client, then of the server."""
        self._client_end.close()
        yield from self._exchange(closing=True)
        self._heed_alert()

    def _deliver_alert(self) -> Generator[simpy.Event, None, None]:
        """The client's alert still has to reach the server; the session is forgotten."""
        self._group.remember(self._client, None, self._now)
        self._round_trips = self._tcp.round_trips
        if self._server_end.failure is None:
            yield from self._exchange()

    def _heed_alert(self) -> None:
        if self._client_end.failure is not None:
            raise _Alerted

    # -- what they are made of

    def _exchange(
        self, *, response_size: int = 0, closing: bool = False
    ) -> Generator[simpy.Event, None, None]:
        """The client's flight to the server, the server's work on it, its answer to the client."""
        environment, client_end = self._surroundings.environment, self._client_end
        flight = client_end.flight()
        sent = self._client_works(flight, self._now)
        self._sent += flight.size
        self._sent_records += flight.records
        _, last = self._tcp.to_server(flight.size)
        yield environment.timeout(sent + last - environment.now)
        there = environment.now
        self._time_network += there - sent

        answer, done = self._server_answers(flight, there, response_size)
        self._now = done
        if answer.size or closing:
            first, last = self._tcp.to_client(answer.size)
            if response_size and isnan(self._first_byte):
                self._first_byte = done + first
            back = done + last
            self._time_network += back - done
            self._received += answer.size
            self._received_records += answer.records
            client_end.receive(answer, back)
            self._now = self._client_works(answer, back)

    def _server_answers(
        self, flight: Flight, now: float, response_size: int
    ) -> tuple[Flight, float]:
        """The server takes a flight and does what it asks for: its answer, and when it is ready."""
        server, end = self._surroundings.server, self._server_end
        end.receive(flight, now)
        around: Operations = () if self._accepted else _ACCEPT
        self._accepted = True
        if response_size and end.completed and end.failure is None:
            end.send(response_size)
            around = (*around, *_REQUEST) if around else _REQUEST
        answer = end.flight()
        work = end.work()
        demand = server.work.demand(
            (*work, *around) if work else around, (flight.size, answer.size), self.recorded
        )
        if not demand:
            return answer, now
        start, done = server.cpu.serve(now, demand)
        self._time_queue += start - now
        self._time_server_cpu += done - start
        return answer, done

    def _client_works(self, flight: Flight, now: float) -> float:
        """The client's processor does what a flight, its own or the server's, asks for."""
        work = self._client_end.work()
        done = now + self._group.work.demand(work, (flight.size,), self.recorded)
        self._time_client_cpu += done - now
        return done

    def _think(self, pause: float) -> None:
        thought = self._now + pause
        self._time_think += thought - self._now
        self._now = thought

    # -- the row

    def _record(self) -> None:
        client, offered = self._client_end, self._offered is not None
        version, suite, failure = client.version, client.suite, client.failure
        if failure is not None:
            outcome = "failed"
        elif version is None:
            outcome = "plain"
        else:
            outcome = "resumed-by-id" if client.resumed else "full"
        self._surroundings.table.append(
            [
                self._number,
                self._client,
                self._group.browser.name,
                self._surroundings.server.name,
                self.arrival,
                None if version is None else tls.version_name(version),
                None if suite is None else tls.suite_name(suite),
                outcome,
                None if failure is None else tls.alert_name(failure),
                offered,
                bool(self._server_end.session_found) if offered else None,
                self._connected - self.arrival,
                nan if version is None else self._handshake_time,
                self._first_byte - self.arrival,
                self._surroundings.environment.now - self.arrival,
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
