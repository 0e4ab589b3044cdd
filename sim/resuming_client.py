"""A client's sessions in one connection: what it offers, what it keeps, what it forgets."""

from __future__ import annotations

from sim.endpoints import Endpoints
from sim.far_end import FarEnd
from sim.hosts.client import ClientGroup, Tickets


class ResumingClient:
    """A client in a connection, as far as sessions go.

    Args:
        number: the connection's.
        client: the client's.
        group: the client's group.
        end: the far end that it goes to.
        session: the one that it offers; else `None`.
        made: when the full handshake was that this goes back to.
        arrival: when the connection begins (seconds since the scenario's start).
        ages: whether the session that this makes may be older than it is, for a warm start.
    """

    __slots__ = ("_ages", "_end", "_made", "_session", "arrival", "client", "group", "number")

    def __init__(
        self,
        number: int,
        client: int,
        group: ClientGroup,
        end: FarEnd,
        session: object,
        made: float,
        arrival: float,
        *,
        ages: bool,
    ) -> None:
        self.number = number
        self.client = client
        self.group = group
        self.arrival = arrival
        self._end = end
        self._session = session
        self._made = made
        self._ages = ages

    def keep_session(self, endpoints: Endpoints, moment: float) -> None:
        """Remember from now on what a full handshake has made, or the new ticket of another."""
        state, session = endpoints.state, endpoints.session
        if session is None or session == self._session or self.group.resumption is not None:
            return
        group, client, number = self.group, self.client, self.number
        if state.resumed and type(session) is not Tickets:
            if state.renewed:
                self._session = session
                group.renew(client, session, moment, number)
            return
        self._session = session
        hint, warm_start, age = state.lifetime_hint, self._end.warm_start, 0.0
        if self._ages and warm_start is not None and not state.resumed:
            age = warm_start.age(group, client, session, self.arrival, by_ticket=hint > 0)
        # A ticket names no server: whoever has its key may take it.
        maker = None if hint else self._end.server
        made = self._made if state.resumed else None
        group.remember(client, session, moment, number, maker, age, hint, made)

    def forget_session(self, endpoints: Endpoints, moment: float) -> None:
        """An alert has ended the handshake: the session that it would have resumed is forgotten."""
        session = self._session
        failed = endpoints.state.failure is not None
        if failed and session is not None and self.group.resumption is None:
            self.group.forget(self.client, session, moment, self.number)
