"""What every population is: who comes at each arrival."""

from __future__ import annotations

from typing import Protocol

from sim.description import Description


class Visitors(Protocol):
    """Who has come so far, and who comes next. Clients are numbered from 0."""

    def visitor(self, now: float, draw: float) -> int:
        """Who comes at `now` (seconds, never less than before), by a draw from [0, 1)."""

    def rate_of(self, client: int, rate: float) -> float:
        """Visits a second that a client makes in the long run, where all make `rate`."""

    def share_seen_before(self, since: float) -> float:
        """How many of those who come first so long (seconds) after the beginning came before it."""


class ClientPopulation(Description):
    """Who comes: the table `population`.

    A population of one's own is a class derived from this, with a `kind` of its own, a `Literal`,
    and `visitors`.
    """

    def visitors(self, scale: float) -> Visitors:
        """Those of a world of that scale; nobody has come yet."""
        raise NotImplementedError(f"{type(self).__name__} has no method `visitors`")
