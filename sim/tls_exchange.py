"""A TLS exchange: a client's endpoint and a server's, turn by turn over a chain of connections.

Every second of it is booked under exactly one heading at the place where it passes, as the
difference of two readings of its clock.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from math import nan
from typing import Protocol

from sim.activity import Moments
from sim.endpoints import Endpoints, State, Turn
from sim.network.connection_chain import ConnectionChain
from sim.network.delays import DelayComponents
from sim.network.deterministic_chain import DeterministicChain
from sim.network.tcp_connection import TransportFailure

Serve = Callable[[float, float], tuple[float, float]]
"""A processor: when a job starts and ends that arrives at a moment, with a demand (seconds)."""


class BackEnd(Protocol):
    """What answers behind a server's endpoint, where an answer takes more than a processor."""

    def answer(
        self, exchange: TlsExchange, flight: Turn, response_size: int
    ) -> Generator[float, float, Turn]:
        """What is answered to a flight that is there now; the exchange's clock goes on."""

    def close(self, moment: float) -> Moments:
        """The exchange is over at that moment."""


def outcome_of(state: State, stopped: object | None) -> str:
    """How an exchange ended, in a word; `stopped` is how the network has ended it, if so."""
    if state.failure is not None or stopped is not None:
        return "failed"
    if state.version is None:
        return "plain"
    return "resumed-by-id" if state.resumed else "full"


class FatalAlert(Exception):
    """A fatal alert, sent or received by the client, has ended the exchange."""


class TlsExchange:
    """Two endpoints, what is between them, and a clock.

    It waits once for each flight that reaches the server, where the chain is deterministic: all
    delays between two visits there (the server's departure, the way back, the client's work, the
    way there) are known when the server answers, and are booked at once. Chains with more to them
    wait more often.

    All its steps raise `sim.network.tcp_connection.TransportFailure` when the network ends it, or
    `FatalAlert`.

    Args:
        chain: the TCP connections between the two endpoints.
        endpoints: both of them.
        serve: the server's processor.
        now: when it begins.
        back_end: what answers instead; else the server's endpoint does.
        client_serve: the client's processor if it has more to do than this; its time counts as a
            middlebox's.

    Attributes:
        now: the moment that it has come to.
        deterministic: whether the next moment is always known: `depart` and `arrive` may then be
            used.
        connected: when TCP was; `handshake_time`: seconds from there until the client might send
            its request; `first_byte`: when the first byte of a response was there. Else NaN.
        round_trips: whole ones until the client might send its request.
    """

    __slots__ = (
        "_back_end",
        "_client_serve",
        "_flight",
        "_serve",
        "chain",
        "connected",
        "deterministic",
        "endpoints",
        "first_byte",
        "handshake_time",
        "now",
        "received",
        "received_records",
        "round_trips",
        "sent",
        "sent_records",
        "time_client_cpu",
        "time_cpu_queue",
        "time_link_queue",
        "time_middlebox",
        "time_propagation",
        "time_retransmission",
        "time_server_cpu",
        "time_think",
        "time_transmission",
    )

    def __init__(
        self,
        chain: DeterministicChain | ConnectionChain,
        endpoints: Endpoints,
        serve: Serve,
        now: float,
        back_end: BackEnd | None = None,
        client_serve: Serve | None = None,
    ) -> None:
        self.chain = chain
        self.deterministic = chain.deterministic and back_end is None and client_serve is None
        self.endpoints = endpoints
        self._flight: Turn
        self._serve = serve
        self.now = now
        self._back_end = back_end
        self._client_serve = client_serve
        self.connected = self.handshake_time = self.first_byte = nan
        self.round_trips = 0
        self.time_propagation = self.time_transmission = self.time_link_queue = 0.0
        self.time_retransmission = self.time_middlebox = self.time_cpu_queue = 0.0
        self.time_server_cpu = self.time_client_cpu = self.time_think = 0.0
        self.sent = self.received = self.sent_records = self.received_records = 0

    # -- steps

    def connect(self) -> Moments:
        """TCP's handshake: the kernels answer, no process of either side has work."""
        if isinstance(self.chain, DeterministicChain):
            self.connect_deterministically()
        else:
            yield from self.chain.connect(self)
            self.connected = self.now

    def connect_deterministically(self) -> None:
        """TCP's handshake on a deterministic chain."""
        then = self.now
        self.now = self.connected = then + self.chain.open()  # type: ignore[union-attr]
        self.time_propagation = self.now - then

    def handshake(self) -> Moments:
        """TLS's handshake, until the client may send its request."""
        endpoints = self.endpoints
        while not endpoints.state.completed:
            yield from self.exchange(endpoints.client_sends())
        self.handshake_completed()

    def handshake_completed(self) -> None:
        """The client may send its request from now on."""
        self.handshake_time = self.now - self.connected
        self.round_trips = self.chain.trips // 2

    def exchange(
        self, flight: Turn, response_size: int = 0, *, closing: bool = False
    ) -> Generator[float, float, float]:
        """The client's flight, and the server's answer. Returns when its first byte was there."""
        if self.deterministic:
            return self.arrive((yield self.depart(flight)), response_size, closing)
        endpoints, chain = self.endpoints, self.chain
        yield from self._client_works(flight.seconds)
        self.sent += flight.size
        self.sent_records += flight.records
        if isinstance(chain, DeterministicChain):
            yield from self._wait_until(self.now + chain.to_server(self.now, flight.size))
        else:
            yield from chain.carry(flight.data, flight.size, self, to_server=True)
            self.account_wait((yield self.now))

        if self._back_end is None:
            backlogged = None if self.received or isinstance(chain, DeterministicChain) else chain
            if backlogged is not None:
                yield from backlogged.enter(self, flight.size)
            answer = endpoints.server_answers(flight, self.now, response_size)
            start = self._serve_answer(self.now, answer.seconds)
            if backlogged is not None:
                backlogged.accept(start)
        else:
            answer = yield from self._back_end.answer(self, flight, response_size)
        size, first = answer.size, self.now
        if not (size or closing):
            return first

        if isinstance(chain, DeterministicChain):
            first = self.now + chain.back
            yield from self._wait_until(self.now + chain.to_client(self.now, size))
        else:
            first = yield from chain.carry(answer.data, size, self, to_server=False)
        self.received += size
        self.received_records += answer.records
        yield from self._client_works(endpoints.client_receives(answer, self.now))
        if endpoints.state.failure is not None:
            raise FatalAlert
        return first

    def depart(self, flight: Turn) -> float:
        """On a deterministic chain: the client's work, and the way to the server.

        Returns when the flight is there; `arrive` has to follow at that moment.
        """
        now = self.now
        self._flight = flight
        self.now = sent = now + flight.seconds
        self.time_client_cpu += sent - now
        self.sent += flight.size
        self.sent_records += flight.records
        there: float = sent + self.chain.to_server(sent, flight.size)  # type: ignore[union-attr]
        return there

    def arrive(self, now: float, response_size: int = 0, closing: bool = False) -> float:
        """On a deterministic chain: the server's work on the flight that is here, and its answer.

        Returns when the answer's first byte was at the client.
        """
        endpoints, chain = self.endpoints, self.chain
        self.time_propagation += now - self.now
        answer = endpoints.server_answers(self._flight, now, response_size)
        seconds = answer.seconds
        if seconds:
            start, done = self._serve(now, seconds)
            self.time_cpu_queue += start - now
            self.time_server_cpu += done - start
            now = done
        size = answer.size
        if not (size or closing):
            self.now = now
            return now
        back: float = now + chain.to_client(now, size)  # type: ignore[union-attr]
        self.time_propagation += back - now
        self.received += size
        self.received_records += answer.records
        self.now = received = back + endpoints.client_receives(answer, back)
        self.time_client_cpu += received - back
        if endpoints.state.failure is not None:
            raise FatalAlert
        return now + chain.back  # type: ignore[union-attr]

    def send_last(self, flight: Turn, *, closing: bool = False) -> Generator[float, float, float]:
        """The client's last flight, whose fate it does not wait for. Returns when that is known."""
        try:
            yield from self.exchange(flight, closing=closing)
        except FatalAlert:
            pass
        except TransportFailure as failure:
            return max(self.now, failure.moment)
        return self.now

    def close(self, moment: float) -> Moments:
        """All is over at that moment, for the back end as well."""
        self.chain.close(moment)
        if self._back_end is not None:
            yield from self._back_end.close(moment)

    def think(self, pause: float) -> None:
        """Nothing is sent for so long (seconds): the user reads."""
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
        self.time_cpu_queue += start - now
        self.time_server_cpu += done - start
        self.now = done
        return start

    def _wait_until(self, moment: float) -> Moments:
        now = yield moment
        self.time_propagation += now - self.now
        self.now = now

    # -- the clock

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

    def include(self, other: TlsExchange) -> None:
        """Go on by what has passed in another exchange, which was at `now` when it began."""
        self.now = other.now
        self.time_propagation += other.time_propagation
        self.time_transmission += other.time_transmission
        self.time_link_queue += other.time_link_queue
        self.time_retransmission += other.time_retransmission
        self.time_middlebox += other.time_middlebox
        self.time_cpu_queue += other.time_cpu_queue
        self.time_server_cpu += other.time_server_cpu
        other.time_propagation = other.time_transmission = other.time_link_queue = 0.0
        other.time_retransmission = other.time_middlebox = other.time_cpu_queue = 0.0
        other.time_server_cpu = 0.0
