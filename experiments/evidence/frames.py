"""IPv4 packets of a connection as its client's side captures them, with TCP inside."""

from __future__ import annotations

import struct
import zlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import NamedTuple

import sim

FIN, SYN, RST, PUSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10

_IPV4_HEADER, _TCP_HEADER, _TIMESTAMPS = 20, 20, 12
_TCP = 6
_HOPS = 64
_DO_NOT_FRAGMENT = 0x4000
_WINDOW, _WINDOW_SCALE = 0xFFFF, 8
"""The simulated hosts take whatever comes: the window that they announce is never in the way."""
_TICKS = 1000
"""Timestamps count milliseconds, as Linux's do."""

_TOGETHER = 1e-9
"""Seconds between moments that only differ by rounding; a capture's times are as fine."""


class Host(NamedTuple):
    """An end of a TCP connection: its address, as a whole number, and its port."""

    address: int
    port: int


class ClientsFrame(NamedTuple):
    """A packet that the client sends or receives.

    Attributes:
        moment: when (seconds since the scenario's start).
        data: the packet, from its IPv4 header on.
    """

    moment: float
    data: bytes


class _Segment(NamedTuple):
    moment: float
    to_server: bool
    flags: int
    sequence: int
    acknowledged: int
    payload: bytes
    ticks: tuple[int, int] | None


def frames_of(seen: sim.SeenConnection, port: int | None = None) -> Iterator[ClientsFrame]:
    """Yield the packets of a connection in the order in which its client's side meets them.

    What the client sends is there when it is sent, lost later or not; what comes to it is when it
    arrives, and what is lost on its way is not.

    Args:
        seen: the connection.
        port: that it comes from, in place of its own.
    """
    client, server = Host(*seen.client), Host(*seen.server)
    if port is not None:
        client = client._replace(port=port)
    first = {True: _first_number(seen, "client"), False: _first_number(seen, "server")}
    counts = {True: 0, False: 0}
    # What is sent together with what arrives is the answer to it.
    for each in sorted(
        _segments(seen, first), key=lambda one: (round(one.moment / _TOGETHER), one.to_server)
    ):
        source, target = (client, server) if each.to_server else (server, client)
        tcp = _tcp(each, source, target, seen.segment)
        yield ClientsFrame(each.moment, _ipv4(tcp, source, target, counts[each.to_server]))
        counts[each.to_server] += 1


def _first_number(seen: sim.SeenConnection, end: str) -> int:
    """Return an end's initial sequence number: any will do, and the same one every time."""
    return zlib.crc32(f"{end} {seen.row['connection']}".encode())


def _segments(seen: sim.SeenConnection, first: dict[bool, int]) -> Iterator[_Segment]:
    streams = {True: seen.sent, False: seen.received}
    pushed = {to_server: _ends_of_flights(seen, to_server) for to_server in (True, False)}
    finished = {to_server: _finished(seen, to_server) for to_server in (True, False)}
    clock = _Timestamps(seen)
    for packet in seen.packets:
        way = packet.to_server
        moment = packet.sent if way else packet.arrived
        if moment is None or (seen.reset is not None and moment > seen.reset):
            continue
        own, other = finished[way], finished[not way]
        opening = packet.kind is sim.PacketKind.SYN
        flags = SYN if opening else ACK
        sequence = first[way] + (0 if opening else 1 + packet.begin)
        # What comes behind a FIN counts it.
        sequence += own is not None and packet.sent > own.sent
        acknowledged = 0
        if not (opening and way):
            flags |= ACK
            acknowledged = first[not way] + 1 + packet.acknowledges
            if other is not None and other.arrived is not None:
                whole = packet.acknowledges == other.begin
                acknowledged += whole and other.arrived <= packet.sent + _TOGETHER
        if packet.kind is sim.PacketKind.FIN:
            flags |= FIN
        if packet.end in pushed[way] and packet.end > packet.begin:
            flags |= PUSH
        payload = streams[way][packet.begin : packet.end]
        yield _Segment(moment, way, flags, sequence, acknowledged, payload, clock.of(packet))
    yield from _reset(seen, first)


def _ends_of_flights(seen: sim.SeenConnection, to_server: bool) -> set[int]:
    return {each.begin + each.size for each in seen.flights if each.to_server is to_server}


def _finished(seen: sim.SeenConnection, to_server: bool) -> sim.Packet | None:
    """Return the FIN of one end, if it has sent one."""
    fins = (each for each in seen.packets if each.kind is sim.PacketKind.FIN)
    return next((each for each in fins if each.to_server is to_server), None)


def _reset(seen: sim.SeenConnection, first: dict[bool, int]) -> Iterator[_Segment]:
    """Yield what a box says in the server's name, if it does, and the reset."""
    if seen.reset is None:
        return
    there = [
        each
        for each in seen.packets
        if not each.to_server and each.arrived is not None and each.arrived <= seen.reset
    ]
    sent = [each.end for each in seen.packets if each.to_server and each.sent <= seen.reset]
    acknowledged = first[True] + 1 + max(sent, default=0)
    opened = bool(there)
    sequence = first[False] + 1 + max((each.end for each in there), default=0) if opened else 0
    for start in range(0, len(seen.from_box), seen.segment):
        part = seen.from_box[start : start + seen.segment]
        yield _Segment(seen.reset, False, PUSH | ACK, sequence + start, acknowledged, part, None)
    end = sequence + len(seen.from_box)
    yield _Segment(seen.reset, False, RST | ACK, end, acknowledged, b"", None)


class _Timestamps:
    """What the clocks of both ends say in each packet, where packets have room for that."""

    def __init__(self, seen: sim.SeenConnection) -> None:
        self._room = any(
            packet.size - (packet.end - packet.begin) == _IPV4_HEADER + _TCP_HEADER + _TIMESTAMPS
            for packet in seen.packets
            if packet.kind is not sim.PacketKind.SYN
        )
        self._arrivals: dict[bool, list[float]] = {}
        self._said: dict[bool, list[int]] = {}
        for way in (True, False):
            coming = sorted(
                (each.arrived, _ticks(each.sent))
                for each in seen.packets
                if each.to_server is way and each.arrived is not None
            )
            self._arrivals[way] = [arrived for arrived, _ in coming]
            self._said[way] = list(accumulate((ticks for _, ticks in coming), max))

    def of(self, packet: sim.Packet) -> tuple[int, int] | None:
        """Return the sender's time, and the last one that it has heard from the other end."""
        if not self._room:
            return None
        way = not packet.to_server
        heard = bisect_right(self._arrivals[way], packet.sent)
        return _ticks(packet.sent), self._said[way][heard - 1] if heard else 0


def _ticks(moment: float) -> int:
    # A world may begin before its scenario's start; a clock says anything but 0.
    return int(moment * _TICKS) + (1 << 31)


def _tcp(segment: _Segment, source: Host, target: Host, largest: int) -> bytes:
    """Return a segment as it is sent (RFC 9293 §3.1)."""
    options = _options(segment, largest)
    words = (_TCP_HEADER + len(options)) // 4
    head = struct.pack(
        ">HHIIBBHHH",
        source.port,
        target.port,
        segment.sequence & 0xFFFFFFFF,
        segment.acknowledged & 0xFFFFFFFF,
        words << 4,
        segment.flags,
        0 if segment.flags & RST else _WINDOW,
        0,
        0,
    )
    whole = head + options + segment.payload
    pseudo = struct.pack(">IIBBH", source.address, target.address, 0, _TCP, len(whole))
    return whole[:16] + struct.pack(">H", checksum(pseudo + whole)) + whole[18:]


def _options(segment: _Segment, largest: int) -> bytes:
    """Return what a SYN says of its sender, and timestamps (RFC 9293 §3.2, RFC 7323)."""
    stamps = b""
    if segment.ticks is not None:
        stamps = struct.pack(">BBII", 8, 10, *segment.ticks)
    if not segment.flags & SYN:
        return b"\1\1" + stamps if stamps else b""
    size = largest + (_TIMESTAMPS if stamps else 0)
    opening = struct.pack(">BBH", 2, 4, size)
    scale = bytes((1, 3, 3, _WINDOW_SCALE))
    return opening + (b"\4\2" + stamps if stamps else b"") + scale


def _ipv4(tcp: bytes, source: Host, target: Host, count: int) -> bytes:
    """Return a packet as it is sent (RFC 791 §3.1)."""
    fields = 0x45, 0, _IPV4_HEADER + len(tcp), count & 0xFFFF, _DO_NOT_FRAGMENT, _HOPS, _TCP
    addresses = struct.pack(">II", source.address, target.address)
    head = struct.pack(">BBHHHBB", *fields)
    total = checksum(head + bytes(2) + addresses)
    return head + struct.pack(">H", total) + addresses + tcp


def checksum(data: bytes) -> int:
    """Return the Internet checksum of bytes (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def free_port(client: Host, server: Host, taken: Iterable[tuple[Host, Host]]) -> int:
    """Return the client's port, or the next that is free: connections of other worlds share it."""
    used = {host.port for host, other in taken if (host.address, other) == (client.address, server)}
    port = client.port
    while port in used:
        port = port + 1 if port < 0xFFFF else 49_152
    return port
