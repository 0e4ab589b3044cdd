"""The record protocol: fragments, sequence numbers, MACs, limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tls
from tests.tls.conversation import EVERY_PROTECTION, connected, data_in, new_server
from tls.alerts import (
    BAD_RECORD_MAC,
    DECODE_ERROR,
    PROTOCOL_VERSION,
    RECORD_OVERFLOW,
    UNEXPECTED_MESSAGE,
)
from tls.suites import SUITES

every_protection = pytest.mark.parametrize(("version", "suite"), EVERY_PROTECTION)


@every_protection
def test_data_is_fragmented_and_reassembled(version: int, suite: int) -> None:
    client, server = connected(versions=[version], suites=[suite])
    assert (client.version, client.suite) == (version, suite)
    data = bytes(range(256)) * 200
    client.send(data)
    wire = client.outgoing()
    assert wire[:3] == b"\x17" + version.to_bytes(2, "big")
    fragments = [event.data for event in server.receive(wire)]
    sizes = [len(fragment) for fragment in fragments]
    if sizes[0] == 1:  # 1/n-1 splitting
        assert SUITES[suite].cipher.mode == "cbc"
        assert version <= tls.TLS_1_0
        assert sizes == [1, 16_384, 16_384, 16_384, 2_047]
    else:
        assert sizes == [16_384, 16_384, 16_384, 2_048]
    assert b"".join(fragments) == data


@every_protection
def test_reordered_records_are_refused(version: int, suite: int) -> None:
    client, server = connected(versions=[version], suites=[suite])
    client.send(b"first")
    first = client.outgoing()
    client.send(b"second")
    second = client.outgoing()
    with pytest.raises(tls.PeerError) as caught:
        server.receive(second + first)
    assert caught.value.alert == BAD_RECORD_MAC


@every_protection
def test_a_record_sent_twice_is_refused(version: int, suite: int) -> None:
    client, server = connected(versions=[version], suites=[suite])
    client.send(b"once")
    wire = client.outgoing()
    assert data_in(server.receive(wire)) == b"once"
    with pytest.raises(tls.PeerError) as caught:
        server.receive(wire)
    assert caught.value.alert == BAD_RECORD_MAC


@every_protection
def test_any_flipped_bit_is_refused_and_answered_alike(version: int, suite: int) -> None:
    """Padding, MAC and text: whatever is wrong, one alert (RFC 4346 §6.2.3.2)."""
    answers = set()
    for position in range(5, 5 + 40, 3):
        client, server = connected(versions=[version], suites=[suite])
        client.send(b"x")
        wire = bytearray(client.outgoing())
        if position >= len(wire):
            break
        wire[position] ^= 0x01
        try:
            server.receive(bytes(wire))
        except tls.PeerError as error:
            answers.add((error.alert, len(server.outgoing())))
        else:
            # SSL 3.0 checks no padding content (RFC 6101 §5.2.3.2).
            assert version == tls.SSL_3_0
            assert SUITES[suite].cipher.mode == "cbc"
    assert len(answers) == 1
    assert answers.pop()[0] == BAD_RECORD_MAC


@given(
    sizes=st.lists(st.integers(0, 40_000), max_size=6),
    cuts=st.lists(st.integers(1, 5_000), max_size=20),
)
def test_any_cut_of_the_stream_gives_the_same_data(sizes: list[int], cuts: list[int]) -> None:
    client, server = connected(suites=[0x002F])
    for number, size in enumerate(sizes):
        client.send(bytes([number]) * size)
    wire = client.outgoing()
    expected = b"".join(bytes([number]) * size for number, size in enumerate(sizes))
    got = b""
    for cut in [*cuts, len(wire)]:
        got += data_in(server.receive(wire[:cut]))
        wire = wire[cut:]
    assert got == expected


@pytest.mark.parametrize(
    ("wire", "alert"),
    [
        (b"\x16\x03\x01\x48\x01", RECORD_OVERFLOW),
        (b"\x17\x02\x00\x00\x05", PROTOCOL_VERSION),
        (b"\x63\x03\x01\x00\x05", UNEXPECTED_MESSAGE),
        (b"\x17\x03\x01\x00\x01x", UNEXPECTED_MESSAGE),
        (b"\x16\x03\x01\x00\x00", UNEXPECTED_MESSAGE),
        (b"\x15\x03\x01\x00\x00", UNEXPECTED_MESSAGE),
        (b"GET / HTTP/1.0\r\n\r\n", UNEXPECTED_MESSAGE),
    ],
)
def test_malformed_records(wire: bytes, alert: int) -> None:
    server = new_server()
    with pytest.raises(tls.PeerError) as caught:
        server.receive(wire)
    assert caught.value.alert == alert
    assert server.outgoing().endswith(bytes([2, alert]))
    assert server.closed


def test_a_plaintext_over_the_limit_overflows() -> None:
    """A body within 2^14+2048 whose fragment is over 2^14 (RFC 2246 §6.2.1)."""
    client, server = connected(suites=[0x0005])
    sealed = b"".join(client._records._write.seal(23, client.version, b"x" * 16_385))
    with pytest.raises(tls.PeerError) as caught:
        server.receive(b"\x17\x03\x03" + len(sealed).to_bytes(2, "big") + sealed)
    assert caught.value.alert == RECORD_OVERFLOW


def test_endless_empty_records_end_the_connection() -> None:
    client, server = connected(suites=[0x0005])
    with pytest.raises(tls.PeerError) as caught:
        for _ in range(100):
            sealed = b"".join(client._records._write.seal(23, client.version, b""))
            server.receive(b"\x17\x03\x03" + len(sealed).to_bytes(2, "big") + sealed)
    assert caught.value.alert == DECODE_ERROR
