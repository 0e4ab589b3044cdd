"""What a handshake coroutine asks for: a message, change_cipher_spec, or the world outside.

A handshake yields one of these and is resumed with the answer; what it can do at once, it does to
its `tls.handshake.channel`. What its caller may take over, and what may take time, is in
`tls.deferrable`, below configuration and events, which name them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self

from tls.deferrable import Deferrable
from tls.messages import ClientHello, HandshakeMessage
from tls.record.compression import Deflate
from tls.record.protection import Protection


class Expect:
    """Wait for the next handshake message, which must be one of these; answered with it."""

    __slots__ = ("by_type",)

    def __init__(self, *messages: type[HandshakeMessage]) -> None:
        self.by_type = {message.type: message for message in messages}


@dataclass(slots=True)
class ExpectChangeCipherSpec:
    """Wait for change_cipher_spec; what follows it is opened and decompressed like this."""

    protection: Protection
    compression: Deflate | None = None


@dataclass(slots=True)
class HelloMessage:
    """A ClientHello whose body is encoded already, as its binders are made over it."""

    type: ClassVar[int] = ClientHello.type
    body: bytes

    def encode(self, version: int) -> bytes:
        """The body."""
        return self.body

    @classmethod
    def decode(cls, body: bytes, version: int) -> Self:
        """From a body."""
        return cls(body)


LaterMessage = tuple[type[HandshakeMessage], Callable[[Any, Any, bytes], "Handshake | None"]]
"""A message that may come at any time, and what deals with it: a coroutine if it has to wait.

It is given what there is after the handshake, the message and its bytes, header included.
"""


class AfterHandshake(Protocol):
    """What a connection of TLS 1.3 can do once its handshake is over (RFC 8446 §4.6, §7.5)."""

    @property
    def messages(self) -> Mapping[int, LaterMessage]:
        """Those that may come at any time, by their type.

        No transcript holds them unless what deals with them asks for one.
        """

    def update_keys(self, *, update_requested: bool) -> None:
        """Change this side's keys, and perhaps ask the peer to do the same."""

    def request_certificate(self) -> Handshake:
        """Coroutine of a server that asks for the client's certificate.

        Raises `UsageError` for a client, and where the client has not said that it may be asked.
        """

    def export(self, label: bytes, context: bytes, length: int, *, early: bool) -> bytes:
        """Keying material. Raises `UsageError` where there was no early data."""


@dataclass(slots=True)
class ServeLater:
    """The handshake is over: tickets, KeyUpdate and a later CertificateRequest may come."""

    after: AfterHandshake


Request = Expect | ExpectChangeCipherSpec | ServeLater | Deferrable

Handshake = Generator[Request, Any, Any]
"""A handshake coroutine: one role and protocol family in message order."""
