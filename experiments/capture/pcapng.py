"""The blocks of pcapng files (draft-ietf-opsawg-pcapng)."""

from __future__ import annotations

import struct
from collections.abc import Iterable

SECTION = b"\x0a\x0d\x0d\x0a"
"""The type of a section header, the same in either byte order."""
INTERFACE, OBSOLETE_PACKET, SIMPLE_PACKET, SECRETS, ENHANCED_PACKET = 1, 2, 3, 10, 6
BYTE_ORDER = 0x1A2B3C4D

TLS_KEY_LOG = 0x544C534B
"""The type of secrets that are an SSLKEYLOGFILE."""

COMMENT, HARDWARE, OPERATING_SYSTEM, APPLICATION = 1, 2, 3, 4
INTERFACE_NAME, INTERFACE_DESCRIPTION, TIME_RESOLUTION = 2, 3, 9

Option = tuple[int, bytes]


def block(kind: bytes | int, body: bytes, options: Iterable[Option] = ()) -> bytes:
    """Return a block in the byte order of little ends; options come behind what it carries."""
    of_options = b"".join(
        struct.pack("<HH", code, len(value)) + _padded(value) for code, value in options
    )
    content = _padded(body) + (of_options + bytes(4) if of_options else b"")
    length = struct.pack("<I", 12 + len(content))
    of_kind = kind if isinstance(kind, bytes) else struct.pack("<I", kind)
    return of_kind + length + content + length


def section(options: Iterable[Option] = ()) -> bytes:
    """Return a section header, of a section whose length is not told."""
    return block(SECTION, struct.pack("<IHHq", BYTE_ORDER, 1, 0, -1), options)


def interface(link_type: int, options: Iterable[Option] = ()) -> bytes:
    """Return an interface, whose packets are captured whole and timed in nanoseconds."""
    nanoseconds = (TIME_RESOLUTION, bytes((9,)))
    return block(INTERFACE, struct.pack("<HHI", link_type, 0, 0), (*options, nanoseconds))


def packet(number: int, nanoseconds: int, data: bytes, options: Iterable[Option] = ()) -> bytes:
    """Return a packet of the interface of that number, by its time since 1970."""
    high, low = nanoseconds >> 32, nanoseconds & 0xFFFFFFFF
    head = struct.pack("<5I", number, high, low, len(data), len(data))
    return block(ENHANCED_PACKET, head + data, options)


def key_log(lines: Iterable[str]) -> bytes:
    """Return the secrets of the packets behind it, which readers take for a key log."""
    text = "".join(f"{line}\n" for line in lines).encode("ascii")
    return block(SECRETS, struct.pack("<II", TLS_KEY_LOG, len(text)) + text)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
