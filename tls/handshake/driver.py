"""Runs handshake coroutines and serves what they ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar, NamedTuple

from tls.alerts import (
    UNEXPECTED_MESSAGE,
    WARNING,
)
from tls.deferrable import Deferrable
from tls.entropy import RandomSource
from tls.errors import PeerError
from tls.event import Event
from tls.events import (
    ClientAuthenticated,
    FalseStart,
    HandshakeCompleted,
    RequestPending,
    TicketReceived,
)
from tls.handshake.context import FinishedHistory, HandshakeContext
from tls.handshake.requests import (
    AfterHandshake,
    AgreeOnVersion,
    AllowSending,
    ChangeReadKeys,
    ChangeWriteKeys,
    Emit,
    Expect,
    Handshake,
    HoldSending,
    KeepTranscript,
    LaterMessage,
    LimitRecords,
    Request,
    Send,
    SendAlert,
    SendChangeCipherSpec,
    SendSsl2Hello,
    ServeLater,
    SkipEarlyData,
    TakeEarlyData,
    WriteVersion,
)
from tls.handshake.role import Role
from tls.messages import (
    HandshakeMessage,
    encode_message,
)
from tls.meter import Meter
from tls.reasons import Reason
from tls.record.layer import ALERT, CHANGE_CIPHER_SPEC, HANDSHAKE, RecordLayer
from tls.record.ssl2 import encode_ssl2_hello
from tls.settings import Settings
from tls.state import ConnectionState, Occurrence, State

CHANGE_CIPHER_SPEC_BODY = b"\x01"
"""What a change_cipher_spec says (RFC 5246 §7.1)."""

# Members of an enumeration are looked up slowly.
_HANDSHAKE = State.HANDSHAKE
_HANDSHAKE_COMPLETED = Occurrence.HANDSHAKE_COMPLETED

NOTHING: Mapping[int, type[HandshakeMessage]] = {}
"""What is expected when no message is."""

_NO_LATER: Mapping[int, LaterMessage] = {}


class _Suspended(NamedTuple):
    """A coroutine that waits while another one deals with a message that it did not wait for."""

    resume: Callable[[Any], Request]
    expected: Mapping[int, type[HandshakeMessage]]
    keep: Callable[[bytes], object]


def _keep_nothing(message: bytes) -> None:
    """No transcript holds what comes after the handshake (RFC 8446 §4.4.1)."""


class CoroutineDriver:
    """Runs handshake coroutines, one after another, and serves what they ask for.

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
        early_data_to_send: the bytes of early data that this client may still send; `None` where
            what it may send has no such limit.
        after: what a connection of TLS 1.3 can do after its handshake, else `None`.
        later_messages: how many messages in a row came after the handshake.
        holds_data: whether what the caller sends waits for the end of the handshake.
    """

    version: int | None = None
    completed: HandshakeCompleted | None = None
    peer_certificates: tuple[bytes, ...] = ()
    running = False
    pending_request: Deferrable | None = None
    early_data_to_send: int | None = None
    holds_data = False
    after: AfterHandshake | None = None
    later_messages = 0
    _early_data_to_come: int | None = None
    _input: bytes | bytearray = b""
    _change_due: ChangeReadKeys | None = None
    _completed_context: HandshakeContext | None = None
    _expected = NOTHING
    _later = _NO_LATER
    _unread = 0
    _suspended: tuple[_Suspended, ...] = ()

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
        self._keep: Callable[[bytes], object] = context.transcript.add
        self._advance(None)

    def flush(self) -> None:
        """Put the messages of the current flight into records."""
        if self.flight:
            data = b"".join(self.flight)
            self.flight.clear()
            self._records.send(HANDSHAKE, data)

    def _send_alert(self, alert: int) -> None:
        self.flush()
        self._records.send(ALERT, bytes((WARNING, alert)))

    # -- what the coroutine asks for

    def run(self, coroutine: Handshake) -> None:
        """Run another coroutine as far as it goes; what waits for messages waits until it ends."""
        self._suspended += (_Suspended(self._resume, self._expected, self._keep),)
        self._resume, self._expected, self._keep = coroutine.send, NOTHING, _keep_nothing
        self._advance(None)

    def _advance(self, answer: object) -> None:
        """Resume the handshake with an answer and serve its requests until it has to wait.

        A coroutine may return another one that takes its place.
        """
        resume = self._resume
        while True:
            try:
                request = resume(answer)
            except StopIteration as end:
                answer = None
                if end.value is not None:
                    self._resume = resume = end.value.send
                    continue
                if self._suspended:
                    *others, last = self._suspended
                    self._suspended = tuple(others)
                    self._resume, self._expected, self._keep = last
                return
            answer = None
            if isinstance(request, Send):
                raw = encode_message(request.message, self._message_version)
                self._keep(raw)
                self.flight.append(raw)
            elif isinstance(request, Expect):
                self._expected = request.by_type
                return
            elif isinstance(request, ChangeReadKeys):
                if request.announced:
                    self._change_due = request
                    self._expected = NOTHING
                    return
                self._check_record_ended()
                self._records.change_read(request.protection, request.compression)
            elif isinstance(request, ChangeWriteKeys):
                self.flush()
                if request.announced:
                    self._records.send(CHANGE_CIPHER_SPEC, CHANGE_CIPHER_SPEC_BODY)
                self._records.change_write(request.protection, request.compression)
            elif isinstance(request, Emit):
                event = request.event
                self.events.append(event)
                if (follow := self._FOLLOW.get(type(event))) is not None:
                    follow(self, event)
            elif (serve := self._SERVE.get(type(request))) is not None:
                serve(self, request)
            elif type(request) in self._settings.deferred:
                self._defer(request)  # type: ignore[arg-type]  # what is not served is deferrable
                return
            else:
                answer = self.role.answer(request, self._context)  # type: ignore[arg-type]

    # -- requests that are rare or simple

    def _agree_on_version(self, request: AgreeOnVersion) -> None:
        self.version = self._message_version = version = request.version
        self._records.agree_on_version(version)

    def _write_version(self, request: WriteVersion) -> None:
        self.flush()
        self._records.write_version = request.version

    def _limit_records(self, request: LimitRecords) -> None:
        self._records.limit(request.send, request.receive, protected_only=request.protected_only)

    def _send_ssl2_hello(self, request: SendSsl2Hello) -> None:
        body = encode_ssl2_hello(request.hello)
        self._keep(body)
        self._records.send_ssl2(body)

    def _send_change_cipher_spec(self, request: SendChangeCipherSpec) -> None:
        self.flush()
        self._records.send(CHANGE_CIPHER_SPEC, CHANGE_CIPHER_SPEC_BODY)

    def _allow_sending(self, request: AllowSending) -> None:
        self.early_data_to_send = request.limit
        if self._state.current is _HANDSHAKE:
            self._state.advance(Occurrence.SENDING_ALLOWED)

    def _hold_sending(self, request: HoldSending) -> None:
        self.holds_data = True

    def _take_early_data(self, request: TakeEarlyData) -> None:
        self._early_data_to_come = request.limit

    def _skip_early_data(self, request: SkipEarlyData) -> None:
        self._records.skip_early_data(request.limit)

    def _serve_later(self, request: ServeLater) -> None:
        self.after = request.after
        self._later = request.after.messages
        self._keep = _keep_nothing

    def _keep_transcript(self, request: KeepTranscript) -> None:
        self._keep = request.transcript.add

    def _send_warning(self, request: SendAlert) -> None:
        self._send_alert(request.alert)

    _SERVE: ClassVar[dict[type[Any], Callable[[CoroutineDriver, Any], None]]] = {
        AgreeOnVersion: _agree_on_version,
        WriteVersion: _write_version,
        LimitRecords: _limit_records,
        SendSsl2Hello: _send_ssl2_hello,
        SendAlert: _send_warning,
        SendChangeCipherSpec: _send_change_cipher_spec,
        AllowSending: _allow_sending,
        HoldSending: _hold_sending,
        TakeEarlyData: _take_early_data,
        SkipEarlyData: _skip_early_data,
        ServeLater: _serve_later,
        KeepTranscript: _keep_transcript,
    }

    def _check_record_ended(self) -> None:
        """No message comes under other keys than the rest of its record (RFC 8446 §5.1)."""
        if self._unread:
            raise PeerError(
                UNEXPECTED_MESSAGE,
                Reason.MESSAGE_BEFORE_KEY_CHANGE,
                "bytes follow a message that changes keys",
            )

    def _defer(self, request: Deferrable) -> None:
        self.pending_request = request
        self.events.append(RequestPending(request))

    # -- events that change what the connection is

    def _complete(self, event: HandshakeCompleted) -> None:
        self._expected = NOTHING
        self.running = False
        self.completed = event
        self.holds_data = False
        self.early_data_to_send = None
        self.peer_certificates = self._context.peer_certificates
        self.history.completed = True
        self._completed_context = self._context
        self._state.advance(_HANDSHAKE_COMPLETED)

    def _keep_ticket(self, event: TicketReceived) -> None:
        if self.completed is not None:
            self.completed = replace(self.completed, session=event.session)

    def _know_client(self, event: ClientAuthenticated) -> None:
        if self.completed is not None:
            self.peer_certificates = event.chain

    def _allow_false_start(self, event: FalseStart) -> None:
        if self._state.current is _HANDSHAKE:
            self._state.advance(Occurrence.SENDING_ALLOWED)

    _FOLLOW: ClassVar[dict[type[Event], Callable[[CoroutineDriver, Any], None]]] = {
        HandshakeCompleted: _complete,
        TicketReceived: _keep_ticket,
        ClientAuthenticated: _know_client,
        FalseStart: _allow_false_start,
    }
