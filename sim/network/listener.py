"""What TCP connections are opened to."""

from __future__ import annotations

from typing import Protocol

from sim.activity import Waiting


class Listener(Protocol):
    """Who takes TCP connections: a server, or a proxy."""

    @property
    def name(self) -> str:
        """Its name, as tables have it."""

    @property
    def always_admits(self) -> bool:
        """Whether its backlog has room for everything."""

    def admits(self, now: float) -> bool:
        """Whether a connection whose SYN is here now may open: there is room in its backlog."""

    def open_connection(self) -> None:
        """A connection whose SYN was admitted opens now."""

    def accept(self, moment: float | Waiting) -> None:
        """Its process takes it up at that moment, or when that waits no longer."""

    def close_connection(self, moment: float) -> None:
        """It will be closed at that moment."""
