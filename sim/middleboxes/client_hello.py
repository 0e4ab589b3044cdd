"""What a box that looks into packets reads of a ClientHello.

It reads the bytes themselves, as far as it has them, and knows nothing of what comes after: SSL
3.0 to TLS 1.3 begin with the same fields (RFC 6101 §5.6.1.2, RFC 8446 §4.1.2).
"""

from __future__ import annotations

from typing import NamedTuple

_HANDSHAKE = 22
_CLIENT_HELLO = 1
_SERVER_NAME = 0
_RECORD_HEADER = 5
_MESSAGE_HEADER = 4
_RANDOM = 32


class ClientHello(NamedTuple):
    """A ClientHello as a box reads it.

    Attributes:
        version: its client_version, such as 0x0301.
        extensions: types of its extensions, in order.
        server_name: the host that it asks for (RFC 6066 §3), `None` when it does not say.
    """

    version: int
    extensions: tuple[int, ...]
    server_name: str | None


def begins_client_hello(data: bytes) -> bool:
    """Whether these are the first bytes of a ClientHello in records of TLS or SSL 3.0."""
    return len(data) > _RECORD_HEADER and data[0] == _HANDSHAKE and data[5] == _CLIENT_HELLO


def read_client_hello(data: bytes) -> ClientHello | None:
    """The ClientHello that a flight begins with; `None` where there is none, or not all of it."""
    if not begins_client_hello(data):
        return None
    message = _first_message(data)
    if message is None:
        return None
    try:
        return _read(message)
    except (IndexError, UnicodeDecodeError):
        return None


def _first_message(data: bytes) -> bytes | None:
    """The body of the first handshake message, put together from records."""
    gathered, position = b"", 0
    while len(data) >= position + _RECORD_HEADER and data[position] == _HANDSHAKE:
        length = int.from_bytes(data[position + 3 : position + 5], "big")
        position += _RECORD_HEADER
        gathered += data[position : position + length]
        position += length
        if len(gathered) >= _MESSAGE_HEADER:
            size = _MESSAGE_HEADER + int.from_bytes(gathered[1:4], "big")
            if len(gathered) >= size:
                return gathered[_MESSAGE_HEADER:size]
    return None


def _read(message: bytes) -> ClientHello:
    version = int.from_bytes(message[0:2], "big")
    position = 2 + _RANDOM
    position += 1 + message[position]
    position += 2 + int.from_bytes(message[position : position + 2], "big")
    position += 1 + message[position]
    extensions: list[int] = []
    server_name = None
    position += 2
    while position + 4 <= len(message):
        kind = int.from_bytes(message[position : position + 2], "big")
        length = int.from_bytes(message[position + 2 : position + 4], "big")
        body = message[position + 4 : position + 4 + length]
        extensions.append(kind)
        if kind == _SERVER_NAME and length > _RECORD_HEADER:
            server_name = body[5 : 5 + int.from_bytes(body[3:5], "big")].decode("ascii")
        position += 4 + length
    return ClientHello(version, tuple(extensions), server_name)
