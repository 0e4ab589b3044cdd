"""What extensions of a ClientHello say, as plain values: codes, names and lengths."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from tls.errors import PeerError
from tls.extensions import (
    ALPN,
    COMPRESS_CERTIFICATE,
    EC_POINT_FORMATS,
    ENCRYPTED_CLIENT_HELLO,
    KEY_SHARE,
    PADDING,
    PSK_KEY_EXCHANGE_MODES,
    RECORD_SIZE_LIMIT,
    SIGNATURE_ALGORITHMS,
    SIGNATURE_ALGORITHMS_CERT,
    SUPPORTED_GROUPS,
    SUPPORTED_VERSIONS,
    decode_codes,
    decode_protocols,
    encode_codes,
    encode_protocols,
)
from tls.grease import GREASE
from tls.groups import (
    FFDHE2048,
    FFDHE3072,
    FFDHE4096,
    FFDHE6144,
    FFDHE8192,
    SECP256R1,
    SECP256R1_MLKEM768,
    SECP384R1,
    SECP384R1_MLKEM1024,
    SECP521R1,
    X448,
    X25519,
    X25519_MLKEM768,
)
from tls.tls13.certificate_extensions import CompressionAlgorithms
from tls.tls13.hello_extensions import ClientKeyShares, KeyShareEntry, OfferedVersions
from tls.tls13.psk_extensions import PskKeyExchangeModes
from tls.wire import Reader, vector8, vector16

KEY_SHARE_LENGTHS = {
    GREASE[0]: 1,
    X25519: 32,
    X448: 56,
    SECP256R1: 65,
    SECP384R1: 97,
    SECP521R1: 133,
    FFDHE2048: 256,
    FFDHE3072: 384,
    FFDHE4096: 512,
    FFDHE6144: 768,
    FFDHE8192: 1024,
    X25519_MLKEM768: 1216,
    SECP256R1_MLKEM768: 1249,
    SECP384R1_MLKEM1024: 1665,
}
"""Bytes of a client's key share by its group (RFC 8446 §4.2.8, draft-ietf-tls-ecdhe-mlkem)."""


class KeyShareForm(NamedTuple):
    """A key share without its key: the group, and how many bytes it has."""

    group: int
    length: int


class EncryptedHelloForm(NamedTuple):
    """An outer encrypted_client_hello without what is random in it (RFC 9849 §5)."""

    kdf: int
    aead: int
    enc: int
    payload: int


class _Codec(NamedTuple):
    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]


def encode_contents(kind: int, value: Any) -> bytes:
    """An extension's contents from the value that `decode_contents` gives.

    Raises `ValueError` when they have no room for it, `KeyError` for an extension without one.
    """
    try:
        return _CODECS[kind].encode(value)
    except (OverflowError, ValueError, UnicodeEncodeError):
        raise ValueError("longer than the extension has room for") from None


def decode_contents(kind: int, data: bytes) -> Any:
    """The value of an extension's contents.

    Codes as a tuple of numbers, protocols as a tuple of text, key shares as `KeyShareForm`,
    padding and record_size_limit as a number, encrypted_client_hello as `EncryptedHelloForm`.

    Returns `None` for an extension that has no such value, and for contents from which it would
    not be made again.
    """
    codec = _CODECS.get(kind)
    if codec is None:
        return None
    try:
        value = codec.decode(data)
        return value if codec.encode(value) == data else None
    except (PeerError, ValueError):
        return None


def _encode_codes16(codes: tuple[int, ...]) -> bytes:
    if len(codes) > 32_767:
        raise ValueError
    return encode_codes(codes)


def _encode_shares(shares: tuple[KeyShareForm, ...]) -> bytes:
    entries = tuple([KeyShareEntry(group, bytes(length)) for group, length in shares])
    if sum(4 + length for _, length in shares) > 0xFFFF:
        raise ValueError
    return ClientKeyShares(entries).encode()


def _decode_shares(data: bytes) -> tuple[KeyShareForm, ...]:
    shares = ClientKeyShares.decode(data).shares
    return tuple([KeyShareForm(share.group, len(share.key_exchange)) for share in shares])


def _encode_protocols(names: tuple[str, ...]) -> bytes:
    encoded = encode_protocols(names)
    if len(encoded) > 0xFFFF:
        raise ValueError
    return encoded


def _decode_bytes(data: bytes) -> tuple[int, ...]:
    reader = Reader(data)
    codes = reader.filled8()
    reader.finish()
    return tuple(codes)


def _decode_size(data: bytes) -> int:
    reader = Reader(data)
    size = reader.uint16()
    reader.finish()
    return size


def _encode_encrypted_hello(form: EncryptedHelloForm) -> bytes:
    kdf, aead, enc, payload = form
    head = b"\0" + kdf.to_bytes(2, "big") + aead.to_bytes(2, "big") + b"\0"
    if enc + payload > 0xFFFF:
        raise ValueError
    return head + vector16(bytes(enc)) + vector16(bytes(payload))


def _decode_encrypted_hello(data: bytes) -> EncryptedHelloForm:
    reader = Reader(data)
    if reader.uint8() != 0:
        raise ValueError
    kdf, aead = reader.uint16(), reader.uint16()
    reader.uint8()
    enc, payload = len(reader.vector16()), len(reader.vector16())
    reader.finish()
    return EncryptedHelloForm(kdf, aead, enc, payload)


_CODES16 = _Codec(_encode_codes16, decode_codes)
_CODES8 = _Codec(lambda codes: vector8(bytes(codes)), _decode_bytes)
_CODECS = {
    SUPPORTED_VERSIONS: _Codec(
        lambda codes: OfferedVersions(codes).encode(),
        lambda data: OfferedVersions.decode(data).versions,
    ),
    SUPPORTED_GROUPS: _CODES16,
    SIGNATURE_ALGORITHMS: _CODES16,
    SIGNATURE_ALGORITHMS_CERT: _CODES16,
    KEY_SHARE: _Codec(_encode_shares, _decode_shares),
    ALPN: _Codec(_encode_protocols, decode_protocols),
    EC_POINT_FORMATS: _CODES8,
    PSK_KEY_EXCHANGE_MODES: _Codec(
        lambda modes: PskKeyExchangeModes(bytes(modes)).encode(),
        lambda data: tuple(PskKeyExchangeModes.decode(data).modes),
    ),
    COMPRESS_CERTIFICATE: _Codec(
        lambda codes: CompressionAlgorithms(codes).encode(),
        lambda data: CompressionAlgorithms.decode(data).algorithms,
    ),
    RECORD_SIZE_LIMIT: _Codec(lambda size: size.to_bytes(2, "big"), _decode_size),
    PADDING: _Codec(bytes, len),
    ENCRYPTED_CLIENT_HELLO: _Codec(_encode_encrypted_hello, _decode_encrypted_hello),
}
