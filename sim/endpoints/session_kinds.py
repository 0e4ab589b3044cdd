"""Sessions that are numbers: the connection that made one, and its kind.

One that its client keeps for the server has what decides about its ticket besides.

Sessions are of one kind that were made between ends of the same configuration and differ in nothing
but the content of their secrets.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import NamedTuple

import tls
from sim.endpoints.recorder import OfferedSession
from sim.hosts.ticket_keys import TicketContent
from sim.streams import EntropySource

KINDS = 4096
"""How many kinds of sessions there may be. A session's number is that of the connection which has
made it, times this, plus its kind's."""
NO_SESSION = -1
"""In place of the number of a connection that has made a session: no server remembers it."""


class TicketSession(NamedTuple):
    """A session that is resumed by its ticket.

    Attributes:
        number: that of the connection which was given the ticket, and its kind's, in one.
        content: what stands in the ticket, as far as it decides about it.
    """

    number: int
    content: TicketContent


_TICKETS = 2**65
"""More than there are numbers of connections."""


def ticket_number(connection: int, place: int) -> int:
    """What a cache knows a session by that a connection has made: the first by its own number.

    Args:
        connection: its number.
        place: which of its sessions it is, from 0; one of TLS 1.3 may make several.
    """
    return connection + place * _TICKETS


ReplayedSession = int | TicketSession
"""A session as replayed connections know it."""


@dataclass(frozen=True, slots=True, eq=False)
class SessionOrigin:
    """Where sessions are made: between clients, or a proxy, and who may be asked for them again.

    Attributes:
        server_entropy: what the server's end draws from.
    """

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

    def recorded_at(self, moment: float) -> OfferedSession:
        """The recorded one as though it had been made at that moment (Unix time)."""
        client, server = self.recorded.client, self.recorded.server
        if client.version < tls.TLS_1_3:
            return self.recorded
        return OfferedSession(replace(client, made=moment), replace(server, made=moment))

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
        origins: where the sessions of each kind are made, by its number.
    """

    def __init__(self) -> None:
        self.origins: list[SessionOrigin] = []
        self._by_label: dict[str, SessionOrigin] = {}
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
            self.origins.append(origin)
        return number

    def origin(self, label: str, server_entropy: EntropySource) -> SessionOrigin:
        """The one of that label, the same for all who ask; its servers draw from this."""
        return self._by_label.setdefault(label, SessionOrigin(server_entropy))

    def kind(self, number: int) -> SessionKind:
        """The kind of that number."""
        return self._kinds[number]


_OF_ONE_ALONE = ("made", "age_add")


def _shape(session: tls.Session) -> tuple[object, ...]:
    """All that tells kinds of sessions apart; what is random in them counts by its length."""
    return tuple(
        len(value) if isinstance(value, bytes) else value
        for value in (
            getattr(session, each.name)
            for each in fields(session)
            if each.compare and each.name not in _OF_ONE_ALONE
        )
    )
