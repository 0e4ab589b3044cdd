"""TCP's three-way handshake: SYNs that are lost or refused, SYN-ACKs, and when they come again."""

from __future__ import annotations

from collections.abc import Generator
from math import inf
from typing import NamedTuple

from sim.middleboxes.middlebox import Action
from sim.network.delays import DelayComponents
from sim.network.listener import Listener
from sim.network.middlebox_chain import MiddleboxChain
from sim.network.one_way_path import OneWayPath
from sim.network.packets import PacketKind
from sim.network.tcp import Tcp

_TOGETHER = 1e-9
"""A packet that comes within so many seconds of a timer comes first."""


class Opened(NamedTuple):
    """A connection that is open.

    Attributes:
        moment: when the client may send.
        delays: where the time until then went.
        round_trip: of the SYN that was answered, seconds.
        syns, syn_acks: how many were sent.
    """

    moment: float
    delays: DelayComponents
    round_trip: float
    syns: int
    syn_acks: int


class ThreeWayHandshake:
    """How one TCP connection opens.

    Args:
        tcp: how both ends speak it.
        up, down: the ways to the server, and back.
        middleboxes: those on the ways.
        listener: who takes it.

    Attributes:
        admitted: whether a SYN has found room in the listener's backlog.
    """

    __slots__ = (
        "_answer_wait",
        "_answered_at",
        "_answers",
        "_down",
        "_listener",
        "_middleboxes",
        "_moment",
        "_tcp",
        "_up",
        "admitted",
    )

    def __init__(
        self,
        tcp: Tcp,
        up: OneWayPath,
        down: OneWayPath,
        middleboxes: MiddleboxChain,
        listener: Listener,
    ) -> None:
        self._tcp = tcp
        self._up, self._down = up, down
        self._middleboxes = middleboxes
        self._listener = listener
        self.admitted = False
        self._moment = -inf
        self._answered_at = 0.0
        self._answers = 0
        self._answer_wait = tcp.initial_timeout

    def connect(self, now: float) -> Generator[float, float, Opened]:
        """From the first SYN, sent now, until the client may send. Raises `TransportFailure`."""
        tcp = self._tcp
        give_up = now + tcp.connect_timeout
        sent, wait, attempts = now, tcp.initial_timeout, 0
        while True:
            attempts += 1
            delays = DelayComponents()
            delays.retransmission = sent - now
            refused = None
            there = yield from self._send_syn(sent, delays, give_up)
            if isinstance(there, str):
                refused, there = there, None
            back = None if there is None else self._answer(there, delays)
            round_trip = 0.0 if back is None else back - sent
            again = tcp.expiry(sent, wait)
            if back is None and self.admitted:
                back, delays = self._answer_again(now, again + self._up.delay)
                round_trip = self._up.delay + self._down.delay
                if back is not None and again < back:
                    # A SYN crosses the answer, and is answered as well.
                    attempts += 1
                    self._answers += 1
            if back is not None and back <= give_up:
                if back < self._moment:
                    # A SYN sent again was followed for longer than this answer took.
                    delays.retransmission += self._moment - back
                    back = self._moment
                return Opened(back, delays, round_trip, attempts, self._answers)
            if attempts > tcp.syn_linear_timeouts:
                wait *= 2
            if again >= give_up:
                delays = DelayComponents()
                delays.retransmission = give_up - now
                listener = None if refused is None else self._listener.name
                raise self._middleboxes.failure("timeout", give_up, delays, listener, refused)
            sent = yield from self._wait(again)

    def _answer(self, now: float, delays: DelayComponents) -> float | None:
        """The listener's SYN-ACK on its way: its arrival, if it does arrive."""
        self._answers += 1
        self._answered_at = now
        self._down.announce(PacketKind.SYN)
        return self._down.cross(now, self._tcp.syn, delays)

    def _answer_again(self, since: float, until: float) -> tuple[float | None, DelayComponents]:
        """SYN-ACKs that the listener sends again by itself: when one arrives, if one does.

        Args:
            since: when the first SYN was sent.
            until: when the next one would be there, which starts the listener's timer anew.
        """
        tcp = self._tcp
        while True:
            again = tcp.expiry(self._answered_at, self._answer_wait)
            delays = DelayComponents()
            if again + _TOGETHER > until:
                return None, delays
            self._answer_wait *= 2
            delays.retransmission = again - since
            back = self._answer(again, delays)
            if back is not None:
                return back, delays

    def _wait(self, moment: float) -> Generator[float, float, float]:
        """Go on at that moment, or at once where the SYN before this one came that far."""
        if moment <= self._moment:
            return moment
        self._moment = max((yield moment), moment)
        return self._moment

    def _send_syn(
        self, now: float, delays: DelayComponents, give_up: float
    ) -> Generator[float, float, float | str | None]:
        """A SYN on its way: its arrival; why the listener has dropped it; else `None`.

        It is not followed any further than to the moment of giving up. Raises `TransportFailure`
        when a box refuses it, or the listener.
        """
        position, size = 0, self._tcp.syn
        self._up.announce(PacketKind.SYN)
        for number, placed in enumerate(self._middleboxes.placed):
            here = self._up.cross(now, size, delays, position, placed.position)
            if here is None or here > give_up:
                return None
            now, position = (yield from self._wait(here)), placed.position
            action = self._middleboxes.opens(number, now).action
            if action is Action.PASS:
                continue
            self._up.stopped_by(placed.box.name)
            if action is Action.DROP:
                return None
            raise self._middleboxes.failure("reset", now + placed.add_return(delays), delays)
        there = self._up.cross(now, size, delays, position)
        if there is None or there > give_up:
            return None
        if self.admitted:
            return there
        there = yield from self._wait(there)
        refusal = self._listener.refusal(there)
        if refusal is not None:
            if refusal.resets:
                back = there + self._down.delay
                delays.propagation += self._down.propagation
                delays.middlebox += self._down.latency
                raise self._middleboxes.failure(
                    "reset", back, delays, self._listener.name, refusal.reason
                )
            return refusal.reason
        self._listener.open_connection()
        self.admitted = True
        return there
