"""TCP: connection set-up, segments, and slow start, in rounds and not in packets."""

from __future__ import annotations

from pydantic import Field

from sim.description import Description
from sim.network.path import Path
from sim.units import PositiveSize


class Tcp(Description):
    """How both hosts speak TCP."""

    maximum_segment_size: PositiveSize = 1460
    """Bytes of data in a segment: "1460 B", what Ethernet's 1,500 leave."""
    initial_window: int = Field(default=10, gt=0)
    """Segments a host may send before the first acknowledgement: 10 by RFC 6928; 3 full segments
    by RFC 3390 (2002), 2 by RFC 2581 (1999), 1 before."""


class TcpConnection:
    """One TCP connection, both directions, without loss.

    Each host's congestion window opens by a segment with each segment acknowledged (slow start,
    RFC 5681 §3.1) and stays open over the connection. A flight of n segments in a window of w takes
    as many rounds as it takes w, 2w, 4w ... to add up to n; one round trip lies between two rounds.
    Acknowledgements are not delayed.

    Attributes:
        one_way: seconds until the first byte of a flight is at the other end.
        one_way_trips: how often the connection has waited for the way through the network.
    """

    __slots__ = ("_client_window", "_segment", "_server_window", "one_way", "one_way_trips")

    def __init__(self, tcp: Tcp, path: Path) -> None:
        self._segment = tcp.maximum_segment_size
        self._client_window = self._server_window = tcp.initial_window
        self.one_way = path.one_way
        self.one_way_trips = 0

    @property
    def round_trips(self) -> int:
        """Whole round trips waited for so far."""
        return self.one_way_trips // 2

    def connect(self) -> float:
        """Seconds until the client may send: SYN and SYN-ACK."""
        self.one_way_trips += 2
        return 2 * self.one_way

    def to_server(self, size: int) -> float:
        """Seconds until the last byte of a flight is at the server."""
        segments = -(-size // self._segment)
        window = self._client_window
        self._client_window = window + segments
        if segments <= window:
            self.one_way_trips += 1
            return self.one_way
        return self._rounds(segments, window)

    def to_client(self, size: int) -> float:
        """Seconds until the last byte of a flight is at the client."""
        segments = -(-size // self._segment)
        window = self._server_window
        self._server_window = window + segments
        if segments <= window:
            self.one_way_trips += 1
            return self.one_way
        return self._rounds(segments, window)

    def _rounds(self, segments: int, window: int) -> float:
        """Seconds until the last of the segments is there."""
        trips = 1
        while segments > window:
            segments -= window
            window += window
            trips += 2
        self.one_way_trips += trips
        return trips * self.one_way
