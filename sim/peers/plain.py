"""Ends without TLS: application data as it is."""

from __future__ import annotations

from typing import Any

from sim.hosts.client import ClientGroup
from sim.hosts.server import Server
from sim.hosts.work import Task, Work
from sim.peers.ends import ACCEPT, REQUEST, Operations, Turn


class PlainPeers:
    """Connections without TLS.

    Args:
        server: whose work the answers are.
    """

    def __init__(self, server: Server) -> None:
        self._server = _Machine(server.work)
        self._clients: dict[str, _Machine] = {}

    def connect(
        self, group: ClientGroup, session: Any, number: int, *, recorded: bool, now: float
    ) -> PlainEnds:
        """Two ends that are complete from the start."""
        name = group.browser.name
        client = self._clients.get(name)
        if client is None:
            client = self._clients[name] = _Machine(group.work)
        return PlainEnds(client, self._server, recorded)


class PlainTurn(Task):
    """A turn without TLS: `sim.peers.Turn`."""

    __slots__ = ("data", "records", "size")

    def __init__(self, work: Work, operations: Operations, received: int, sent: int) -> None:
        super().__init__(work, operations, (received, sent))
        self.size = sent
        self.records = 0
        self.data = b""


class _Machine:
    """The turns of one machine that have been needed so far."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._turns: dict[tuple[int, int, bool], PlainTurn] = {}

    def turn(self, received: int, sent: int, recorded: bool, *, accepts: bool = False) -> PlainTurn:
        """Take `received` bytes and send `sent`; a server first accepts, and serves requests."""
        key = received, sent, accepts
        turn = self._turns.get(key)
        if turn is None:
            operations: Operations = (ACCEPT,) if accepts else ()
            if received and sent:
                operations = (*operations, REQUEST)
            turn = self._turns[key] = PlainTurn(self._work, operations, received, sent)
        turn.times += recorded
        return turn


class _Connected:
    """What is agreed on without TLS: nothing, and data may flow from the start."""

    completed = True
    failure: int | None = None
    server_failed = False
    version: int | None = None
    suite: int | None = None
    resumed = False
    session_found: bool | None = None


class PlainEnds:
    """Both ends of a TCP connection without TLS: `sim.peers.Ends` of sizes alone."""

    __slots__ = ("_accepted", "_client", "_recorded", "_server")

    state = _Connected()
    session = None

    def __init__(self, client: _Machine, server: _Machine, recorded: bool) -> None:
        self._client = client
        self._server = server
        self._recorded = recorded
        self._accepted = False

    def client_sends(self, size: int = 0) -> Turn:
        """The request as it is."""
        return self._client.turn(0, size, self._recorded)

    def client_closes(self) -> Turn:
        """TCP's FIN says it without a byte."""
        return self._client.turn(0, 0, self._recorded)

    def server_answers(self, flight: Turn, now: float, response_size: int = 0) -> Turn:
        """The response as it is."""
        accepts = not self._accepted
        self._accepted = True
        return self._server.turn(flight.size, response_size, self._recorded, accepts=accepts)

    def client_takes(self, answer: Turn, now: float) -> float:
        """What TCP takes."""
        return self._client.turn(answer.size, 0, self._recorded).seconds
