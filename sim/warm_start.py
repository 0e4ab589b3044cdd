"""A warm start: the sessions that a steady-state world finds are of all ages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sim.hosts.client import ClientGroup
from sim.streams import EntropySource

_UNIT = 2.0**-64


class WarmStart:
    """Makes the first session of each client older than it is, by a draw from a lifetime.

    In a steady state sessions have all ages up to their lifetime. A world that begins without any
    makes those of frequent clients at about the same time: they would expire together a lifetime
    later, and so again for many lifetimes on. What a client's first full handshake of the warm-up
    makes is therefore as old as its session would be that a visit finds in the steady state:
    equally likely every age up to the lifetime. Later sessions are as old as they are.

    Args:
        lifetime: how long the server's cache keeps a session, in seconds.
        backdate: makes a session of that cache older by so many seconds.
        draws: a source of random bytes for each client.
    """

    def __init__(
        self, lifetime: float, backdate: Callable[[Any, float], None], draws: EntropySource
    ) -> None:
        self._lifetime = lifetime
        self._backdate = backdate
        self._draws = draws

    def age(self, group: ClientGroup, client: int, session: Any) -> float:
        """Make a client's first session older in the server's cache; by how many seconds."""
        draw = int.from_bytes(self._draws.of(client)(8), "little") * _UNIT
        age = draw * min(self._lifetime, group.browser.session_lifetime)
        self._backdate(session, age)
        return age
