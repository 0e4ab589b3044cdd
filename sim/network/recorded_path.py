"""One direction of a connection's way whose packets are recorded."""

from __future__ import annotations

from collections.abc import Sequence

from sim.network.burst import Burst
from sim.network.delays import DelayComponents
from sim.network.one_way_path import OneWayPath, PathElement
from sim.network.packets import Packet, PacketKind, Recording
from sim.network.tcp import Tcp


class RecordedPath(OneWayPath):
    """A way on which packets meet what they would meet anyway, and are written down.

    Args:
        elements: the links and boxes on it.
        names: those of the elements.
        tcp: how both ends speak it.
        segment: bytes of data in a full segment.
        recording: takes the packets.
        to_server: whether it leads there.
    """

    __slots__ = (
        "_announced",
        "_current",
        "_flight",
        "_names",
        "_pieces",
        "_recording",
        "_segment",
        "_tcp",
        "_to_server",
        "_waiting",
        "_written",
    )

    recorded = True

    def __init__(
        self,
        elements: Sequence[PathElement],
        names: Sequence[str],
        tcp: Tcp,
        segment: int,
        recording: Recording,
        *,
        to_server: bool,
    ) -> None:
        super().__init__(elements)
        # Somebody looks at its packets.
        self.only_delays = False
        self._names = names
        self._pieces = [OneWayPath([element]) for element in elements]
        self._tcp = tcp
        self._segment = segment
        self._recording = recording
        self._to_server = to_server
        # Bytes before the flight that is on its way, and all that were ever sent.
        self._flight = self._written = 0
        self._announced: tuple[PacketKind, int] | None = None
        # The packet that came last, and those that stand before a box.
        self._current: Packet
        self._waiting: list[Packet] = []

    def announce(self, kind: PacketKind, number: int = 0) -> None:
        """The next packet is of that kind; for data, that segment of the flight."""
        self._announced = kind, number

    def stopped_by(self, name: str) -> None:
        """The box of that name has stopped the packets that stand before it."""
        for packet in self._waiting:
            packet.lost_at = name
        self._waiting.clear()

    def cross(
        self,
        now: float,
        size: int,
        delays: DelayComponents,
        since: int = 0,
        until: int | None = None,
    ) -> float | None:
        """As any, and the packet is written down; one that stays on the way goes on later."""
        if since == 0:
            self._current = self._new(now, size)
            self._waiting.append(self._current)
        last = len(self._pieces) if until is None else until
        moment = now
        for number in range(since, last):
            there = self._pieces[number].cross(moment, size, delays)
            if there is None:
                self._current.lost_at = self._names[number]
                self._waiting.remove(self._current)
                return None
            moment = there
        if until is None:
            self._current.arrived = moment
            self._waiting.remove(self._current)
        return moment

    def carry(self, times: list[float], sizes: list[int]) -> Burst:
        """As any; a new flight's first packets, or the next of one that nothing happens to."""
        flight = self._written
        packets = [self._new(now, size) for now, size in zip(times, sizes, strict=True)]
        self._flight = flight
        burst = Burst(times, sizes)
        for name, piece in zip(self._names, self._pieces, strict=True):
            on_the_way = list(burst.numbers)
            burst.go_on(piece.carry(burst.times, burst.sizes))
            for number in set(on_the_way) - set(burst.numbers):
                packets[number].lost_at = name
            if not burst.times:
                break
        for place, number in enumerate(burst.numbers):
            packets[number].arrived = burst.times[place]
        return burst

    def acknowledge(self, times: list[float], size: int) -> list[float]:
        """As any."""
        arrivals = [self.cross(time, size, DelayComponents()) for time in times]
        return [arrival for arrival in arrivals if arrival is not None]

    def _new(self, now: float, size: int) -> Packet:
        """A packet that is sent now; data that was not announced begins a flight."""
        data = size - self._tcp.headers
        begin = self._written
        if self._announced is not None:
            kind, number = self._announced
            self._announced = None
            if kind is PacketKind.DATA:
                begin = self._flight + number * self._segment
        else:
            kind = PacketKind.DATA if data else PacketKind.ACK
            if data:
                self._flight = begin
        end = begin + (data if kind is PacketKind.DATA else 0)
        again = kind is PacketKind.DATA and begin < self._written
        packet = Packet(
            self._recording.connection, kind, self._to_server, now, size, begin, end, again
        )
        self._written = max(self._written, end)
        self._recording.recorder.add(packet)
        return packet


def record_rounds(
    tcp: Tcp,
    forward: OneWayPath,
    backward: OneWayPath,
    now: float,
    sizes: list[int],
    rounds: list[int],
) -> None:
    """Write down a flight of which everything is known: so many segments a round trip.

    Args:
        tcp: how both ends speak it.
        forward, backward: its way, and that of its acknowledgements.
        now: when it is sent.
        sizes: bytes of its packets.
        rounds: how many of them are sent in each round.
    """
    first = 0
    for count in rounds:
        packets = sizes[first : first + count]
        burst = forward.carry([now] * count, packets)
        backward.acknowledge(burst.times, tcp.headers)
        first += count
        now += forward.delay + backward.delay
