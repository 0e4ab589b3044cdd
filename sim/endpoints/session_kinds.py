"""Sessions that are numbers: the connection that made one, and its kind.

Sessions are of one kind that were made between ends of the same configuration and differ in nothing
but the content of their secrets.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import tls
from sim.endpoints.recorder import OfferedSession
from sim.streams import EntropySource

KINDS = 4096
"""How many kinds of sessions there may be. A session's number is that of the connection which has
made it, times this, plus its kind's."""
NO_SESSION = -1
"""In place of the number of a connection that has made a session: no server remembers it."""


@dataclass(frozen=True, slots=True, eq=False)
class SessionOrigin:
    """Where sessions are made.

    Attributes:
        cache: what remembers them, if something does, as `sim.hosts.resources` knows it.
        server_entropy: what the server's end draws from.
    """

    cache: object
    server_entropy: EntropySource


@dataclass(frozen=True, slots=True, eq=False)
class SessionKind:
    """What the sessions of one kind have in common.

    Attributes:
        recorded: one of them.
        origin: where they are made.
    """

    recorded: OfferedSession
    origin: SessionOrigin

    def session_id(self, connection: int) -> bytes:
        """The ID of the one that this connection made, as its server drew it; empty without one."""
        if not self.recorded.client.id:
            return b""
        draw = self.origin.server_entropy.of(connection)
        tls.hello_random(draw, 0.0)
        return tls.new_session_id(draw)


class SessionKinds:
    """All kinds of sessions in a world, numbered as they come up.

    Attributes:
        caches: the cache that remembers the sessions of each kind, by its number.
    """

    def __init__(self) -> None:
        self.caches: list[object] = []
        self._numbers: dict[tuple[object, ...], int] = {}
        self._kinds: list[SessionKind] = []

    def number_of(self, recorded: OfferedSession, origin: SessionOrigin) -> int:
        """The number of the kind that a session is of. Raises `OverflowError` for too many."""
        shape = origin, _shape(recorded.client), _shape(recorded.server)
        number = self._numbers.get(shape)
        if number is None:
            number = self._numbers[shape] = len(self._kinds)
            if number >= KINDS:
                raise OverflowError(f"more than {KINDS:,} kinds of sessions have no number")
            self._kinds.append(SessionKind(recorded, origin))
            self.caches.append(origin.cache)
        return number

    def kind(self, number: int) -> SessionKind:
        """The kind of that number."""
        return self._kinds[number]


def _shape(session: tls.Session) -> tuple[object, ...]:
    """All that tells kinds of sessions apart; what is random in them counts by its length."""
    return tuple(
        len(value) if isinstance(value, bytes) else value
        for value in (getattr(session, each.name) for each in fields(session) if each.compare)
    )
