"""The ClientHello in SSL 2.0's format, which announces SSL 3.0 or TLS (RFC 5246 appendix E.2)."""

from __future__ import annotations

from tls.alerts import DECODE_ERROR, PROTOCOL_VERSION
from tls.errors import PeerError
from tls.messages import ClientHello
from tls.reasons import Reason
from tls.versions import SSL_3_0, version_name
from tls.wire import Reader

_CLIENT_HELLO = 1
_SERVER_HELLO = 4
_MAX_LENGTH = 8192


def is_ssl2_record(data: bytes | bytearray) -> bool:
    """Whether the first bytes of a conversation, at least three, are in SSL 2.0's format."""
    return bool(data[0] & 0x80) and data[2] in (_CLIENT_HELLO, _SERVER_HELLO)


def ssl2_record_length(data: bytes | bytearray) -> int:
    """The length of a record in SSL 2.0's format behind its two-byte header.

    Raises `PeerError(decode_error)` when no hello is so long.
    """
    length = (data[0] & 0x7F) << 8 | data[1]
    if length > _MAX_LENGTH:
        raise PeerError(
            DECODE_ERROR, Reason.MALFORMED_SSL2_HELLO, f"an SSL 2.0 hello of {length} bytes"
        )
    return length


def decode_ssl2_hello(body: bytes) -> ClientHello:
    """The ClientHello in a record's body.

    ```
    uint8 msg_type; Version version; uint16 cipher_spec_length, session_id_length,
    challenge_length; V2CipherSpec cipher_specs[]; opaque session_id[]; opaque challenge[];
    ```

    The challenge, 16 to 32 bytes, is the client's random, zeros before it. Raises
    `PeerError(protocol_version)` when the client speaks nothing higher than SSL 2.0.
    """
    reader = Reader(body)
    if reader.uint8() != _CLIENT_HELLO:
        raise PeerError(
            PROTOCOL_VERSION, Reason.SSL2_SPOKEN, "the peer speaks SSL 2.0, which is refused"
        )
    version = reader.uint16()
    if version < SSL_3_0:
        raise PeerError(
            PROTOCOL_VERSION,
            Reason.SSL2_SPOKEN,
            f"the client speaks only {version_name(version)}, which is refused",
        )
    specs_length, id_length, challenge_length = reader.uint16(), reader.uint16(), reader.uint16()
    specs = Reader(reader.opaque(specs_length))
    reader.opaque(id_length)
    challenge = reader.opaque(challenge_length)
    reader.finish()
    if specs_length % 3 or not specs_length or not 16 <= challenge_length <= 32:
        raise PeerError(DECODE_ERROR, Reason.MALFORMED_SSL2_HELLO, "a malformed SSL 2.0 hello")
    suites = []
    while not specs.at_end():
        spec = specs.uint24()
        if spec <= 0xFFFF:  # others are SSL 2.0's own
            suites.append(spec)
    if not suites:
        raise PeerError(
            PROTOCOL_VERSION, Reason.SSL2_SPOKEN, "the client offers only suites of SSL 2.0"
        )
    return ClientHello(version, challenge.rjust(32, b"\0"), b"", tuple(suites))


def encode_ssl2_hello(hello: ClientHello) -> bytes:
    """A hello as a body in SSL 2.0's format; session ID and extensions are left out."""
    specs = b"".join([suite.to_bytes(3, "big") for suite in hello.cipher_suites])
    return b"".join(
        (
            bytes((_CLIENT_HELLO,)),
            hello.client_version.to_bytes(2, "big"),
            len(specs).to_bytes(2, "big"),
            b"\0\0",
            len(hello.random).to_bytes(2, "big"),
            specs,
            hello.random,
        )
    )
