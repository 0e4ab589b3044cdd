"""A connection that takes no time: it leaves its sessions behind, and nothing else."""

from __future__ import annotations

import tls
from sim.endpoints import Endpoints, Pending, Turn
from sim.resuming_client import ResumingClient
from sim.workload.http import Request


class BookedConnection:
    """A connection of which nothing counts but the sessions that both ends keep.

    Args:
        client: who makes it.
        endpoints: with the session that it offers; what their server asks is answered at once.

    Attributes:
        client: as above.
    """

    def __init__(self, client: ResumingClient, endpoints: Endpoints) -> None:
        self.client = client
        self._endpoints = endpoints

    def converse(self, request: Request) -> None:
        """Its handshake, and where tickets may come behind it, a request."""
        client, endpoints = self.client, self._endpoints
        state, now = endpoints.state, client.arrival
        while not state.completed and state.failure is None:
            self._exchange(endpoints.client_sends(), 0)
            state = endpoints.state
        if state.failure is None:
            client.keep_session(endpoints, now)
            if state.version != tls.TLS_1_3 and endpoints.session is not None:
                return
            # In TLS 1.3, or where a client has begun early, it is given sessions behind that.
            self._exchange(endpoints.client_sends(request.size), request.response_size)
            client.keep_session(endpoints, now)
            return
        client.forget_session(endpoints, now)
        if not endpoints.server.failed:
            self._exchange(endpoints.client_sends(), 0)

    def falls_back(self, lowered: int) -> bool:
        """Whether its client, who has fallen back by so many versions, tries the next lower."""
        state = self._endpoints.state
        if state.failure is None or state.completed:
            return False
        return self.client.group.falls_back("alert", state.failure, lowered)

    def _exchange(self, flight: Turn, response_size: int) -> None:
        """A flight of the client, and the server's answer."""
        endpoints, now = self._endpoints, self.client.arrival
        answer = endpoints.server_answers(flight, now, response_size)
        assert not isinstance(answer, Pending), "what its server asks is answered at once"
        if answer.size:
            endpoints.client_receives(answer, now)
