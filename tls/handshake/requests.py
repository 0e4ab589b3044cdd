"""What a handshake coroutine asks of its connection: to send, to wait, to change keys.

A handshake yields one of these and is resumed with the answer. The connection does all of them
itself, at once, and nobody outside of it sees them; those that its caller may take over, and that
may take time, are in `tls.deferrable`, below configuration and events, which name them.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, ClassVar

from tls.deferrable import Deferrable
from tls.event import Event
from tls.messages import ClientHello, HandshakeMessage
from tls.record.compression import Deflate
from tls.record.protection import Protection


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
class ChangeWriteKeys:
    """What is sent from now on is compressed and protected like this.

    `announced` sends change_cipher_spec before, behind the messages of the current flight: not in
    TLS 1.3.
    """

    announced: ClassVar[bool] = True
    protection: Protection
    compression: Deflate | None = None


@dataclass(slots=True)
class ChangeReadKeys:
    """What is received from now on is opened and decompressed like this.

    `announced` waits for change_cipher_spec before: not in TLS 1.3.
    """

    announced: ClassVar[bool] = True
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


Request = (
    Expect
    | Send
    | SendSsl2Hello
    | SendAlert
    | AgreeOnVersion
    | ChangeWriteKeys
    | ChangeReadKeys
    | LimitRecords
    | Emit
    | Deferrable
)

Handshake = Generator[Request, Any, Any]
"""A handshake coroutine: one role and protocol family in message order."""
