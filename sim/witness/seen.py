"""What has been seen of a connection, from its first packet to its last."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sim.network.packets import Packet, PacketKind
from sim.witness.messages import Message, MessageReader, first_line
from sim.witness.notes import ConnectionNotes, DoneOperation
from sim.witness.web_text import request_text, response_text


@dataclass(frozen=True, slots=True)
class SeenMessage:
    """A message on its way.

    Attributes:
        message: itself.
        sent: when its first byte was sent (seconds since the scenario's start); `None` if it never
            was.
        arrived: when all of it was at the other end of the connection; `None` if it never was.
    """

    message: Message
    sent: float | None
    arrived: float | None


@dataclass(frozen=True, slots=True)
class SeenFlight:
    """A flight: what one end, or a proxy, sent at its turn.

    Attributes:
        to_server: whether it goes there.
        messages: what it says.
        begin: bytes that its sender had written before.
        size: bytes on the wire, TCP's apart.
        records: records of TLS that they are made of.
        work: what its sender did for it, with what it had read since its last flight.
        sent: when its first byte was sent (seconds since the scenario's start); `None` if it never
            was.
        first: when that was at the other end; `arrived`: when all of it was. Else `None`.
        is_proxys: whether it is of the dialogue with a proxy, before the handshake.
    """

    to_server: bool
    messages: tuple[SeenMessage, ...]
    begin: int
    size: int
    records: int
    work: tuple[DoneOperation, ...]
    sent: float | None
    first: float | None
    arrived: float | None
    is_proxys: bool = False

    @property
    def seconds(self) -> float:
        """CPU seconds of that work at full speed."""
        return sum(each.seconds for each in self.work)


@dataclass(frozen=True)
class SeenConnection:
    """One connection of a world as its client's side saw it.

    Attributes:
        row: of the table `connections`, by column.
        client, server: address, a whole number, and port of both ends of its TCP connection; the
            server's are those of a proxy that tunnels, if there is one.
        end: the name of what ends TLS: a server, or a proxy in its place.
        segment: bytes of data in a full segment.
        packets: those of that TCP connection, in the order in which they were sent.
        sent, received: the bytes that the client wrote to it, and those that were written to it.
        keys: lines of a key log (SSLKEYLOGFILE).
        flights: what was said, in turn.
        left: what the client, and the server, did that was followed by no flight.
        reset: when a reset was at the client; `None` where none came.
        from_box: what a box had answered in the server's name, which came with that.
    """

    row: dict[str, Any]
    client: tuple[int, int]
    server: tuple[int, int]
    end: str
    segment: int
    packets: tuple[Packet, ...]
    sent: bytes
    received: bytes
    keys: tuple[str, ...]
    flights: tuple[SeenFlight, ...]
    left: tuple[tuple[DoneOperation, ...], tuple[DoneOperation, ...]]
    reset: float | None
    from_box: bytes

    @classmethod
    def of(cls, notes: ConnectionNotes) -> SeenConnection:
        """That of a connection which has ended."""
        assert notes.row is not None
        assert notes.passing is not None
        reset, box = None, b""
        if notes.passing.symptom == "reset":
            reset = notes.passing.ended
        if notes.from_box is not None:
            reset, box = notes.from_box
        packets = [each for each in notes.packets.packets() if each.connection == 0]
        client, server = notes.work or (None, None)
        return cls(
            notes.row,
            notes.client,
            notes.server,
            notes.end,
            notes.segment,
            tuple(_seen(packets, notes.row["arrival"], reset)),
            _stream(notes, to_server=True),
            _stream(notes, to_server=False),
            tuple(dict.fromkeys(notes.keys)),
            tuple(_flights(notes, packets)),
            (client.take() if client else (), server.take() if server else ()),
            reset,
            box,
        )


def _seen(packets: Sequence[Packet], arrival: float, reset: float | None) -> Iterator[Packet]:
    """The packets of a connection that ends with a reset, if one came.

    The first SYN is sent when the connection begins, whatever it waits for on its way.
    """
    for packet in packets:
        if packet is packets[0]:
            packet.sent = min(packet.sent, arrival)
        if reset is not None and (
            packet.sent > reset or (packet.kind is PacketKind.FIN and packet.sent >= reset)
        ):
            continue
        yield packet


def _stream(notes: ConnectionNotes, *, to_server: bool) -> bytes:
    """What was written one way; without TLS only how much, which is told in words of the web."""
    parts, number, host = [], 0, _host(notes)
    for written in notes.packets.written:
        if written.connection != 0 or written.to_server is not to_server:
            continue
        data = written.data
        if not data and to_server:
            number += 1
            data = request_text(written.size, number, host)
        parts.append(data or response_text(written.size))
    return b"".join(parts)


def _host(notes: ConnectionNotes) -> str:
    assert notes.row is not None
    return str(notes.row["server"])


def _flights(notes: ConnectionNotes, packets: Sequence[Packet]) -> Iterator[SeenFlight]:
    """What was said: at first to a proxy, if there is one, then by the two ends."""
    ways = {to_server: _Way(packets, to_server=to_server) for to_server in (True, False)}
    readers = {True: MessageReader(), False: MessageReader()}
    written = notes.packets.written
    begun = notes.turns[0].written_before if notes.turns else len(written)
    position = {True: 0, False: 0}
    for words in written[:begun]:
        if words.connection != 0:
            continue
        begin = position[words.to_server]
        position[words.to_server] = end = begin + words.size
        message = Message(first_line(words.data), "", words.size, begin, end, False)
        yield _flight(ways[words.to_server], [message], words.size, 0, (), begin, proxys=True)
    before = dict(position)
    number = 0
    for turn in notes.turns:
        way, begin = turn.to_server, position[turn.to_server]
        position[way] = begin + turn.size
        messages = [
            Message(
                each.name,
                each.detail,
                each.size,
                each.begin + before[way],
                each.end + before[way],
                each.protected,
            )
            for each in readers[way].read(turn.records)
        ]
        if not turn.records and turn.size:
            number += way
            text = (
                request_text(turn.size, number, _host(notes)) if way else (response_text(turn.size))
            )
            detail = first_line(text)
            messages.append(
                Message("application data", detail, turn.size, begin, position[way], False)
            )
        if turn.size or turn.work:
            count = len(turn.records)
            yield _flight(ways[way], messages, turn.size, count, turn.work, begin, proxys=False)


def _flight(
    way: _Way,
    messages: Sequence[Message],
    size: int,
    records: int,
    work: tuple[DoneOperation, ...],
    begin: int,
    *,
    proxys: bool,
) -> SeenFlight:
    seen = tuple(
        SeenMessage(each, way.sent(each.begin), way.arrived(each.end)) for each in messages
    )
    if not size:
        return SeenFlight(way.to_server, seen, begin, 0, records, work, None, None, None, proxys)
    times = way.sent(begin), way.first(begin), way.arrived(begin + size)
    return SeenFlight(way.to_server, seen, begin, size, records, work, *times, proxys)


class _Way:
    """When the bytes of one direction were sent, and when they had arrived."""

    def __init__(self, packets: Sequence[Packet], *, to_server: bool) -> None:
        self.to_server = to_server
        own = [each for each in packets if each.to_server is to_server and each.end > each.begin]
        self._packets = own
        self._there: list[int] = []
        self._moments: list[float] = []
        coming = sorted(
            (each.arrived, each.begin, each.end) for each in own if each.arrived is not None
        )
        whole, beyond = 0, []
        for moment, begin, end in coming:
            beyond.append((begin, end))
            beyond.sort()
            while beyond and beyond[0][0] <= whole:
                whole = max(whole, beyond.pop(0)[1])
            self._there.append(whole)
            self._moments.append(moment)

    def sent(self, byte: int) -> float | None:
        """When a byte was sent for the first time."""
        return min(
            (each.sent for each in self._packets if each.begin <= byte < each.end), default=None
        )

    def first(self, byte: int) -> float | None:
        """When a byte was there for the first time, whatever of those before it."""
        return min(
            (
                each.arrived
                for each in self._packets
                if each.begin <= byte < each.end and each.arrived is not None
            ),
            default=None,
        )

    def arrived(self, end: int) -> float | None:
        """When all bytes before `end` were there."""
        place = bisect_left(self._there, end)
        return self._moments[place] if place < len(self._there) else None
