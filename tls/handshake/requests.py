"""What a handshake coroutine asks of its connection.

A handshake yields one of these and is resumed with the answer. `LookUpSession`, `StoreSession` and
`PrivateKeyOperation` may be answered later by the caller of the connection: that is the seam for
shared caches, accelerators and remote signers.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Literal

from tls.certificates import Identity
from tls.events import Event
from tls.messages import ClientHello, HandshakeMessage
from tls.record.compression import Deflate
from tls.record.protection import Protection
from tls.sessions import Session
from tls.signatures import SignatureScheme


class Expect:
    """Wait for the next handshake message, which must be one of these; answered with it."""

    __slots__ = ("by_type",)

    def __init__(self, *messages: type[HandshakeMessage]) -> None:
        self.by_type = {message.type: message for message in messages}


@dataclass(slots=True)
class Send:
    """Send a handshake message in the current flight."""

    message: HandshakeMessage


@dataclass(slots=True)
class SendSsl2Hello:
    """Send a ClientHello in SSL 2.0's format."""

    hello: ClientHello


@dataclass(slots=True)
class SendAlert:
    """Send a warning alert; the handshake goes on."""

    alert: int


@dataclass(slots=True)
class AgreeOnVersion:
    """The version is agreed on: records and messages follow it from now."""

    version: int


@dataclass(slots=True)
class SendChangeCipherSpec:
    """Send change_cipher_spec; what is sent next is compressed and protected like this."""

    protection: Protection
    compression: Deflate | None = None


@dataclass(slots=True)
class ExpectChangeCipherSpec:
    """Wait for change_cipher_spec; what is received next is opened and decompressed like this."""

    protection: Protection
    compression: Deflate | None = None


@dataclass(slots=True)
class LimitRecords:
    """Plaintext fragments have been limited by an extension, in bytes.

    RFC 8449 limits `protected_only` records, RFC 6066 all from here on.
    """

    send: int
    receive: int
    protected_only: bool


@dataclass(slots=True)
class Emit:
    """Tell the caller of `receive`."""

    event: Event


@dataclass(slots=True)
class LookUpSession:
    """Answered with the live session of that ID, or `None`."""

    session_id: bytes


@dataclass(slots=True)
class StoreSession:
    """Remember a session; the answer does not matter."""

    session: Session


@dataclass(slots=True)
class PrivateKeyOperation:
    """Use an identity's private key: on an accelerator or a remote signer, if the caller wants.

    `"decrypt"` wants the plaintext of an RSA PKCS #1 v1.5 ciphertext; for bad padding anything, or
    `None`. `"sign"` wants the signature of `data` by `scheme`; where `scheme` is `None`, `data` is
    the MD5 and SHA-1 digests that SSL 3.0 to TLS 1.1 sign.
    """

    identity: Identity
    operation: Literal["decrypt", "sign"]
    data: bytes
    scheme: SignatureScheme | None = None


Deferrable = LookUpSession | StoreSession | PrivateKeyOperation

Request = (
    Expect
    | Send
    | SendSsl2Hello
    | SendAlert
    | AgreeOnVersion
    | SendChangeCipherSpec
    | ExpectChangeCipherSpec
    | LimitRecords
    | Emit
    | Deferrable
)

Handshake = Generator[Request, Any, Any]
"""A handshake coroutine: one role and protocol family in message order."""
