"""Packets that go one way together, and where their time goes."""

from __future__ import annotations

from collections.abc import Sequence

from sim.network.delays import DelayComponents


class Burst:
    """Packets of one flight, or its acknowledgements, on their way.

    Args:
        times: when each is sent, ascending.
        sizes: its bytes, headers included.

    Attributes:
        times: of each that is not lost, when it has come this far.
        sizes: its bytes.
        numbers: which of those that were sent it is.
        propagation, latency: seconds on links and in boxes, the same for all.
        transmission, queueing: seconds of each; `None` before a shared link, or another's packets.
    """

    __slots__ = (
        "latency",
        "numbers",
        "propagation",
        "queueing",
        "sizes",
        "times",
        "transmission",
    )

    def __init__(self, times: list[float], sizes: list[int]) -> None:
        self.times = times
        self.sizes = sizes
        self.numbers: Sequence[int] = range(len(times))
        self.propagation = self.latency = 0.0
        self.transmission: list[float] | None = None
        self.queueing: list[float] | None = None

    def go_on(self, part: Burst) -> None:
        """They have gone a part of their way, all that had come this far."""
        self._keep(part.numbers)
        self.transmission = _sums(self.transmission, part.transmission)
        self.queueing = _sums(self.queueing, part.queueing)
        self.times, self.sizes = part.times, part.sizes
        self.propagation += part.propagation
        self.latency += part.latency

    def transmit(self, now: float, ends: list[float]) -> None:
        """They come together to a link that nobody else is on: when each has been sent."""
        self.times = ends
        self.transmission = _sums(self.transmission, [end - now for end in ends])

    def queue(self, times: list[float], transmission: list[float], queueing: list[float]) -> None:
        """They have been sent over a shared link: when each was, and for what it took how long."""
        self.times = times
        self.transmission = _sums(self.transmission, transmission)
        self.queueing = _sums(self.queueing, queueing)

    def lose(self, lost: list[bool]) -> int:
        """Those are lost for which it says so. Returns how many."""
        if True not in lost:
            return 0
        left = [place for place, gone in enumerate(lost) if not gone]
        self._keep(left)
        return len(lost) - len(left)

    def _keep(self, places: Sequence[int]) -> None:
        """Only those are left."""
        self.times = [self.times[place] for place in places]
        self.sizes = [self.sizes[place] for place in places]
        self.numbers = [self.numbers[place] for place in places]
        if self.transmission is not None:
            self.transmission = [self.transmission[place] for place in places]
        if self.queueing is not None:
            self.queueing = [self.queueing[place] for place in places]

    def arrivals(self) -> list[tuple[int, float, DelayComponents]]:
        """Which have come this far, when each has, and where its time went."""
        return [
            (number, self.times[place], self.delays(place))
            for place, number in enumerate(self.numbers)
        ]

    def delays(self, place: int) -> DelayComponents:
        """Where the time of one that has come this far went."""
        delays = DelayComponents()
        delays.propagation = self.propagation
        delays.middlebox = self.latency
        if self.transmission is not None:
            delays.transmission = self.transmission[place]
        if self.queueing is not None:
            delays.queueing = self.queueing[place]
        return delays


def _sums(some: list[float] | None, others: list[float] | None) -> list[float] | None:
    if some is None or others is None:
        return some or others
    return [one + other for one, other in zip(some, others, strict=True)]
