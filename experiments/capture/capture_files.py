"""Packets from capture files: pcap and pcapng, of either byte order.

(draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng)
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from experiments.capture.pcapng import (
    BYTE_ORDER,
    ENHANCED_PACKET,
    INTERFACE,
    OBSOLETE_PACKET,
    SECTION,
    SIMPLE_PACKET,
)
from experiments.failures import CaptureError

_LARGEST = 1 << 26
"""Bytes of a packet or block; more is damage."""

_PCAP_MAGIC = {
    b"\xd4\xc3\xb2\xa1": "<",
    b"\x4d\x3c\xb2\xa1": "<",
    b"\xa1\xb2\xc3\xd4": ">",
    b"\xa1\xb2\x3c\x4d": ">",
}
_REMEDY = "give a file that tcpdump, tshark or Wireshark has written"


@dataclass(frozen=True, slots=True)
class Frame:
    """A packet as it was captured.

    Attributes:
        link_type: what its first bytes are, a LINKTYPE_ number.
        data: its bytes, those beyond the capture's limit excepted.
    """

    link_type: int
    data: bytes


def frames(file: Path) -> Iterator[Frame]:
    """Yield the packets of a capture file in their order.

    A last packet that is cut off is left out, as a capture that is still written has one.

    Raises:
        CaptureError: it cannot be read, is no capture, or is damaged; in one line.
    """
    try:
        if file.is_dir():
            raise CaptureError(f"{file}: a folder, not a file; {_REMEDY}")
        with file.open("rb") as stream:
            magic = stream.read(4)
            if magic in _PCAP_MAGIC:
                yield from _pcap(stream, _PCAP_MAGIC[magic], file)
            elif magic == SECTION:
                yield from _pcapng(stream, file)
            elif magic[:2] == b"\x1f\x8b":
                raise CaptureError(f"{file}: compressed; unpack it with gunzip")
            else:
                raise CaptureError(f"{file}: neither pcap nor pcapng; {_REMEDY}")
    except FileNotFoundError:
        raise CaptureError(f"{file}: there is no such file; {_REMEDY}") from None
    except OSError as error:
        raise CaptureError(
            f"{file}: cannot be read ({error.strerror}); give another file"
        ) from None


def _damaged(file: Path, place: int, why: str) -> CaptureError:
    return CaptureError(f"{file}: damaged at byte {place:,} ({why}); capture it again")


def _pcap(stream: BinaryIO, order: str, file: Path) -> Iterator[Frame]:
    header = stream.read(20)
    if len(header) < 20:
        raise CaptureError(f"{file}: ends within its header; {_REMEDY}")
    link_type = struct.unpack(order + "I", header[16:])[0] & 0xFFFF
    record = struct.Struct(order + "4I")
    while len(head := stream.read(record.size)) == record.size:
        length = record.unpack(head)[2]
        if length > _LARGEST:
            raise _damaged(file, stream.tell(), f"a packet of {length:,} bytes")
        data = stream.read(length)
        if len(data) < length:
            return
        yield Frame(link_type, data)


def _pcapng(stream: BinaryIO, file: Path) -> Iterator[Frame]:
    stream.seek(0)
    order = "<"
    interfaces: list[tuple[int, int]] = []
    while len(head := stream.read(8)) == 8:
        if head[:4] == SECTION:
            mark = stream.read(4)
            order = "<" if mark == struct.pack("<I", BYTE_ORDER) else ">"
            if mark != struct.pack(order + "I", BYTE_ORDER):
                raise _damaged(file, stream.tell(), "a section without byte order")
            stream.seek(-4, 1)
            interfaces = []
        kind, length = struct.unpack(order + "2I", head)
        if length < 12 or length % 4 or length > _LARGEST:
            raise _damaged(file, stream.tell(), f"a block of {length:,} bytes")
        body = stream.read(length - 8)
        if len(body) < length - 8:
            return
        body = body[:-4]
        try:
            if kind == INTERFACE:
                interfaces.append(struct.unpack_from(order + "HxxI", body))
            frame = _frame(kind, body, order, interfaces)
        except (struct.error, IndexError):
            raise _damaged(file, stream.tell(), "a block that is not whole") from None
        if frame is not None:
            yield frame


def _frame(kind: int, body: bytes, order: str, interfaces: list[tuple[int, int]]) -> Frame | None:
    """Return the packet of a block, if it has one."""
    if kind == ENHANCED_PACKET:
        number, _, _, length, _ = struct.unpack_from(order + "5I", body)
        start = 20
    elif kind == OBSOLETE_PACKET:
        number, _, _, _, length, _ = struct.unpack_from(order + "2H4I", body)
        start = 20
    elif kind == SIMPLE_PACKET:
        (length,) = struct.unpack_from(order + "I", body)
        number, start = 0, 4
        limit = interfaces[0][1]
        length = min(length, limit or length)
    else:
        return None
    data = body[start : start + length]
    if len(data) < length:
        raise IndexError
    return Frame(interfaces[number][0], data)
