"""The packets of chosen connections, one by one: what a capture at either end is written from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple


class PacketKind(Enum):
    """What a packet is for."""

    SYN = "SYN"
    """The client's, or the listener's answer to it."""
    DATA = "data"
    ACK = "acknowledgement"
    FIN = "FIN"


@dataclass(slots=True)
class Packet:
    """A packet of a TCP connection.

    Attributes:
        connection: which of a chain's connections it belongs to, from the client on.
        kind: what it is for.
        to_server: whether it goes there.
        sent: when (seconds since the scenario's start).
        size: bytes, IP and TCP headers included.
        begin, end: the bytes that it carries, counted from its sender's first one.
        again: whether they were sent before.
        arrived: when it is at the other end; `None` if it never is.
        lost_at: the link that lost or dropped it, or the box that stopped it.
        acknowledges: how many bytes of the other end its sender has had by then, without a gap.
    """

    connection: int
    kind: PacketKind
    to_server: bool
    sent: float
    size: int
    begin: int
    end: int
    again: bool
    arrived: float | None = None
    lost_at: str | None = None
    acknowledges: int = 0


class Written(NamedTuple):
    """What one end gave to a TCP connection at once.

    Attributes:
        connection: which of a chain's connections, from the client on.
        to_server: whether it goes there.
        data: its bytes; empty where only their number is known.
        size: how many.
    """

    connection: int
    to_server: bool
    data: bytes
    size: int


class PacketRecorder:
    """Records the packets of one exchange, over all its TCP connections.

    Attributes:
        written: what their ends have written, in that order; whatever becomes of it.
    """

    def __init__(self) -> None:
        self._packets: list[Packet] = []
        self.written: list[Written] = []

    def add(self, packet: Packet) -> None:
        """A packet more, in whatever order."""
        self._packets.append(packet)

    def packets(self) -> list[Packet]:
        """All of them, by the time when they were sent, with what each acknowledges."""
        found = sorted(self._packets, key=lambda packet: packet.sent)
        had: dict[tuple[int, bool], _Received] = {}
        for packet in found:
            # What it acknowledges went the other way.
            way = packet.connection, not packet.to_server
            if way not in had:
                had[way] = _Received(
                    each for each in found if (each.connection, each.to_server) == way
                )
            packet.acknowledges = had[way].until(packet.sent)
        return found


class Recording(NamedTuple):
    """Who takes the packets of one of an exchange's TCP connections.

    Attributes:
        recorder: takes them.
        connection: which of the connections it is, from the client on.
    """

    recorder: PacketRecorder
    connection: int

    def write(self, data: bytes, size: int, *, to_server: bool) -> None:
        """One of the ends writes so many bytes."""
        self.recorder.written.append(Written(self.connection, to_server, data, size))


class _Received:
    """What one end has had of the other's bytes, as time goes on."""

    def __init__(self, packets: Iterable[Packet]) -> None:
        arrived = [
            (packet.arrived, packet.begin, packet.end)
            for packet in packets
            if packet.arrived is not None
        ]
        self._coming = sorted(arrived, reverse=True)
        self._beyond_gaps: list[tuple[int, int]] = []
        self._whole = 0

    def until(self, now: float) -> int:
        """How many bytes, without a gap; `now` never less than before."""
        while self._coming and self._coming[-1][0] <= now:
            _, begin, end = self._coming.pop()
            self._beyond_gaps.append((begin, end))
        self._beyond_gaps.sort()
        left = []
        for begin, end in self._beyond_gaps:
            if begin <= self._whole:
                self._whole = max(self._whole, end)
            else:
                left.append((begin, end))
        self._beyond_gaps = left
        return self._whole
