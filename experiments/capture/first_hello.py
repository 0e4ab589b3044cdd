"""The first ClientHello of a connection, put together from records as the bytes come."""

from __future__ import annotations

from experiments.failures import CaptureError

_HANDSHAKE = 22
_CLIENT_HELLO = 1
_RECORD_HEADER = 5
_MESSAGE_HEADER = 4
_LONGEST_RECORD = 1 << 14
_LONGEST_MESSAGE = 1 << 17
"""Bytes: suites, compressions and extensions have room for 131,142 at most."""


class FirstHello:
    """What a client has sent so far, until its hello is whole.

    Attributes:
        message: the hello with its handshake header, `None` until it is whole.
        record_version: of the first record; 0 until it has come.
        begun: whether anything has come.
    """

    def __init__(self) -> None:
        self.message: bytes | None = None
        self.record_version = 0
        self.begun = False
        self._data = bytearray()
        self._gathered = bytearray()

    def receive(self, data: bytes) -> None:
        """Take what came next.

        Raises:
            CaptureError: it is no ClientHello in records of SSL 3.0 or TLS.
        """
        self.begun = self.begun or bool(data)
        self._data += data
        while self.message is None and self._take_record():
            self._find_message()

    def _take_record(self) -> bool:
        """Take a whole record, if there is one."""
        data = self._data
        if len(data) >= 3 and data[0] & 0x80 and data[2] == _CLIENT_HELLO:
            raise CaptureError(
                "a hello in the format of SSL 2.0, which profiles do not have; switch SSL 2.0 off "
                "in the client"
            )
        if (data and data[0] != _HANDSHAKE) or (len(data) > 1 and data[1] != 3):
            begins = bytes(data[:16]).decode("latin-1")
            raise CaptureError(
                f"no TLS: it begins with {begins!r}; connect with a client that begins with TLS"
            )
        if len(data) < _RECORD_HEADER:
            return False
        length = int.from_bytes(data[3:5], "big")
        if not 0 < length <= _LONGEST_RECORD:
            raise CaptureError(f"no TLS: a record of {length} bytes; connect with a client of TLS")
        if len(data) < _RECORD_HEADER + length:
            return False
        self.record_version = self.record_version or int.from_bytes(data[1:3], "big")
        self._gathered += data[_RECORD_HEADER : _RECORD_HEADER + length]
        del data[: _RECORD_HEADER + length]
        return True

    def _find_message(self) -> None:
        gathered = self._gathered
        if gathered[0] != _CLIENT_HELLO:
            raise CaptureError(
                f"no ClientHello: a handshake message of type {gathered[0]} comes first; connect "
                "with a client, not with a server"
            )
        if len(gathered) < _MESSAGE_HEADER:
            return
        size = _MESSAGE_HEADER + int.from_bytes(gathered[1:4], "big")
        if size > _LONGEST_MESSAGE:
            raise CaptureError(f"no ClientHello: it would have {size:,} bytes; use another client")
        if len(gathered) >= size:
            self.message = bytes(gathered[:size])
