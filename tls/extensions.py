"""Hello extensions: how a block of them is read and written, and the ones this engine speaks."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from struct import Struct

from tls.alerts import DECODE_ERROR, ILLEGAL_PARAMETER
from tls.errors import PeerError
from tls.host_names import peers_host_name
from tls.reasons import Reason
from tls.wire import Reader, codes16, remembered, too_short, vector8, vector16

SERVER_NAME = 0
MAX_FRAGMENT_LENGTH = 1
SUPPORTED_GROUPS = 10
EC_POINT_FORMATS = 11
SIGNATURE_ALGORITHMS = 13
ALPN = 16
ENCRYPT_THEN_MAC = 22
EXTENDED_MASTER_SECRET = 23
RECORD_SIZE_LIMIT = 28
SESSION_TICKET = 35
RENEGOTIATION_INFO = 0xFF01

_HOST_NAME = 0
_TYPE_AND_LENGTH = Struct(">HH")
_HEADER_LENGTH = _TYPE_AND_LENGTH.size

Extensions = dict[int, bytes]
"""Extension type to extension data, in the order of the wire."""

FRAGMENT_LENGTHS = {1: 512, 2: 1024, 3: 2048, 4: 4096}
"""max_fragment_length's codes and the bytes they stand for (RFC 6066 §4)."""

MAX_EXTENSIONS = 65_537
"""The longest block of extensions, its own length included (RFC 5246 §7.4.1.4)."""

UNCOMPRESSED_POINTS = vector8(b"\0")
"""ec_point_formats that offers the uncompressed format (RFC 8422 §5.1.2)."""


def encode_extensions(extensions: Extensions) -> bytes:
    """The block of a hello's extensions; no extensions, no block (RFC 3546 §2.1)."""
    if not extensions:
        return b""
    pack = _TYPE_AND_LENGTH.pack
    return vector16(b"".join([pack(kind, len(data)) + data for kind, data in extensions.items()]))


def decode_extensions(reader: Reader) -> Extensions:
    """The extensions at the end of a hello; none when nothing is left.

    Raises `PeerError(decode_error)` when malformed, `illegal_parameter` when a type comes twice
    (RFC 3546 §2.3).
    """
    if reader.at_end():
        return {}
    block = reader.vector16()
    reader.finish()
    return _decode_block(block).copy()


@remembered
def _decode_block(block: bytes) -> Extensions:
    extensions: Extensions = {}
    read = _TYPE_AND_LENGTH.unpack_from
    position, end = 0, len(block)
    while position < end:
        start = position + _HEADER_LENGTH
        if start > end:
            raise too_short()
        kind, length = read(block, position)
        position = start + length
        if position > end:
            raise too_short()
        if kind in extensions:
            raise PeerError(
                ILLEGAL_PARAMETER, Reason.DUPLICATE_EXTENSION, f"extension {kind} comes twice"
            )
        extensions[kind] = block[start:position]
    return extensions


@lru_cache(maxsize=256)
def encode_server_name(name: str) -> bytes:
    """The extension data that names a server, in the form of `host_name` (RFC 6066 §3)."""
    return vector16(b"\0" + vector16(name.encode("ascii")))


@remembered
def decode_server_name(data: bytes) -> str | None:
    """The host name in a client's server_name extension (RFC 6066 §3); other types are ignored."""
    reader = Reader(data)
    names = Reader(reader.filled16())
    reader.finish()
    host_name: str | None = None
    while not names.at_end():
        kind = names.uint8()
        name = names.filled16()
        if kind != _HOST_NAME:
            continue
        if host_name is not None:
            raise PeerError(
                ILLEGAL_PARAMETER,
                Reason.SERVER_NAME_TWICE,
                "two host names in one server_name extension",
            )
        host_name = _host_name(name)
    return host_name


def _host_name(name: bytes) -> str:
    if not all(0x20 < byte < 0x7F for byte in name):
        raise PeerError(
            ILLEGAL_PARAMETER,
            Reason.SERVER_NAME_MALFORMED,
            "the server name is not made of printable ASCII",
        )
    return peers_host_name(name.decode("ascii"))


def encode_codes(codes: Iterable[int]) -> bytes:
    """supported_groups or signature_algorithms (RFC 8422 §5.1.1, RFC 5246 §7.4.1.4.1)."""
    return codes16(tuple(codes))


@remembered
def decode_codes(data: bytes) -> tuple[int, ...]:
    """The codes of supported_groups or signature_algorithms; at least one."""
    reader = Reader(data)
    codes = reader.codes16()
    reader.finish()
    if not codes:
        raise PeerError(DECODE_ERROR, Reason.EMPTY_LIST, "a list that must not be empty is empty")
    return codes


def encode_protocol(name: str) -> bytes:
    """A protocol's name as it goes over the wire: bytes, by custom text in UTF-8 (RFC 7301 §6)."""
    return name.encode("utf-8", "surrogateescape")


def encode_protocols(protocols: Iterable[str]) -> bytes:
    """ALPN's list of protocol names (RFC 7301 §3.1)."""
    return vector16(b"".join([vector8(encode_protocol(name)) for name in protocols]))


@remembered
def decode_protocols(data: bytes) -> tuple[str, ...]:
    """The protocol names of an ALPN extension; at least one, none of them empty."""
    reader = Reader(data)
    names = Reader(reader.vector16())
    reader.finish()
    protocols = []
    while not names.at_end():
        name = names.vector8()
        if not name:
            raise PeerError(DECODE_ERROR, Reason.EMPTY_VALUE, "an empty protocol name in ALPN")
        protocols.append(name.decode("utf-8", "surrogateescape"))
    if not protocols:
        raise PeerError(DECODE_ERROR, Reason.EMPTY_LIST, "ALPN names no protocol")
    return tuple(protocols)


@remembered
def decode_point_formats(data: bytes) -> None:
    """Check that the uncompressed format is among the peer's (RFC 8422 §5.1.2)."""
    reader = Reader(data)
    formats = reader.vector8()
    reader.finish()
    if not formats:
        raise PeerError(DECODE_ERROR, Reason.EMPTY_LIST, "ec_point_formats is empty")
    if 0 not in formats:
        raise PeerError(
            ILLEGAL_PARAMETER,
            Reason.UNCOMPRESSED_POINTS_MISSING,
            "uncompressed points are not among the formats",
        )


def decode_fragment_length(data: bytes) -> int:
    """The bytes that max_fragment_length asks for (RFC 6066 §4)."""
    if len(data) != 1:
        raise PeerError(
            DECODE_ERROR, Reason.EXTENSION_LENGTH, "max_fragment_length is not one byte"
        )
    if data[0] not in FRAGMENT_LENGTHS:
        raise PeerError(
            ILLEGAL_PARAMETER,
            Reason.UNKNOWN_FRAGMENT_LENGTH,
            f"max_fragment_length has no code {data[0]}",
        )
    return FRAGMENT_LENGTHS[data[0]]


def decode_record_size_limit(data: bytes) -> int:
    """The largest plaintext that the peer takes (RFC 8449 §4)."""
    if len(data) != 2:
        raise PeerError(DECODE_ERROR, Reason.EXTENSION_LENGTH, "record_size_limit is not two bytes")
    limit = int.from_bytes(data, "big")
    if limit < 64:
        raise PeerError(
            ILLEGAL_PARAMETER,
            Reason.RECORD_SIZE_LIMIT_TOO_SMALL,
            f"a record size limit of {limit} bytes",
        )
    return limit


def require_empty(data: bytes, name: str) -> None:
    """Check an extension that only says yes."""
    if data:
        raise PeerError(DECODE_ERROR, Reason.EXTENSION_LENGTH, f"{name} is not empty")


@remembered
def decode_renegotiation_info(data: bytes) -> bytes:
    """The verify_data in renegotiation_info (RFC 5746 §3.2)."""
    reader = Reader(data)
    verify_data = reader.vector8()
    reader.finish()
    return verify_data
