"""Resources of which some are elsewhere: a session cache over the network, a signer."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import tls
from sim.activity import Until
from sim.hosts.resources import TAKES_TIME, LocalResources, Request, RequestKind, Resources
from sim.hosts.session_store import DistantStore
from sim.hosts.signer import Signer

_LOOK_UP = RequestKind.LOOK_UP_SESSION
_TOLD = frozenset({RequestKind.STORE_SESSION, RequestKind.REMOVE_SESSION})
_KEY = RequestKind.USE_PRIVATE_KEY


class DistantResources:
    """A server's resources: what is in its own memory, and what it has to ask elsewhere.

    Args:
        near: in its own memory.
        store: what remembers its sessions, if that is elsewhere.
        signer: what uses its private key, if something does.
    """

    def __init__(
        self, near: LocalResources, store: DistantStore | None, signer: Signer | None
    ) -> None:
        self._near = near
        self._store = store
        self._signer = signer
        self.sessions = near.sessions
        self.tickets = near.tickets
        elsewhere = {_LOOK_UP} if store is not None else set()
        if signer is not None:
            elsewhere.add(_KEY)
        self.may_wait = frozenset(elsewhere)
        blocks = signer is not None and signer.blocking
        self.blocking: frozenset[RequestKind] = frozenset({_KEY} if blocks else ())

    def answer(self, kind: RequestKind, subject: Any, now: float) -> Any:
        """What its own memory knows; what is elsewhere takes time, or is told of it."""
        if kind in self.may_wait:
            return TAKES_TIME
        if self._store is not None and kind in _TOLD:
            self._store.tell(kind, subject)
            return True
        return self._near.answer(kind, subject, now)

    def wait(self, request: Request, now: float) -> Generator[Until, float, tuple[Any, float]]:
        """What is elsewhere answers."""
        if request.kind is _KEY:
            assert self._signer is not None
            return self._signer.wait(request, now)
        assert self._store is not None
        return self._store.look_up(request.subject, now)

    def backdate(self, key: tls.SessionKey, seconds: float) -> None:
        """The cache does, wherever it is."""
        self._near.backdate(key, seconds)

    @property
    def at_once(self) -> ResourcesAtOnce:
        """The same of connections for which no time passes."""
        return ResourcesAtOnce(self._near, self._store)


class ResourcesAtOnce:
    """Resources of which some are elsewhere, for connections for which no time passes.

    Args:
        near: what they keep, wherever that is.
        store: what the cache is asked through, which may fail; `None` where it is near.
    """

    may_wait: frozenset[RequestKind] = frozenset()
    blocking: frozenset[RequestKind] = frozenset()

    def __init__(self, near: LocalResources, store: DistantStore | None) -> None:
        self._near = near
        self._store = store
        self.sessions = near.sessions
        self.tickets = near.tickets

    def answer(self, kind: RequestKind, subject: Any, now: float) -> Any:
        """What is remembered, unless the way to it fails; a signer has signed."""
        if kind is _KEY:
            return None
        asked = kind is _LOOK_UP
        if self._store is not None and (asked or kind in _TOLD) and self._store.fails():
            return None if asked else True
        return self._near.answer(kind, subject, now)

    def wait(self, request: Request, now: float) -> Generator[Until, float, tuple[Any, float]]:
        """Raises `AssertionError`, always: nothing takes time."""
        return self._near.wait(request, now)

    def backdate(self, key: tls.SessionKey, seconds: float) -> None:
        """The cache does, wherever it is."""
        self._near.backdate(key, seconds)


class ResourcesOfWorkers:
    """The resources of a connection that one of several workers serves, each with its own.

    Args:
        workers: those of each.

    It is the first one's until one is chosen.
    """

    def __init__(self, workers: Sequence[Resources]) -> None:
        self._workers = workers
        self._worker = worker = workers[0]
        self.sessions = worker.sessions
        self.tickets = worker.tickets
        self.may_wait = worker.may_wait
        self.blocking = worker.blocking

    def undecided(self) -> ResourcesOfWorkers:
        """Those of a connection that nobody has taken yet."""
        return ResourcesOfWorkers(self._workers)

    def choose(self, number: int) -> None:
        """The worker of that number, from 0, has taken the connection."""
        self._worker = self._workers[number]

    def answer(self, kind: RequestKind, subject: Any, now: float) -> Any:
        """As the worker's."""
        return self._worker.answer(kind, subject, now)

    def wait(self, request: Request, now: float) -> Generator[Until, float, tuple[Any, float]]:
        """As the worker's."""
        return self._worker.wait(request, now)

    def backdate(self, key: tls.SessionKey, seconds: float) -> None:
        """The one does that knows it."""
        for worker in self._workers:
            worker.backdate(key, seconds)
