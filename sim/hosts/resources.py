"""What a server's connections ask for: its session cache, and whatever does its key's work."""

from __future__ import annotations

from collections.abc import Generator
from enum import Enum, auto
from typing import Any, Final, NamedTuple, Protocol

import tls
from sim.activity import Until


class RequestKind(Enum):
    """What a handshake asks a server's resources for, and the answer that it wants."""

    __hash__ = object.__hash__  # an enumeration's own is a function in Python

    LOOK_UP_SESSION = auto()
    """Of the session's key: the session, if it is there and not too old, or `None`."""
    ACCEPT_SESSION = auto()
    """Of `None`: whether a new session would be kept."""
    STORE_SESSION = auto()
    """Of the session; whether it was kept, which changes nothing."""
    REMOVE_SESSION = auto()
    """Of the session's key; the answer does not matter."""
    USE_PRIVATE_KEY = auto()
    """Of its operations, as for `Work.demand`; the answer does not matter."""


# Members of an enumeration are looked up slowly.
_LOOK_UP = RequestKind.LOOK_UP_SESSION
_ACCEPT = RequestKind.ACCEPT_SESSION
_STORE = RequestKind.STORE_SESSION


class Request(NamedTuple):
    """What a server's turn waits for.

    Attributes:
        kind: of request.
        subject: what that kind is asked of. A session that engines have made is whole, and its ID
            its key; one of a replayed connection is a number, and its own key.
    """

    kind: RequestKind
    subject: Any


TAKES_TIME: Final = object()
"""In place of an answer: it is not there yet."""


class Resources(Protocol):
    """What answers the requests of a server's turns.

    Attributes:
        sessions: what remembers sessions, the same object for all servers that share it; `None`
            where nothing does.
        may_wait: kinds of requests whose answer may take time, the same as long as the world
            lasts: there a server's turn may be cut in two jobs. Private-key operations are among
            them where something else than the server's processor does them.
    """

    @property
    def sessions(self) -> object:
        """What remembers sessions."""

    may_wait: frozenset[RequestKind]

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
    """A session cache in the server's own memory, and its key on its own processor: no waiting.

    Args:
        sessions: the cache, which goes by seconds since the scenario's start; `None` where the
            server remembers nothing.
    """

    may_wait: frozenset[RequestKind] = frozenset()

    def __init__(self, sessions: tls.SessionCache | None) -> None:
        self.sessions = sessions

    def answer(self, kind: RequestKind, subject: Any, now: float) -> Any:
        """What the cache knows."""
        sessions = self.sessions
        assert sessions is not None
        if kind is _LOOK_UP:
            return sessions.lookup(subject, now)
        if kind is _ACCEPT:
            return sessions.accepts()
        if kind is _STORE:
            return sessions.store(subject, now)
        sessions.remove(subject)
        return None

    def wait(self, request: Request, now: float) -> Generator[Until, float, tuple[Any, float]]:
        """Raises `AssertionError`, always: nothing takes time."""
        raise AssertionError(f"{request.kind} is answered at once")

    def backdate(self, key: tls.SessionKey, seconds: float) -> None:
        """The cache does, if there is one."""
        if self.sessions is not None:
            self.sessions.backdate(key, seconds)
