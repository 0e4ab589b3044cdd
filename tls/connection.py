"""A connection of either side: bytes in, events and bytes out, no socket anywhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tls.alerts import (
    ALWAYS_FATAL,
    CLOSE_NOTIFY,
    FATAL,
    HANDSHAKE_FAILURE,
    ILLEGAL_PARAMETER,
    NO_RENEGOTIATION,
    UNEXPECTED_MESSAGE,
    WARNING,
    alert_in_version,
    alert_name,
)
from tls.configuration import ClientConfig, ServerConfig
from tls.entropy import Entropy, RandomSource
from tls.errors import PeerError, UsageError
from tls.events import (
    AlertReceived,
    ApplicationData,
    Event,
    HandshakeCompleted,
    RequestPending,
    Truncated,
)
from tls.exchange.rsa import decrypt_premaster
from tls.handshake.client import client_handshake
from tls.handshake.context import HandshakeContext
from tls.handshake.requests import (
    AgreeOnVersion,
    Deferrable,
    Emit,
    Expect,
    ExpectChangeCipherSpec,
    Handshake,
    LookUpSession,
    PrivateKeyOperation,
    Request,
    Send,
    SendAlert,
    SendChangeCipherSpec,
    StoreSession,
)
from tls.handshake.server import server_handshake
from tls.messages import (
    HEADER_LENGTH,
    ClientHello,
    HelloRequest,
    encode_message,
    message_name,
)
from tls.meter import Meter
from tls.record.layer import (
    ALERT,
    APPLICATION_DATA,
    CHANGE_CIPHER_SPEC,
    HANDSHAKE,
    RecordLayer,
)
from tls.sessions import Session
from tls.versions import SSL_3_0, TLS_1_0

MAX_MESSAGE = 131_400
"""The longest handshake message taken, in bytes: a ClientHello with every vector full."""

_MAX_UNPRODUCTIVE = 32
_CHANGE_CIPHER_SPEC_BODY = b"\x01"


class Connection:
    """What both sides share; use `ClientConnection` or `ServerConnection`.

    Attributes:
        meter: what work was done.
        version, suite: agreed on, else `None`.
        resumed: whether the handshake resumed a session.
        session: what can be resumed next time, else `None`.
        handshake_completed: whether application data may flow.
        pending_request: what waits for `answer`, else `None`.
        closed: whether nothing more will be sent or understood: a fatal alert either way, or
            close_notify both ways.
    """

    _is_client: bool
    _config: ServerConfig | ClientConfig

    def __init__(
        self, *, initial_version: int, entropy: Entropy | None, clock: Callable[[], float]
    ) -> None:
        self.meter = Meter()
        self.version: int | None = None
        self.suite: int | None = None
        self.resumed = False
        self.session: Session | None = None
        self.handshake_completed = False
        self.closed = False
        self._clock = clock
        self._records = RecordLayer(self.meter, initial_version)
        self._message_version = initial_version
        self._context = HandshakeContext(
            is_client=self._is_client,
            clock=clock,
            random=RandomSource(entropy, self.meter),
            meter=self.meter,
        )
        self._transcript = self._context.transcript
        self._events: list[Event] = []
        self._flight: list[bytes] = []
        self._messages = bytearray()
        self._alert_input = b""
        self._unproductive = 0
        self._close_notify_sent = False
        self._close_notify_received = False
        self._handshake: Handshake = self._new_handshake()
        self._waits_for: Request | None = None
        self.pending_request: Deferrable | None = None
        self._advance(None)

    def _new_handshake(self) -> Handshake:
        raise NotImplementedError

    # -- the caller's side -------------------------------------------------------------------

    @property
    def records_sent(self) -> int:
        """Records written so far."""
        return self._records.records_sent

    @property
    def records_received(self) -> int:
        """Records read so far."""
        return self._records.records_received

    def receive(self, data: bytes) -> list[Event]:
        """Take bytes that arrived and tell what they meant.

        Raises `PeerError`, and nothing else, when they break the protocol or carry what this side
        does not accept; the alert is then in `outgoing()` and the connection closed. Once closed,
        further bytes are dropped.
        """
        self._records.feed(data)
        return self._run(self._read_records)

    def answer(self, value: Any) -> list[Event]:
        """Answer the pending request and go on; events and errors as `receive`.

        `LookUpSession` wants a `Session` or `None`, `StoreSession` nothing, `PrivateKeyOperation`
        the decrypted bytes or `None`. Raises `UsageError` when nothing is pending.
        """
        if self.pending_request is None:
            raise UsageError("no request is pending")
        self.pending_request = None

        def resume() -> None:
            self._advance(value)
            self._pump_messages()
            self._read_records()

        return self._run(resume)

    def receive_end(self) -> list[Event]:
        """The transport ended: `[Truncated()]` unless the peer had sent close_notify."""
        truncated = not (self._close_notify_received or self.closed)
        self.closed = True
        return [Truncated()] if truncated else []

    def send(self, data: bytes) -> None:
        """Send application data.

        Raises `UsageError` before the handshake is completed and after `close`.
        """
        if not self.handshake_completed:
            raise UsageError("application data cannot be sent before the handshake is completed")
        if self.closed or self._close_notify_sent:
            raise UsageError("the connection is closed for sending")
        self._records.send(APPLICATION_DATA, data)

    def close(self) -> None:
        """Send close_notify, once; what the peer still sends is received until its own."""
        if self.closed or self._close_notify_sent:
            return
        self._close_notify_sent = True
        self._send_alert(WARNING, CLOSE_NOTIFY)
        self.closed = self._close_notify_received

    def abort(self, alert: int) -> None:
        """End the connection with a fatal alert, such as after a warning of the peer."""
        if not self.closed:
            self._send_alert(FATAL, alert)
            self._end()

    def outgoing(self) -> bytes:
        """The bytes to put on the network, and forget them."""
        if self._flight:
            self._flush_flight()
        return self._records.take_output()

    # -- records -------------------------------------------------------------------------------

    def _run(self, action: Callable[[], None]) -> list[Event]:
        events: list[Event] = []
        self._events = events
        if self.closed:
            return events
        try:
            action()
        except PeerError as error:
            error.alert = alert_in_version(error.alert, self._records.version)
            error.events = events
            self._send_alert(FATAL, error.alert)
            self._end()
            raise
        return events

    def _read_records(self) -> None:
        while not self.closed and self.pending_request is None:
            record = self._records.next_record()
            if record is None:
                return
            content_type, fragment = record
            if self._messages and content_type != HANDSHAKE:
                raise PeerError(UNEXPECTED_MESSAGE, "a record interrupts a handshake message")
            if content_type == HANDSHAKE:
                self._receive_handshake(fragment)
            elif content_type == APPLICATION_DATA:
                self._receive_application_data(fragment)
            elif content_type == ALERT:
                self._receive_alerts(fragment)
            else:
                self._receive_change_cipher_spec(fragment)

    def _receive_application_data(self, fragment: bytes) -> None:
        if not self.handshake_completed:
            raise PeerError(UNEXPECTED_MESSAGE, "application data during the handshake")
        if not fragment:
            self._count_unproductive("empty records")
            return
        self._unproductive = 0
        self._events.append(ApplicationData(fragment))

    def _receive_change_cipher_spec(self, fragment: bytes) -> None:
        waits_for = self._waits_for
        if not isinstance(waits_for, ExpectChangeCipherSpec):
            raise PeerError(UNEXPECTED_MESSAGE, "change_cipher_spec is not due")
        if fragment != _CHANGE_CIPHER_SPEC_BODY:
            raise PeerError(ILLEGAL_PARAMETER, "a malformed change_cipher_spec")
        self._records.read = waits_for.protection
        self._advance(None)

    def _receive_alerts(self, fragment: bytes) -> None:
        if not fragment:
            raise PeerError(UNEXPECTED_MESSAGE, "an empty alert record")
        alerts = self._alert_input + fragment
        whole = len(alerts) & ~1
        self._alert_input = alerts[whole:]
        for position in range(0, whole, 2):
            self._receive_alert(alerts[position], alerts[position + 1])
            if self.closed:
                return

    def _receive_alert(self, level: int, alert: int) -> None:
        if level not in (WARNING, FATAL):
            raise PeerError(ILLEGAL_PARAMETER, f"an alert of the unknown level {level}")
        fatal = level == FATAL or alert in ALWAYS_FATAL
        self._events.append(AlertReceived(alert, fatal))
        if fatal:
            self._end()
        elif alert == CLOSE_NOTIFY:
            # RFC 2246 §7.2.1: answer with a close_notify of one's own.
            self._close_notify_received = True
            self.close()
            self.closed = True
        elif not self._config.on_warning(alert):
            raise PeerError(
                HANDSHAKE_FAILURE, f"not going on after the warning {alert_name(alert)}"
            )
        else:
            self._count_unproductive("warnings")

    def _count_unproductive(self, what: str) -> None:
        self._unproductive += 1
        if self._unproductive > _MAX_UNPRODUCTIVE:
            raise PeerError(UNEXPECTED_MESSAGE, f"too many {what} in a row")

    def _send_alert(self, level: int, alert: int) -> None:
        if self._flight:
            self._flush_flight()
        self._records.send(ALERT, bytes((level, alert)))

    def _end(self) -> None:
        """A fatal alert, sent or received: the session may not be resumed (RFC 2246 §7.2)."""
        self.closed = True
        session, self.session = self.session, None
        sessions = getattr(self._config, "sessions", None)
        if session is not None and sessions is not None:
            sessions.remove(session.id)

    # -- handshake messages --------------------------------------------------------------------

    def _receive_handshake(self, fragment: bytes) -> None:
        if not fragment:
            raise PeerError(UNEXPECTED_MESSAGE, "an empty handshake record")
        self._messages += fragment
        self._pump_messages()

    def _pump_messages(self) -> None:
        """Give whole messages to the handshake while it wants some."""
        messages = self._messages
        while messages and not self.closed and self.pending_request is None:
            waits_for = self._waits_for
            if isinstance(waits_for, ExpectChangeCipherSpec):
                raise PeerError(UNEXPECTED_MESSAGE, "change_cipher_spec is due")
            kind = messages[0]
            message_class = waits_for.by_type.get(kind) if isinstance(waits_for, Expect) else None
            if message_class is None and not self._may_be_ignored(kind):
                raise PeerError(UNEXPECTED_MESSAGE, f"{message_name(kind)} is not due")
            if len(messages) < HEADER_LENGTH:
                return
            length = int.from_bytes(messages[1:HEADER_LENGTH], "big")
            if length > MAX_MESSAGE:
                raise PeerError(ILLEGAL_PARAMETER, f"a handshake message of {length} bytes")
            if len(messages) < HEADER_LENGTH + length:
                return
            raw = bytes(messages[: HEADER_LENGTH + length])
            del messages[: HEADER_LENGTH + length]
            if message_class is None:
                self._refuse_renegotiation(kind, raw)
                continue
            message = message_class.decode(raw[HEADER_LENGTH:], self._message_version)
            self._unproductive = 0
            self._transcript.add(raw)
            self._advance(message)

    def _may_be_ignored(self, kind: int) -> bool:
        """HelloRequest at any time, ClientHello once the handshake is completed."""
        if self._is_client:
            return kind == HelloRequest.type
        return kind == ClientHello.type and self.handshake_completed

    def _refuse_renegotiation(self, kind: int, raw: bytes) -> None:
        """Answer no_renegotiation (RFC 2246 §7.2.2); SSL 3.0, which has none, ends there."""
        self._count_unproductive("requests to negotiate anew")
        if not self.handshake_completed:
            if len(raw) > HEADER_LENGTH:
                raise PeerError(UNEXPECTED_MESSAGE, "a hello_request with a body")
            return
        if self.version == SSL_3_0:
            raise PeerError(HANDSHAKE_FAILURE, f"{message_name(kind)}: renegotiation is refused")
        self._send_alert(WARNING, NO_RENEGOTIATION)

    def _advance(self, answer: object) -> None:
        """Resume the handshake with an answer and serve its requests until it has to wait."""
        resume = self._handshake.send
        while True:
            try:
                request = resume(answer)
            except StopIteration:
                self._waits_for = None
                return
            serve = _SERVED.get(type(request))
            if serve is None:
                self._waits_for = request
                return
            if self._deferred and isinstance(request, tuple(self._deferred)):
                self._waits_for = self.pending_request = request
                self._events.append(RequestPending(request))
                return
            answer = serve(self, request)

    _deferred: frozenset[type] = frozenset()

    def _serve_send(self, request: Send) -> None:
        raw = encode_message(request.message, self._message_version)
        self._transcript.add(raw)
        self._flight.append(raw)

    def _serve_send_alert(self, request: SendAlert) -> None:
        self._send_alert(WARNING, request.alert)

    def _serve_agree_on_version(self, request: AgreeOnVersion) -> None:
        self.version = request.version
        self._message_version = request.version
        self._records.version = request.version
        self._records.write_version = request.version

    def _serve_send_change_cipher_spec(self, request: SendChangeCipherSpec) -> None:
        if self._flight:
            self._flush_flight()
        self._records.send(CHANGE_CIPHER_SPEC, _CHANGE_CIPHER_SPEC_BODY)
        self._records.write = request.protection

    def _serve_emit(self, request: Emit) -> None:
        event = request.event
        if type(event) is HandshakeCompleted:
            self.handshake_completed = True
            self.suite = event.suite
            self.resumed = event.resumed
            self.session = event.session
        self._events.append(event)

    def _serve_look_up_session(self, request: LookUpSession) -> Session | None:
        raise NotImplementedError

    def _serve_store_session(self, request: StoreSession) -> None:
        raise NotImplementedError

    def _serve_private_key_operation(self, request: PrivateKeyOperation) -> bytes | None:
        return decrypt_premaster(request.identity, request.ciphertext, self.meter)

    def _flush_flight(self) -> None:
        flight = self._flight
        self._flight = []
        self._records.send(HANDSHAKE, flight[0] if len(flight) == 1 else b"".join(flight))


# What is served at once; Expect and ExpectChangeCipherSpec wait for the peer.
_SERVED: dict[type, Callable[[Any, Any], Any]] = {
    Send: Connection._serve_send,
    SendAlert: Connection._serve_send_alert,
    AgreeOnVersion: Connection._serve_agree_on_version,
    SendChangeCipherSpec: Connection._serve_send_change_cipher_spec,
    Emit: Connection._serve_emit,
    LookUpSession: lambda connection, request: connection._serve_look_up_session(request),
    StoreSession: lambda connection, request: connection._serve_store_session(request),
    PrivateKeyOperation: Connection._serve_private_key_operation,
}


class ServerConnection(Connection):
    """The server's side of one connection.

    Args:
        config: shared by all the server's connections.
        entropy: a source of random bytes, or `None` for the system's.
        clock: calendar time in seconds since 1970 (Unix time).
    """

    _is_client = False

    def __init__(
        self,
        config: ServerConfig,
        *,
        entropy: Entropy | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._config: ServerConfig = config
        self._deferred = config.deferred
        super().__init__(
            initial_version=min(config.versions[-1], TLS_1_0), entropy=entropy, clock=clock
        )

    def _new_handshake(self) -> Handshake:
        return server_handshake(self._context, self._config)

    def _serve_look_up_session(self, request: LookUpSession) -> Session | None:
        sessions = self._config.sessions
        return None if sessions is None else sessions.lookup(request.session_id, self._clock())

    def _serve_store_session(self, request: StoreSession) -> None:
        if self._config.sessions is not None:
            self._config.sessions.store(request.session, self._clock())


class ClientConnection(Connection):
    """The client's side of one connection; its hello is ready at once.

    Args:
        config: shared by all the client's connections.
        server_name: the DNS name or IP address wanted: what the certificate must name.
        session: offered for resumption.
        entropy: a source of random bytes, or `None` for the system's.
        clock: calendar time in seconds since 1970 (Unix time).
    """

    _is_client = True

    def __init__(
        self,
        config: ClientConfig,
        server_name: str,
        *,
        session: Session | None = None,
        entropy: Entropy | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._config: ClientConfig = config
        self._server_name = server_name
        self._offered = session
        super().__init__(
            initial_version=min(config.versions[-1], TLS_1_0), entropy=entropy, clock=clock
        )

    def _new_handshake(self) -> Handshake:
        return client_handshake(self._context, self._config, self._server_name, self._offered)
