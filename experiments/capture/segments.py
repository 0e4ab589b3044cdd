"""TCP segments in packets: Ethernet, loopback, raw IP and Linux's cooked captures."""

from __future__ import annotations

from typing import NamedTuple

from experiments.capture.capture_files import Frame

_NULL, _ETHERNET, _LOOP, _RAW, _SLL, _SLL2 = 0, 1, 108, 101, 113, 276
_RAW_TYPES = (_RAW, 12, 14, 228, 229)
LINK_TYPES = frozenset({_NULL, _ETHERNET, _LOOP, _SLL, _SLL2, *_RAW_TYPES})
"""The link types that are read; packets of others are told of."""

_IPV4, _IPV6 = 0x0800, 0x86DD
_VLANS = (0x8100, 0x88A8, 0x9100)
_TCP = 6
_HOP_BY_HOP, _ROUTING, _FRAGMENT, _DESTINATION = 0, 43, 44, 60
_OPTIONS = (_HOP_BY_HOP, _ROUTING, _DESTINATION)

_FIN, _SYN, _RST, _ACK = 0x01, 0x02, 0x04, 0x10


class Segment(NamedTuple):
    """A TCP segment.

    Attributes:
        flow: addresses and ports: source, source port, destination, destination port.
        sequence: the number of its first byte.
        opens: whether it opens a connection: SYN without ACK.
        answers: whether it takes one: SYN with ACK.
        payload: what it carries.
    """

    flow: tuple[bytes, int, bytes, int]
    sequence: int
    opens: bool
    answers: bool
    payload: bytes


def segment_of(frame: Frame) -> Segment | None:
    """The TCP segment in a packet; `None` for others, damaged ones, and fragments of IP packets."""
    try:
        packet = _packet(frame.link_type, frame.data)
        if not packet:
            return None
        return _in_ipv4(packet) if packet[0] >> 4 == 4 else _in_ipv6(packet)
    except IndexError:
        return None


def _packet(link_type: int, data: bytes) -> bytes:
    """The IP packet of a frame; nothing if it has none."""
    if link_type in _RAW_TYPES:
        return data
    if link_type in (_NULL, _LOOP):
        return data[4:] if data[4] >> 4 in (4, 6) else b""
    if link_type == _SLL:
        return _of_type(_uint16(data, 14), data[16:])
    if link_type == _SLL2:
        return _of_type(_uint16(data, 0), data[20:])
    if link_type == _ETHERNET:
        return _of_type(_uint16(data, 12), data[14:])
    return b""


def _of_type(ether_type: int, data: bytes) -> bytes:
    while ether_type in _VLANS:
        ether_type, data = _uint16(data, 2), data[4:]
    return data if ether_type in (_IPV4, _IPV6) else b""


def _uint16(data: bytes, place: int) -> int:
    return data[place] << 8 | data[place + 1]


def _in_ipv4(packet: bytes) -> Segment | None:
    header = (packet[0] & 0x0F) * 4
    # More fragments, or not the first one.
    is_fragment = _uint16(packet, 6) & 0x3FFF
    if packet[9] != _TCP or is_fragment or header < 20:
        return None
    # A length of 0 is that of a packet which the network card was to cut (segmentation offload).
    end = _uint16(packet, 2) or len(packet)
    return _segment(packet[12:16], packet[16:20], packet[header:end])


def _in_ipv6(packet: bytes) -> Segment | None:
    if packet[0] >> 4 != 6:
        return None
    kind, place = packet[6], 40
    end = 40 + (_uint16(packet, 4) or len(packet))
    while kind in _OPTIONS or kind == _FRAGMENT:
        if kind == _FRAGMENT:
            if _uint16(packet, place + 2) & 0xFFF9:
                return None
            kind, place = packet[place], place + 8
        else:
            kind, place = packet[place], place + 8 * (1 + packet[place + 1])
    if kind != _TCP:
        return None
    return _segment(packet[8:24], packet[24:40], packet[place:end])


def _segment(source: bytes, destination: bytes, data: bytes) -> Segment | None:
    header = (data[12] >> 4) * 4
    flags = data[13]
    if header < 20:
        return None
    return Segment(
        (source, _uint16(data, 0), destination, _uint16(data, 2)),
        int.from_bytes(data[4:8], "big"),
        flags & (_SYN | _ACK) == _SYN,
        flags & (_SYN | _ACK) == _SYN | _ACK,
        data[header:],
    )
