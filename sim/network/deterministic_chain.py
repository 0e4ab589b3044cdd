"""A chain on which everything is known in advance: one uncontended, lossless TCP connection."""

from __future__ import annotations

from sim.network.delays import DelayComponents
from sim.network.lossless_sender import LosslessSender
from sim.network.tcp import Tcp
from sim.network.tcp_connection import Listener


class DeterministicChain:
    """The fast variant of `ConnectionChain`: one TCP connection over links that only delay.

    Nothing waits for others and nothing is lost, so that the fate of a flight is a sum.

    Args:
        tcp: how both hosts speak.
        segment: bytes of data in a full segment.
        to_server, to_client: seconds each way.
        listener: who takes it.

    Attributes:
        back: seconds from the server to the client.
        trips: how often it has waited for the way through the network, windows included.
    """

    __slots__ = (
        "_client",
        "_listener",
        "_segment",
        "_server",
        "_small",
        "_tcp",
        "_there",
        "back",
        "trips",
    )

    deterministic = True

    def __init__(
        self, tcp: Tcp, segment: int, to_server: float, to_client: float, listener: Listener
    ) -> None:
        self._tcp = tcp
        self._segment = segment
        self._there = to_server
        self.back = to_client
        self._listener = listener
        # Flights of no more than half the initial window neither wait for it nor open it.
        self._small = segment * tcp.initial_window // 2
        self._client: LosslessSender | None = None
        self._server: LosslessSender | None = None
        self.trips = 0

    def add_return(self, delays: DelayComponents) -> None:
        """Go on by the way from the server to the client."""
        delays.propagation += self.back

    def open(self) -> float:
        """Seconds until the client may send: SYN and SYN-ACK."""
        self._listener.open_connection()
        self.trips = 2
        return self._there + self.back

    def to_server(self, now: float, size: int) -> float:
        """Seconds until the last byte of a flight, sent now, is at the server."""
        self.trips += 1
        if self._client is None:
            if size <= self._small:
                return self._there
            self._client = self._rounds()
        return self._there + self._wait(self._client.more(now, size))

    def to_client(self, now: float, size: int) -> float:
        """Seconds until the last byte of a flight, sent now, is at the client."""
        self.trips += 1
        if self._server is None:
            if size <= self._small:
                return self.back
            self._server = self._rounds()
        return self.back + self._wait(self._server.more(now, size))

    def close(self, moment: float) -> None:
        """Both ends have closed at that moment."""
        self._listener.close_connection(moment)

    def _rounds(self) -> LosslessSender:
        return LosslessSender(self._tcp, self._segment, self._there + self.back)

    def _wait(self, rounds: int) -> float:
        self.trips += 2 * rounds
        return rounds * (self._there + self.back)
