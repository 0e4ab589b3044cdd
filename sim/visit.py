"""A visit: a client comes for something, and tries to get it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from sim.activity import Activity
from sim.client_connection import ClientConnection
from sim.environment import Environment
from sim.hosts.client import ClientGroup


class Connections(Protocol):
    """Makes connections along the path of a group of clients."""

    def connection(
        self, number: int, client: int, group: ClientGroup, *, recorded: bool, now: float
    ) -> ClientConnection:
        """A client's connection that begins now."""


class Visit:
    """A visit of one client, from its first SYN until it goes; an attempt is a connection.

    It makes one attempt, whatever comes of it. Each attempt has an activity of its own.

    Args:
        environment: where time passes.
        connections: makes its attempts.
        number: the visit's, from 0 in order of beginning.
        client: the client's number.
        group: the client's group.
        ended: called when it is over, if anybody wants to know.
        recorded: whether its attempts are written down and their work counted.
    """

    __slots__ = (
        "_client",
        "_connections",
        "_ended",
        "_environment",
        "_group",
        "_number",
        "_recorded",
    )

    def __init__(
        self,
        environment: Environment,
        connections: Connections,
        number: int,
        client: int,
        group: ClientGroup,
        ended: Callable[[], None] | None,
        *,
        recorded: bool,
    ) -> None:
        self._environment = environment
        self._connections = connections
        self._number = number
        self._client = client
        self._group = group
        self._ended = ended
        self._recorded = recorded

    def begin(self, now: float) -> None:
        """The client comes now, and makes its attempt."""
        attempt = self._connections.connection(
            self._number, self._client, self._group, recorded=self._recorded, now=now
        )
        Activity(self._environment, attempt.life(), self._ended)
