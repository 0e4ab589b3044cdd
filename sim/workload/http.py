"""What a visit asks for: requests and responses, how many, how large, and with what pauses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice, repeat
from typing import Any, NamedTuple

from sim.description import Description
from sim.distributions import (
    RandomCount,
    RandomDuration,
    RandomSize,
    drawn_count,
    drawn_duration,
    drawn_size,
    mean_count,
    mean_duration,
    mean_size,
    varies,
)
from sim.streams import Streams, connection_draws

_SHARES = 1000


class Http(Description):
    """Requests one after another, each sent when the response before it is there."""

    requests: RandomCount = 1
    """Requests a visit."""
    request_size: RandomSize
    """Bytes of a request, headers included: "400 B", at most 1 GB."""
    response_size: RandomSize
    """Bytes of a response, headers included: "3.7 kB", at most 1 GB."""
    think_time: RandomDuration = 0.0
    """Pause between a response and the next request on its connection: "0 s", at most a day."""

    @property
    def mean_requests(self) -> float:
        """Requests a visit, in the mean."""
        return mean_count(self.requests)

    def mean_at_once(self, connections: int) -> float:
        """Connections that a visit makes at once, in the mean, of so many that it might."""
        if connections == 1 or isinstance(self.requests, int):
            return float(min(connections, drawn_count(self.requests, 0.0)))
        shares = ((number + 0.5) / _SHARES for number in range(_SHARES))
        counts = (min(connections, drawn_count(self.requests, share)) for share in shares)
        return sum(counts) / _SHARES

    @property
    def mean_request_size(self) -> float:
        """Bytes of a request, in the mean."""
        return mean_size(self.request_size)

    @property
    def mean_response_size(self) -> float:
        """Bytes of a response, in the mean."""
        return mean_size(self.response_size)

    @property
    def mean_think_time(self) -> float:
        """Seconds of a pause, in the mean."""
        return mean_duration(self.think_time)

    @property
    def sizes_vary(self) -> bool:
        """Whether requests or responses are of more than one size."""
        return varies(self.request_size) or varies(self.response_size)


class Request(NamedTuple):
    """A request of a visit.

    Attributes:
        size: its bytes.
        response_size: those of the response.
        think_time: the pause before it where another one was answered on its connection before,
            in seconds.
    """

    size: int
    response_size: int
    think_time: float


class Requests:
    """The requests of each visit, by its number.

    What varies is drawn from a stream of its own for each quantity and visit.

    Args:
        described: what they are drawn from.
        streams: the world's random numbers.
    """

    def __init__(self, described: Http, streams: Streams) -> None:
        self._described = described
        self._entropy = {
            name: streams.entropy(f"http.{name}")
            for name in ("requests", "request_size", "response_size", "think_time")
            if varies(getattr(described, name))
        }
        self._always: tuple[Request, ...] | None = None
        requests, size = described.requests, described.request_size
        response_size, think_time = described.response_size, described.think_time
        if (
            isinstance(requests, int)
            and isinstance(size, int)
            and isinstance(response_size, int)
            and isinstance(think_time, float)
        ):
            self._always = (Request(size, response_size, think_time),) * requests

    def of(self, visit: int) -> tuple[int, Iterator[Request]]:
        """How many a visit makes, and which in their order."""
        always = self._always
        if always is not None:
            return len(always), iter(always)
        count = drawn_count(self._described.requests, next(self._draws("requests", visit)))
        return count, self._drawn(visit, count)

    def _drawn(self, visit: int, count: int) -> Iterator[Request]:
        described = self._described
        sizes = self._values("request_size", visit, partial(drawn_size, described.request_size))
        response_sizes = self._values(
            "response_size", visit, partial(drawn_size, described.response_size)
        )
        pauses = self._values("think_time", visit, partial(drawn_duration, described.think_time))
        return islice(map(Request, sizes, response_sizes, pauses), count)

    def _values(self, name: str, visit: int, drawn: Callable[[float], Any]) -> Iterator[Any]:
        """Values of a quantity, without end."""
        if name not in self._entropy:
            return repeat(drawn(0.0))
        return map(drawn, self._draws(name, visit))

    def _draws(self, name: str, visit: int) -> Iterator[float]:
        """Draws from [0, 1) for a visit; none are made for what does not vary."""
        entropy = self._entropy.get(name)
        if entropy is None:
            return repeat(0.0)
        draw = connection_draws(entropy.of(visit))
        return iter(draw, None)
