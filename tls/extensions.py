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
STATUS_REQUEST = 5
SUPPORTED_GROUPS = 10
EC_POINT_FORMATS = 11
SIGNATURE_ALGORITHMS = 13
ALPN = 16
STATUS_REQUEST_V2 = 17
SIGNED_CERTIFICATE_TIMESTAMP = 18
PADDING = 21
ENCRYPT_THEN_MAC = 22
EXTENDED_MASTER_SECRET = 23
COMPRESS_CERTIFICATE = 27
RECORD_SIZE_LIMIT = 28
DELEGATED_CREDENTIAL = 34
SESSION_TICKET = 35
PRE_SHARED_KEY = 41
EARLY_DATA = 42
SUPPORTED_VERSIONS = 43
COOKIE = 44
PSK_KEY_EXCHANGE_MODES = 45
CERTIFICATE_AUTHORITIES = 47
OID_FILTERS = 48
POST_HANDSHAKE_AUTH = 49
SIGNATURE_ALGORITHMS_CERT = 50
KEY_SHARE = 51
NEXT_PROTOCOL_NEGOTIATION = 13172
APPLICATION_SETTINGS_OLD = 17513
APPLICATION_SETTINGS = 17613
TRUST_ANCHORS = 0xCA34
ENCRYPTED_CLIENT_HELLO = 0xFE0D
RENEGOTIATION_INFO = 0xFF01

EXTENSION_NAMES = {
    SERVER_NAME: "server_name",
    MAX_FRAGMENT_LENGTH: "max_fragment_length",
    STATUS_REQUEST: "status_request",
    SUPPORTED_GROUPS: "supported_groups",
    EC_POINT_FORMATS: "ec_point_formats",
    SIGNATURE_ALGORITHMS: "signature_algorithms",
    ALPN: "application_layer_protocol_negotiation",
    STATUS_REQUEST_V2: "status_request_v2",
    SIGNED_CERTIFICATE_TIMESTAMP: "signed_certificate_timestamp",
    PADDING: "padding",
    ENCRYPT_THEN_MAC: "encrypt_then_mac",
    EXTENDED_MASTER_SECRET: "extended_master_secret",
    COMPRESS_CERTIFICATE: "compress_certificate",
    RECORD_SIZE_LIMIT: "record_size_limit",
    DELEGATED_CREDENTIAL: "delegated_credential",
    SESSION_TICKET: "session_ticket",
    PRE_SHARED_KEY: "pre_shared_key",
    EARLY_DATA: "early_data",
    SUPPORTED_VERSIONS: "supported_versions",
    COOKIE: "cookie",
    PSK_KEY_EXCHANGE_MODES: "psk_key_exchange_modes",
    CERTIFICATE_AUTHORITIES: "certificate_authorities",
    OID_FILTERS: "oid_filters",
    POST_HANDSHAKE_AUTH: "post_handshake_auth",
    SIGNATURE_ALGORITHMS_CERT: "signature_algorithms_cert",
    KEY_SHARE: "key_share",
    NEXT_PROTOCOL_NEGOTIATION: "next_protocol_negotiation",
    TRUST_ANCHORS: "trust_anchors",
    APPLICATION_SETTINGS_OLD: "application_settings_old",
    APPLICATION_SETTINGS: "application_settings",
    ENCRYPTED_CLIENT_HELLO: "encrypted_client_hello",
    RENEGOTIATION_INFO: "renegotiation_info",
}
"""Names of extensions as IANA or their drafts have them."""

_CODES = {name: code for code, name in EXTENSION_NAMES.items()}

_HOST_NAME = 0
_TYPE_AND_LENGTH = Struct(">HH")
_HEADER_LENGTH = _TYPE_AND_LENGTH.size
_KEY_SHARE = KEY_SHARE.to_bytes(2, "big")

Extensions = dict[int, bytes]
"""Extension type to extension data, in the order of the wire."""

FRAGMENT_LENGTHS = {1: 512, 2: 1024, 3: 2048, 4: 4096}
"""max_fragment_length's codes and the bytes they stand for (RFC 6066 §4)."""

MAX_EXTENSIONS = 65_537
"""The longest block of extensions, its own length included (RFC 5246 §7.4.1.4)."""

UNCOMPRESSED_POINTS = vector8(b"\0")
"""ec_point_formats that offers the uncompressed format (RFC 8422 §5.1.2)."""


def extension_name(code: int) -> str:
    """The name of an extension type, such as `"key_share"` for 51; else its number."""
    return EXTENSION_NAMES.get(code, f"extension {code}")


def extension_from_name(name: str) -> int:
    """The type of an extension's name. Raises `KeyError` with the known names."""
    try:
        return _CODES[name]
    except KeyError:
        raise KeyError(f"unknown extension {name!r}; known: {', '.join(_CODES)}") from None


def encode_extensions(extensions: Extensions) -> bytes:
    """The block of a hello's extensions; no extensions, no block (RFC 3546 §2.1)."""
    if not extensions:
        return b""
    pack = _TYPE_AND_LENGTH.pack
    return vector16(b"".join([pack(kind, len(data)) + data for kind, data in extensions.items()]))


def encode_extension_block(extensions: Extensions) -> bytes:
    """The block of extensions of a message that always has one (RFC 8446 §4.2)."""
    pack = _TYPE_AND_LENGTH.pack
    return vector16(b"".join([pack(kind, len(data)) + data for kind, data in extensions.items()]))


def decode_extensions(reader: Reader) -> Extensions:
    """The extensions at the end of a hello; none when nothing is left.

    Raises `PeerError(decode_error)` when malformed, `illegal_parameter` when a type comes twice
    (RFC 3546 §2.3).
    """
    if reader.position == reader.end:
        return {}
    block = reader.vector16()
    # A key share never comes again.
    extensions = _decode_block(block) if _KEY_SHARE in block else _repeated_block(block).copy()
    reader.finish()
    return extensions


def decode_extension_block(reader: Reader) -> Extensions:
    """The extensions that come next in a message that always has them (RFC 8446 §4.2).

    Raises `PeerError` as `decode_extensions` does.
    """
    block = reader.vector16()
    return _repeated_block(block).copy() if block else {}


@remembered
def _repeated_block(block: bytes) -> Extensions:
    return _decode_block(block)


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


def decode_protocol(name: bytes) -> str:
    """A protocol's name from its bytes, whatever they are."""
    return name.decode("utf-8", "surrogateescape")


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
        protocols.append(decode_protocol(name))
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
