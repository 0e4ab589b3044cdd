"""Ends without TLS: application data as it is."""

from __future__ import annotations

from functools import lru_cache

import tls
from sim.peers.ends import Flight, Operations
from sim.workload.browsers import Browser


class PlainEnd:
    """One end of a TCP connection without TLS: it is complete when TCP is connected."""

    __slots__ = ("_size",)

    completed = True
    failure: int | None = None
    version: int | None = None
    suite: int | None = None
    resumed = False
    session: tls.Session | None = None
    session_found: bool | None = None

    def __init__(self) -> None:
        self._size = 0

    def receive(self, flight: Flight, now: float) -> None:
        """Data is taken as it is."""

    def send(self, size: int) -> None:
        """Send `size` bytes of application data."""
        self._size += size

    def close(self) -> None:
        """TCP's FIN says it without a byte."""

    def flight(self) -> Flight:
        """The bytes to send, in no records."""
        flight = _flight(self._size)
        self._size = 0
        return flight

    def work(self) -> Operations:
        """No TLS, no work of TLS."""
        return ()


@lru_cache(maxsize=1024)
def _flight(size: int) -> Flight:
    return Flight(size, 0)


class PlainPeers:
    """Connections without TLS."""

    def connect(
        self, browser: Browser, session: tls.Session | None, connection: int, now: float
    ) -> tuple[PlainEnd, PlainEnd]:
        """Two ends that are complete from the start."""
        return PlainEnd(), PlainEnd()
