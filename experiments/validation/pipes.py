"""What an emulated link does to packets: settings of its pipes, and the rule for one direction."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass
from random import Random
from typing import Any


@dataclass(frozen=True)
class Direction:
    """One direction of a pipe.

    Attributes:
        delay: seconds on the way, after the last bit is sent.
        rate: bits per second of IP packets; None: packets take no time to send.
        buffer: bytes of IP packets that may wait while another is sent; one more is dropped.
        loss: share of packets that are lost on their way into the buffer, each for itself.
    """

    delay: float
    rate: float | None = None
    buffer: int = 1_000_000
    loss: float = 0.0


@dataclass(frozen=True)
class Pipe:
    """A way between one client address and one server address, apart from all other pipes."""

    to_server: Direction
    to_client: Direction

    @classmethod
    def symmetric(
        cls,
        round_trip_time: float,
        rate: float | None = None,
        buffer: int = 1_000_000,
        loss: float = 0.0,
    ) -> Pipe:
        """A pipe with equal directions; `loss` is that of each."""
        direction = Direction(round_trip_time / 2, rate, buffer, loss)
        return cls(direction, direction)

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> Pipe:
        """The pipe of which `fields` gave the fields."""
        return cls(Direction(**fields["to_server"]), Direction(**fields["to_client"]))

    def fields(self) -> dict[str, Any]:
        """The fields, for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Traffic:
    """What came into one direction, and what became of it.

    Attributes:
        packets: how many packets came.
        octets: how many bytes they had.
        lost: how many of them were lost at random.
        overflowed: how many found the buffer full.
        deepest: most bytes that waited at once.
    """

    packets: int
    octets: int
    lost: int
    overflowed: int
    deepest: int


class PipeQueue:
    """One direction at work: says of each packet when it is due at the other end.

    The random draw is made for every packet, so that which packets are lost depends on their
    number alone.
    """

    def __init__(self, direction: Direction, random: Random) -> None:
        self._direction = direction
        self._draw = random.random
        self._free_at = 0.0
        self._waiting: deque[tuple[float, int]] = deque()
        self._waiting_octets = 0
        self._packets = self._octets = self._lost = self._overflowed = self._deepest = 0

    def due(self, now: float, size: int) -> float | None:
        """When a packet of `size` bytes that comes `now` arrives; None: it is dropped."""
        self._packets += 1
        self._octets += size
        if self._draw() < self._direction.loss:
            self._lost += 1
            return None
        rate = self._direction.rate
        if rate is None:
            return now + self._direction.delay
        waiting = self._waiting
        while waiting and waiting[0][0] <= now:
            self._waiting_octets -= waiting.popleft()[1]
        start = self._free_at
        if start <= now:
            start = now
        elif self._waiting_octets + size > self._direction.buffer:
            self._overflowed += 1
            return None
        else:
            waiting.append((start, size))
            self._waiting_octets += size
            self._deepest = max(self._deepest, self._waiting_octets)
        self._free_at = start + 8 * size / rate
        return self._free_at + self._direction.delay

    @property
    def traffic(self) -> Traffic:
        """The counts so far."""
        return Traffic(self._packets, self._octets, self._lost, self._overflowed, self._deepest)


def pipe_queues(pipe: Pipe, number: int, seed: int) -> tuple[PipeQueue, PipeQueue]:
    """The queues to the server and to the client, each with random numbers of its own."""
    return (
        PipeQueue(pipe.to_server, Random(f"{seed}/{number}/to-server")),
        PipeQueue(pipe.to_client, Random(f"{seed}/{number}/to-client")),
    )
