"""Packets and capture files made by hand."""

from __future__ import annotations

import struct
from collections.abc import Sequence

SYN, ACK, PUSH_ACK = 0x02, 0x10, 0x18
V4 = (bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2)))
V6 = (b"\x20\x01\x0d\xb8" + bytes(11) + b"\1", b"\x20\x01\x0d\xb8" + bytes(11) + b"\2")

NULL, ETHERNET, RAW, LOOP, SLL, SLL2 = 0, 1, 101, 108, 113, 276


def tcp(port: int, sequence: int, flags: int, payload: bytes = b"", *, back: bool = False) -> bytes:
    ports = (443, port) if back else (port, 443)
    options = b"\1\1\1\0"
    return (
        struct.pack(">HHIIBBHHH", *ports, sequence % 2**32, 0, 0x60, flags, 65_535, 0, 0)
        + options
        + payload
    )


def ipv4(segment: bytes, *, back: bool = False, fragment: int = 0) -> bytes:
    source, destination = V4[::-1] if back else V4
    head = struct.pack(">BBHHHBBH", 0x46, 0, 24 + len(segment), 1, fragment, 64, 6, 0)
    return head + source + destination + b"\1\1\1\0" + segment


def ipv6(segment: bytes, *, back: bool = False) -> bytes:
    """With a header of destination options in front."""
    source, destination = V6[::-1] if back else V6
    options = bytes((6, 0, 1, 4, 0, 0, 0, 0))
    head = struct.pack(">IHBB", 0x60000000, len(options) + len(segment), 60, 64)
    return head + source + destination + options + segment


def framed(link_type: int, packet: bytes) -> bytes:
    version = packet[0] >> 4
    ether_type = b"\x08\0" if version == 4 else b"\x86\xdd"
    family = 2 if version == 4 else 24
    return {
        NULL: struct.pack("<I", family) + packet,
        LOOP: struct.pack(">I", family) + packet,
        RAW: packet,
        # Frames shorter than 60 bytes are padded: that is no payload.
        ETHERNET: (bytes(12) + b"\x81\0\0\7" + ether_type + packet).ljust(64, b"\xee"),
        SLL: bytes(14) + ether_type + packet,
        SLL2: ether_type + bytes(18) + packet,
    }[link_type]


def pcap(
    frames: Sequence[tuple[int, bytes]], *, order: str = "<", magic: int = 0xA1B2C3D4
) -> bytes:
    (link_type,) = {kind for kind, _ in frames} or {ETHERNET}
    head = struct.pack(order + "IHHIIII", magic, 2, 4, 0, 0, 262_144, link_type)
    return head + b"".join(
        struct.pack(order + "IIII", 1, 2, len(data), len(data)) + data for _, data in frames
    )


def block(order: str, kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    length = struct.pack(order + "I", 12 + len(body))
    return struct.pack(order + "I", kind) + length + body + length


def pcapng(frames: Sequence[tuple[int, bytes]], *, order: str = "<", simple: bool = False) -> bytes:
    """One interface for each link type; a block that nobody knows in between."""
    links = list(dict.fromkeys(kind for kind, _ in frames))
    file = block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
    for link_type in links:
        file += block(order, 1, struct.pack(order + "HHI", link_type, 0, 0))
    file += block(order, 0x0BAD, b"abc")
    for link_type, data in frames:
        if simple:
            file += block(order, 3, struct.pack(order + "I", len(data)) + data)
        else:
            head = (links.index(link_type), 0, 0, len(data), len(data))
            file += block(order, 6, struct.pack(order + "5I", *head) + data)
    return file
