"""Hello extensions: how a block of them is read and written, and the ones this engine speaks."""

from __future__ import annotations

from tls.alerts import DECODE_ERROR, ILLEGAL_PARAMETER
from tls.errors import PeerError
from tls.wire import Reader, vector8, vector16

SERVER_NAME = 0
RENEGOTIATION_INFO = 0xFF01

Extensions = dict[int, bytes]
"""Extension type to extension data, in the order of the wire."""


def encode_extensions(extensions: Extensions) -> bytes:
    """The block of a hello's extensions; no extensions, no block (RFC 3546 §2.1)."""
    if not extensions:
        return b""
    return vector16(
        b"".join([kind.to_bytes(2, "big") + vector16(data) for kind, data in extensions.items()])
    )


def decode_extensions(reader: Reader) -> Extensions:
    """The extensions at the end of a hello; none when nothing is left.

    Raises `PeerError(decode_error)` when malformed, `illegal_parameter` when a type comes twice
    (RFC 3546 §2.3).
    """
    extensions: Extensions = {}
    if reader.at_end():
        return extensions
    block = Reader(reader.vector16())
    reader.finish()
    while not block.at_end():
        kind = block.uint16()
        if kind in extensions:
            raise PeerError(ILLEGAL_PARAMETER, f"extension {kind} comes twice")
        extensions[kind] = block.vector16()
    return extensions


def encode_server_name(name: str) -> bytes:
    """The extension data that names a server (RFC 6066 §3)."""
    return vector16(b"\0" + vector16(name.encode("idna")))


def decode_server_name(data: bytes) -> str:
    """The host name in a client's server_name extension (RFC 6066 §3)."""
    reader = Reader(data)
    names = Reader(reader.vector16())
    reader.finish()
    host_name: str | None = None
    while not names.at_end():
        kind = names.uint8()
        name = names.vector16()
        if kind != 0 or not name:
            raise PeerError(DECODE_ERROR, "a server name is empty or of an unknown type")
        if host_name is not None:
            raise PeerError(ILLEGAL_PARAMETER, "two host names in one server_name extension")
        host_name = _host_name(name)
    if host_name is None:
        raise PeerError(DECODE_ERROR, "the server_name extension names nobody")
    return host_name


def _host_name(name: bytes) -> str:
    try:
        return name.decode("ascii").lower()
    except UnicodeDecodeError:
        raise PeerError(ILLEGAL_PARAMETER, "the server name is not ASCII") from None


EMPTY_RENEGOTIATION_INFO = vector8(b"")
"""renegotiation_info of an initial handshake (RFC 5746 §3.4)."""
