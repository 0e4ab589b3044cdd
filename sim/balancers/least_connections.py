"""The server with the fewest open connections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from sim.balancers.balancer import Balancer, Draws
from sim.balancers.candidate import Arriving, Candidate


class LeastConnections(Balancer):
    """Who has the fewest open connections by weight, of those that this balancer has given to it.

    Of equals the next after the one chosen last.
    """

    policy: Literal["least-connections"]

    def placed(self, draws: Draws) -> Fewest:
        """Nobody has one yet."""
        return Fewest()


class Fewest:
    """Who has the fewest; equals in turn."""

    def __init__(self) -> None:
        self._last: Candidate | None = None

    def choose(self, candidates: Sequence[Candidate], arriving: Arriving, now: float) -> Candidate:
        """Who has the fewest; of equals the next in turn."""
        last = self._last
        after = candidates.index(last) + 1 if last in candidates else 0
        in_turn = (*candidates[after:], *candidates[:after])
        chosen = min(in_turn, key=lambda each: each.connections(now) / each.weight)
        self._last = chosen
        return chosen
