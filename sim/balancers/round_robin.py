"""All servers in turn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from sim.balancers.balancer import Balancer, Draws
from sim.balancers.candidate import Arriving, Candidate


class RoundRobin(Balancer):
    """All in turn: a server of weight 2 has two turns where others have one, not in a row."""

    policy: Literal["round-robin"] = "round-robin"

    def placed(self, draws: Draws) -> Turns:
        """It begins with the first."""
        return Turns()


class Turns:
    """Smooth weighted round robin: who has waited for most turns, by weight, is next."""

    def __init__(self) -> None:
        self._credits: dict[Candidate, float] = {}

    def choose(self, candidates: Sequence[Candidate], arriving: Arriving, now: float) -> Candidate:
        """The next in turn."""
        credits, total = self._credits, 0.0
        best = candidates[0]
        most = float("-inf")
        for each in candidates:
            weight = each.weight
            total += weight
            credit = credits[each] = credits.get(each, 0.0) + weight
            if credit > most:
                best, most = each, credit
        credits[best] -= total
        return best
