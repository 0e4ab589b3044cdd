"""A hello is put together from records, however they come; what is none is told in one line."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim
from experiments.capture.first_hello import FirstHello
from experiments.failures import CaptureError

HELLO = sim.client_profile("chromium-156").hello.form.message(bytes, "www.contoso.com")


def record(data: bytes, version: bytes = b"\3\1") -> bytes:
    return b"\x16" + version + len(data).to_bytes(2, "big") + data


@settings(deadline=None, max_examples=50)
@given(
    record_cuts=st.sets(st.integers(1, len(HELLO) - 1), max_size=6),
    segment_size=st.sampled_from([1, 2, 3, 7, 100, 1460, 10**6]),
)
def test_a_hello_may_come_in_any_pieces(record_cuts: set[int], segment_size: int) -> None:
    places = [0, *sorted(record_cuts), len(HELLO)]
    wire = b"".join(record(HELLO[start:end]) for start, end in itertools.pairwise(places))
    hello = FirstHello()
    for start in range(0, len(wire), segment_size):
        assert hello.message is None
        hello.receive(wire[start : start + segment_size])
    assert hello.message == HELLO
    assert hello.record_version == 0x0301


def test_the_rest_of_a_stream_is_left_alone() -> None:
    hello = FirstHello()
    hello.receive(record(HELLO, b"\3\3") + b"GET / HTTP/1.1")
    assert hello.message == HELLO
    assert hello.record_version == 0x0303


FAULTS = {
    "HTTP": (b"GET / HTTP/1.1\r\n", "no TLS: it begins with 'GET / HTTP"),
    "SSL 2.0": (b"\x80\x2e\x01\x00\x02\x00\x15", "format of SSL 2.0"),
    "an alert": (b"\x15\3\1\0\2\1\0", "no TLS"),
    "a server's hello": (record(b"\2\0\0\x04abcd"), "a handshake message of type 2"),
    "another version": (b"\x16\x04\1\0\4", "no TLS"),
    "an empty record": (b"\x16\3\1\0\0", "a record of 0 bytes"),
    "a record beyond all limits": (b"\x16\3\1\xff\xff", "a record of 65535 bytes"),
    "a hello beyond all limits": (record(b"\1\xff\xff\xff"), "16,777,219 bytes"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_no_hello_is_told_in_one_line(fault: str) -> None:
    data, words = FAULTS[fault]
    for size in (1, len(data)):
        with pytest.raises(CaptureError) as raised:
            hello = FirstHello()
            for start in range(0, len(data), size):
                hello.receive(data[start : start + size])
        if size > 1:
            assert words in str(raised.value)
        assert "\n" not in str(raised.value)
        assert raised.value.exit_code == 2


@settings(deadline=None)
@given(pieces=st.lists(st.binary(max_size=50), max_size=20), begins=st.booleans())
def test_any_bytes_are_a_hello_or_one_line(pieces: list[bytes], begins: bool) -> None:
    hello = FirstHello()
    try:
        hello.receive(b"\x16\3\1\0\x30\1" if begins else b"")
        for piece in pieces:
            hello.receive(piece)
    except CaptureError as error:
        assert "\n" not in str(error)
