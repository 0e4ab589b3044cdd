"""Bridging: a proxy answers a client by what an exchange of its own with the server gives."""

from __future__ import annotations

from collections.abc import Callable, Generator
from math import nan
from typing import Any, NamedTuple, Protocol

import tls
from sim.activity import Moments, Until
from sim.endpoints import Turn
from sim.far_end import FarEnd
from sim.hosts.client import ClientGroup, Tickets
from sim.hosts.resources import RequestKind
from sim.middleboxes.middlebox import PASS, Action, Middlebox, Verdict
from sim.middleboxes.terminating_proxy import TerminatingProxy
from sim.network.delays import DelayComponents
from sim.network.transport import TransportFailure
from sim.telemetry import COUNT, OPTIONAL_TIME, OPTIONAL_WORD, TIME, WORD, Column, Table
from sim.tls_exchange import FatalAlert, TlsExchange, outcome_of, reason_of

COLUMNS = (
    Column("connection", COUNT),
    Column("proxy", WORD),
    Column("server", WORD),
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

The columns are those of the table `connections`, seen from the proxy; `server` is whom it asked, or
the name that a further proxy answers for.
"""


class Onward(NamedTuple):
    """A proxy's own exchange.

    Attributes:
        exchange: it.
        end: what it is with.
        place: where the proxy remembers its session.
        offered: the session that it offers; else `None`.
        made: when the full handshake was that it goes back to, if it is a ticket of TLS 1.3.
    """

    exchange: TlsExchange
    end: FarEnd
    place: int
    offered: Any
    made: float


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
    ) -> Onward:
        """A proxy's exchange that begins now, on behalf of the connection of that number."""


class Bridge:
    """A terminating proxy in its world.

    Args:
        proxy: the box.
        group: what it is as a client.
        upstream: begins its own exchanges with the server.
        table: where they are written down.
        tally: called with the proxy and what it did, for each recorded connection that reached it.
    """

    def __init__(
        self,
        proxy: TerminatingProxy,
        group: ClientGroup,
        upstream: Upstream,
        table: Table,
        tally: Callable[[Middlebox, Verdict], None],
    ) -> None:
        self.proxy = proxy
        self.group = group
        self.upstream = upstream
        self.table = table
        self.tally = tally

    def bridging(self, number: int, *, recorded: bool) -> Bridging:
        """What answers one client's connection."""
        return Bridging(self, number, recorded=recorded)


class _AsMiddlebox:
    """`ServerAccount` of a proxy's turn: all of it is a middlebox's for the client."""

    def __init__(self, exchange: TlsExchange) -> None:
        self._exchange = exchange

    def account_part(self, begin: float, done: float, demand: float) -> None:
        """The client waits for it."""
        self._exchange.account_middlebox(done)

    def account_wait(self, kind: RequestKind, until: float) -> None:
        """The client waits for it."""
        self._exchange.account_middlebox(until)


class Bridging:
    """One client's connection at the proxy, and the proxy's own connection upstream."""

    def __init__(self, bridge: Bridge, number: int, *, recorded: bool) -> None:
        self._bridge = bridge
        self._number = number
        self._recorded = recorded
        self._upstream: TlsExchange | None = None
        self._end: FarEnd | None = None
        self._stopped: TransportFailure | None = None
        self._session: Any = None
        self._place = 0
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
            yield from self._go_on_upstream(
                exchange, self._ask(exchange.request_size, response_size)
            )
        processor = proxy.processor
        now = exchange.account_propagation((yield exchange.now))
        begin = processor.begins(now) if flight.size else now
        turn = exchange.endpoints.server_answers(flight, begin, response_size)
        answer, now, begin = yield from exchange.resume(
            turn, processor, now, begin, _AsMiddlebox(exchange)
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
            if self._session is not None:
                self._bridge.group.forget(self._place, self._session, upstream.now, self._number)
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
        onward = bridge.upstream.begin(
            bridge.proxy, self._number, bridge.group, recorded=self._recorded, now=now
        )
        upstream, self._end, self._place, self._session, self._made = onward
        self._upstream = upstream
        upstream.give_up = give_up
        yield from upstream.connect()
        yield from upstream.converse(upstream.handshake())
        self._keep_session()

    def _ask(self, size: int, response_size: int) -> Moments:
        upstream, end = self._upstream, self._end
        assert upstream is not None
        assert end is not None
        endpoints = upstream.endpoints
        upstream.request_size = size
        request = endpoints.client_sends(size)
        yield from upstream.converse([(request, response_size)])
        # It has begun early, before the handshake was over.
        self._keep_session()

    def _keep_session(self) -> None:
        """Remember what a full handshake upstream has made, or a new ticket, from now on."""
        upstream, end = self._upstream, self._end
        assert upstream is not None
        assert end is not None
        state, session = upstream.endpoints.state, upstream.endpoints.session
        if session is None or session == self._session:
            return
        group, place = self._bridge.group, self._place
        if state.resumed and type(session) is not Tickets:
            if state.renewed:
                self._session = session
                group.renew(place, session, upstream.now, self._number)
            return
        self._session = session
        hint = state.lifetime_hint
        maker = None if hint else end.server
        made = self._made if state.resumed else None
        group.remember(
            place, session, upstream.now, self._number, maker, lifetime_hint=hint, made=made
        )

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
            raise exchange.waited_in_vain()
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
        state, stopped, end = upstream.endpoints.state, self._stopped, self._end
        assert end is not None
        row: list[Any] = [
            self._number,
            self._bridge.proxy.name,
            end.name,
            state.version,
            state.suite,
            outcome_of(state, stopped),
            state.failure,
            None if stopped is None else stopped.where,
            reason_of(state, stopped),
            upstream.connected - self._began,
            upstream.handshake_time if state.version is not None else nan,
            upstream.round_trips,
            upstream.sent,
            upstream.received,
            self._server_cpu,
        ]
        self._bridge.table.append(row)
