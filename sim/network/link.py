"""A link: delay, a bottleneck with a buffer, and loss, each way."""

from __future__ import annotations

from bisect import bisect_right
from itertools import takewhile
from typing import Annotated, Any

from pydantic import Field

from sim.description import Description
from sim.distributions import RandomDuration
from sim.network.loss import Loss
from sim.telemetry import COUNT, TIME, WORD, Column
from sim.units import BitRate, PositiveSize, Size, at_most

_ROUNDING = 1e-9
_REMEMBERED = 4096
"""Packets that a queue remembers: far more than lie between now and the latest announced."""

COLUMNS = (
    Column("time", TIME),
    Column("node", WORD),
    Column("direction", WORD),
    Column("utilisation", TIME),
    Column("backlog", COUNT),
    Column("packets", COUNT),
    Column("bytes", COUNT),
    Column("lost", COUNT),
    Column("dropped", COUNT),
)
"""A row of the table `links`: one direction of a link at one moment.

`utilisation`: the share of the time since the sample before in which it sent, null of meaning (0)
where its rate is unlimited. `backlog`: bytes that wait or are being sent. Packets and their bytes,
headers included, count from the start of recording, as do those that were `lost` on the way and
those that were `dropped` because the buffer was full. Packets of connections without loss, rate and
middleboxes on their path are not counted one by one: such a link has no rows.
"""


class LinkDirection(Description):
    """What one direction of a link has of its own."""

    rate: BitRate | None = None
    """Its bit rate: "128 kbit/s"; else the link's."""
    buffer: Size | None = None
    """Its buffer: "32 kB"; else the link's."""
    loss: Loss | None = None
    """Its loss; else the link's."""


class Link(Description):
    """A piece of the way between two hosts or boxes."""

    round_trip_time: RandomDuration
    """From sending a segment to the arrival of its acknowledgement, when nothing else is on the
    way: "100 ms", at most a day; or a distribution over connections."""
    share_to_server: float = Field(default=0.5, ge=0, le=1)
    """Which share of the round-trip time is the way to the server."""
    rate: BitRate | None = None
    """The bit rate of each direction, which all connections share first come, first served:
    "2 Mbit/s"; else unlimited. Packets count with their IP and TCP headers."""
    buffer: Size | None = None
    """Bytes that may wait for a direction with a rate, the packet that is being sent apart; what
    finds no room, to within a packet, is dropped: "64 kB". Else unlimited."""
    loss: Loss = 0.0
    """Share of the packets of each direction that is lost: 0.02; or bursts of losses."""
    mtu: Annotated[PositiveSize, at_most("65535 B")] = Field(default=1500, ge=576)
    """The largest IP packet: "1500 B" on Ethernet, "1492 B" on PPPoE."""
    to_server: LinkDirection = LinkDirection()
    """What differs on the way to the server."""
    to_client: LinkDirection = LinkDirection()
    """What differs on the way to the client."""

    def direction(self, *, to_server: bool) -> LinkDirection:
        """One direction with all that it has, of its own or of the link."""
        own = self.to_server if to_server else self.to_client
        return LinkDirection.model_construct(
            rate=self.rate if own.rate is None else own.rate,
            buffer=self.buffer if own.buffer is None else own.buffer,
            loss=self.loss if own.loss is None else own.loss,
        )

    @property
    def only_delays(self) -> bool:
        """Whether it neither loses nor keeps anything, whatever comes."""
        both = self.direction(to_server=True), self.direction(to_server=False)
        return all(direction.rate is None and direction.loss == 0 for direction in both)


class LinkQueue:
    """One direction of a link: a queue, first come, first served, that knows its future packets.

    It has the arrival of each packet and when it will have been sent. A packet waits for all that
    arrive before it, whenever they were announced: those of one round are announced together, up
    to a round trip before they arrive, and do not stand in the way of what comes earlier. What is
    announced later, and comes before them, they do not wait for any more, but it takes its time
    from all that follow.

    Args:
        direction: what it has.
        now: when its world begins.
        counts: whether its packets are counted.

    Attributes:
        shared: whether connections wait for each other here.
        counts: whether its packets are counted.
        lost: packets lost on the way behind it; counted by whoever loses them.
    """

    __slots__ = (
        "_arrivals",
        "_buffer",
        "_busy",
        "_bytes",
        "_counted",
        "_dropped",
        "_ends",
        "_packets",
        "_rate",
        "_sampled_at",
        "_sampled_busy",
        "_seconds",
        "counts",
        "lost",
        "shared",
    )

    def __init__(self, direction: LinkDirection, now: float, *, counts: bool = True) -> None:
        self._rate = direction.rate
        self.counts = counts
        self._buffer = direction.buffer
        self._arrivals: list[float] = []
        self._seconds: list[float] = []
        self._ends: list[float] = []
        self._sampled_at = now
        self._busy = self._sampled_busy = 0.0
        self._packets = self._bytes = self._dropped = self.lost = 0
        self._counted = (0, 0, 0, 0)
        self.shared = direction.rate is not None

    def count(self, packets: int, size: int) -> None:
        """So many packets, of so many bytes in all, come where they are sent at once."""
        self._packets += packets
        self._bytes += size

    def send(self, now: float, size: int) -> tuple[float, float] | None:
        """When a packet that comes at `now` begins and ends to be sent; `None` if it is dropped."""
        self._packets += 1
        self._bytes += size
        rate = self._rate
        if rate is None:
            return now, now
        arrivals, ends = self._arrivals, self._ends
        place = len(arrivals)
        if place and arrivals[-1] > now:
            place = bisect_right(arrivals, now)
        start = ends[place - 1] if place and ends[place - 1] > now else now
        if self._buffer is not None and (start - now) * rate / 8 > self._buffer + _ROUNDING:
            self._dropped += 1
            return None
        end = start + 8 * size / rate
        self._insert(place, now, end - start, end)
        return start, end

    def send_uncontended(self, now: float, sizes: list[int]) -> list[float] | None:
        """When each of some packets has been sent that come at `now` where nothing is in their way.

        Nothing waits, nothing will come before they have been sent, and the buffer holds them all.
        `None` where that is not so. They count as one, sent without a pause.
        """
        rate, arrivals, ends = self._rate, self._arrivals, self._ends
        if rate is None or (self._buffer is not None and sum(sizes) > self._buffer):
            return None
        place = len(arrivals)
        if place and arrivals[-1] > now:
            place = bisect_right(arrivals, now)
        if place and ends[place - 1] > now:
            return None
        end, sent = now, []
        for size in sizes:
            end += 8 * size / rate
            sent.append(end)
        if place < len(arrivals) and arrivals[place] < end:
            return None
        self._packets += len(sizes)
        self._bytes += sum(sizes)
        self._insert(place, now, end - now, end)
        return sent

    def _insert(self, place: int, now: float, seconds: float, end: float) -> None:
        """A packet, or several without a pause: those that arrive behind it are sent later."""
        arrivals, times, ends = self._arrivals, self._seconds, self._ends
        self._busy += seconds
        if place == len(arrivals):
            arrivals.append(now)
            times.append(seconds)
            ends.append(end)
            if place >= _REMEMBERED:
                for kept in (arrivals, times, ends):
                    del kept[: _REMEMBERED // 2]
            return
        arrivals.insert(place, now)
        times.insert(place, seconds)
        ends.insert(place, end)
        for number in range(place + 1, len(ends)):
            later = max(arrivals[number], end) + times[number]
            if later <= ends[number]:
                break
            ends[number] = end = later

    def begin_recording(self, now: float) -> None:
        """Count from here on: the recorded part of the simulation begins."""
        self._utilisation(now)
        self._counted = self._counters()

    def sample(self, now: float) -> list[Any]:
        """What the row of the table `links` at `now` says behind time, node and direction."""
        backlog = 0.0
        place = bisect_right(self._arrivals, now)
        if self._rate is not None and place:
            backlog = max(0.0, self._ends[place - 1] - now) * self._rate / 8
        counts = zip(self._counters(), self._counted, strict=True)
        return [self._utilisation(now), round(backlog), *(now - then for now, then in counts)]

    def _counters(self) -> tuple[int, int, int, int]:
        return self._packets, self._bytes, self.lost, self._dropped

    def _utilisation(self, now: float) -> float:
        ahead = zip(reversed(self._seconds), reversed(self._ends), strict=True)
        busy = self._busy - sum(
            min(seconds, end - now) for seconds, end in takewhile(lambda each: each[1] > now, ahead)
        )
        passed = now - self._sampled_at
        utilisation = (busy - self._sampled_busy) / passed if passed > 0 else 0.0
        self._sampled_at, self._sampled_busy = now, busy
        return min(max(utilisation, 0.0), 1.0)
