"""Hellos in capture files: every format and link layer, and segments as networks deliver them."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim
from experiments.capture.capture_files import Frame, frames
from experiments.capture.clients import clients_of
from experiments.capture.segments import segment_of
from experiments.capture.streams import CapturedHello, Streams
from experiments.failures import CaptureError
from tests.experiments.capture.packets import (
    ACK,
    ETHERNET,
    LOOP,
    NULL,
    PUSH_ACK,
    RAW,
    SLL,
    SLL2,
    SYN,
    framed,
    ipv4,
    ipv6,
    pcap,
    pcapng,
    tcp,
)
from tests.experiments.capture.test_first_hello import record
from tests.peers import require_program

ISN = 2**32 - 700
"""The sequence number runs over within the hello."""


def hello_of(name: str, seed: int = 1) -> bytes:
    draw = random.Random(seed).randbytes
    return sim.client_profile(name).hello.form.message(draw, "www.contoso.com")


HELLO = hello_of("chromium-156")

Packet = Callable[..., bytes]


def connection(
    hello: bytes, port: int = 40_000, *, isn: int = ISN, size: int = 500, packet: Packet = ipv4
) -> list[bytes]:
    """The packets of a connection, both sides': as long as the client's hello and a little more."""
    wire = record(hello)
    packets = [
        packet(tcp(port, isn, SYN)),
        packet(tcp(port, 5, SYN | ACK, back=True), back=True),
        packet(tcp(port, isn + 1, ACK)),
    ]
    for start in range(0, len(wire), size):
        packets.append(packet(tcp(port, isn + 1 + start, PUSH_ACK, wire[start : start + size])))
    packets.append(packet(tcp(port, 6, PUSH_ACK, record(b"\2\0\0\4abcd"), back=True), back=True))
    packets.append(packet(tcp(port, isn + 1 + len(wire), PUSH_ACK, b"\x17\3\3\0\1x")))
    return packets


def found_in(packets: Iterable[bytes], link_type: int = RAW) -> tuple[list[CapturedHello], Streams]:
    streams = Streams()
    segments = (segment_of(Frame(link_type, framed(link_type, each))) for each in packets)
    return list(streams.hellos(filter(None, segments))), streams


def found_in_file(file: Path) -> list[bytes]:
    segments = filter(None, map(segment_of, frames(file)))
    return [hello.message for hello in Streams().hellos(segments)]


# ---------------------------------------------------------------- files


@pytest.mark.parametrize("packet", [ipv4, ipv6])
@pytest.mark.parametrize("link_type", [NULL, ETHERNET, LOOP, RAW, SLL, SLL2])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("form", ["pcap", "nanoseconds", "pcapng", "simple packets"])
def test_every_format_and_link_layer_is_read(
    form: str, order: str, link_type: int, packet: Packet, tmp_path: Path
) -> None:
    packets = [(link_type, framed(link_type, each)) for each in connection(HELLO, packet=packet)]
    content = {
        "pcap": lambda: pcap(packets, order=order),
        "nanoseconds": lambda: pcap(packets, order=order, magic=0xA1B23C4D),
        "pcapng": lambda: pcapng(packets, order=order),
        "simple packets": lambda: pcapng(packets, order=order, simple=True),
    }[form]()
    file = tmp_path / "capture"
    file.write_bytes(content)
    assert found_in_file(file) == [HELLO]
    # A capture that is still being written ends anywhere.
    file.write_bytes(content[:-3])
    assert found_in_file(file) == [HELLO]


def test_a_file_may_have_several_interfaces_and_sections(tmp_path: Path) -> None:
    first = [(ETHERNET, framed(ETHERNET, each)) for each in connection(HELLO)]
    second = [(RAW, framed(RAW, each)) for each in connection(HELLO, 40_001, packet=ipv6)]
    mixed = [each for pair in zip(first, second, strict=True) for each in pair]
    file = tmp_path / "capture"
    file.write_bytes(pcapng(mixed) + pcapng(second, order=">"))
    # The second section's connection is the first one's again.
    assert found_in_file(file) == [HELLO, HELLO]


def test_files_of_wireshark_s_tools_are_read(tmp_path: Path) -> None:
    editcap, mergecap = require_program("editcap"), require_program("mergecap")
    for name, link_type, packet in (("a", ETHERNET, ipv4), ("b", SLL, ipv6)):
        packets = [
            (link_type, framed(link_type, each)) for each in connection(HELLO, packet=packet)
        ]
        (tmp_path / name).write_bytes(pcap(packets))
    run = lambda *command: subprocess.run(command, check=True, cwd=tmp_path)  # noqa: E731
    run(editcap, "-F", "pcapng", "a", "c")
    run(editcap, "-F", "nsecpcap", "a", "d")
    run(mergecap, "-F", "pcapng", "-w", "e", "a", "b")
    assert [len(found_in_file(tmp_path / name)) for name in "abcde"] == [1, 1, 1, 1, 2]


FAULTS = {
    "no capture": (b"no capture at all", "neither pcap nor pcapng"),
    "empty": (b"", "neither pcap nor pcapng"),
    "compressed": (b"\x1f\x8b\x08\0" + bytes(20), "unpack it with gunzip"),
    "half a header": (b"\xd4\xc3\xb2\xa1\2\0", "ends within its header"),
    "a packet of 3 GB": (pcap([]) + bytes(8) + b"\0\0\0\xb0" * 2, "damaged at byte 40"),
    "a block of no length": (pcapng([]) + b"\6\0\0\0" + bytes(8), "damaged at byte"),
    "no interface": (
        pcapng([(RAW, b"x")]).replace(b"\1\0\0\0\x14\0\0\0", b"\xff\0\0\0\x14\0\0\0"),
        "damaged at byte",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_damaged_file_is_told_in_one_line(fault: str, tmp_path: Path) -> None:
    content, words = FAULTS[fault]
    file = tmp_path / "bad.pcap"
    file.write_bytes(content)
    with pytest.raises(CaptureError) as raised:
        list(frames(file))
    assert str(raised.value).startswith(f"{file}: ")
    assert words in str(raised.value)


@settings(deadline=None, max_examples=200)
@given(place=st.integers(0, 10**6), data=st.binary(max_size=8), ng=st.booleans())
def test_any_file_is_read_or_told_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, place: int, data: bytes, ng: bool
) -> None:
    packets = [(ETHERNET, framed(ETHERNET, each)) for each in connection(HELLO)]
    content = bytearray(pcapng(packets) if ng else pcap(packets))
    start = place % len(content)
    content[start : start + len(data)] = data
    file = tmp_path_factory.getbasetemp() / "any.pcap"
    file.write_bytes(content)
    try:
        found_in_file(file)
    except CaptureError as error:
        assert "\n" not in str(error)


# ---------------------------------------------------------------- segments


@settings(deadline=None)
@given(order=st.randoms(use_true_random=False), size=st.integers(40, 1500))
def test_segments_may_come_in_any_order_and_again(order: random.Random, size: int) -> None:
    packets = connection(HELLO, size=size)
    opening, rest = packets[:1], packets[1:]
    rest += order.choices(rest, k=5)
    order.shuffle(rest)
    found, streams = found_in(opening + rest)
    assert [each.message for each in found] == [HELLO]
    assert (streams.unfinished, streams.others) == (0, 0)


@settings(deadline=None)
@given(cuts=st.lists(st.tuples(st.integers(0, 2100), st.integers(1, 900)), max_size=20))
def test_segments_may_overlap(cuts: list[tuple[int, int]]) -> None:
    wire = record(HELLO)
    pieces = [*cuts, *((start, 300) for start in range(0, len(wire), 250))]
    packets = [
        ipv4(tcp(40_000, ISN + 1 + start, PUSH_ACK, wire[start : start + size]))
        for start, size in pieces
    ]
    found, _ = found_in([ipv4(tcp(40_000, ISN, SYN)), *packets])
    assert [each.message for each in found] == [HELLO]


def test_connections_may_be_mixed_and_ports_used_again() -> None:
    names = ("chromium-156", "openssl-3.0", "internet-explorer-6")
    hellos = [hello_of(name) for name in names]
    each = [connection(hello, 40_000 + n) for n, hello in enumerate(hellos)]
    mixed = [packet for at in range(20) for packets in each for packet in packets[at : at + 1]]
    again = connection(hellos[1], 40_000, isn=12_345)
    found, _ = found_in([*mixed, *again])
    assert sorted(one.message for one in found) == sorted([*hellos, hellos[1]])


def test_a_capture_may_begin_within_a_connection() -> None:
    found, streams = found_in(connection(HELLO)[3:])
    assert [each.message for each in found] == [HELLO]
    assert streams.others == 0


def test_what_is_no_hello_is_passed_over() -> None:
    request = ipv4(tcp(40_001, ISN + 1, PUSH_ACK, b"GET / HTTP/1.1"))
    http = [*connection(HELLO, 40_001)[:3], request]
    lost = connection(HELLO, 40_002)
    del lost[4]
    fragments = [ipv4(tcp(40_003, ISN, SYN), fragment=0x2000), b"\x45", bytes(40)]
    found, streams = found_in([*http, *lost, *fragments, *connection(HELLO)])
    assert [each.message for each in found] == [HELLO]
    assert (streams.unfinished, streams.others) == (1, 1)


# ---------------------------------------------------------------- clients


def test_clients_are_told_apart_by_what_they_say() -> None:
    counts = {"chromium-156": 5, "openssl-3.0": 3, "gnutls-3.7": 2, "internet-explorer-6": 1}
    hellos = []
    for name, count in counts.items():
        form = sim.client_profile(name).hello.form
        for seed in range(count):
            draw = random.Random(seed).randbytes
            shown = form.permuted(draw) if name == "chromium-156" else form
            hellos.append(CapturedHello(shown.message(draw, "a" * (seed + 1) + ".example"), 0x0301))
    clients, malformed = clients_of([*hellos, CapturedHello(b"\1\0\0\0", 0x0301)])
    assert malformed == 1
    assert {each.shipped: each.connections for each in clients} == counts
    assert [each.is_permuted for each in clients] == [True, False, False, False]


def test_an_address_and_a_longer_name_are_of_the_same_client() -> None:
    form = sim.client_profile("chrome-98").hello.form
    draw = random.Random(1).randbytes
    names = ("www.contoso.com", None, "a" * 60 + "." + "b" * 60 + ".example")
    hellos = [CapturedHello(form.message(draw, name), 0x0301) for name in names]
    (client,), _ = clients_of(hellos)
    assert client.connections == 3
    assert client.form == form
    assert not client.is_permuted
