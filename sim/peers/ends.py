"""The two ends of a connection as everything else sees them, whatever runs inside.

An end takes a flight that arrived, is told what to send, and is asked for the flight that it wants
to send and for the work that it has done. Nothing else in the simulator knows whether engines,
recorded scripts or no TLS at all stand behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import tls
from sim.workload.browsers import Browser

Operations = Sequence[tuple[str, int, int, int]]
"""Operations as (name, bits, count, bytes): `tls.Operation` or equal tuples."""


@dataclass(slots=True)
class Flight:
    """What one end sends in one go; not to be changed.

    Attributes:
        size: bytes on the wire.
        records: records it is made of.
        data: the bytes themselves; empty where only their size is known.
    """

    size: int
    records: int
    data: bytes = b""


class End(Protocol):
    """One end of a connection.

    Attributes:
        completed: whether application data may flow.
        failure: the alert's code that ended the connection, sent or received; else `None`.
    """

    completed: bool
    failure: int | None

    def receive(self, flight: Flight, now: float) -> None:
        """Take a flight that is there at `now` (seconds since the scenario's start)."""

    def send(self, size: int) -> None:
        """Send `size` bytes of application data."""

    def close(self) -> None:
        """Say that nothing more will be sent."""

    def flight(self) -> Flight:
        """All that wants to be sent since the last call."""

    def work(self) -> Operations:
        """All operations since the last call."""


class ClientEnd(End, Protocol):
    """The client's end; its first flight is ready at once.

    Attributes:
        version: the wire version agreed on; else `None`.
        suite: the suite agreed on; else `None`.
        resumed: whether the handshake resumed the session that was offered.
        session: what to offer next time; else `None`.
    """

    version: int | None
    suite: int | None
    resumed: bool
    session: tls.Session | None


class ServerEnd(End, Protocol):
    """The server's end.

    Attributes:
        session_found: whether the session that the client offered was in the cache; `None` when
            none was offered or looked for.
    """

    session_found: bool | None


class Peers(Protocol):
    """Makes the ends of connections."""

    def connect(
        self, browser: Browser, session: tls.Session | None, connection: int, now: float
    ) -> tuple[ClientEnd, ServerEnd]:
        """The two ends of a new connection.

        Args:
            browser: the client's; one of those that the scenario names.
            session: offered for resumption.
            connection: its number, which its random bytes follow from.
            now: seconds since the scenario's start.
        """
