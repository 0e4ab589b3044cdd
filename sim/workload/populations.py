"""Populations: who comes at each arrival.

A population is a description with one method, `visitors(scale)`, which returns `Visitors`.
"""

from __future__ import annotations

from typing import Annotated, Protocol

from pydantic import Field

from sim.workload.independent import Independent
from sim.workload.revisits import Revisits
from sim.workload.zipf import Zipf


class Visitors(Protocol):
    """Who has come so far, and who comes next. Clients are numbered from 0."""

    def visitor(self, now: float, draw: float) -> int:
        """Who comes at `now` (seconds, never less than before), by a draw from [0, 1)."""

    def rate_of(self, client: int, rate: float) -> float:
        """Visits a second that a client makes in the long run, where all make `rate`."""

    def share_seen_before(self, since: float) -> float:
        """How many of those who come first so long (seconds) after the beginning came before it."""


Population = Annotated[Revisits | Independent | Zipf, Field(discriminator="kind")]
"""Every population; one more is one more file, named here."""
