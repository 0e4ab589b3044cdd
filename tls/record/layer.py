"""The record protocol: fragments out, fragments in (RFC 2246 §6.2)."""

from __future__ import annotations

from struct import Struct

from tls.alerts import PROTOCOL_VERSION, RECORD_OVERFLOW, UNEXPECTED_MESSAGE
from tls.errors import PeerError
from tls.meter import Meter
from tls.reasons import Reason
from tls.record.compression import Deflate
from tls.record.log import RecordLog
from tls.record.protection import Body, NullProtection, Protection
from tls.record.sizes import MAX_FRAGMENT, RecordSizes
from tls.record.ssl2 import is_ssl2_record, ssl2_record_length
from tls.record.tls13 import Tls13Protection
from tls.versions import TLS_1_2, TLS_1_3

CHANGE_CIPHER_SPEC = 20
ALERT = 21
HANDSHAKE = 22
APPLICATION_DATA = 23
_CONTENT_TYPES = frozenset({CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, APPLICATION_DATA})

MAX_CIPHERTEXT = MAX_FRAGMENT + 2048
"""The largest body of a record (RFC 2246 §6.2.3)."""

_HEADER = Struct(">BHH")
_unpack_header = _HEADER.unpack_from
_pack_header = _HEADER.pack
HEADER_LENGTH = 5

# The tag of a record, and the byte of its content type.
_EARLY_DATA_OVERHEAD = 17

# The meter's log is kept short every so many records.
_FOLD_AFTER = 128

# From here on a view of a body costs less than a copy.
_LONG = 4_096

_UNPROTECTED = NullProtection()
_FULL_RECORDS = RecordSizes()


class RecordLayer:
    """One connection's records, both directions.

    Attributes:
        version: agreed on; `None` before, when any record with major version 3 is read.
        write_version: the version that written records carry.
        send_limit, receive_limit: largest plaintext fragments, as negotiated (RFC 6066 §4,
            RFC 8449).
        sizes: how large application data records are made within the limit.
        split_records: whether application data is split 1/n-1 where the initialization vector
            is predictable.
        record_log: given the content type of each record that is sent, what it carries in clear,
            and its bytes on the wire; `None` is the type of a hello in SSL 2.0's format.
        ignore_versions: whether the version in a record's header says nothing, as in TLS 1.3
            (RFC 8446 §5.1).
    """

    ignore_versions = False
    _application_data_sent = 0
    _limits_protected_only = False

    def __init__(
        self,
        meter: Meter,
        initial_version: int,
        *,
        sizes: RecordSizes | None = None,
        split_records: bool = True,
        record_log: RecordLog | None = None,
    ) -> None:
        # What is read with each record: an object finds what is its class's more slowly.
        self.version: int | None = None
        self.write_version = initial_version
        self.send_limit = MAX_FRAGMENT
        self.receive_limit = MAX_FRAGMENT
        self.records_sent = 0
        self.records_received = 0
        self._read: Protection = _UNPROTECTED
        self._write: Protection = _UNPROTECTED
        self._decompression: Deflate | None = None
        self._compression: Deflate | None = None
        self._input: bytes | bytearray = b""
        self._position = 0
        self._skips = 0
        self.sizes = sizes or _FULL_RECORDS
        self.split_records = split_records
        self.record_log = record_log
        self._meter = meter
        self._book = meter.book
        self._output: list[bytes] = []

    def agree_on_version(self, version: int) -> None:
        """Read and write records of that version from now on.

        Those of TLS 1.3 say TLS 1.2, and what they say is ignored (RFC 8446 §5.1).
        """
        if version == TLS_1_3:
            version = TLS_1_2
            self.ignore_versions = True
        self.version = self.write_version = version

    def limit(self, send: int, receive: int, *, protected_only: bool) -> None:
        """Plaintext fragments are limited from now on, received ones perhaps if protected only."""
        self.send_limit, self.receive_limit = send, receive
        self._limits_protected_only = protected_only
        self._limit_padding(self._read, receive)
        self._limit_padding(self._write, send)

    def skip_early_data(self, limit: int) -> None:
        """Pass over as many bytes of early data, which was refused (RFC 8446 §4.2.10).

        Until a record opens: application data in clear is early data, as is what does not open.
        """
        self._skips = limit + 1

    def change_read(self, protection: Protection, compression: Deflate | None) -> None:
        """What is read from now on is opened by `protection`, then decompressed."""
        self._read = protection
        self._decompression = compression
        if self.receive_limit != MAX_FRAGMENT:
            self._limit_padding(protection, self.receive_limit)

    def change_write(self, protection: Protection, compression: Deflate | None) -> None:
        """What is sent from now on is compressed, then sealed by `protection`."""
        self._write = protection
        self._compression = compression
        if self.send_limit != MAX_FRAGMENT:
            self._limit_padding(protection, self.send_limit)

    def _limit_padding(self, protection: Protection, limit: int) -> None:
        # Content, its type and padding are no longer than the longest content with its type.
        if isinstance(protection, Tls13Protection):
            protection.longest = limit + 1

    def feed(self, data: bytes) -> None:
        """Take bytes that arrived."""
        position, left_over = self._position, self._input
        self._position = 0
        if position == len(left_over):
            self._input = bytes(data)
            return
        # What is left over grows in place, however small the pieces are that arrive.
        if isinstance(left_over, bytearray):
            del left_over[:position]
        else:
            self._input = left_over = bytearray(left_over[position:])
        left_over += data

    def next_ssl2_record(self) -> bytes | None:
        """The body of a record in SSL 2.0's format, if that is how the peer's bytes start.

        "" when more must arrive to tell, `None` when it is no such record.
        """
        data = self._input
        if self._position or self.records_received or (data and not data[0] & 0x80):
            return None
        if len(data) < 3:
            return b""
        if not is_ssl2_record(data):
            return None
        after = 2 + ssl2_record_length(data)
        if len(data) < after:
            return b""
        self._position = after
        self.records_received += 1
        self._book(("record.received", 0, 1, after))
        return bytes(data[2:after])

    def send_ssl2(self, body: bytes) -> None:
        """Write a record in SSL 2.0's format."""
        record = (0x8000 | len(body)).to_bytes(2, "big") + body
        self._output.append(record)
        if self.record_log is not None:
            self.record_log(None, body, len(record))
        self.records_sent += 1
        self._book(("record.sent", 0, 1, len(record)))

    def next_record(self) -> tuple[int, bytes] | None:
        """The next whole record as (content type, fragment), or `None` when more must arrive.

        Raises `PeerError` for a record that is malformed, too long or does not verify.
        """
        while True:
            data = self._input
            start = self._position
            body_start = start + HEADER_LENGTH
            if len(data) < body_start:
                return None
            kind, version, length = _unpack_header(data, start)
            if kind not in _CONTENT_TYPES or version != self.version or length > MAX_CIPHERTEXT:
                self._check_header(kind, version, length)
            after = body_start + length
            if len(data) < after:
                return None
            body: Body
            if not isinstance(data, bytes):
                body = bytes(data[body_start:after])
            elif length < _LONG:
                body = data[body_start:after]
            else:
                body = memoryview(data)[body_start:after]
            self._position = after
            self._book(("record.received", 0, 1, HEADER_LENGTH + length))
            self.records_received = received = self.records_received + 1
            if not received % _FOLD_AFTER:
                self._meter.fold()
            if not self._skips:
                record = self._read.open(kind, version, body)
            elif (opened := self._open_unless_early(kind, version, body)) is not None:
                record = opened
            else:
                continue
            fragment = record[1]
            if self._decompression is not None:
                fragment = self._decompress(self._decompression, fragment)
                record = record[0], fragment
            if len(fragment) > self.receive_limit and not (
                self._limits_protected_only
                and self._read is _UNPROTECTED
                and len(fragment) <= MAX_FRAGMENT
            ):
                raise PeerError(
                    RECORD_OVERFLOW,
                    Reason.RECORD_TOO_LONG,
                    f"a record carries {len(fragment)} bytes",
                )
            return record

    @property
    def key_is_worn(self) -> bool:
        """Whether what is sent is to have new keys before much more is sent (RFC 8446 §5.5)."""
        return isinstance(self._write, Tls13Protection) and self._write.is_worn

    def send(self, content_type: int, data: bytes) -> None:
        """Write `data` in as many records as it needs; no data, no record."""
        if len(data) <= self.send_limit:
            if data:
                self._write_record(content_type, data)
            return
        for start in range(0, len(data), self.send_limit):
            self._write_record(content_type, data[start : start + self.send_limit])

    def send_application_data(self, data: bytes) -> None:
        """Write application data in records of the configured sizes."""
        position = 0
        if self.split_records and self._write.predictable_iv and len(data) > 1:
            self._write_record(APPLICATION_DATA, data[:1])
            position = 1
        sent, length = self._application_data_sent, len(data)
        while position < length:
            size = min(self.sizes.size(sent + position), self.send_limit)
            self._write_record(APPLICATION_DATA, data[position : position + size])
            position += size
        self._application_data_sent = sent + length

    def take_output(self) -> bytes:
        """All bytes to put on the network since the last call."""
        output = self._output
        if not output:
            return b""
        self._output = []
        return b"".join(output)

    def _open_unless_early(
        self, content_type: int, version: int, body: Body
    ) -> tuple[int, bytes] | None:
        """What a record holds, as `Protection.open`; `None` for early data to skip.

        Of what is under other keys the sequence number takes no notice.
        """
        unprotected = self._read is _UNPROTECTED
        if content_type != APPLICATION_DATA:
            return self._read.open(content_type, version, body)
        # At least one byte each, so that empty records come to an end, too.
        left = self._skips - max(1, len(body) - _EARLY_DATA_OVERHEAD)
        try:
            opened = self._read.open(content_type, version, body)
        except PeerError as error:
            if error.reason is not Reason.RECORD_NOT_AUTHENTIC or left <= 0:
                raise
        else:
            if not unprotected or left <= 0:
                self._skips = 0
                return opened
        self._skips = left
        return None

    def _write_record(self, content_type: int, fragment: bytes) -> None:
        version, protection, carried = self.write_version, self._write, fragment
        if self._compression is not None:
            self._book(("compress.deflate", 0, 1, len(fragment)))
            fragment = self._compression.compress(fragment)
        nonce, body = protection.seal(content_type, version, fragment)
        length = len(nonce) + len(body)
        header = _pack_header(protection.wire_type or content_type, version, length)
        self._output += (header, nonce, body)
        if self.record_log is not None:
            self.record_log(content_type, carried, HEADER_LENGTH + length)
        self._book(("record.sent", 0, 1, HEADER_LENGTH + length))
        self.records_sent = sent = self.records_sent + 1
        if not sent % _FOLD_AFTER:
            self._meter.fold()

    def _check_header(self, content_type: int, version: int, length: int) -> None:
        if content_type not in _CONTENT_TYPES:
            raise PeerError(
                UNEXPECTED_MESSAGE,
                Reason.UNKNOWN_RECORD_TYPE,
                f"a record has the unknown type {content_type}",
            )
        if not self.ignore_versions and (
            version >> 8 != 3 if self.version is None else version != self.version
        ):
            raise PeerError(
                PROTOCOL_VERSION, Reason.RECORD_VERSION, f"a record has version 0x{version:04x}"
            )
        if length > MAX_CIPHERTEXT:
            raise PeerError(
                RECORD_OVERFLOW, Reason.RECORD_TOO_LONG, f"a record has a body of {length} bytes"
            )

    def _decompress(self, compression: Deflate, fragment: bytes) -> bytes:
        if len(fragment) > MAX_FRAGMENT + 1024:
            raise PeerError(
                RECORD_OVERFLOW,
                Reason.RECORD_TOO_LONG,
                f"a record carries {len(fragment)} compressed bytes",
            )
        plain = compression.decompress(fragment, MAX_FRAGMENT)
        self._book(("decompress.deflate", 0, 1, len(plain)))
        return plain
