"""The connection as a handshake deals with it: what it sends, changes and tells, all at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tls.alerts import UNEXPECTED_MESSAGE, WARNING
from tls.errors import PeerError
from tls.event import Event
from tls.events import HandshakeCompleted, TicketReceived
from tls.messages import ClientHello, HandshakeMessage, encode_message
from tls.reasons import Reason
from tls.record.compression import Deflate
from tls.record.layer import ALERT, CHANGE_CIPHER_SPEC, HANDSHAKE, RecordLayer
from tls.record.protection import Protection
from tls.record.ssl2 import encode_ssl2_hello
from tls.state import ConnectionState, Occurrence, State

CHANGE_CIPHER_SPEC_BODY = b"\x01"
"""What a change_cipher_spec says (RFC 5246 §7.1)."""

# Members of an enumeration are looked up slowly.
_HANDSHAKE = State.HANDSHAKE
_HANDSHAKE_COMPLETED = Occurrence.HANDSHAKE_COMPLETED


class FinishedHistory:
    """What RFC 5746 binds a renegotiation to: the last handshake's Finished messages.

    `secure` says that both sides know RFC 5746; `completed` that there was a handshake;
    `extended_master_secret` that the last one used RFC 7627, and `encrypt_then_mac` that one used
    RFC 7366, which a renegotiation may not undo.
    """

    completed = False
    secure = False
    client_verify_data = b""
    server_verify_data = b""
    extended_master_secret = False
    encrypt_then_mac = False


def keep_nothing(message: bytes) -> None:
    """No transcript holds what comes after the handshake (RFC 8446 §4.4.1)."""


class Channel:
    """What a handshake does to its connection; what it waits for is in `tls.handshake.requests`.

    It knows neither the handshake nor the connection that it belongs to: objects that hold each
    other are freed by the collector only, which costs as much as a part of the handshake.

    Attributes:
        history: the last handshake's Finished messages.
        version: agreed on, else `None`.
        message_version: that messages are laid out by.
        completed: what the last completed handshake agreed on, else `None`.
        peer_certificates: the peer's chain if it proved that it holds its key.
        running: whether a handshake is running.
        flight: messages that wait for `flush`.
        events: where events go.
        keep: is given every message of the handshake, sent or received: adds it to the transcript.
        unread: the bytes that follow the last message in its record.
        early_data_to_send: the bytes of early data that this client may still send; `None` where
            what it may send has no such limit.
        early_data_to_come: the bytes of early data that this server still takes; `None` for none.
        holds_data: whether what the caller sends waits for the end of the handshake.
    """

    version: int | None = None
    completed: HandshakeCompleted | None = None
    peer_certificates: tuple[bytes, ...] = ()
    running = False
    unread = 0
    early_data_to_send: int | None = None
    early_data_to_come: int | None = None
    holds_data = False

    def __init__(self, records: RecordLayer, state: ConnectionState) -> None:
        self.history = FinishedHistory()
        self.message_version = records.write_version
        self.flight: list[bytes] = []
        self.events: list[Event] = []
        self.keep: Callable[[bytes], object] = keep_nothing
        self._records = records
        self._state = state

    # -- what is sent

    def send(self, message: HandshakeMessage) -> None:
        """Send a handshake message in the current flight."""
        raw = encode_message(message, self.message_version)
        self.keep(raw)
        self.flight.append(raw)

    def send_apart(self, message: HandshakeMessage) -> None:
        """Send a message that no transcript holds (RFC 5246 §7.4.1.1, RFC 8446 §4.4.1)."""
        self.flight.append(encode_message(message, self.message_version))

    def send_ssl2_hello(self, hello: ClientHello) -> None:
        """Send a ClientHello in SSL 2.0's format."""
        body = encode_ssl2_hello(hello)
        self.keep(body)
        self._records.send_ssl2(body)

    def send_change_cipher_spec(self) -> None:
        """Send a change_cipher_spec, which by itself changes nothing (RFC 8446 appendix D.4)."""
        self.flush()
        self._records.send(CHANGE_CIPHER_SPEC, CHANGE_CIPHER_SPEC_BODY)

    def send_warning(self, alert: int) -> None:
        """Send a warning alert; the handshake goes on."""
        self.flush()
        self._records.send(ALERT, bytes((WARNING, alert)))

    def flush(self) -> None:
        """Put the messages of the current flight into records."""
        if self.flight:
            data = b"".join(self.flight)
            self.flight.clear()
            self._records.send(HANDSHAKE, data)

    # -- how records are from now on

    def agree_on_version(self, version: int) -> None:
        """The version is agreed on: records and messages follow it."""
        self.version = self.message_version = version
        self._records.agree_on_version(version)

    def write_version(self, version: int) -> None:
        """The headers of records say this, whatever version is agreed on."""
        self.flush()
        self._records.write_version = version

    def change_write_keys(
        self, protection: Protection, compression: Deflate | None = None, *, announced: bool
    ) -> None:
        """What is sent is compressed and protected like this.

        `announced` sends change_cipher_spec before, behind the messages of the current flight: in
        TLS 1.3 at most once, for the sake of middleboxes (RFC 8446 appendix D.4).
        """
        self.flush()
        if announced:
            self._records.send(CHANGE_CIPHER_SPEC, CHANGE_CIPHER_SPEC_BODY)
        self._records.change_write(protection, compression)

    def change_read_keys(self, protection: Protection) -> None:
        """What is received is opened like this, which no change_cipher_spec tells, in TLS 1.3.

        Raises `PeerError(unexpected_message)` where the message before does not end its record:
        no message comes under other keys than the rest of its record (RFC 8446 §5.1).
        """
        if self.unread:
            raise PeerError(
                UNEXPECTED_MESSAGE,
                Reason.MESSAGE_BEFORE_KEY_CHANGE,
                "bytes follow a message that changes keys",
            )
        self._records.change_read(protection, None)

    def limit_records(self, send: int, receive: int, *, protected_only: bool) -> None:
        """Plaintext fragments have been limited by an extension, in bytes.

        RFC 8449 limits `protected_only` records, RFC 6066 all from here on.
        """
        self._records.limit(send, receive, protected_only=protected_only)

    def skip_early_data(self, limit: int) -> None:
        """So many bytes of early data are passed over, as it is refused (RFC 8446 §4.2.10)."""
        self._records.skip_early_data(limit)

    # -- what the caller may do, and hears

    def allow_sending(self, limit: int | None = None) -> None:
        """The caller may send: early data of so many bytes, or whatever it wants."""
        self.early_data_to_send = limit
        if self._state.current is _HANDSHAKE:
            self._state.advance(Occurrence.SENDING_ALLOWED)

    def tell(self, event: Event) -> None:
        """Tell the caller of `receive`."""
        self.events.append(event)

    def tell_ticket(self, event: TicketReceived) -> None:
        """Tell of a ticket, whose session is the connection's from now on."""
        self.events.append(event)
        if self.completed is not None:
            self.completed = replace(self.completed, session=event.session)

    def complete(self, event: HandshakeCompleted, peer_certificates: tuple[bytes, ...]) -> None:
        """Both sides are done; application data may flow."""
        self.events.append(event)
        self.completed = event
        self.peer_certificates = peer_certificates
        self.running = False
        self.holds_data = False
        self.early_data_to_send = None
        self.history.completed = True
        self._state.advance(_HANDSHAKE_COMPLETED)
