"""Servers at random."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Literal

from sim.balancers.balancer import Balancer, Draws
from sim.balancers.candidate import Arriving, Candidate
from sim.streams import connection_draws


class RandomChoice(Balancer):
    """At random, in proportion to the weights, as by many names in the DNS."""

    policy: Literal["random"]

    def placed(self, draws: Draws) -> AtRandom:
        """Each connection by a draw of its own."""
        return AtRandom(draws)


class RandomOfTwo(Balancer):
    """Of two different servers at random, in proportion to the weights, the less busy.

    That is the one with fewer open connections by weight, of those that this balancer has given to
    it: the power of two choices (Mitzenmacher 2001).
    """

    policy: Literal["random-of-two"]

    def placed(self, draws: Draws) -> LessBusyOfTwo:
        """Each connection by two draws of its own."""
        return LessBusyOfTwo(draws)


class AtRandom:
    """Any, in proportion to its weight."""

    def __init__(self, draws: Draws) -> None:
        self._draws = draws

    def choose(self, candidates: Sequence[Candidate], arriving: Arriving, now: float) -> Candidate:
        """Any, by the connection's draw."""
        return _drawn(candidates, connection_draws(self._draws(arriving.number)))


class LessBusyOfTwo:
    """Of two the one with fewer open connections."""

    def __init__(self, draws: Draws) -> None:
        self._draws = draws

    def choose(self, candidates: Sequence[Candidate], arriving: Arriving, now: float) -> Candidate:
        """The less busy of two, by the connection's draws; of equals the one drawn first."""
        draw = connection_draws(self._draws(arriving.number))
        one = _drawn(candidates, draw)
        others = [each for each in candidates if each is not one]
        if not others:
            return one
        other = _drawn(others, draw)
        busier = one.connections(now) / one.weight > other.connections(now) / other.weight
        return other if busier else one


def _drawn(candidates: Sequence[Candidate], draw: Callable[[], float]) -> Candidate:
    upto = list(accumulate(each.weight for each in candidates))
    return candidates[min(bisect_right(upto, draw() * upto[-1]), len(candidates) - 1)]
