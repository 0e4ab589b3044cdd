"""Packets of a capture, byte by byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.capture.capture_files import frames
from experiments.capture.segments import LINK_TYPES, segment_of
from experiments.capture.streams import Streams
from experiments.evidence.capture_file import key_log_file, write_capture
from experiments.evidence.frames import Host, checksum, frames_of, free_port
from experiments.failures import DiskFailed
from tests.experiments.evidence.captures import found_in
from tests.sim.witness.worlds import EVERY


def test_a_checksum_of_the_rfc() -> None:
    """RFC 1071 §3: the sum of these is ddf2."""
    assert checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0xFFFF - 0xDDF2
    assert checksum(b"\x01") == 0xFFFF - 0x0100


def test_packets_are_as_long_as_the_simulated_ones() -> None:
    for name in ("TLS 1.0", "small packets", "losses, as Linux recovers"):
        for found in found_in(EVERY[name], most=3):
            seen = found.seen
            expected = sorted(
                each.size for each in seen.packets if each.to_server or each.arrived is not None
            )
            assert sorted(len(frame.data) for frame in frames_of(seen)) == expected


def test_a_port_is_taken_once() -> None:
    client, server = Host(1, 65_535), Host(2, 443)
    assert free_port(client, server, []) == 65_535
    assert free_port(client, server, [(client, Host(2, 444)), (Host(3, 65_535), server)]) == 65_535
    taken = [(client, server), (Host(1, 49_152), server)]
    assert free_port(client, server, taken) == 49_153


def test_the_same_connection_of_two_worlds_is_two(tmp_path: Path) -> None:
    """Both come from one port: in one capture they are told apart."""
    (found,) = found_in(EVERY["TLS 1.0"], most=1)
    file = tmp_path / "two.pcapng"
    write_capture(file, [found, found])
    flows = {
        tuple(sorted((segment.flow[:2], segment.flow[2:])))
        for segment in map(segment_of, frames(file))
        if segment is not None
    }
    assert len(flows) == 2


def test_tlscape_reads_its_own_captures(tmp_path: Path) -> None:
    found = found_in(EVERY["TLS 1.3, tickets"], most=5)
    file = tmp_path / "own.pcapng"
    write_capture(file, found)
    packets = list(frames(file))
    assert {packet.link_type for packet in packets} <= LINK_TYPES
    segments = [segment_of(packet) for packet in packets]
    assert None not in segments
    read = list(Streams().hellos(segment for segment in segments if segment is not None))
    assert len(read) == len(found)


def test_the_same_capture_is_written_every_time(tmp_path: Path) -> None:
    """But for what the cryptographic library draws itself: keys of key exchanges."""
    files = [tmp_path / "one.pcapng", tmp_path / "two.pcapng"]
    for file in files:
        write_capture(file, found_in(EVERY["no TLS"], most=3))
    one, two = (file.read_bytes() for file in files)
    assert one == two
    assert key_log_file(files[0]).read_bytes() == b""


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    found = found_in(EVERY["no TLS"], most=1)
    with pytest.raises(DiskFailed, match="cannot be written"):
        write_capture(tmp_path / "nowhere" / "a.pcapng", found)
    assert list(tmp_path.iterdir()) == []
