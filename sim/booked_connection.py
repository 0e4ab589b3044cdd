"""A connection that takes no time: it leaves its sessions behind, and nothing else."""

from __future__ import annotations

import tls
from sim.endpoints import Endpoints, Pending, Turn
from sim.far_end import FarEnd
from sim.hosts.client import ClientGroup
from sim.resuming_client import ResumingClient
from sim.workload.http import Request


class BookedConnection(ResumingClient):
    """A connection of which nothing counts but the sessions that both ends keep.

    Args:
        number, client, group, end, session, made, now, ages: as of `ResumingClient`.
        endpoints: with that session; what their server asks is answered at once.
    """

    __slots__ = ("_endpoints",)

    def __init__(
        self,
        number: int,
        client: int,
        group: ClientGroup,
        end: FarEnd,
        session: object,
        made: float,
        now: float,
        endpoints: Endpoints,
        *,
        ages: bool,
    ) -> None:
        super().__init__(number, client, group, end, session, made, now, ages=ages)
        self._endpoints = endpoints

    def converse(self, request: Request) -> None:
        """Its handshake, and where tickets may come behind it, a request."""
        endpoints, state, now = self._endpoints, self._endpoints.state, self.arrival
        while not state.completed and state.failure is None:
            self._exchange(endpoints.client_sends(), 0)
            state = endpoints.state
        if state.failure is None:
            self.keep_session(endpoints, now)
            if state.version != tls.TLS_1_3 and endpoints.session is not None:
                return
            # In TLS 1.3, or where a client has begun early, it is given sessions behind that.
            self._exchange(endpoints.client_sends(request.size), request.response_size)
            self.keep_session(endpoints, now)
            return
        self.forget_session(endpoints, now)
        if not endpoints.server.failed:
            self._exchange(endpoints.client_sends(), 0)

    def falls_back(self, lowered: int) -> bool:
        """Whether its client, who has fallen back by so many versions, tries the next lower."""
        fallback, state = self.group.fallback, self._endpoints.state
        return (
            fallback is not None
            and state.failure is not None
            and not state.completed
            and fallback.follows("alert", state.failure)
            and lowered < fallback.steps(self.group.browser.versions)
        )

    def _exchange(self, flight: Turn, response_size: int) -> None:
        """A flight of the client, and the server's answer."""
        endpoints, now = self._endpoints, self.arrival
        answer = endpoints.server_answers(flight, now, response_size)
        assert not isinstance(answer, Pending), "what its server asks is answered at once"
        if answer.size:
            endpoints.client_receives(answer, now)
