"""Packets that go one way together, and where their time goes."""

from __future__ import annotations

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
        transmission, queueing: seconds of each.
    """

    __slots__ = (
        "_queued",
        "count",
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
        self.count = len(times)
        self.numbers: list[int] | range = range(self.count)
        self.propagation = self.latency = 0.0
        # Whether they have come to a shared link before.
        self._queued = False
        self.transmission = self.queueing = [0.0] * self.count

    def propagate(self, delay: float) -> None:
        """They pass a link, `delay` seconds long."""
        self.propagation += delay
        self.times = [time + delay for time in self.times]

    def stay(self, delay: float) -> None:
        """They are in a box for so many seconds."""
        self.latency += delay
        self.times = [time + delay for time in self.times]

    def go_on(self, part: Burst) -> None:
        """They have gone a part of their way, all that had come this far."""
        self.numbers = [self.numbers[place] for place in part.numbers]
        self._queued = True
        before = [self.transmission[place] for place in part.numbers]
        self.transmission = _sums(before, part.transmission)
        before = [self.queueing[place] for place in part.numbers]
        self.queueing = _sums(before, part.queueing)
        self.times, self.sizes = part.times, part.sizes
        self.propagation += part.propagation
        self.latency += part.latency

    def transmit(self, now: float, ends: list[float]) -> None:
        """They come together to a link that nobody else is on: when each has been sent."""
        self.times = ends
        taken = [end - now for end in ends]
        self.transmission = _sums(self.transmission, taken) if self._queued else taken
        self._queued = True

    def queue(self, times: list[float], transmission: list[float], queueing: list[float]) -> None:
        """They have been sent over a shared link: when each was, and for what it took how long."""
        self.times = times
        self._queued = True
        self.transmission = _sums(self.transmission, transmission)
        self.queueing = _sums(self.queueing, queueing)

    def lose(self, lost: list[bool]) -> int:
        """Those are lost for which it says so. Returns how many."""
        if True not in lost:
            return 0
        left = [place for place, gone in enumerate(lost) if not gone]
        for name in ("times", "sizes", "numbers", "transmission", "queueing"):
            each = getattr(self, name)
            setattr(self, name, [each[place] for place in left])
        return len(lost) - len(left)

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
        delays.transmission = self.transmission[place]
        delays.queueing = self.queueing[place]
        return delays


def _sums(some: list[float], others: list[float]) -> list[float]:
    return [one + other for one, other in zip(some, others, strict=True)]
