"""A conversation: a client's end and a server's end of TLS, turn by turn over a route.

Every second of it is booked under exactly one heading at the place where it passes, as the
difference of two readings of its clock.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from math import nan
from typing import Protocol

from sim.activity import Moments
from sim.network.delays import DelayComponents
from sim.network.leg import Broken
from sim.network.route import CalmRoute, Route
from sim.peers import Ends, State, Turn

Serve = Callable[[float, float], tuple[float, float]]
"""A processor: when a job starts and ends that arrives at a moment, with a demand (seconds)."""


class Answerer(Protocol):
    """Who answers in a server's place, when an answer takes more than a processor."""

    def answer(
        self, conversation: Conversation, flight: Turn, response_size: int
    ) -> Generator[float, float, Turn]:
        """What is answered to a flight that is there now; the conversation's clock goes on."""

    def close(self, moment: float) -> Moments:
        """The conversation is over at that moment."""


def outcome_of(state: State, stopped: object | None) -> str:
    """How a conversation ended, in a word; `stopped` is how the network has ended it, if so."""
    if state.failure is not None or stopped is not None:
        return "failed"
    if state.version is None:
        return "plain"
    return "resumed-by-id" if state.resumed else "full"


class Alerted(Exception):
    """A fatal alert, sent or received by the client, has ended the conversation."""


class Conversation:
    """Two ends, what is between them, and a clock.

    It waits once for each flight that reaches the server, where the route is calm: all delays
    between two visits there (the server's departure, the way back, the client's work, the way
    there) are known when the server answers, and are booked at once. Routes with more to them wait
    more often. All its steps raise `sim.network.leg.Broken` when the network ends it, or `Alerted`.

    Args:
        route: between the two ends.
        ends: both of them.
        serve: the server's processor.
        now: when it begins.
        answerer: who answers instead; else the server does.
        client_serve: the client's processor if it has more to do than this; its time counts as a
            middlebox's.

    Attributes:
        now: the moment that it has come to.
        calm: whether the next moment is always known: `depart` and `arrive` may then be used.
        connected: when TCP was; `handshake_time`: seconds from there until the client might send
            its request; `first_byte`: when the first byte of a response was there. Else NaN.
        round_trips: whole ones until the client might send its request.
    """

    __slots__ = (
        "_answerer",
        "_client_serve",
        "_flight",
        "_serve",
        "calm",
        "connected",
        "ends",
        "first_byte",
        "handshake_time",
        "now",
        "received",
        "received_records",
        "round_trips",
        "route",
        "sent",
        "sent_records",
        "time_client_cpu",
        "time_link_queue",
        "time_middlebox",
        "time_propagation",
        "time_queue",
        "time_retransmission",
        "time_server_cpu",
        "time_think",
        "time_transmission",
    )

    def __init__(
        self,
        route: CalmRoute | Route,
        ends: Ends,
        serve: Serve,
        now: float,
        answerer: Answerer | None = None,
        client_serve: Serve | None = None,
    ) -> None:
        self.route = route
        self.calm = route.calm and answerer is None and client_serve is None
        self.ends = ends
        self._flight: Turn
        self._serve = serve
        self.now = now
        self._answerer = answerer
        self._client_serve = client_serve
        self.connected = self.handshake_time = self.first_byte = nan
        self.round_trips = 0
        self.time_propagation = self.time_transmission = self.time_link_queue = 0.0
        self.time_retransmission = self.time_middlebox = self.time_queue = 0.0
        self.time_server_cpu = self.time_client_cpu = self.time_think = 0.0
        self.sent = self.received = self.sent_records = self.received_records = 0

    # -- its steps

    def connect(self) -> Moments:
        """TCP's handshake: the kernels answer, no process of either side has work."""
        if isinstance(self.route, CalmRoute):
            self.open_calmly()
        else:
            yield from self.route.connect(self)
            self.connected = self.now

    def open_calmly(self) -> None:
        """TCP's handshake on a calm route."""
        then = self.now
        self.now = self.connected = then + self.route.open()  # type: ignore[union-attr]
        self.time_propagation = self.now - then

    def shake_hands(self) -> Moments:
        """TLS's handshake, until the client may send its request."""
        ends = self.ends
        while not ends.state.completed:
            yield from self.exchange(ends.client_sends())
        self.shaken_hands()

    def shaken_hands(self) -> None:
        """The client may send its request from now on."""
        self.handshake_time = self.now - self.connected
        self.round_trips = self.route.trips // 2

    def exchange(
        self, flight: Turn, response_size: int = 0, *, closing: bool = False
    ) -> Generator[float, float, float]:
        """The client's flight, and the server's answer. Returns when its first byte was there."""
        if self.calm:
            return self.arrive((yield self.depart(flight)), response_size, closing)
        ends, route = self.ends, self.route
        yield from self._client_works(flight.seconds)
        self.sent += flight.size
        self.sent_records += flight.records
        if isinstance(route, CalmRoute):
            yield from self._wait_until(self.now + route.to_server(self.now, flight.size))
        else:
            yield from route.carry(flight.data, flight.size, self, to_server=True)
            self.account_wait((yield self.now))

        if self._answerer is None:
            newcomer = None if self.received or isinstance(route, CalmRoute) else route
            if newcomer is not None:
                yield from newcomer.enter(self, flight.size)
            answer = ends.server_answers(flight, self.now, response_size)
            start = self._serve_answer(self.now, answer.seconds)
            if newcomer is not None:
                newcomer.accept(start)
        else:
            answer = yield from self._answerer.answer(self, flight, response_size)
        size, first = answer.size, self.now
        if not (size or closing):
            return first

        if isinstance(route, CalmRoute):
            first = self.now + route.back
            yield from self._wait_until(self.now + route.to_client(self.now, size))
        else:
            first = yield from route.carry(answer.data, size, self, to_server=False)
        self.received += size
        self.received_records += answer.records
        yield from self._client_works(ends.client_takes(answer, self.now))
        if ends.state.failure is not None:
            raise Alerted
        return first

    def depart(self, flight: Turn) -> float:
        """On a calm route: the client's work, and the way to the server. When the flight is there.

        It has to be followed by `arrive` at that moment.
        """
        now = self.now
        self._flight = flight
        self.now = sent = now + flight.seconds
        self.time_client_cpu += sent - now
        self.sent += flight.size
        self.sent_records += flight.records
        there: float = sent + self.route.to_server(sent, flight.size)  # type: ignore[union-attr]
        return there

    def arrive(self, now: float, response_size: int = 0, closing: bool = False) -> float:
        """On a calm route: the server's work on the flight that is here now, and its answer.

        Returns when the answer's first byte was at the client.
        """
        ends, route = self.ends, self.route
        self.time_propagation += now - self.now
        answer = ends.server_answers(self._flight, now, response_size)
        seconds = answer.seconds
        if seconds:
            start, done = self._serve(now, seconds)
            self.time_queue += start - now
            self.time_server_cpu += done - start
            now = done
        size = answer.size
        if not (size or closing):
            self.now = now
            return now
        back: float = now + route.to_client(now, size)  # type: ignore[union-attr]
        self.time_propagation += back - now
        self.received += size
        self.received_records += answer.records
        self.now = taken = back + ends.client_takes(answer, back)
        self.time_client_cpu += taken - back
        if ends.state.failure is not None:
            raise Alerted
        return now + route.back  # type: ignore[union-attr]

    def say_last(self, flight: Turn, *, closing: bool = False) -> Generator[float, float, float]:
        """The client's last flight, whose fate it does not wait for. Returns when that is known."""
        try:
            yield from self.exchange(flight, closing=closing)
        except Alerted:
            pass
        except Broken as broken:
            return max(self.now, broken.moment)
        return self.now

    def close(self, moment: float) -> Moments:
        """All is over at that moment, for those who have answered as well."""
        self.route.close(moment)
        if self._answerer is not None:
            yield from self._answerer.close(moment)

    def think(self, pause: float) -> None:
        """Nothing is said."""
        thought = self.now + pause
        self.time_think += thought - self.now
        self.now = thought

    def _client_works(self, seconds: float) -> Moments:
        now = self.now
        if self._client_serve is None:
            self.now = now + seconds
            self.time_client_cpu += self.now - now
        elif seconds:
            now = self.account_wait((yield now))
            self.account_middlebox(self._client_serve(now, seconds)[1])

    def _serve_answer(self, now: float, seconds: float) -> float:
        """The server's processor works for so long. Returns when it begins."""
        if not seconds:
            return now
        start, done = self._serve(now, seconds)
        self.time_queue += start - now
        self.time_server_cpu += done - start
        self.now = done
        return start

    def _wait_until(self, moment: float) -> Moments:
        now = yield moment
        self.time_propagation += now - self.now
        self.now = now

    # -- its clock

    def account(self, delays: DelayComponents) -> None:
        """Go on by delays in the network."""
        now = self.now
        then = now + delays.propagation
        self.time_propagation += then - now
        now = then + delays.transmission
        self.time_transmission += now - then
        then = now + delays.queueing
        self.time_link_queue += then - now
        now = then + delays.retransmission
        self.time_retransmission += now - then
        then = now + delays.middlebox
        self.time_middlebox += then - now
        self.now = then

    def account_middlebox(self, until: float) -> None:
        """Go on until a box has done its work."""
        self.time_middlebox += until - self.now
        self.now = until

    def account_wait(self, now: float) -> float:
        """Go on to what an event has been waited for: it comes when it should, but for rounding."""
        self.time_propagation += now - self.now
        self.now = now
        return now

    def include(self, other: Conversation) -> None:
        """Go on by what has passed in another conversation, which was at `now` when it began."""
        self.now = other.now
        self.time_propagation += other.time_propagation
        self.time_transmission += other.time_transmission
        self.time_link_queue += other.time_link_queue
        self.time_retransmission += other.time_retransmission
        self.time_middlebox += other.time_middlebox
        self.time_queue += other.time_queue
        self.time_server_cpu += other.time_server_cpu
        other.time_propagation = other.time_transmission = other.time_link_queue = 0.0
        other.time_retransmission = other.time_middlebox = other.time_queue = 0.0
        other.time_server_cpu = 0.0
