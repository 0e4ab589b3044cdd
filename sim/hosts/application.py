"""The application of a server: what it does for a request besides TLS."""

from __future__ import annotations

from pydantic import Field

from sim.description import Description
from sim.distributions import RandomDuration, quantile
from sim.streams import ConnectionEntropy, connection_draws


class Application(Description):
    """What a request takes, TLS and the carrying of its bytes apart."""

    cpu: RandomDuration = Field(default=0.0)
    """CPU time on the server's own machine: "2 ms", or a distribution."""
    back_end: RandomDuration = Field(default=0.0)
    """Delay of what stands behind the server, a database or another service: it passes when the
    request has been worked on, costs no CPU time here, and delays the answer."""

    def requests(self, entropy: ConnectionEntropy) -> RequestTimes:
        """The times of the requests of one connection, which follow from its random bytes."""
        return RequestTimes(self, entropy)


class RequestTimes:
    """How long the requests of one connection take, one after another."""

    __slots__ = ("_application", "_draw")

    def __init__(self, application: Application, entropy: ConnectionEntropy) -> None:
        self._application = application
        self._draw = connection_draws(entropy)

    def next(self) -> tuple[float, float]:
        """CPU seconds, and seconds of delay behind, of the next request."""
        draw, application = self._draw, self._application
        one, other = draw(), draw()
        return quantile(application.cpu, one), quantile(application.back_end, other)
