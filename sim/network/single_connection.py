"""One TCP connection from end to end, that a TLS exchange goes over."""

from __future__ import annotations

from sim.activity import Moments, Waiting
from sim.network.delays import DelayComponents
from sim.network.tcp_connection import TcpConnection
from sim.network.transport import Clock


class SingleConnection:
    """`Transport` by one TCP connection over links that lose, queue and are shared, past boxes.

    Args:
        connection: it.
        always_admitted: whether the server's backlog has room for every first flight.

    Attributes:
        return_delay: seconds from the server to the client when nothing else is on the way.
        in_turn: whether flights wait for those of others.
    """

    __slots__ = ("_connection", "_entered", "_following", "in_turn", "return_delay")

    def __init__(self, connection: TcpConnection, *, always_admitted: bool) -> None:
        self._connection = connection
        self._entered = always_admitted
        self._following: Moments
        self.return_delay = connection.return_delay
        self.in_turn = connection.shared

    @property
    def trips(self) -> int:
        """How often the client has waited for the way through the network, windows included."""
        return self._connection.trips

    def add_return(self, delays: DelayComponents) -> None:
        """Go on by the way from the server to the client when nothing else is on it."""
        self._connection.add_return(delays)

    def open(self, now: float, clock: Clock) -> None:
        """TCP's handshake has to be followed."""
        self._following = self._connect(now, clock)

    def _connect(self, now: float, clock: Clock) -> Moments:
        _, delays = yield from self._connection.connect(now)
        clock.account(delays)

    def send_to_server(self, now: float, data: bytes, size: int, clock: Clock) -> float | None:
        """Send a flight; the first comes in from the server's backlog."""
        delivery = self._connection.send(now, data, size, to_server=True)
        if delivery is None:
            self._following = self._follow_to_server(size, clock)
            return None
        clock.account(delivery.delays)
        if not self._entered:
            self._following = self._enter(size, clock)
            return None
        return clock.now

    def _follow_to_server(self, size: int, clock: Clock) -> Moments:
        delivery = yield from self._connection.follow()
        clock.account(delivery.delays)
        yield from self._enter(size, clock)

    def _enter(self, size: int, clock: Clock) -> Moments:
        now = clock.account_propagation((yield clock.now))
        if not self._entered:
            clock.account((yield from self._connection.enter(now, size)))
            self._entered = True

    def accept(self, moment: float | Waiting) -> None:
        """The server's process takes the connection up then, or when that waits no longer."""
        self._connection.accept(moment)

    def send_to_client(self, now: float, data: bytes, size: int, clock: Clock) -> float | None:
        """Send an answer."""
        delivery = self._connection.send(now, data, size, to_server=False)
        if delivery is None:
            self._following = self._follow_to_client(clock)
            return None
        clock.first_arrival = delivery.first
        clock.account(delivery.delays)
        return clock.now

    def _follow_to_client(self, clock: Clock) -> Moments:
        delivery = yield from self._connection.follow()
        clock.first_arrival = delivery.first
        clock.account(delivery.delays)

    def follow(self) -> Moments:
        """Go on until the client may send, or the flight that was sent last is there."""
        return self._following

    def complete_handshake(self, moment: float) -> None:
        """TLS's handshake is completed at that moment."""
        self._connection.complete_handshake(moment)

    def close(self, moment: float) -> None:
        """Both ends have closed, or given up, at that moment."""
        self._connection.close(moment)
