"""What TCP connections are opened to."""

from __future__ import annotations

from typing import Protocol

from sim.activity import Waiting
from sim.hosts.refusal import Refusal


class Listener(Protocol):
    """Who takes TCP connections: a server, or a proxy."""

    @property
    def name(self) -> str:
        """Its name, as tables have it."""

    @property
    def always_admits(self) -> bool:
        """Whether it takes every connection that comes, and has room for it in its backlog."""

    def refusal(self, now: float) -> Refusal | None:
        """Why a SYN that is here now opens no connection; `None` where it does."""

    def admits(self, now: float) -> bool:
        """Whether there is room in its backlog now."""

    def open_connection(self) -> None:
        """A connection whose SYN was admitted opens now."""

    def accept(self, moment: float | Waiting) -> None:
        """Its process takes it up at that moment, or when that waits no longer."""

    def complete_handshake(self, moment: float) -> None:
        """Its TLS handshake is over at that moment: completed, or given up."""

    def close_connection(self, moment: float) -> None:
        """It will be closed at that moment."""
