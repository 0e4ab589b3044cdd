"""Fast-forward: the beginning of a warm-up, of which nothing counts but who remembers what.

Visits come when they would, and each of their connections makes, resumes and keeps the sessions
that it would, by the same endpoints. But no time passes in it: networks, boxes, processors and
what a server waits for play no part, and nothing is written down.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from sim.booked_connection import BookedConnection
from sim.client_connection_factory import ClientConnectionFactory
from sim.hosts.client import ClientGroup
from sim.visit import connection_number
from sim.workload.http import Request, Requests


class FastForward:
    """Books the sessions of visits.

    Args:
        requests: what each visit asks for.
        factories: what makes connections along each path.
    """

    def __init__(
        self, requests: Requests, factories: Mapping[str, ClientConnectionFactory]
    ) -> None:
        self._requests = requests
        self._factories = factories

    def book(self, visit: int, client: int, group: ClientGroup, now: float) -> None:
        """A client comes now, and has gone: what both sides remember of it.

        As many connections as it makes at once offer what was remembered before all of them; one
        that asks a request behind another finds what that has left.
        """
        if group.resumption is not None:
            return
        _, requests = self._requests.of(visit)
        at_once = list(islice(requests, group.connections))
        first = [
            self._connection(visit, attempt, client, group, now) for attempt in range(len(at_once))
        ]
        for attempt, (connection, request) in enumerate(zip(first, at_once, strict=True)):
            self._converse(connection, visit, attempt, request, now)
        if group.keep_alive:
            return
        for attempt, request in enumerate(requests, len(at_once)):
            connection = self._connection(visit, attempt, client, group, now)
            self._converse(connection, visit, attempt, request, now)

    def _connection(
        self,
        visit: int,
        attempt: int,
        client: int,
        group: ClientGroup,
        now: float,
        lowered: int = 0,
    ) -> BookedConnection:
        number = connection_number(visit, attempt)
        factory = self._factories[group.path]
        return factory.book(number, client, group, now=now, lowered=lowered)

    def _converse(
        self, connection: BookedConnection, visit: int, attempt: int, request: Request, now: float
    ) -> None:
        """The connection, and those in its place with lower versions, where its client falls back.

        They have its number, as there is no telling which numbers a visit will need.
        """
        client, lowered = connection.client, 0
        connection.converse(request)
        while connection.falls_back(lowered):
            lowered += 1
            connection = self._connection(visit, attempt, client.client, client.group, now, lowered)
            connection.converse(request)
