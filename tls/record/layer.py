"""The record protocol: fragments out, fragments in (RFC 2246 §6.2)."""

from __future__ import annotations

from struct import Struct

from tls.alerts import PROTOCOL_VERSION, RECORD_OVERFLOW, UNEXPECTED_MESSAGE
from tls.errors import PeerError
from tls.meter import Meter
from tls.record.protection import NullProtection, Protection

CHANGE_CIPHER_SPEC = 20
ALERT = 21
HANDSHAKE = 22
APPLICATION_DATA = 23
_CONTENT_TYPES = frozenset({CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, APPLICATION_DATA})

MAX_FRAGMENT = 1 << 14
"""The largest plaintext of a record (RFC 2246 §6.2.1)."""

MAX_CIPHERTEXT = MAX_FRAGMENT + 2048
"""The largest body of a record (RFC 2246 §6.2.3)."""

_HEADER = Struct(">BHH")
HEADER_LENGTH = 5


class RecordLayer:
    """One connection's records, both directions.

    Before the version is agreed on, any record with major version 3 is read; afterwards
    (`version` set) only records of that version.
    """

    def __init__(self, meter: Meter, initial_version: int) -> None:
        self.read: Protection = NullProtection()
        self.write: Protection = NullProtection()
        self.version: int | None = None
        self.write_version = initial_version
        self.records_sent = 0
        self.records_received = 0
        self._meter = meter
        self._input = bytearray()
        self._position = 0
        self._output: list[bytes] = []

    def feed(self, data: bytes) -> None:
        """Take bytes that arrived."""
        if self._position:
            del self._input[: self._position]
            self._position = 0
        self._input += data

    def next_record(self) -> tuple[int, bytes] | None:
        """The next whole record as (content type, fragment), or `None` when more must arrive.

        Raises `PeerError` for a record that is malformed, too long or does not verify.
        """
        data = self._input
        start = self._position
        if len(data) - start < HEADER_LENGTH:
            return None
        content_type, version, length = _HEADER.unpack_from(data, start)
        self._check_header(content_type, version, length)
        after = start + HEADER_LENGTH + length
        if len(data) < after:
            return None
        body = bytes(data[start + HEADER_LENGTH : after])
        self._position = after
        self.records_received += 1
        self._meter.add("record.received", 0, 1, HEADER_LENGTH + length)
        fragment = self.read.open(content_type, version, body)
        if len(fragment) > MAX_FRAGMENT:
            raise PeerError(RECORD_OVERFLOW, f"a record carries {len(fragment)} bytes")
        return content_type, fragment

    def send(self, content_type: int, data: bytes) -> None:
        """Write `data` in as many records as it needs; no data, no record."""
        for start in range(0, len(data), MAX_FRAGMENT):
            body = self.write.seal(
                content_type, self.write_version, data[start : start + MAX_FRAGMENT]
            )
            header = _HEADER.pack(content_type, self.write_version, len(body))
            self._output.append(header + body)
            self.records_sent += 1
            self._meter.add("record.sent", 0, 1, HEADER_LENGTH + len(body))

    def take_output(self) -> bytes:
        """All bytes to put on the network since the last call."""
        output = self._output
        if not output:
            return b""
        self._output = []
        return output[0] if len(output) == 1 else b"".join(output)

    def _check_header(self, content_type: int, version: int, length: int) -> None:
        if content_type not in _CONTENT_TYPES:
            raise PeerError(UNEXPECTED_MESSAGE, f"a record has the unknown type {content_type}")
        if version >> 8 != 3 if self.version is None else version != self.version:
            raise PeerError(PROTOCOL_VERSION, f"a record has version 0x{version:04x}")
        if length > MAX_CIPHERTEXT:
            raise PeerError(RECORD_OVERFLOW, f"a record has a body of {length} bytes")
