"""Bridging: a proxy answers a client by what a conversation of its own with the server gives."""

from __future__ import annotations

from collections.abc import Callable, Generator
from math import nan
from typing import Any, Protocol

import tls
from sim.activity import Moments
from sim.conversation import Alerted, Conversation, outcome_of
from sim.hosts.client import ClientGroup
from sim.middleboxes.middlebox import PASS, Action, Middlebox, Verdict
from sim.middleboxes.terminating_proxy import TerminatingProxy
from sim.network.delays import DelayComponents
from sim.network.leg import Broken
from sim.peers import Turn
from sim.telemetry import COUNT, OPTIONAL_TIME, OPTIONAL_WORD, TIME, WORD, Column, Table

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


class Behind(Protocol):
    """The way on from a proxy."""

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


class Bridge:
    """A terminating proxy in its world.

    Args:
        proxy: the box.
        group: what it is as a client.
        behind: begins its conversations behind it.
        request_size: bytes of the clients' requests.
        table: where they are written down.
        tally: called with the proxy and what it did, for each recorded connection that reached it.
    """

    def __init__(
        self,
        proxy: TerminatingProxy,
        group: ClientGroup,
        behind: Behind,
        request_size: int,
        table: Table,
        tally: Callable[[Middlebox, Verdict], None],
    ) -> None:
        self.proxy = proxy
        self.request_size = request_size
        self.group = group
        self.behind = behind
        self.table = table
        self.tally = tally

    def bridging(self, number: int, *, recorded: bool) -> Bridging:
        """What answers one client's connection."""
        return Bridging(self, number, recorded=recorded)


class Bridging:
    """One client's connection at the proxy, and the proxy's own connection behind it."""

    def __init__(self, bridge: Bridge, number: int, *, recorded: bool) -> None:
        self._bridge = bridge
        self._number = number
        self._recorded = recorded
        self._back: Conversation | None = None
        self._stopped: Broken | None = None
        self._asked = False
        self._began = nan
        self._server_cpu = 0.0

    def answer(
        self, conversation: Conversation, flight: Turn, response_size: int
    ) -> Generator[float, float, Turn]:
        """The proxy's answer, for which it asks the server where it has to.

        Raises `Broken` when the server's part of it fails: the proxy cuts the client's connection.
        """
        proxy = self._bridge.proxy
        self._asked = True
        if self._back is None and (response_size or proxy.connects == "at the hello"):
            yield from self._behind(conversation, self._open(conversation.now))
        if response_size:
            yield from self._behind(conversation, self._ask(response_size))
        now = conversation.account_wait((yield conversation.now))
        answer = conversation.ends.server_answers(flight, now, response_size)
        if answer.seconds:
            conversation.account_middlebox(proxy.cpu.serve(now, answer.seconds)[1])
        return answer

    def close(self, moment: float) -> Moments:
        """The client's connection has ended: so does the one behind, and those behind that."""
        if self._asked and self._recorded:
            self._bridge.tally(self._bridge.proxy, self._verdict)
        back = self._back
        if back is None:
            return
        state, ended = back.ends.state, moment
        if state.failure is not None:
            # As for any client: the alert still has to reach the server, the session is forgotten.
            self._bridge.group.remember(0, None, back.now)
            if not back.ends.server.failed:
                ended = yield from back.say_last(back.ends.client_sends())
        elif self._stopped is None:
            back.now = moment
            ended = yield from back.say_last(back.ends.client_closes(), closing=True)
        self._server_cpu += back.time_server_cpu
        yield from back.close(ended)
        if self._recorded:
            self._record(back)

    @property
    def _verdict(self) -> Verdict:
        """What the proxy itself did with the client's connection."""
        stopped, name = self._stopped, self._bridge.proxy.name
        if stopped is None or stopped.where != name or stopped.reason is None:
            return PASS
        return Verdict(Action.RESET, stopped.reason)

    def _open(self, now: float) -> Moments:
        bridge = self._bridge
        self._began = now
        self._back = back = bridge.behind.behind(
            bridge.proxy, self._number, bridge.group, recorded=self._recorded, now=now
        )
        yield from back.connect()
        yield from back.shake_hands()

    def _ask(self, response_size: int) -> Moments:
        back = self._back
        assert back is not None
        ends = back.ends
        yield from back.exchange(ends.client_sends(self._bridge.request_size), response_size)
        if not ends.state.resumed:
            self._bridge.group.remember(0, ends.session, back.now)

    def _behind(self, conversation: Conversation, steps: Moments) -> Moments:
        """Go some steps of the conversation behind; their time passes for the client too."""
        proxy = self._bridge.proxy
        if self._back is not None:
            self._back.now = conversation.now
        try:
            yield from steps
        except Alerted:
            self._include(conversation)
            assert self._back is not None
            alert = self._back.ends.state.failure
            reason = f"{tls.alert_name(alert or 0)} behind"
            self._stopped = Broken("reset", 0.0, DelayComponents(), where=proxy.name, reason=reason)
        except Broken as broken:
            assert self._back is not None
            self._back.account(broken.delays)
            self._include(conversation)
            self._stopped = broken
        else:
            self._include(conversation)
            return
        delays = DelayComponents()
        conversation.route.come_back(delays)
        raise Broken(
            "reset",
            conversation.now + delays.total,
            delays,
            where=self._stopped.where,
            reason=self._stopped.reason,
        )

    def _include(self, conversation: Conversation) -> None:
        assert self._back is not None
        self._server_cpu += self._back.time_server_cpu
        conversation.include(self._back)

    def _record(self, back: Conversation) -> None:
        state, stopped = back.ends.state, self._stopped
        row: list[Any] = [
            self._number,
            self._bridge.proxy.name,
            state.version,
            state.suite,
            outcome_of(state, stopped),
            state.failure,
            None if stopped is None else stopped.where,
            None if stopped is None else stopped.reason,
            back.connected - self._began,
            back.handshake_time if state.version is not None else nan,
            back.round_trips,
            back.sent,
            back.received,
            self._server_cpu,
        ]
        self._bridge.table.append(row)
