"""The packets of chosen connections, one by one: what a capture at either end is written from."""

from __future__ import annotations

from collections import Counter
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
        together = Counter(map(_moment_of, found))
        so_far: Counter[tuple[int, bool, PacketKind, float]] = Counter()
        for packet in found:
            # What it acknowledges went the other way.
            way = packet.connection, not packet.to_server
            if way not in had:
                had[way] = _Received(
                    each for each in found if (each.connection, each.to_server) == way
                )
            number, of = 1, 1
            if packet.kind is PacketKind.ACK:
                # Segments that come together are acknowledged one by one, or two by two.
                moment = _moment_of(packet)
                so_far[moment] += 1
                number, of = so_far[moment], together[moment]
            packet.acknowledges = had[way].until(packet.sent, number, of)
        return found


def _moment_of(packet: Packet) -> tuple[int, bool, PacketKind, float]:
    return packet.connection, packet.to_server, packet.kind, packet.sent


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
        coming: dict[float, list[tuple[int, int]]] = {}
        for packet in packets:
            if packet.arrived is not None:
                coming.setdefault(packet.arrived, []).append((packet.begin, packet.end))
        # What comes first is last, at each moment, too.
        self._coming = [
            (moment, len(pieces), sorted(pieces, reverse=True))
            for moment, pieces in sorted(coming.items(), reverse=True)
        ]
        self._beyond_gaps: list[tuple[int, int]] = []
        self._whole = 0

    def until(self, now: float, number: int, of: int) -> int:
        """How many bytes, without a gap; `now` never less than before.

        Of what comes at that very moment so much is counted as the part of that number, from 1, of
        so many equal ones ends with.
        """
        while self._coming and self._coming[-1][0] <= now:
            moment, count, pieces = self._coming[-1]
            left = count * (of - number) // of if moment == now else 0
            while len(pieces) > left:
                self._beyond_gaps.append(pieces.pop())
            if pieces:
                break
            self._coming.pop()
        self._beyond_gaps.sort()
        still = []
        for begin, end in self._beyond_gaps:
            if begin <= self._whole:
                self._whole = max(self._whole, end)
            else:
                still.append((begin, end))
        self._beyond_gaps = still
        return self._whole
