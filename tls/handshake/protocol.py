"""The handshake protocol: between the record layer and a handshake coroutine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tls.alerts import (
    HANDSHAKE_FAILURE,
    ILLEGAL_PARAMETER,
    NO_RENEGOTIATION,
    UNEXPECTED_MESSAGE,
    WARNING,
)
from tls.errors import PeerError
from tls.events import Event, RequestPending
from tls.handshake.requests import (
    AgreeOnVersion,
    Deferrable,
    Emit,
    Expect,
    ExpectChangeCipherSpec,
    Handshake,
    Request,
    Send,
    SendAlert,
    SendChangeCipherSpec,
)
from tls.keys.transcript import Transcript
from tls.messages import (
    HEADER_LENGTH,
    ClientHello,
    HelloRequest,
    encode_message,
    message_name,
)
from tls.record.layer import ALERT, CHANGE_CIPHER_SPEC, HANDSHAKE, RecordLayer
from tls.versions import SSL_3_0

MAX_MESSAGE = 131_400
"""The longest handshake message taken, in bytes: a ClientHello with every vector full."""

_MAX_REFUSALS = 8
_CHANGE_CIPHER_SPEC_BODY = b"\x01"


class HandshakeProtocol:
    """Feeds one handshake coroutine with messages and serves what it asks for.

    `serve` answers the requests that a caller may want to answer itself; those of a kind in
    `deferred` wait for `answer`. `emit` takes the events.

    Attributes:
        version: agreed on, else `None`.
        completed: whether the coroutine has ended.
        pending_request: the deferred request that waits for `answer`, else `None`.
    """

    def __init__(
        self,
        handshake: Handshake,
        records: RecordLayer,
        transcript: Transcript,
        *,
        is_client: bool,
        deferred: frozenset[type[Deferrable]],
        serve: Callable[[Deferrable], Any],
        emit: Callable[[Event], None],
    ) -> None:
        self.version: int | None = None
        self.completed = False
        self.pending_request: Deferrable | None = None
        self._resume = handshake.send
        self._records = records
        self._transcript = transcript
        self._is_client = is_client
        self._deferred = deferred
        self._serve_deferrable = serve
        self._emit = emit
        self._flight: list[bytes] = []
        self._input = bytearray()
        self._waits_for: Request | None = None
        self._refusals = 0
        self._advance(None)

    @property
    def in_message(self) -> bool:
        """Whether a message has begun that is not whole yet."""
        return bool(self._input)

    def receive(self, fragment: bytes) -> None:
        """Take a handshake record's fragment."""
        if not fragment:
            raise PeerError(UNEXPECTED_MESSAGE, "an empty handshake record")
        self._input += fragment
        self._read_messages()

    def receive_change_cipher_spec(self, fragment: bytes) -> None:
        """Take a change_cipher_spec record's fragment (RFC 2246 §7.1)."""
        waits_for = self._waits_for
        if type(waits_for) is not ExpectChangeCipherSpec:
            raise PeerError(UNEXPECTED_MESSAGE, "change_cipher_spec is not due")
        if fragment != _CHANGE_CIPHER_SPEC_BODY:
            raise PeerError(ILLEGAL_PARAMETER, "a malformed change_cipher_spec")
        self._records.read = waits_for.protection
        self._advance(None)

    def answer(self, value: object) -> None:
        """Answer the pending request and go on."""
        self.pending_request = None
        self._advance(value)
        self._read_messages()

    def flush(self) -> None:
        """Put the messages of the current flight into records."""
        flight = self._flight
        if flight:
            self._flight = []
            self._records.send(HANDSHAKE, flight[0] if len(flight) == 1 else b"".join(flight))

    def _read_messages(self) -> None:
        """Give whole messages to the handshake while it wants some."""
        data = self._input
        while data and self.pending_request is None:
            waits_for = self._waits_for
            if type(waits_for) is ExpectChangeCipherSpec:
                raise PeerError(UNEXPECTED_MESSAGE, "change_cipher_spec is due")
            kind = data[0]
            message_class = waits_for.by_type.get(kind) if type(waits_for) is Expect else None
            if message_class is None and not self._wants_renegotiation(kind):
                raise PeerError(UNEXPECTED_MESSAGE, f"{message_name(kind)} is not due")
            if len(data) < HEADER_LENGTH:
                return
            end = HEADER_LENGTH + int.from_bytes(data[1:HEADER_LENGTH], "big")
            if end > MAX_MESSAGE:
                raise PeerError(ILLEGAL_PARAMETER, f"a handshake message of {end} bytes")
            if len(data) < end:
                return
            raw = bytes(data[:end])
            del data[:end]
            if message_class is None:
                self._refuse_renegotiation(kind, raw)
                continue
            message = message_class.decode(raw[HEADER_LENGTH:], self._message_version)
            self._transcript.add(raw)
            self._advance(message)

    @property
    def _message_version(self) -> int:
        return self.version or self._records.write_version

    def _wants_renegotiation(self, kind: int) -> bool:
        """HelloRequest at any time, ClientHello once the handshake is completed."""
        if self._is_client:
            return kind == HelloRequest.type
        return kind == ClientHello.type and self.completed

    def _refuse_renegotiation(self, kind: int, raw: bytes) -> None:
        """Answer no_renegotiation (RFC 2246 §7.2.2); SSL 3.0, which has none, ends there.

        A hello_request during the handshake is ignored (RFC 2246 §7.4.1.1).
        """
        if kind == HelloRequest.type:
            HelloRequest.decode(raw[HEADER_LENGTH:], self._message_version)
        self._refusals += 1
        if self._refusals > _MAX_REFUSALS:
            raise PeerError(UNEXPECTED_MESSAGE, f"{message_name(kind)} again and again")
        if self.completed:
            if self.version == SSL_3_0:
                raise PeerError(HANDSHAKE_FAILURE, "renegotiation is refused")
            self._send_alert(NO_RENEGOTIATION)

    def _send_alert(self, alert: int) -> None:
        self.flush()
        self._records.send(ALERT, bytes((WARNING, alert)))

    def _advance(self, answer: object) -> None:
        """Resume the handshake with an answer and serve its requests until it has to wait."""
        resume = self._resume
        while True:
            try:
                request = resume(answer)
            except StopIteration:
                self._waits_for = None
                self.completed = True
                return
            answer = None
            if isinstance(request, Send):
                raw = encode_message(request.message, self._message_version)
                self._transcript.add(raw)
                self._flight.append(raw)
            elif isinstance(request, (Expect, ExpectChangeCipherSpec)):
                self._waits_for = request
                return
            elif isinstance(request, Emit):
                self._emit(request.event)
            elif isinstance(request, SendChangeCipherSpec):
                self.flush()
                self._records.send(CHANGE_CIPHER_SPEC, _CHANGE_CIPHER_SPEC_BODY)
                self._records.write = request.protection
            elif isinstance(request, AgreeOnVersion):
                self.version = request.version
                self._records.version = self._records.write_version = request.version
            elif isinstance(request, SendAlert):
                self._send_alert(request.alert)
            elif type(request) in self._deferred:
                self.pending_request = request
                self._emit(RequestPending(request))
                return
            else:
                answer = self._serve_deferrable(request)
