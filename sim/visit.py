"""A visit: a client comes for something, and tries to get it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from sim.activity import Moments
from sim.client_connection import ClientConnection
from sim.hosts.client import ClientGroup


class Connections(Protocol):
    """Makes connections along the path of a group of clients."""

    def connection(
        self, number: int, client: int, group: ClientGroup, *, recorded: bool, now: float
    ) -> ClientConnection:
        """A client's connection that begins now."""


class Visit:
    """A visit of one client, from its first SYN until it goes; an attempt is a connection.

    It makes one attempt, whatever comes of it.

    Args:
        connections: makes its attempts.
        number: the visit's, from 0 in order of beginning.
        client: the client's number.
        group: the client's group.
        ended: called when it is over.
        recorded: whether its attempts are written down and their work counted.
    """

    __slots__ = ("_client", "_connections", "_ended", "_group", "_number", "_recorded")

    def __init__(
        self,
        connections: Connections,
        number: int,
        client: int,
        group: ClientGroup,
        ended: Callable[[], None],
        *,
        recorded: bool,
    ) -> None:
        self._connections = connections
        self._number = number
        self._client = client
        self._group = group
        self._ended = ended
        self._recorded = recorded

    def life(self, now: float) -> Moments:
        """From now, when the client comes, until it goes."""
        attempt = self._connections.connection(
            self._number, self._client, self._group, recorded=self._recorded, now=now
        )
        yield from attempt.life()
        self._ended()
