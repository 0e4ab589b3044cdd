"""Private keys elsewhere: an accelerator, a hardware security module or a remote signer."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from sim.activity import Until
from sim.description import Description, none_if_none
from sim.distributions import RandomDuration, quantile
from sim.hosts.machine import Machine, profile_of
from sim.hosts.resources import Request
from sim.hosts.work import Work
from sim.processors.contention import contention_of
from sim.processors.virtual_clock import VirtualClock
from sim.units import Duration, at_most


class SignerDescription(Description):
    """What holds a server's private key and uses it in the server's place."""

    parallelism: int = Field(default=1, gt=0, le=100_000)
    """Operations that it does at a time, not scaled; others wait, first come, first served."""
    latency: Annotated[Duration, at_most("1 d")] = 0.0
    """On the way to it and back, together, besides its work and its queue: "0.2 ms"."""
    service_time: RandomDuration | None = None
    """What an operation takes it, whatever key it is for: "0.5 ms", or a distribution. Or
    `machine`."""
    machine: Machine | None = None
    """The machine profile that prices its operations. Or `service_time`."""
    per: Literal["server", "pool"] = "server"
    """Whether each server has one, as a card, or all of a pool share one, as over a network."""
    blocking: bool = False
    """Whether the server's worker waits for it, doing nothing; else it serves others meanwhile."""

    @model_validator(mode="after")
    def _one_price(self) -> Self:
        if (self.machine is None) == (self.service_time is None):
            raise ValueError(
                "a signer has either a `service_time` or a `machine` whose profile prices its "
                "operations"
            )
        return self


PrivateKeyHolder = Annotated[
    SignerDescription | None,
    BeforeValidator(
        none_if_none, json_schema_input_type=SignerDescription | Literal["none"] | None
    ),
]
"""What holds a server's private key; `None` for the server, which a study may write as "none"."""


class Signer:
    """A signer in its world.

    Args:
        description: of it.
        name: as tables have it.
        draw: the next draw from [0, 1), in the order in which it is asked.
        now: seconds since the scenario's start.

    Attributes:
        name: as above.
        work: what it has done, where a machine profile prices that.
        processor: its own.
        blocking: whether the server's worker waits for it.
    """

    def __init__(
        self, description: SignerDescription, name: str, draw: Callable[[], float], now: float
    ) -> None:
        self.name = name
        self.blocking = description.blocking
        machine = description.machine
        profile = None if machine is None else profile_of(machine)
        curve = None if profile is None else profile.contention_curve
        self.processor = VirtualClock(description.parallelism, now, contention_of(curve))
        self.work = None if profile is None else Work(name, profile)
        self._service_time = description.service_time
        self._way = description.latency / 2
        self._draw = draw

    def wait(self, request: Request, now: float) -> Generator[Until, float, tuple[Any, float]]:
        """It is asked now for some operations: when the server has the answer."""
        arrival = yield now + self._way
        seconds = self._seconds(request)
        _, done = self.processor.serve(arrival, seconds)
        back = done + self._way
        return None, (yield back)

    def _seconds(self, request: Request) -> float:
        if self.work is not None:
            return self.work.demand(request.subject, (), request.recorded)
        time = self._service_time
        assert time is not None
        return time if isinstance(time, float) else quantile(time, self._draw())
