"""A chain on which everything is known in advance: one uncontended, lossless TCP connection."""

from __future__ import annotations

from sim.activity import Moments, Waiting
from sim.network.delays import DelayComponents
from sim.network.listener import Listener
from sim.network.lossless_sender import LosslessSender
from sim.network.tcp import Tcp
from sim.network.transport import Clock


class DeterministicChain:
    """`Transport` by one TCP connection over links that only delay.

    Nothing waits for others and nothing is lost, so that the fate of a flight is a sum.

    Args:
        tcp: how both hosts speak.
        segment: bytes of data in a full segment.
        to_server, to_client: seconds each way.
        listener: who takes it.

    Attributes:
        return_delay: seconds from the server to the client.
        trips: how often it has waited for the way through the network, windows included.
    """

    __slots__ = (
        "_client",
        "_in_handshake",
        "_listener",
        "_segment",
        "_server",
        "_small",
        "_tcp",
        "_there",
        "return_delay",
        "trips",
    )

    in_turn = False

    def __init__(
        self, tcp: Tcp, segment: int, to_server: float, to_client: float, listener: Listener
    ) -> None:
        self._tcp = tcp
        self._segment = segment
        self._there = to_server
        self.return_delay = to_client
        self._listener = listener
        self._in_handshake = True
        # Flights of no more than half the initial window neither wait for it nor open it.
        self._small = segment * tcp.initial_window // 2
        self._client: LosslessSender | None = None
        self._server: LosslessSender | None = None
        self.trips = 0

    def open(self, now: float, clock: Clock) -> float:
        """When the client may send: after SYN and SYN-ACK."""
        self._listener.open_connection()
        self.trips = 2
        return now + (self._there + self.return_delay)

    def send_to_server(self, now: float, data: bytes, size: int, clock: Clock) -> float:
        """When the last byte of a flight, sent now, is at the server."""
        self.trips += 1
        if self._client is None:
            if size <= self._small:
                return now + self._there
            self._client = self._sender()
        return now + (self._there + self._wait(self._client.more(now, size)))

    def accept(self, moment: float | Waiting) -> None:
        """Nothing waits in a backlog."""

    def send_to_client(self, now: float, data: bytes, size: int, clock: Clock) -> float:
        """When the last byte of an answer, sent now, is at the client."""
        self.trips += 1
        first = clock.first_arrival = now + self.return_delay
        if self._server is None:
            if size <= self._small:
                return first
            self._server = self._sender()
        return now + (self.return_delay + self._wait(self._server.more(now, size)))

    def follow(self) -> Moments:
        """Nothing has to be followed."""
        yield from ()

    def add_return(self, delays: DelayComponents) -> None:
        """Go on by the way from the server to the client."""
        delays.propagation += self.return_delay

    def complete_handshake(self, moment: float) -> None:
        """TLS's handshake is completed at that moment."""
        self._in_handshake = False
        self._listener.complete_handshake(moment)

    def close(self, moment: float) -> None:
        """Both ends have closed at that moment."""
        if self._in_handshake:
            self._listener.complete_handshake(moment)
        self._listener.close_connection(moment)

    def _sender(self) -> LosslessSender:
        return LosslessSender(self._tcp, self._segment, self._there + self.return_delay)

    def _wait(self, rounds: int) -> float:
        self.trips += 2 * rounds
        return rounds * (self._there + self.return_delay)
