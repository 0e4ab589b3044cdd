"""Handshake messages of TLS 1.3, each with its layout (RFC 8446 §4).

ClientHello, ServerHello and CertificateVerify are those of the versions before, in `tls.messages`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from struct import Struct
from typing import ClassVar, Self

from tls.alerts import DECODE_ERROR, ILLEGAL_PARAMETER, MISSING_EXTENSION
from tls.errors import PeerError
from tls.extensions import (
    SIGNATURE_ALGORITHMS,
    Extensions,
    decode_extension_block,
    encode_extension_block,
)
from tls.messages import ServerHello
from tls.reasons import Reason
from tls.wire import Reader, vector8, vector16, vector24

HELLO_RETRY_REQUEST_RANDOM = bytes.fromhex(
    "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"
)
"""The random by which a ServerHello is a HelloRetryRequest: SHA-256 of its name (§4.1.3)."""

MAX_TICKET_LIFETIME = 604_800
"""The longest that a ticket may live, in seconds: seven days (RFC 8446 §4.6.1)."""

_TWO_UINT32 = Struct(">II")
_ALGORITHM = Struct(">H")
_MESSAGE_HASH = 254


def is_hello_retry_request(hello: ServerHello) -> bool:
    """Whether a ServerHello asks for another ClientHello (RFC 8446 §4.1.3)."""
    return hello.random == HELLO_RETRY_REQUEST_RANDOM


def message_hash(digest: bytes) -> bytes:
    """What stands for the first ClientHello in a transcript after a retry (RFC 8446 §4.4.1).

    message_hash || 00 00 Hash.length || Hash(ClientHello1)
    """
    return bytes((_MESSAGE_HASH, 0, 0, len(digest))) + digest


@dataclass(slots=True)
class EncryptedExtensions:
    """The server's answers to what the key exchange does not need (RFC 8446 §4.3.1).

    ```
    Extension extensions<0..2^16-1>;
    ```
    """

    type: ClassVar[int] = 8
    extensions: Extensions = field(default_factory=dict)

    def encode(self, version: int) -> bytes:
        """The body."""
        return encode_extension_block(self.extensions)

    @classmethod
    def decode(cls, body: bytes, version: int) -> Self:
        """From a body."""
        reader = Reader(body)
        extensions = decode_extension_block(reader)
        reader.finish()
        return cls(extensions)


@dataclass(slots=True)
class EndOfEarlyData:
    """The client's early data ends (RFC 8446 §4.5)."""

    type: ClassVar[int] = 5

    def encode(self, version: int) -> bytes:
        """Empty."""
        return b""

    @classmethod
    def decode(cls, body: bytes, version: int) -> Self:
        """From an empty body."""
        Reader(body).finish()
        return cls()


@dataclass(slots=True)
class CertificateEntry:
    """A certificate in DER, and what comes with it, such as its OCSP response."""

    der: bytes
    extensions: Extensions = field(default_factory=dict)


@dataclass(slots=True)
class Certificate:
    """A chain, the sender's own certificate first (RFC 8446 §4.4.2).

    ```
    opaque certificate_request_context<0..2^8-1>;
    CertificateEntry certificate_list<0..2^24-1>;
        opaque cert_data<1..2^24-1>;
        Extension extensions<0..2^16-1>;
    ```
    """

    type: ClassVar[int] = 11
    entries: tuple[CertificateEntry, ...]
    context: bytes = b""

    @property
    def chain(self) -> tuple[bytes, ...]:
        """The certificates in DER."""
        return tuple([entry.der for entry in self.entries])

    def encode(self, version: int) -> bytes:
        """The body."""
        entries = [
            vector24(entry.der) + encode_extension_block(entry.extensions) for entry in self.entries
        ]
        return vector8(self.context) + vector24(b"".join(entries))

    @classmethod
    def decode(cls, body: bytes, version: int) -> Self:
        """From a body."""
        reader = Reader(body)
        context = reader.vector8()
        list_reader = Reader(reader.vector24())
        reader.finish()
        entries = []
        while not list_reader.at_end():
            der = list_reader.vector24()
            if not der:
                raise PeerError(
                    DECODE_ERROR, Reason.EMPTY_VALUE, "the chain holds an empty certificate"
                )
            entries.append(CertificateEntry(der, decode_extension_block(list_reader)))
        return cls(tuple(entries), context)


@dataclass(slots=True)
class CertificateRequest:
    """The server wants the client's certificate, in the handshake or after it (RFC 8446 §4.3.2).

    ```
    opaque certificate_request_context<0..2^8-1>;
    Extension extensions<2..2^16-1>;                    signature_algorithms among them
    ```
    """

    type: ClassVar[int] = 13
    extensions: Extensions
    context: bytes = b""

    def encode(self, version: int) -> bytes:
        """The body."""
        return vector8(self.context) + encode_extension_block(self.extensions)

    @classmethod
    def decode(cls, body: bytes, version: int) -> Self:
        """From a body. Raises `PeerError(missing_extension)` without signature_algorithms."""
        reader = Reader(body)
        context = reader.vector8()
        extensions = decode_extension_block(reader)
        reader.finish()
        if SIGNATURE_ALGORITHMS not in extensions:
            raise PeerError(
                MISSING_EXTENSION,
                Reason.EXTENSION_MISSING,
                "a certificate_request without signature_algorithms",
            )
        return cls(extensions, context)


@dataclass(slots=True)
class Finished:
    """An HMAC over the whole conversation, as long as the suite's hash (RFC 8446 §4.4.4)."""

    type: ClassVar[int] = 20
    verify_data: bytes

    def encode(self, version: int) -> bytes:
        """The body."""
        return self.verify_data

    @classmethod
    def decode(cls, body: bytes, version: int) -> Self:
        """From a body, whose length only the suite tells: see `require_length`."""
        return cls(body)

    def require_length(self, length: int) -> None:
        """Check the length of the suite's hash. Raises `PeerError(decode_error)`."""
        if len(self.verify_data) != length:
            raise PeerError(
                DECODE_ERROR,
                Reason.FINISHED_LENGTH,
                f"a Finished message of {len(self.verify_data)} bytes",
            )


@dataclass(slots=True)
class NewSessionTicket:
    """A pre-shared key that the client keeps for the server (RFC 8446 §4.6.1).

    ```
    uint32 ticket_lifetime;                             seconds
    uint32 ticket_age_add;
    opaque ticket_nonce<0..255>;
    opaque ticket<1..2^16-1>;
    Extension extensions<0..2^16-2>;
    ```
    """

    type: ClassVar[int] = 4
    lifetime: int
    age_add: int
    nonce: bytes
    ticket: bytes
    extensions: Extensions = field(default_factory=dict)

    def encode(self, version: int) -> bytes:
        """The body."""
        return b"".join(
            (
                _TWO_UINT32.pack(self.lifetime, self.age_add),
                vector8(self.nonce),
                vector16(self.ticket),
                encode_extension_block(self.extensions),
            )
        )

    @classmethod
    def decode(cls, body: bytes, version: int) -> Self:
        """From a body. Raises `PeerError(illegal_parameter)` for a life of more than a week."""
        reader = Reader(body)
        lifetime, age_add = reader.unpack(_TWO_UINT32)
        nonce = reader.vector8()
        ticket = reader.filled16()
        extensions = decode_extension_block(reader)
        reader.finish()
        if lifetime > MAX_TICKET_LIFETIME:
            raise PeerError(
                ILLEGAL_PARAMETER,
                Reason.TICKET_LIFETIME_TOO_LONG,
                f"a ticket for {lifetime:,} seconds",
            )
        return cls(lifetime, age_add, nonce, ticket, extensions)


@dataclass(slots=True)
class KeyUpdate:
    """The sender's keys change; perhaps the receiver's shall, too (RFC 8446 §4.6.3).

    ```
    KeyUpdateRequest request_update;                    0 or 1
    ```
    """

    type: ClassVar[int] = 24
    update_requested: bool = False

    def encode(self, version: int) -> bytes:
        """The body."""
        return bytes((self.update_requested,))

    @classmethod
    def decode(cls, body: bytes, version: int) -> Self:
        """From a body. Raises `PeerError(illegal_parameter)` for another value."""
        reader = Reader(body)
        request = reader.uint8()
        reader.finish()
        if request > 1:
            raise PeerError(
                ILLEGAL_PARAMETER,
                Reason.UNKNOWN_KEY_UPDATE_REQUEST,
                f"a key_update asks for {request}",
            )
        return cls(request == 1)


@dataclass(slots=True)
class CompressedCertificate:
    """A Certificate message whose body is compressed (RFC 8879 §4).

    ```
    CertificateCompressionAlgorithm algorithm;
    uint24 uncompressed_length;
    opaque compressed_certificate_message<1..2^24-1>;
    ```
    """

    type: ClassVar[int] = 25
    algorithm: int
    uncompressed_length: int
    compressed: bytes

    def encode(self, version: int) -> bytes:
        """The body."""
        return b"".join(
            (
                _ALGORITHM.pack(self.algorithm),
                self.uncompressed_length.to_bytes(3, "big"),
                vector24(self.compressed),
            )
        )

    @classmethod
    def decode(cls, body: bytes, version: int) -> Self:
        """From a body."""
        reader = Reader(body)
        algorithm = reader.uint16()
        length = reader.uint24()
        compressed = reader.vector24()
        reader.finish()
        if not compressed:
            raise PeerError(DECODE_ERROR, Reason.EMPTY_VALUE, "a compressed certificate is empty")
        return cls(algorithm, length, compressed)
