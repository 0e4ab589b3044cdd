"""A balancer: which of a site's servers a connection goes to."""

from __future__ import annotations

from collections.abc import Sequence

from sim.hosts.server import Server


class Balancer:
    """In front of the servers of a site: each connection that begins is given one of them.

    Args:
        servers: those of the site; one today.
    """

    def __init__(self, servers: Sequence[Server]) -> None:
        (self._only,) = servers

    def choose(self) -> Server:
        """The server of a connection that begins now."""
        return self._only
