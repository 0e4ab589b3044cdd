"""A client's memory of sessions: by server name, tickets of TLS 1.3 for one use each."""

from __future__ import annotations

from collections import OrderedDict

from tls.sessions import Session
from tls.versions import TLS_1_3


class ClientSessions:
    """Sessions to resume, by the name of their server.

    A ticket of TLS 1.3 is given once, the newest first, so that nobody can link the connections
    that it would be seen in (RFC 8446 appendix C.4). A session of the versions before is given
    until a newer one, of whatever version, takes its place.

    Args:
        names: how many servers are remembered at most; the one not heard of longest is forgotten.
        tickets: how many tickets of one server are; the oldest is forgotten.
    """

    def __init__(self, names: int = 1_000, tickets: int = 4) -> None:
        self.names = names
        self.tickets = tickets
        self._by_name: OrderedDict[str | None, list[Session]] = OrderedDict()

    def __len__(self) -> int:
        """How many sessions are remembered."""
        return sum(map(len, self._by_name.values()))

    def keep(self, session: Session) -> None:
        """Remember what a handshake gave, or a `TicketReceived` behind it."""
        name = session.server_name
        known = self._by_name.get(name, [])
        if session.version < TLS_1_3 or (known and known[-1].version < TLS_1_3):
            known = []
        self._by_name[name] = [*known, session][-self.tickets :] if self.tickets else []
        self._by_name.move_to_end(name)
        while len(self._by_name) > self.names:
            self._by_name.popitem(last=False)

    def take(self, server_name: str, now: float) -> Session | None:
        """The session to offer at calendar time `now`; a ticket of TLS 1.3 is forgotten by that."""
        known = self._by_name.get(server_name, [])
        while known:
            session = known[-1]
            if session.version < TLS_1_3:
                return session
            known.pop()
            if 0 <= now - session.made <= session.ticket_lifetime_hint:
                return session
        self._by_name.pop(server_name, None)
        return None

    def forget(self, server_name: str) -> None:
        """Remember nothing of a server, as after a fatal alert of its."""
        self._by_name.pop(server_name, None)
