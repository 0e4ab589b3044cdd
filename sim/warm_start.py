"""A warm start: the sessions that a steady-state world finds are of all ages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sim.hosts.client import ClientGroup
from sim.streams import EntropySource
from sim.workload.populations import Visitors

_UNIT = 2.0**-64


class WarmStart:
    """Makes the first session of a client as old as the one that it would have had.

    A world begins without sessions. If all that it makes began at no age, those of frequent clients
    would expire together a lifetime later, and so again for many lifetimes on. In the steady state
    a client that makes visits at rate r to sessions of lifetime T has a live one at any moment with
    probability rT / (1 + rT) (its cycle is a lifetime, and the wait for the next visit), of any age
    up to T, equally likely. By that a client has had one when the world began, or not. Who first
    comes while it would have been alive, which is still a full handshake here, gets a session of
    that age; everybody else's is new.

    Args:
        lifetime: how long the server's cache keeps a session, in seconds.
        backdate: makes a session of that cache older by so many seconds.
        draws: a source of random bytes for each client.
        visitors: who comes how often.
        rate: visits of all clients a second, in the mean.
        begin: when the world begins.
    """

    def __init__(
        self,
        lifetime: float,
        backdate: Callable[[Any, float], None],
        draws: EntropySource,
        visitors: Visitors,
        rate: float,
        begin: float,
    ) -> None:
        self._lifetime = lifetime
        self._backdate = backdate
        self._draws = draws
        self._visitors = visitors
        self._rate = rate
        self._begin = begin

    def age(self, group: ClientGroup, client: int, session: Any, arrival: float) -> float:
        """Make a client's first session older in the server's cache; by how many seconds.

        Args:
            group: the client's.
            client: its number.
            session: what its first visit has made.
            arrival: when that visit began.
        """
        lifetime = min(self._lifetime, group.browser.session_lifetime)
        since = arrival - self._begin
        visits = self._visitors.rate_of(client, self._rate) * lifetime
        # The share of all ages that would still be alive; equally likely among these.
        alive = max(0.0, 1.0 - since / lifetime)
        likely = visits / (1.0 + visits) * alive * self._visitors.share_seen_before(since)
        draw = int.from_bytes(self._draws.of(client)(8), "little") * _UNIT
        if draw >= likely:
            return 0.0
        age = since + draw / likely * (lifetime - since)
        self._backdate(session, age)
        return age
