"""What a server's connections ask for: its session cache and ticket keys, its key's work."""

from __future__ import annotations

from collections.abc import Generator
from enum import Enum, auto
from typing import Any, Final, NamedTuple, Protocol

import tls
from sim.activity import Until
from sim.hosts.ticket_keys import TicketKeyRing


class RequestKind(Enum):
    """What a handshake asks a server's resources for, and the answer that it wants."""

    __hash__ = object.__hash__  # an enumeration's own is a function in Python

    LOOK_UP_SESSION = auto()
    """Of the session's key: the session, if it is there and not too old, or `None`; of a number
    since when its lifetime is counted."""
    ACCEPT_SESSION = auto()
    """Of `None`: whether a new session would be kept."""
    STORE_SESSION = auto()
    """Of the session, which may be an `AgedSession`; whether it was kept, which changes nothing."""
    REMOVE_SESSION = auto()
    """Of the session's key; the answer does not matter."""
    OPEN_TICKET = auto()
    """Of a `TicketToOpen`: an `OpenedTicket`, or `None` when it is no good; of a `TicketContent`,
    or of `None` for a ticket of somebody else: the `TicketVerdict`."""
    SEAL_TICKET = auto()
    """Of a `TicketToSeal`: the ticket's bytes; of the `TicketContent` of the ticket that is
    renewed, or of `None` for a new session: the new ticket's content."""
    USE_PRIVATE_KEY = auto()
    """Of its operations, as for `Work.demand`; the answer does not matter."""


# Members of an enumeration are looked up slowly.
_LOOK_UP = RequestKind.LOOK_UP_SESSION
_ACCEPT = RequestKind.ACCEPT_SESSION
_STORE = RequestKind.STORE_SESSION
_OPEN, _SEAL = RequestKind.OPEN_TICKET, RequestKind.SEAL_TICKET


class AgedSession(NamedTuple):
    """A session, of which no more is known than its number, that goes back to an earlier one.

    Attributes:
        number: its key.
        since: what the look-up of that has answered.
    """

    number: int
    since: float


def store_session(cache: tls.SessionCache, session: Any, now: float) -> bool:
    """Remember a session from `now` on; says whether it was kept."""
    if type(session) is AgedSession:
        return cache.store(session.number, now, session.since)
    return cache.store(session, now)


class Request(NamedTuple):
    """What a server's turn waits for.

    Attributes:
        kind: of request.
        subject: what that kind is asked of. A session that engines have made is whole, and its ID
            its key; one of a replayed connection is a number, and its own key.
        recorded: whether the connection's work is counted.
    """

    kind: RequestKind
    subject: Any
    recorded: bool = True


TAKES_TIME: Final = object()
"""In place of an answer: it is not there yet."""


class Resources(Protocol):
    """What answers the requests of a server's turns.

    Attributes:
        sessions: what remembers sessions, the same object for all servers that share it; `None`
            where nothing does.
        tickets: the server's ticket keys; `None` where it issues no tickets.
        may_wait: kinds of requests whose answer may take time, the same as long as the world
            lasts: there a server's turn may be cut in two jobs. Private-key operations are among
            them where something else than the server's processor does them.
        blocking: those of them for which a server's worker waits, and serves nobody else.
    """

    @property
    def sessions(self) -> object:
        """What remembers sessions."""

    @property
    def tickets(self) -> TicketKeyRing | None:
        """The ticket keys."""

    may_wait: frozenset[RequestKind]
    blocking: frozenset[RequestKind]

    def answer(self, kind: RequestKind, subject: Any, now: float) -> Any:
        """The answer to a request at `now`, or `TAKES_TIME` where its kind may wait and it must.

        `now` counts seconds from the scenario's start.
        """

    def wait(self, request: Request, now: float) -> Generator[Until, float, tuple[Any, float]]:
        """What takes time, from `now` on: returns the answer, and the moment at which it is there.

        It is made after `answer` has said that it takes time.
        """

    def backdate(self, key: tls.SessionKey, seconds: float) -> None:
        """Make a session older by so many seconds, if it is held."""


class LocalResources:
    """A session cache and ticket keys in the server's own memory, its key on its own processor.

    Nothing waits.

    Args:
        sessions: the cache, which goes by seconds since the scenario's start; `None` where the
            server remembers nothing.
        tickets: its ticket keys; `None` where it issues no tickets.
    """

    may_wait: frozenset[RequestKind] = frozenset()
    blocking: frozenset[RequestKind] = frozenset()

    def __init__(
        self, sessions: tls.SessionCache | None, tickets: TicketKeyRing | None = None
    ) -> None:
        self.sessions = sessions
        self.tickets = tickets

    def answer(self, kind: RequestKind, subject: Any, now: float) -> Any:
        """What the cache knows, and what the ticket keys open and seal."""
        if kind is _OPEN or kind is _SEAL:
            tickets = self.tickets
            assert tickets is not None
            return tickets.open(subject, now) if kind is _OPEN else tickets.seal(subject, now)
        sessions = self.sessions
        assert sessions is not None
        if kind is _LOOK_UP:
            return sessions.lookup(subject, now)
        if kind is _ACCEPT:
            return sessions.accepts()
        if kind is _STORE:
            return store_session(sessions, subject, now)
        sessions.remove(subject)
        return None

    def wait(self, request: Request, now: float) -> Generator[Until, float, tuple[Any, float]]:
        """Raises `AssertionError`, always: nothing takes time."""
        raise AssertionError(f"{request.kind} is answered at once")

    def backdate(self, key: tls.SessionKey, seconds: float) -> None:
        """The cache does, if there is one."""
        if self.sessions is not None:
            self.sessions.backdate(key, seconds)
