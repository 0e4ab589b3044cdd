"""The handshake protocol: between the record layer and a handshake coroutine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

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
    LimitRecords,
    Send,
    SendAlert,
    SendChangeCipherSpec,
    SendSsl2Hello,
)
from tls.keys.transcript import Transcript
from tls.messages import (
    HEADER_LENGTH,
    ClientHello,
    Finished,
    HandshakeMessage,
    HelloRequest,
    encode_message,
    message_name,
)
from tls.record.layer import ALERT, CHANGE_CIPHER_SPEC, HANDSHAKE, RecordLayer
from tls.record.ssl2 import decode_ssl2_hello, encode_ssl2_hello
from tls.versions import SSL_3_0

MAX_MESSAGE = 131_400
"""The longest handshake message taken, in bytes: a ClientHello with every vector full."""

_MAX_REQUESTS_TO_NEGOTIATE = 8
_CHANGE_CIPHER_SPEC_BODY = b"\x01"


class Host(Protocol):
    """The connection whose handshakes are run."""

    def _serve(self, request: Deferrable) -> object:
        """Answer a request that a caller may want to answer itself."""

    def _emit(self, event: Event) -> None:
        """Take an event."""

    def _may_renegotiate(self) -> bool:
        """The peer wants to negotiate anew: call `start` and say yes, or say no."""


class HandshakeProtocol:
    """Feeds handshake coroutines with messages, one after another, and serves what they ask for.

    Requests of a kind in `deferred` wait for `answer`; the `host` answers the others at once. It
    comes with each call and is not kept: two objects that hold each other are freed by the
    collector only, which costs as much as a part of the handshake.

    Attributes:
        version: agreed on, else `None`.
        completed: whether no coroutine is running.
        pending_request: the deferred request that waits for `answer`, else `None`.
        flight: messages that wait for `flush`.
        requests_to_negotiate: of the peer, since data came last; too many of them are refused.
    """

    def __init__(
        self,
        records: RecordLayer,
        *,
        is_client: bool,
        deferred: frozenset[type[Deferrable]],
    ) -> None:
        self.version: int | None = None
        self.completed = False
        self.pending_request: Deferrable | None = None
        self._records = records
        self._is_client = is_client
        self._deferred = deferred
        self.flight: list[bytes] = []
        self._input: bytes | bytearray = b""
        self._change_due: ExpectChangeCipherSpec | None = None
        self._expected: Mapping[int, type[HandshakeMessage]] = {}
        self.requests_to_negotiate = 0
        self._message_version = records.write_version

    def start(self, host: Host, handshake: Handshake, transcript: Transcript) -> None:
        """Run a new handshake up to where it waits."""
        self.completed = False
        self._resume = handshake.send
        self._transcript = transcript
        self._advance(host, None)

    @property
    def expects_finished(self) -> bool:
        """Whether nothing but the peer's Finished may come."""
        return Finished.type in self._expected

    def receive(self, host: Host, fragment: bytes) -> None:
        """Take a handshake record's fragment."""
        if not fragment:
            raise PeerError(UNEXPECTED_MESSAGE, "an empty handshake record")
        # What is left over grows in place, however small the fragments are.
        if self._input:
            self._input += fragment
        else:
            self._input = fragment
        self._read_messages(host)

    def receive_ssl2_hello(self, host: Host, body: bytes) -> None:
        """Take a ClientHello in SSL 2.0's format; its body is what the transcript holds."""
        hello = decode_ssl2_hello(body)
        self._transcript.add(body)
        self._advance(host, hello)

    def receive_change_cipher_spec(self, host: Host, fragment: bytes) -> None:
        """Take a change_cipher_spec record's fragment (RFC 5246 §7.1)."""
        due = self._change_due
        if due is None or self._input:
            raise PeerError(UNEXPECTED_MESSAGE, "change_cipher_spec is not due")
        if fragment != _CHANGE_CIPHER_SPEC_BODY:
            raise PeerError(ILLEGAL_PARAMETER, "a malformed change_cipher_spec")
        self._change_due = None
        self._records.change_read(due.protection, due.compression)
        self._advance(host, None)

    def answer(self, host: Host, value: object) -> None:
        """Answer the pending request and go on."""
        self.pending_request = None
        self._advance(host, value)
        self._read_messages(host)

    def request_renegotiation(self) -> None:
        """Send a HelloRequest, which is in no transcript (RFC 5246 §7.4.1.1)."""
        self.flight.append(encode_message(HelloRequest(), self._message_version))
        self.flush()

    def flush(self) -> None:
        """Put the messages of the current flight into records."""
        if self.flight:
            data = b"".join(self.flight)
            self.flight.clear()
            self._records.send(HANDSHAKE, data)

    def _read_messages(self, host: Host) -> None:
        """Give whole messages to the handshake while it wants some."""
        data, position, length = self._input, 0, len(self._input)
        while position < length and self.pending_request is None:
            kind = data[position]
            message_class = self._expected.get(kind)
            if message_class is None and not self._asks_to_negotiate(kind):
                raise PeerError(UNEXPECTED_MESSAGE, f"{message_name(kind)} is not due")
            body_start = position + HEADER_LENGTH
            if length < body_start:
                break
            end = body_start + int.from_bytes(data[position + 1 : body_start], "big")
            if end - position > MAX_MESSAGE:
                raise PeerError(ILLEGAL_PARAMETER, f"a handshake message of {end - position} bytes")
            if length < end:
                break
            raw = bytes(data[position:end])
            position = end
            if message_class is None:
                self._negotiate_anew(host, kind, raw)
                continue
            message = message_class.decode(raw[HEADER_LENGTH:], self._message_version)
            self._transcript.add(raw)
            self._advance(host, message)
        if position == length:
            self._input = b""
        elif position or isinstance(data, bytes):
            self._input = bytearray(data[position:])

    def _asks_to_negotiate(self, kind: int) -> bool:
        """HelloRequest unless change_cipher_spec is due, ClientHello once all is completed."""
        if self._change_due is not None:
            return False
        if self._is_client:
            return kind == HelloRequest.type
        return kind == ClientHello.type and self.completed

    def _negotiate_anew(self, host: Host, kind: int, raw: bytes) -> None:
        """Do what the peer asks, or answer no_renegotiation; SSL 3.0, which has none, ends there.

        A hello_request during the handshake is ignored (RFC 5246 §7.4.1.1).
        """
        body = raw[HEADER_LENGTH:]
        self.requests_to_negotiate += 1
        if self.requests_to_negotiate > _MAX_REQUESTS_TO_NEGOTIATE:
            raise PeerError(UNEXPECTED_MESSAGE, f"{message_name(kind)} again and again")
        if kind == HelloRequest.type:
            HelloRequest.decode(body, self._message_version)
            if not self.completed:
                return
        if not host._may_renegotiate():
            if self.version == SSL_3_0:
                raise PeerError(HANDSHAKE_FAILURE, "renegotiation is refused")
            self._send_alert(NO_RENEGOTIATION)
        elif kind == ClientHello.type:
            hello = ClientHello.decode(body, self._message_version)
            self._transcript.add(raw)
            self._advance(host, hello)

    def _send_alert(self, alert: int) -> None:
        self.flush()
        self._records.send(ALERT, bytes((WARNING, alert)))

    def _advance(self, host: Host, answer: object) -> None:
        """Resume the handshake with an answer and serve its requests until it has to wait."""
        resume = self._resume
        add_to_transcript = self._transcript.add
        while True:
            try:
                request = resume(answer)
            except StopIteration:
                self._expected = {}
                self.completed = True
                return
            answer = None
            if isinstance(request, Send):
                raw = encode_message(request.message, self._message_version)
                add_to_transcript(raw)
                self.flight.append(raw)
            elif isinstance(request, Expect):
                self._expected = request.by_type
                return
            elif isinstance(request, ExpectChangeCipherSpec):
                self._change_due = request
                self._expected = {}
                return
            elif isinstance(request, Emit):
                host._emit(request.event)
            elif isinstance(request, SendChangeCipherSpec):
                self.flush()
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
            elif type(request) in self._deferred:
                self.pending_request = request
                host._emit(RequestPending(request))
                return
            else:
                answer = host._serve(request)
