"""Health checks: when a balancer notices that a server is down, or back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import floor
from typing import Annotated

from pydantic import Field

from sim.description import Description
from sim.hosts.outages import OutageDescription, Outages, outages_of
from sim.units import Duration, PositiveDuration, at_most


class HealthCheck(Description):
    """How a balancer looks after its servers."""

    interval: Annotated[PositiveDuration, at_most("1 d")] = 2.0
    """Time between two checks of a server; the first is at the scenario's start."""
    time_out: Annotated[Duration, at_most("1 d")] = 1.0
    """How long it waits for the answer of a machine that says nothing."""
    fall: int = Field(default=3, gt=0, le=1000)
    """After how many failed checks in a row a server gets no new connections."""
    rise: int = Field(default=2, gt=0, le=1000)
    """After how many checks in a row that succeed it gets them again."""

    def marked_down(self, outages: Outages) -> Iterator[tuple[float, float]]:
        """From when until when a server is taken to be down, time after time."""
        for outage in outages.all:
            first = self._next(outage.begin)
            last = first + (self.fall - 1) * self.interval
            if last >= outage.end:
                # It is back before it has failed often enough.
                continue
            down = last + (0.0 if outage.resets else self.time_out)
            up = self._next(outage.end) + (self.rise - 1) * self.interval
            yield (down, max(up, down))

    def notices(self, outages: Sequence[OutageDescription], before: float) -> bool:
        """Whether one of these outages of a pool's servers is noticed before that moment."""
        return any(
            down < before
            for server in {each.server for each in outages}
            for down, _ in self.marked_down(outages_of(outages, server))
        )

    def _next(self, moment: float) -> float:
        """The first check at that moment or behind it."""
        count = floor(moment / self.interval)
        check = count * self.interval
        return check if check >= moment else (count + 1) * self.interval
