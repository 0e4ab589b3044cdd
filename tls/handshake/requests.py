"""What a handshake coroutine asks of its connection: to send, to wait, to change keys.

A handshake yields one of these and is resumed with the answer. The connection does all of them
itself, at once, and nobody outside of it sees them; those that its caller may take over, and that
may take time, are in `tls.deferrable`, below configuration and events, which name them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self

from tls.deferrable import Deferrable
from tls.event import Event
from tls.keys.transcript import Transcript
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
class WriteVersion:
    """What the headers of records say from now on, whatever version is agreed on."""

    version: int


@dataclass(slots=True)
class ChangeWriteKeys:
    """What is sent from now on is compressed and protected like this.

    `announced` sends change_cipher_spec before, behind the messages of the current flight: in
    TLS 1.3 at most once, for the sake of middleboxes (RFC 8446 appendix D.4).
    """

    protection: Protection
    compression: Deflate | None = None
    announced: bool = True


@dataclass(slots=True)
class ChangeReadKeys:
    """What is received from now on is opened and decompressed like this.

    `announced` waits for change_cipher_spec before: not in TLS 1.3, where the message before has
    to end its record (RFC 8446 §5.1).
    """

    protection: Protection
    compression: Deflate | None = None
    announced: bool = True


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
class SendChangeCipherSpec:
    """Send a change_cipher_spec that changes nothing (RFC 8446 appendix D.4)."""


@dataclass(slots=True)
class AllowSending:
    """The caller may send from now on: early data of so many bytes, or whatever it wants."""

    limit: int | None = None


@dataclass(slots=True)
class HoldSending:
    """What the caller sends from now on waits for the end of the handshake."""


@dataclass(slots=True)
class TakeEarlyData:
    """Early data of so many bytes may come from now on; `None` ends it."""

    limit: int | None


@dataclass(slots=True)
class SkipEarlyData:
    """Early data of so many bytes is passed over, as it is refused (RFC 8446 §4.2.10)."""

    limit: int


LaterMessage = tuple[type[HandshakeMessage], Callable[[Any, Any, bytes], "Handshake"]]
"""A message that may come at any time, and the coroutine that deals with it.

It is made of what there is after the handshake, of the message and of its bytes, header included.
"""


class AfterHandshake(Protocol):
    """What a connection of TLS 1.3 can do once its handshake is over (RFC 8446 §4.6, §7.5)."""

    @property
    def messages(self) -> Mapping[int, LaterMessage]:
        """Those that may come at any time, by their type.

        Each is dealt with by a coroutine of its own; no transcript holds them unless that asks for
        one.
        """

    def update_keys(self, *, update_requested: bool) -> Handshake:
        """Coroutine that changes this side's keys, and perhaps asks the peer to do the same."""

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


@dataclass(slots=True)
class KeepTranscript:
    """What this coroutine sends and receives from now on goes into a transcript of its own."""

    transcript: Transcript


Request = (
    Expect
    | Send
    | SendSsl2Hello
    | SendAlert
    | AgreeOnVersion
    | WriteVersion
    | ChangeWriteKeys
    | ChangeReadKeys
    | LimitRecords
    | Emit
    | SendChangeCipherSpec
    | AllowSending
    | HoldSending
    | TakeEarlyData
    | SkipEarlyData
    | ServeLater
    | KeepTranscript
    | Deferrable
)

Handshake = Generator[Request, Any, Any]
"""A handshake coroutine: one role and protocol family in message order."""
