"""What clients send first, put together from TCP segments: lost, repeated or out of order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from experiments.capture.first_hello import FirstHello
from experiments.capture.segments import Segment
from experiments.failures import CaptureError

_MODULUS = 1 << 32
_WINDOW = 1 << 18
"""Bytes from a stream's beginning that may belong to a hello, with room for its records."""


@dataclass(frozen=True, slots=True)
class CapturedHello:
    """A ClientHello that a client began a connection with.

    Attributes:
        message: with its handshake header.
        record_version: that of its first record.
    """

    message: bytes
    record_version: int


@dataclass(slots=True)
class _Stream:
    """One direction of a connection, from its first byte on."""

    base: int
    hello: FirstHello = field(default_factory=FirstHello)
    taken: int = 0
    waiting: dict[int, bytes] = field(default_factory=dict)
    over: bool = False

    def take(self, sequence: int, payload: bytes) -> None:
        """Take a segment; raises `CaptureError` when it is not how TLS begins."""
        offset = (sequence - self.base) % _MODULUS
        if offset >= _MODULUS // 2:
            # It begins before what is known, as a repeated segment may.
            offset, payload = 0, payload[_MODULUS - offset :]
        if not payload or offset + len(payload) > _WINDOW:
            return
        if len(payload) > len(self.waiting.get(offset, b"")):
            self.waiting[offset] = payload
        while (start := self._next()) is not None:
            data = self.waiting.pop(start)
            if start + len(data) > self.taken:
                fresh = data[self.taken - start :]
                self.taken += len(fresh)
                self.hello.receive(fresh)

    def _next(self) -> int | None:
        """Where a waiting segment begins that goes on from what was taken."""
        return next((start for start in self.waiting if start <= self.taken), None)


@dataclass
class Streams:
    """The streams of a capture.

    Attributes:
        unfinished: how many began as TLS does, and had no whole hello when the capture ended.
        others: how many connections began otherwise.
    """

    unfinished: int = 0
    others: int = 0
    _streams: dict[tuple[bytes, int, bytes, int], _Stream] = field(default_factory=dict)

    def hellos(self, segments: Iterable[Segment]) -> Iterator[CapturedHello]:
        """Yield the first hello of every connection, as it becomes whole.

        Where a capture begins in the midst of a connection, its first segment that begins as a
        hello does counts.
        """
        for segment in segments:
            stream = self._stream_of(segment)
            if stream is None or stream.over:
                continue
            start = segment.sequence + segment.opens
            try:
                stream.take(start, segment.payload)
            except CaptureError:
                self.others += 1
                self._end(stream)
                continue
            if stream.hello.message is not None:
                yield CapturedHello(stream.hello.message, stream.hello.record_version)
                self._end(stream)
        self.unfinished += sum(
            1
            for stream in self._streams.values()
            if not stream.over and (stream.taken or stream.waiting)
        )

    def _stream_of(self, segment: Segment) -> _Stream | None:
        stream = self._streams.get(segment.flow)
        if segment.answers:
            # The server's side: what it sends first is no hello of a client.
            self._streams[segment.flow] = _Stream(0, over=True)
            return None
        if segment.opens:
            base = (segment.sequence + 1) % _MODULUS
            if stream is None or stream.base != base:
                stream = self._streams[segment.flow] = _Stream(base)
            return stream
        if stream is None and _begins_hello(segment.payload):
            stream = self._streams[segment.flow] = _Stream(segment.sequence)
        return stream

    @staticmethod
    def _end(stream: _Stream) -> None:
        stream.over = True
        stream.waiting.clear()
        stream.hello = FirstHello()


def _begins_hello(payload: bytes) -> bool:
    return len(payload) > 5 and payload[:2] == b"\x16\x03" and payload[5] == 1
