"""Bridging: a proxy answers a client by what an exchange of its own with the server gives."""

from __future__ import annotations

from collections.abc import Callable, Generator
from math import nan
from typing import Any, Protocol

import tls
from sim.activity import Moments, Until
from sim.endpoints import Turn
from sim.hosts.client import ClientGroup
from sim.middleboxes.middlebox import PASS, Action, Middlebox, Verdict
from sim.middleboxes.terminating_proxy import TerminatingProxy
from sim.network.delays import DelayComponents
from sim.network.transport import TransportFailure
from sim.telemetry import COUNT, OPTIONAL_TIME, OPTIONAL_WORD, TIME, WORD, Column, Table
from sim.tls_exchange import FatalAlert, TlsExchange, outcome_of

COLUMNS = (
    Column("connection", COUNT),
    Column("proxy", WORD),
    Column("version", OPTIONAL_WORD, tls.version_name),
    Column("suite", OPTIONAL_WORD, tls.suite_name),
    Column("outcome", WORD),
    Column("alert", OPTIONAL_WORD, tls.alert_name),
    Column("stopped_by", OPTIONAL_WORD),
    Column("reason", OPTIONAL_WORD),
    Column("connect_time", OPTIONAL_TIME),
    Column("handshake_time", OPTIONAL_TIME),
    Column("round_trips", COUNT),
    Column("bytes_sent", COUNT),
    Column("bytes_received", COUNT),
    Column("server_cpu", TIME),
)
"""A row of the table `bridged`: a proxy's own connection to the server, for a recorded connection.

The columns are those of the table `connections`, seen from the proxy.
"""


class Upstream(Protocol):
    """The way on from a proxy to the server."""

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


class Bridge:
    """A terminating proxy in its world.

    Args:
        proxy: the box.
        group: what it is as a client.
        upstream: begins its own exchanges with the server.
        request_size: bytes of the clients' requests.
        table: where they are written down.
        tally: called with the proxy and what it did, for each recorded connection that reached it.
    """

    def __init__(
        self,
        proxy: TerminatingProxy,
        group: ClientGroup,
        upstream: Upstream,
        request_size: int,
        table: Table,
        tally: Callable[[Middlebox, Verdict], None],
    ) -> None:
        self.proxy = proxy
        self.request_size = request_size
        self.group = group
        self.upstream = upstream
        self.table = table
        self.tally = tally

    def bridging(self, number: int, *, recorded: bool) -> Bridging:
        """What answers one client's connection."""
        return Bridging(self, number, recorded=recorded)


class Bridging:
    """One client's connection at the proxy, and the proxy's own connection upstream."""

    def __init__(self, bridge: Bridge, number: int, *, recorded: bool) -> None:
        self._bridge = bridge
        self._number = number
        self._recorded = recorded
        self._upstream: TlsExchange | None = None
        self._stopped: TransportFailure | None = None
        self._asked = False
        self._began = nan
        self._server_cpu = 0.0

    def answer(
        self, exchange: TlsExchange, flight: Turn, response_size: int
    ) -> Generator[Until, float, Turn]:
        """The proxy's answer, for which it asks the server where it has to.

        Raises `TransportFailure` when the server's part of it fails: the proxy resets the client's
        connection.
        """
        proxy = self._bridge.proxy
        self._asked = True
        if self._upstream is None and (response_size or proxy.connects == "at the hello"):
            yield from self._go_on_upstream(exchange, self._open(exchange.now, exchange.give_up))
        if response_size:
            yield from self._go_on_upstream(exchange, self._ask(response_size))
        processor = proxy.processor
        now = exchange.account_propagation((yield exchange.now))
        begin = processor.begins(now) if flight.size else now
        turn = exchange.endpoints.server_answers(flight, begin, response_size)
        answer, now, begin = yield from exchange.resume(
            turn, processor, now, begin, lambda begin, done: exchange.account_middlebox(done)
        )
        if flight.size:
            done = processor.run(begin, answer.seconds)
        else:
            _, done = yield from exchange.work(processor, now, answer.seconds)
        exchange.account_middlebox(done)
        return answer

    def close(self, moment: float) -> Moments:
        """The client's connection has ended: so does the one upstream, and any beyond it."""
        if self._asked and self._recorded:
            self._bridge.tally(self._bridge.proxy, self._verdict)
        upstream = self._upstream
        if upstream is None:
            return
        if upstream.endpoints.state.failure is not None:
            self._bridge.group.remember(0, None, upstream.now)
        elif upstream.stopped is None:
            upstream.now = moment
        ended = yield from upstream.say_last()
        self._server_cpu += upstream.server_cpu
        yield from upstream.close(moment if ended is None else ended)
        if self._recorded:
            self._record(upstream)

    @property
    def _verdict(self) -> Verdict:
        """What the proxy itself did with the client's connection."""
        stopped, name = self._stopped, self._bridge.proxy.name
        if stopped is None or stopped.where != name or stopped.reason is None:
            return PASS
        return Verdict(Action.RESET, stopped.reason)

    def _open(self, now: float, give_up: float) -> Moments:
        bridge = self._bridge
        self._began = now
        self._upstream = upstream = bridge.upstream.begin(
            bridge.proxy, self._number, bridge.group, recorded=self._recorded, now=now
        )
        upstream.give_up = give_up
        yield from upstream.connect()
        yield from upstream.converse(upstream.handshake())

    def _ask(self, response_size: int) -> Moments:
        upstream = self._upstream
        assert upstream is not None
        endpoints = upstream.endpoints
        request = endpoints.client_sends(self._bridge.request_size)
        yield from upstream.converse([(request, response_size)])
        if not endpoints.state.resumed:
            self._bridge.group.remember(0, endpoints.session, upstream.now)

    def _go_on_upstream(self, exchange: TlsExchange, steps: Moments) -> Moments:
        """Take some steps of the exchange upstream; their time passes for the client too."""
        proxy = self._bridge.proxy
        if self._upstream is not None:
            self._upstream.now, self._upstream.give_up = exchange.now, exchange.give_up
        try:
            yield from steps
        except FatalAlert:
            self._include(exchange)
            assert self._upstream is not None
            alert = self._upstream.endpoints.state.failure
            reason = f"{tls.alert_name(alert or 0)} behind"
            self._stopped = TransportFailure(
                "reset", 0.0, DelayComponents(), where=proxy.name, reason=reason
            )
        except TransportFailure as failure:
            assert self._upstream is not None
            yield from self._upstream.break_off(failure)
            self._include(exchange)
            self._stopped = failure
        else:
            self._include(exchange)
            return
        if exchange.now >= exchange.give_up:
            # Its client has given up in the same moment, and hears of nothing.
            raise TransportFailure("timeout", exchange.now, DelayComponents())
        delays = DelayComponents()
        exchange.transport.add_return(delays)
        raise TransportFailure(
            "reset",
            exchange.now + delays.total,
            delays,
            where=self._stopped.where,
            reason=self._stopped.reason,
        )

    def _include(self, exchange: TlsExchange) -> None:
        assert self._upstream is not None
        self._server_cpu += self._upstream.server_cpu
        exchange.include(self._upstream)

    def _record(self, upstream: TlsExchange) -> None:
        state, stopped = upstream.endpoints.state, self._stopped
        row: list[Any] = [
            self._number,
            self._bridge.proxy.name,
            state.version,
            state.suite,
            outcome_of(state, stopped),
            state.failure,
            None if stopped is None else stopped.where,
            None if stopped is None else stopped.reason,
            upstream.connected - self._began,
            upstream.handshake_time if state.version is not None else nan,
            upstream.round_trips,
            upstream.sent,
            upstream.received,
            self._server_cpu,
        ]
        self._bridge.table.append(row)
