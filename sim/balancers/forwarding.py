"""What it takes a balancer to pass connections through: a processor of its own."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import Field

from sim.description import Description
from sim.distributions import RandomDuration, quantile
from sim.processors.virtual_clock import VirtualClock
from sim.streams import ConnectionEntropy, connection_draws


class Forwarding(Description):
    """The CPU that a balancer spends on connections which it passes through."""

    service_time: RandomDuration
    """What a connection takes it: "30 us", or a distribution. All its packets are counted with its
    first, which waits for a core."""
    cores: int = Field(default=1, gt=0, le=100_000)
    """Processor cores, not scaled."""


class ForwardingProcessor:
    """The cores of a balancer that passes connections through, first come, first served.

    Args:
        description: of it.
        draws: the random bytes of the connection of a number.
        now: seconds since the scenario's start.

    Attributes:
        processor: its cores.
    """

    def __init__(
        self, description: Forwarding, draws: Callable[[int], ConnectionEntropy], now: float
    ) -> None:
        self.processor = VirtualClock(description.cores, now)
        self._service_time = description.service_time
        self._draws = draws

    def passed_on(self, number: int, now: float) -> float:
        """When the connection of that number, which begins now, has been passed on (seconds)."""
        time = self._service_time
        if not isinstance(time, float):
            time = quantile(time, connection_draws(self._draws(number))())
        _, done = self.processor.serve(now, time)
        return done
