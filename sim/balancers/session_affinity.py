"""A client that offers a session goes to the server that made it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from sim.balancers.balancer import Balancer, Draws
from sim.balancers.candidate import Arriving, Candidate
from sim.balancers.round_robin import Turns


class SessionAffinity(Balancer):
    """Who offers a session's ID goes to the server that made it; others in turn.

    The balancer reads the ClientHello, and remembers the server of every ID without end. Where that
    server drains, its clients go where their turn takes them.
    """

    policy: Literal["session-id"]

    def finds_maker(self, shares: Sequence[float], *, by_ticket: bool) -> float:
        """All do who offer an ID."""
        return super().finds_maker(shares, by_ticket=by_ticket) if by_ticket else 1.0

    def placed(self, draws: Draws) -> ToTheMaker:
        """It begins with the first."""
        return ToTheMaker()


class ToTheMaker(Turns):
    """Who made the offered session; else the next in turn."""

    def choose(self, candidates: Sequence[Candidate], arriving: Arriving, now: float) -> Candidate:
        """Who made the offered session; else the next in turn."""
        made_by = arriving.made_by
        if made_by is not None:
            for each in candidates:
                if each.server is made_by:
                    return each
        return super().choose(candidates, arriving, now)
