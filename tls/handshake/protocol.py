"""The handshake protocol: between the record layer and a handshake coroutine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from tls.alerts import (
    HANDSHAKE_FAILURE,
    ILLEGAL_PARAMETER,
    NO_RENEGOTIATION,
    UNEXPECTED_MESSAGE,
    WARNING,
)
from tls.configuration import Renegotiation, Settings
from tls.deferrable import Deferrable, RemoveSession
from tls.entropy import RandomSource
from tls.errors import PeerError
from tls.event import Event
from tls.events import FalseStart, HandshakeCompleted, RequestPending
from tls.handshake.context import FinishedHistory, HandshakeContext
from tls.handshake.requests import (
    AgreeOnVersion,
    ChangeReadKeys,
    ChangeWriteKeys,
    Emit,
    Expect,
    LimitRecords,
    Send,
    SendAlert,
    SendSsl2Hello,
)
from tls.handshake.role import Role
from tls.messages import (
    HEADER_LENGTH,
    ClientHello,
    Finished,
    HandshakeMessage,
    HelloRequest,
    ServerHello,
    encode_message,
    message_name,
)
from tls.meter import Meter
from tls.reasons import Reason
from tls.record.layer import ALERT, CHANGE_CIPHER_SPEC, HANDSHAKE, RecordLayer
from tls.record.ssl2 import decode_ssl2_hello, encode_ssl2_hello
from tls.state import RENEGOTIATING, ConnectionState, Occurrence, State
from tls.versions import SSL_3_0

MAX_MESSAGE = 131_400
"""The longest handshake message taken, in bytes: a ClientHello with every vector full."""

MAX_RENEGOTIATIONS = 8
"""How many handshakes a peer may ask for in a connection's life, whatever it does between them."""

_CHANGE_CIPHER_SPEC_BODY = b"\x01"
_HANDSHAKE_COMPLETED = Occurrence.HANDSHAKE_COMPLETED
_NOTHING: Mapping[int, type[HandshakeMessage]] = {}


class HandshakeProtocol:
    """Feeds handshake coroutines with messages, one after another, and serves what they ask for.

    Requests of a kind that the settings defer wait for `answer`; the `role` answers the others at
    once. Events go to the list that `events` is. It knows nothing of the connection that it belongs
    to: two objects that hold each other are freed by the collector only, which costs as much as a
    part of the handshake.

    Attributes:
        role: which side this is.
        history: the last handshake's Finished messages.
        version: agreed on, else `None`.
        completed: what the last completed handshake agreed on, else `None`.
        peer_certificates: the peer's chain if it proved that it holds its key.
        running: whether a coroutine is running.
        pending_request: the deferred request that waits for `answer`, else `None`.
        flight: messages that wait for `flush`.
        events: where events go.
    """

    version: int | None = None
    completed: HandshakeCompleted | None = None
    peer_certificates: tuple[bytes, ...] = ()
    running = False
    pending_request: Deferrable | None = None
    _input: bytes | bytearray = b""
    _change_due: ChangeReadKeys | None = None
    _expected = _NOTHING
    _renegotiations = 0
    _renegotiation_requested = False

    def __init__(
        self,
        settings: Settings,
        role: Role,
        records: RecordLayer,
        state: ConnectionState,
        *,
        clock: Callable[[], float],
        random: RandomSource,
        meter: Meter,
    ) -> None:
        self.role = role
        self.history = FinishedHistory()
        self.flight: list[bytes] = []
        self.events: list[Event] = []
        self._settings = settings
        self._records = records
        self._state = state
        self._clock = clock
        self._random = random
        self._meter = meter
        self._message_version = records.write_version

    def start(self) -> None:
        """Run a new handshake up to where it waits."""
        self._context = context = HandshakeContext(
            self._settings,
            is_client=self.role.is_client,
            clock=self._clock,
            random=self._random,
            meter=self._meter,
            history=self.history,
        )
        self.running = True
        self._resume = self.role.handshake(context).send
        self._advance(None)

    @property
    def may_renegotiate(self) -> bool:
        """Whether settings and peer allow another handshake on this connection."""
        policy = self._settings.renegotiation
        return policy is Renegotiation.LEGACY or (
            policy is Renegotiation.SECURE and self.history.secure
        )

    @property
    def expects_finished(self) -> bool:
        """Whether nothing but the peer's Finished may come."""
        return Finished.type in self._expected

    def receive(self, fragment: bytes) -> None:
        """Take a handshake record's fragment."""
        if not fragment:
            raise PeerError(
                UNEXPECTED_MESSAGE, Reason.EMPTY_HANDSHAKE_RECORD, "an empty handshake record"
            )
        # What is left over grows in place, however small the fragments are.
        if self._input:
            self._input += fragment
        else:
            self._input = fragment
        self._read_messages()

    def receive_ssl2_hello(self, body: bytes) -> None:
        """Take a ClientHello in SSL 2.0's format; its body is what the transcript holds."""
        hello = decode_ssl2_hello(body)
        self._context.transcript.add(body)
        self._advance(hello)

    def receive_change_cipher_spec(self, fragment: bytes) -> None:
        """Take a change_cipher_spec record's fragment (RFC 5246 §7.1)."""
        due = self._change_due
        if due is None or self._input:
            raise PeerError(
                UNEXPECTED_MESSAGE,
                Reason.CHANGE_CIPHER_SPEC_NOT_DUE,
                "change_cipher_spec is not due",
            )
        if fragment != _CHANGE_CIPHER_SPEC_BODY:
            raise PeerError(
                ILLEGAL_PARAMETER,
                Reason.MALFORMED_CHANGE_CIPHER_SPEC,
                "a malformed change_cipher_spec",
            )
        self._change_due = None
        self._records.change_read(due.protection, due.compression)
        self._advance(None)

    def answer(self, value: object) -> None:
        """Answer the pending request and go on."""
        self.pending_request = None
        self._advance(value)
        self._read_messages()

    def request_renegotiation(self) -> None:
        """Send a HelloRequest, which is in no transcript (RFC 5246 §7.4.1.1)."""
        self._renegotiation_requested = True
        self.flight.append(encode_message(HelloRequest(), self._message_version))
        self.flush()

    def flush(self) -> None:
        """Put the messages of the current flight into records."""
        if self.flight:
            data = b"".join(self.flight)
            self.flight.clear()
            self._records.send(HANDSHAKE, data)

    def _read_messages(self) -> None:
        """Give whole messages to the handshake while it wants some."""
        data, position, length = self._input, 0, len(self._input)
        while position < length and self.pending_request is None:
            kind = data[position]
            message_class = self._expected.get(kind)
            if message_class is None and not self._may_come_unexpected(kind):
                raise PeerError(
                    UNEXPECTED_MESSAGE, Reason.MESSAGE_NOT_DUE, f"{message_name(kind)} is not due"
                )
            body_start = position + HEADER_LENGTH
            if length < body_start:
                break
            end = body_start + int.from_bytes(data[position + 1 : body_start], "big")
            if end - position > MAX_MESSAGE:
                raise PeerError(
                    ILLEGAL_PARAMETER,
                    Reason.HANDSHAKE_MESSAGE_TOO_LONG,
                    f"a handshake message of {end - position} bytes",
                )
            if length < end:
                break
            raw = bytes(data[position:end])
            position = end
            if message_class is None:
                self._receive_unexpected(kind, raw)
                continue
            message = message_class.decode(raw[HEADER_LENGTH:], self._message_version)
            self._context.transcript.add(raw)
            self._advance(message)
        if position == length:
            self._input = b""
        elif position or isinstance(data, bytes):
            self._input = bytearray(data[position:])

    # -- messages that no handshake waits for

    def _may_come_unexpected(self, kind: int) -> bool:
        """Whether a message may come that no coroutine expects.

        A HelloRequest unless change_cipher_spec is due, a ClientHello between handshakes. In
        TLS 1.3 this is where tickets, KeyUpdate and a later CertificateRequest belong.
        """
        if kind != self.role.renegotiation_request or self._change_due is not None:
            return False
        return kind == HelloRequest.type or not self.running

    def _receive_unexpected(self, kind: int, raw: bytes) -> None:
        """Do what the peer asks, or answer no_renegotiation; SSL 3.0, which has none, ends there.

        A hello_request during the handshake is ignored (RFC 5246 §7.4.1.1), and any request after
        this side's close_notify, behind which nothing may be sent (§7.2.1).
        """
        body = raw[HEADER_LENGTH:]
        if kind == HelloRequest.type:
            HelloRequest.decode(body, self._message_version)
        self._count_renegotiation(kind)
        if self._state.current is not State.OPEN:
            return
        if not self.may_renegotiate:
            if self.version == SSL_3_0:
                raise PeerError(
                    HANDSHAKE_FAILURE, Reason.RENEGOTIATION_REFUSED, "renegotiation is refused"
                )
            self._send_alert(NO_RENEGOTIATION)
            return
        self.renegotiate()
        if kind == ClientHello.type:
            hello = ClientHello.decode(body, self._message_version)
            self._context.transcript.add(raw)
            self._advance(hello)

    def renegotiate(self) -> None:
        """Start another handshake on an open connection."""
        self._state.advance(Occurrence.HANDSHAKE_STARTED)
        self.start()

    def abandon_renegotiation(self) -> bool:
        """The peer sent no_renegotiation: whether that answered this side's hello."""
        if self._state.current not in RENEGOTIATING or ServerHello.type not in self._expected:
            return False
        self._expected = _NOTHING
        self.running = False
        self._state.advance(Occurrence.RENEGOTIATION_REFUSED)
        return True

    def _count_renegotiation(self, kind: int) -> None:
        if self._renegotiation_requested:
            self._renegotiation_requested = False
            return
        self._renegotiations += 1
        if self._renegotiations > MAX_RENEGOTIATIONS:
            raise PeerError(
                UNEXPECTED_MESSAGE,
                Reason.TOO_MANY_RENEGOTIATIONS,
                f"{message_name(kind)} again and again",
            )

    def forget_session(self) -> None:
        """After a fatal alert the session may not be resumed (RFC 2246 §7.2).

        A deferred removal is the last request; whatever else was pending is dropped.
        """
        self.pending_request = None
        completed = self.completed
        if completed is None or completed.session is None:
            return
        self.completed = replace(completed, session=None)
        removal = self.role.forget(completed.session)
        if removal is None:
            return
        if RemoveSession in self._settings.deferred:
            self._defer(removal)
        else:
            self.role.answer(removal, self._context)

    def _send_alert(self, alert: int) -> None:
        self.flush()
        self._records.send(ALERT, bytes((WARNING, alert)))

    # -- what the coroutine asks for

    def _advance(self, answer: object) -> None:
        """Resume the handshake with an answer and serve its requests until it has to wait."""
        resume = self._resume
        add_to_transcript = self._context.transcript.add
        while True:
            try:
                request = resume(answer)
            except StopIteration:
                return
            answer = None
            if isinstance(request, Send):
                raw = encode_message(request.message, self._message_version)
                add_to_transcript(raw)
                self.flight.append(raw)
            elif isinstance(request, Expect):
                self._expected = request.by_type
                return
            elif isinstance(request, Emit):
                self._emit(request.event)
            elif isinstance(request, ChangeReadKeys):
                if request.announced:
                    self._change_due = request
                    self._expected = _NOTHING
                    return
                self._records.change_read(request.protection, request.compression)
            elif isinstance(request, ChangeWriteKeys):
                self.flush()
                if request.announced:
                    self._records.send(CHANGE_CIPHER_SPEC, _CHANGE_CIPHER_SPEC_BODY)
                self._records.change_write(request.protection, request.compression)
            elif isinstance(request, AgreeOnVersion):
                self.version = self._message_version = request.version
                self._records.version = self._records.write_version = request.version
            elif isinstance(request, LimitRecords):
                self._records.limit(
                    request.send, request.receive, protected_only=request.protected_only
                )
            elif isinstance(request, SendAlert):
                self._send_alert(request.alert)
            elif isinstance(request, SendSsl2Hello):
                body = encode_ssl2_hello(request.hello)
                add_to_transcript(body)
                self._records.send_ssl2(body)
            elif type(request) in self._settings.deferred:
                self._defer(request)
                return
            else:
                answer = self.role.answer(request, self._context)

    def _defer(self, request: Deferrable) -> None:
        self.pending_request = request
        self.events.append(RequestPending(request))

    def _emit(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, HandshakeCompleted):
            self._expected = _NOTHING
            self.running = False
            self.completed = event
            self.peer_certificates = self._context.peer_certificates
            self.history.completed = True
            self._state.advance(_HANDSHAKE_COMPLETED)
        elif isinstance(event, FalseStart) and self._state.current is State.HANDSHAKE:
            self._state.advance(Occurrence.SENDING_ALLOWED)
