"""What both sides of a connection share: bytes in, events and bytes out, no socket anywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from tls.alerts import (
    ALWAYS_FATAL,
    CLOSE_NOTIFY,
    DECODE_ERROR,
    FATAL,
    HANDSHAKE_FAILURE,
    ILLEGAL_PARAMETER,
    PROTOCOL_VERSION,
    UNEXPECTED_MESSAGE,
    WARNING,
    alert_in_version,
    alert_name,
)
from tls.configuration import ClientConfig, Renegotiation, ServerConfig
from tls.entropy import Entropy, RandomSource
from tls.errors import PeerError, UsageError
from tls.events import (
    AlertReceived,
    ApplicationData,
    ClientAuthenticated,
    Event,
    FalseStart,
    HandshakeCompleted,
    Truncated,
)
from tls.exchange.rsa import decrypt_premaster
from tls.handshake.context import FinishedHistory, HandshakeContext
from tls.handshake.protocol import HandshakeProtocol
from tls.handshake.requests import Deferrable, Handshake, PrivateKeyOperation
from tls.meter import Meter
from tls.record.layer import ALERT, APPLICATION_DATA, HANDSHAKE, RecordLayer
from tls.sessions import Session
from tls.signatures import sign, sign_md5_and_sha1
from tls.versions import TLS_1_0

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_MAX_EMPTY_RECORDS = 32
_MAX_WARNINGS = 4
_MAX_DATA_WHILE_NEGOTIATING = 1 << 20


class Connection:
    """What both sides share; use `ClientConnection` or `ServerConnection`.

    Attributes:
        meter: what work was done.
        suite: agreed on, else `None`.
        resumed: whether the handshake resumed a session.
        session: what can be resumed next time, else `None`.
        application_protocol: what ALPN agreed on, else `None`.
        peer_certificates: the chain of a client that authenticated itself, DER, leaf first.
        handshake_completed: whether application data may flow.
        closed: whether nothing more will be sent or understood: a fatal alert either way, or
            close_notify both ways.
    """

    suite: int | None = None
    resumed = False
    session: Session | None = None
    application_protocol: str | None = None
    peer_certificates: tuple[bytes, ...] = ()
    handshake_completed = False
    _alert_input = b""
    _empty_records = 0
    _data_while_negotiating = 0
    _warnings = 0
    _close_notify_received = False
    _may_send = False
    _first_record = True

    def __init__(
        self,
        config: ClientConfig | ServerConfig,
        *,
        is_client: bool,
        entropy: Entropy | None,
        clock: Callable[[], float],
    ) -> None:
        self.meter = meter = Meter()
        self.closed = False
        self._config = config
        self._events: list[Event] = []
        self._is_client = is_client
        self._clock = clock
        self._random = RandomSource(entropy, meter)
        self._history = FinishedHistory()
        self._waiting_data: list[bytes] = []
        self._close_notify_sent = self._close_waits = False
        self._records = RecordLayer(
            meter,
            min(config.versions[-1], TLS_1_0),
            sizes=config.record_sizes,
            split_records=config.split_records,
        )
        self._handshake = HandshakeProtocol(
            self._records,
            is_client=is_client,
            deferred=config.deferred,
        )
        self._start_handshake()

    def _start_handshake(self) -> None:
        context = HandshakeContext(
            self._config,
            is_client=self._is_client,
            clock=self._clock,
            random=self._random,
            meter=self.meter,
            history=self._history,
        )
        self._handshake.start(self, self._handshake_of_role(context), context.transcript)

    def _handshake_of_role(self, context: HandshakeContext) -> Handshake:
        raise NotImplementedError

    def _serve(self, request: Deferrable) -> object:
        if isinstance(request, PrivateKeyOperation):
            return self._use_private_key(request)
        return None

    def _use_private_key(self, request: PrivateKeyOperation) -> bytes | None:
        key = request.identity.private_key
        if request.operation == "decrypt":
            if request.identity.key_kind != "rsa":
                raise UsageError("only RSA keys decrypt")
            return decrypt_premaster(cast("RSAPrivateKey", key), request.data, self.meter)
        deterministic = self._random.seeded
        if request.scheme is None:
            return sign_md5_and_sha1(
                key, request.data, deterministic=deterministic, meter=self.meter
            )
        return sign(
            key, request.scheme, request.data, deterministic=deterministic, meter=self.meter
        )

    def _may_renegotiate(self) -> bool:
        """Whether to do what the peer asks; if so, a new handshake has been started."""
        policy = self._config.renegotiation
        allowed = policy is Renegotiation.LEGACY or (
            policy is Renegotiation.SECURE and self._history.secure
        )
        if allowed:
            self._start_handshake()
        return allowed

    def _forget_session(self, session: Session) -> None:
        """A session that may not be resumed any more."""

    # -- the caller's side

    @property
    def version(self) -> int | None:
        """The version agreed on, else `None`."""
        return self._handshake.version

    @property
    def pending_request(self) -> Deferrable | None:
        """The request that waits for `answer`, else `None`."""
        return self._handshake.pending_request

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
        if self.closed:
            return []
        self._records.feed(data)
        events: list[Event] = []
        self._events = events
        try:
            self._read_records()
        except PeerError as error:
            self._fail(error)
            raise
        return events

    def answer(self, value: Any) -> list[Event]:
        """Answer the pending request and go on; events and errors as `receive`.

        `LookUpSession` wants a `Session` or `None`, `StoreSession` nothing, `PrivateKeyOperation`
        the decrypted bytes or `None`. Raises `UsageError` when nothing is pending.
        """
        if self.pending_request is None:
            raise UsageError("no request is pending")

        events: list[Event] = []
        self._events = events
        try:
            self._handshake.answer(self, value)
            self._read_records()
        except PeerError as error:
            self._fail(error)
            raise
        return events

    def receive_end(self) -> list[Event]:
        """The transport ended: `[Truncated()]` unless the peer had sent close_notify."""
        truncated = not (self._close_notify_received or self.closed)
        self.closed = True
        return [Truncated()] if truncated else []

    def send(self, data: bytes) -> None:
        """Send application data; while a connection negotiates anew it waits until that is done.

        Raises `UsageError` before the handshake is completed (or the event `FalseStart`) and after
        `close`.
        """
        if not self._may_send:
            raise UsageError("application data cannot be sent before the handshake is completed")
        if self.closed or self._close_notify_sent or self._close_waits:
            raise UsageError("the connection is closed for sending")
        handshake = self._handshake
        if self.handshake_completed and not handshake.completed:
            self._waiting_data.append(data)
            return
        if handshake.flight:
            handshake.flush()
        self._records.send_application_data(data)

    def renegotiate(self) -> None:
        """Negotiate anew: a client sends its hello, a server asks for one (RFC 5246 §7.4.1.1).

        Raises `UsageError` before the first handshake is completed, while another one runs, and
        where the configuration or a peer without RFC 5746 forbids it.
        """
        if not self.handshake_completed or not self._handshake.completed or self.closed:
            raise UsageError("there is no completed handshake to negotiate anew")
        policy = self._config.renegotiation
        if policy is Renegotiation.REFUSE:
            raise UsageError("the configuration refuses renegotiation")
        if policy is Renegotiation.SECURE and not self._history.secure:
            raise UsageError("the peer does not know secure renegotiation")
        if self._is_client:
            self._start_handshake()
        else:
            self._handshake.request_renegotiation()

    def close(self) -> None:
        """Send close_notify, once; what the peer still sends is received until its own.

        While a connection negotiates anew it waits, behind the data that waits, until that is done.
        """
        if self.handshake_completed and not self._handshake.completed:
            self._close_waits = True
        else:
            self._send_close_notify()

    def _send_close_notify(self) -> None:
        if not (self.closed or self._close_notify_sent):
            self._close_notify_sent = True
            self._send_alert(WARNING, CLOSE_NOTIFY)
            self.closed = self._close_notify_received

    def abort(self, alert: int) -> None:
        """End the connection with a fatal alert, such as after a warning of the peer."""
        if not self.closed:
            self._send_alert(FATAL, alert_in_version(alert, self.version))
            self._end()

    def outgoing(self) -> bytes:
        """The bytes to put on the network, and forget them."""
        if self._handshake.flight:
            self._handshake.flush()
        return self._records.take_output()

    # -- the peer's side

    def _fail(self, error: PeerError) -> None:
        error.alert = alert_in_version(error.alert, self.version)
        error.events = self._events
        self._send_alert(FATAL, error.alert)
        self._end()

    def _read_records(self) -> None:
        handshake = self._handshake
        if self._first_record and not self._read_ssl2_hello():
            return
        while not self.closed and handshake.pending_request is None:
            record = self._records.next_record()
            if record is None:
                return
            content_type, fragment = record
            if content_type == HANDSHAKE:
                handshake.receive(self, fragment)
            elif content_type == APPLICATION_DATA:
                self._receive_application_data(fragment)
            elif content_type == ALERT:
                self._receive_alerts(fragment)
            else:
                handshake.receive_change_cipher_spec(self, fragment)

    def _read_ssl2_hello(self) -> bool:
        """Whether the first record's format is known and, if SSL 2.0's, was dealt with."""
        body = self._records.next_ssl2_record()
        if body == b"":
            return False
        self._first_record = False
        if body is not None:
            if not self._accepts_ssl2_hello():
                raise PeerError(PROTOCOL_VERSION, "a hello in SSL 2.0's format is refused")
            self._handshake.receive_ssl2_hello(self, body)
        return True

    def _accepts_ssl2_hello(self) -> bool:
        return False

    def _receive_application_data(self, fragment: bytes) -> None:
        handshake = self._handshake
        if not (
            self.handshake_completed and (handshake.completed or not handshake.expects_finished)
        ):
            raise PeerError(UNEXPECTED_MESSAGE, "application data during the handshake")
        if not fragment:
            self._empty_records += 1
            if self._empty_records > _MAX_EMPTY_RECORDS:
                raise PeerError(DECODE_ERROR, "too many empty records in a row")
            return
        self._empty_records = self._warnings = 0
        if handshake.completed:
            handshake.requests_to_negotiate = self._data_while_negotiating = 0
        else:
            # Answers to it wait until the handshake is over: the peer must not let them pile up.
            self._data_while_negotiating += len(fragment)
            if self._data_while_negotiating > _MAX_DATA_WHILE_NEGOTIATING:
                raise PeerError(UNEXPECTED_MESSAGE, "much data and no end of the handshake")
        self._events.append(ApplicationData(fragment))

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
            return
        if alert == CLOSE_NOTIFY:
            # RFC 2246 §7.2.1: answer with a close_notify of one's own.
            self._close_notify_received = True
            self._send_close_notify()
            self.closed = True
            return
        if not self._config.on_warning(alert):
            raise PeerError(HANDSHAKE_FAILURE, f"no going on after the warning {alert_name(alert)}")
        self._warnings += 1
        if self._warnings > _MAX_WARNINGS:
            raise PeerError(DECODE_ERROR, "too many warnings in a row")

    def _send_alert(self, level: int, alert: int) -> None:
        self._handshake.flush()
        self._records.send(ALERT, bytes((level, alert)))

    def _end(self) -> None:
        """A fatal alert, sent or received: the session may not be resumed (RFC 2246 §7.2)."""
        self.closed = True
        session, self.session = self.session, None
        if session is not None:
            self._forget_session(session)

    def _emit(self, event: Event) -> None:
        self._events.append(event)
        if isinstance(event, HandshakeCompleted):
            self._handshake.completed = True
            self._history.completed = self.handshake_completed = self._may_send = True
            self.suite = event.suite
            self.resumed = event.resumed
            self.session = event.session
            self.application_protocol = event.application_protocol
            if self._waiting_data or self._close_waits:
                self._send_waiting_data()
        elif isinstance(event, FalseStart):
            self._may_send = True
        elif isinstance(event, ClientAuthenticated):
            self.peer_certificates = event.chain

    def _send_waiting_data(self) -> None:
        waiting, self._waiting_data = self._waiting_data, []
        if waiting:
            self._handshake.flush()
        for data in waiting:
            self._records.send_application_data(data)
        if self._close_waits:
            self._send_close_notify()
