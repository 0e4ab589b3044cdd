"""Handshake messages, each with its layout (RFC 2246 §7.4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from struct import Struct
from typing import ClassVar, Protocol, Self

from tls.alerts import DECODE_ERROR
from tls.errors import PeerError
from tls.extensions import Extensions, decode_extensions, encode_extensions
from tls.reasons import Reason
from tls.versions import SSL_3_0, TLS_1_2
from tls.wire import Reader, codes16, vector8, vector16, vector24

HEADER_LENGTH = 4


class HandshakeMessage(Protocol):
    """A message: its type on the wire and its body, whose layout may depend on the version."""

    type: ClassVar[int]

    def encode(self, version: int) -> bytes:
        """The body, without the handshake header."""

    @classmethod
    def decode(cls, body: bytes, version: int) -> Self:
        """The message of a body. Raises `PeerError` when the body is not well formed."""


def encode_message(message: HandshakeMessage, version: int) -> bytes:
    """A message with its header: type in one byte, length in three (RFC 2246 §7.4)."""
    body = message.encode(version)
    return _HEADER(message.type << 24 | len(body)) + body


_HEADER = Struct(">I").pack
_HELLO_HEAD = Struct(">H32sB")
_CHOICE = Struct(">HB")


def _hello_head(body: bytes) -> tuple[Reader, int, bytes, bytes]:
    """Version, random and session ID of either hello, and a reader of what follows."""
    reader = Reader(body)
    version, random, length = reader.unpack(_HELLO_HEAD)
    if length > 32:
        raise PeerError(
            DECODE_ERROR, Reason.SESSION_ID_TOO_LONG, "the session ID is longer than 32 bytes"
        )
    return reader, version, random, reader.opaque(length)


@dataclass(slots=True)
class HelloRequest:
    """The server wants to negotiate anew (RFC 2246 §7.4.1.1)."""

    type: ClassVar[int] = 0

    def encode(self, version: int) -> bytes:
        """Empty."""
        return b""

    @classmethod
    def decode(cls, body: bytes, version: int) -> Self:
        """From an empty body."""
        Reader(body).finish()
        return cls()


@dataclass(slots=True)
class ClientHello:
    """RFC 2246 §7.4.1.2.

    ```
    ProtocolVersion client_version;
    Random random;                                      32 bytes
    SessionID session_id<0..32>;
    CipherSuite cipher_suites<2..2^16-1>;
    CompressionMethod compression_methods<1..2^8-1>;
    Extension extensions<0..2^16-1>;                    may be absent
    ```
    """

    type: ClassVar[int] = 1
    client_version: int
    random: bytes
    session_id: bytes
    cipher_suites: tuple[int, ...]
    compression_methods: bytes = b"\0"
    extensions: Extensions = field(default_factory=dict)

    def encode(self, version: int) -> bytes:
        """The body."""
        session_id = self.session_id
        return b"".join(
            (
                _HELLO_HEAD.pack(self.client_version, self.random, len(session_id)),
                session_id,
                codes16(self.cipher_suites),
                vector8(self.compression_methods),
                encode_extensions(self.extensions),
            )
        )

    @classmethod
    def decode(cls, body: bytes, version: int) -> Self:
        """From a body. Of an empty list of suites or compressions nothing can be chosen."""
        reader, client_version, random, session_id = _hello_head(body)
        hello = cls(
            client_version,
            random,
            session_id,
            reader.codes16(),
            reader.vector8(),
            decode_extensions(reader),
        )
        if not hello.cipher_suites or not hello.compression_methods:
            raise PeerError(
                DECODE_ERROR,
                Reason.EMPTY_LIST,
                "the hello offers no suite or no compression method",
            )
        return hello


@dataclass(slots=True)
class ServerHello:
    """RFC 2246 §7.4.1.3.

    ```
    ProtocolVersion server_version;
    Random random;                                      32 bytes
    SessionID session_id<0..32>;
    CipherSuite cipher_suite;
    CompressionMethod compression_method;
    Extension extensions<0..2^16-1>;                    may be absent
    ```
    """

    type: ClassVar[int] = 2
    server_version: int
    random: bytes
    session_id: bytes
    cipher_suite: int
    compression_method: int = 0
    extensions: Extensions = field(default_factory=dict)

    def encode(self, version: int) -> bytes:
        """The body."""
        session_id = self.session_id
        return b"".join(
            (
                _HELLO_HEAD.pack(self.server_version, self.random, len(session_id)),
                session_id,
                _CHOICE.pack(self.cipher_suite, self.compression_method),
                encode_extensions(self.extensions),
            )
        )

    @classmethod
    def decode(cls, body: bytes, version: int) -> Self:
        """From a body."""
        reader, server_version, random, session_id = _hello_head(body)
        return cls(
            server_version,
            random,
            session_id,
            reader.uint16(),
            reader.uint8(),
            decode_extensions(reader),
        )


@dataclass(slots=True)
class Certificate:
    """A chain, the sender's own certificate first (RFC 2246 §7.4.2).

    ```
    opaque ASN.1Cert<1..2^24-1>;
    ASN.1Cert certificate_list<0..2^24-1>;
    ```
    """

    type: ClassVar[int] = 11
    chain: tuple[bytes, ...]

    def encode(self, version: int) -> bytes:
        """The body."""
        return vector24(b"".join([vector24(der) for der in self.chain]))

    @classmethod
    def decode(cls, body: bytes, version: int) -> Self:
        """From a body."""
        reader = Reader(body)
        certificates = Reader(reader.vector24())
        reader.finish()
        chain = []
        while not certificates.at_end():
            der = certificates.vector24()
            if not der:
                raise PeerError(
                    DECODE_ERROR, Reason.EMPTY_VALUE, "the chain holds an empty certificate"
                )
            chain.append(der)
        return cls(tuple(chain))


@dataclass(slots=True)
class ServerKeyExchange:
    """The server's parameters and, unless anonymous, their signature (RFC 2246 §7.4.3).

    The layout belongs to the key exchange; here it is the body as it is.
    """

    type: ClassVar[int] = 12
    body: bytes

    def encode(self, version: int) -> bytes:
        """The body."""
        return self.body

    @classmethod
    def decode(cls, body: bytes, version: int) -> Self:
        """From a body."""
        return cls(body)


@dataclass(slots=True)
class CertificateRequest:
    """The server wants the client's certificate (RFC 2246 §7.4.4, RFC 5246 §7.4.4).

    ```
    ClientCertificateType certificate_types<1..2^8-1>;
    SignatureAndHashAlgorithm supported_signature_algorithms<2..2^16-2>;    TLS 1.2 only
    DistinguishedName certificate_authorities<0..2^16-1>;
    ```
    """

    type: ClassVar[int] = 13
    certificate_types: bytes
    certificate_authorities: tuple[bytes, ...]
    signature_schemes: tuple[int, ...] = ()

    def encode(self, version: int) -> bytes:
        """The body."""
        names = vector16(b"".join([vector16(name) for name in self.certificate_authorities]))
        schemes = codes16(self.signature_schemes) if version >= TLS_1_2 else b""
        return vector8(self.certificate_types) + schemes + names

    @classmethod
    def decode(cls, body: bytes, version: int) -> Self:
        """From a body."""
        reader = Reader(body)
        certificate_types = reader.vector8()
        schemes = reader.codes16() if version >= TLS_1_2 else ()
        names = Reader(reader.vector16())
        reader.finish()
        authorities = []
        while not names.at_end():
            authorities.append(names.vector16())
        return cls(certificate_types, tuple(authorities), schemes)


@dataclass(slots=True)
class ServerHelloDone:
    """The server's first flight ends (RFC 2246 §7.4.5)."""

    type: ClassVar[int] = 14

    def encode(self, version: int) -> bytes:
        """Empty."""
        return b""

    @classmethod
    def decode(cls, body: bytes, version: int) -> Self:
        """From an empty body."""
        Reader(body).finish()
        return cls()


@dataclass(slots=True)
class CertificateVerify:
    """The client's signature over the conversation (RFC 2246 §7.4.8, RFC 5246 §7.4.8).

    ```
    SignatureAndHashAlgorithm algorithm;                TLS 1.2 only
    opaque signature<0..2^16-1>;
    ```
    """

    type: ClassVar[int] = 15
    signature: bytes
    scheme: int = 0

    def encode(self, version: int) -> bytes:
        """The body."""
        scheme = self.scheme.to_bytes(2, "big") if version >= TLS_1_2 else b""
        return scheme + vector16(self.signature)

    @classmethod
    def decode(cls, body: bytes, version: int) -> Self:
        """From a body."""
        reader = Reader(body)
        scheme = reader.uint16() if version >= TLS_1_2 else 0
        signature = reader.vector16()
        reader.finish()
        return cls(signature, scheme)


@dataclass(slots=True)
class ClientKeyExchange:
    """The client's part of the key exchange (RFC 2246 §7.4.7), whose layout belongs to that."""

    type: ClassVar[int] = 16
    body: bytes

    def encode(self, version: int) -> bytes:
        """The body."""
        return self.body

    @classmethod
    def decode(cls, body: bytes, version: int) -> Self:
        """From a body."""
        return cls(body)


@dataclass(slots=True)
class NewSessionTicket:
    """A session that the client keeps for the server (RFC 5077 §3.3).

    ```
    uint32 ticket_lifetime_hint;                        seconds
    opaque ticket<0..2^16-1>;
    ```
    """

    type: ClassVar[int] = 4
    lifetime_hint: int
    ticket: bytes

    def encode(self, version: int) -> bytes:
        """The body."""
        return self.lifetime_hint.to_bytes(4, "big") + vector16(self.ticket)

    @classmethod
    def decode(cls, body: bytes, version: int) -> Self:
        """From a body."""
        reader = Reader(body)
        hint = int.from_bytes(reader.opaque(4), "big")
        ticket = reader.vector16()
        reader.finish()
        return cls(hint, ticket)


@dataclass(slots=True)
class Finished:
    """The hash of the whole conversation: 36 bytes in SSL 3.0, else 12 (RFC 2246 §7.4.9)."""

    type: ClassVar[int] = 20
    verify_data: bytes

    def encode(self, version: int) -> bytes:
        """The body."""
        return self.verify_data

    @classmethod
    def decode(cls, body: bytes, version: int) -> Self:
        """From a body."""
        if len(body) != (36 if version == SSL_3_0 else 12):
            raise PeerError(
                DECODE_ERROR, Reason.FINISHED_LENGTH, f"a Finished message of {len(body)} bytes"
            )
        return cls(body)


MESSAGE_NAMES = {
    0: "hello_request",
    1: "client_hello",
    2: "server_hello",
    4: "new_session_ticket",
    5: "end_of_early_data",
    8: "encrypted_extensions",
    11: "certificate",
    12: "server_key_exchange",
    13: "certificate_request",
    14: "server_hello_done",
    15: "certificate_verify",
    16: "client_key_exchange",
    20: "finished",
    24: "key_update",
    25: "compressed_certificate",
}
"""The RFC's names of handshake types."""


def message_name(kind: int) -> str:
    """The RFC's name of a handshake type; else its number."""
    return MESSAGE_NAMES.get(kind, f"handshake type {kind}")
