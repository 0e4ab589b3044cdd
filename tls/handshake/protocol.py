"""The handshake protocol: between the record layer and a handshake coroutine."""

from __future__ import annotations

from dataclasses import replace
from struct import Struct

from tls.alerts import (
    HANDSHAKE_FAILURE,
    ILLEGAL_PARAMETER,
    NO_RENEGOTIATION,
    UNEXPECTED_MESSAGE,
)
from tls.deferrable import RemoveSession
from tls.errors import PeerError, UsageError
from tls.handshake.channel import CHANGE_CIPHER_SPEC_BODY
from tls.handshake.driver import NOTHING, CoroutineDriver
from tls.handshake.exporter import export_keying_material
from tls.messages import (
    HEADER_LENGTH,
    ClientHello,
    Finished,
    HelloRequest,
    ServerHello,
    message_name,
)
from tls.reasons import Reason
from tls.record.ssl2 import decode_ssl2_hello
from tls.settings import Renegotiation
from tls.state import RENEGOTIATING, Occurrence, State
from tls.versions import SSL_3_0, TLS_1_3

MAX_MESSAGE = 131_400
"""The longest handshake message taken, in bytes: a ClientHello with every vector full."""

MAX_RENEGOTIATIONS = 8
"""How many handshakes a peer may ask for in a connection's life, whatever it does between them."""

MAX_LATER_MESSAGES = 64
"""How many messages a peer of TLS 1.3 may send after the handshake without any data between."""

_MAX_CHANGE_CIPHER_SPECS = 32
_HEADER = Struct(">I").unpack_from


class HandshakeProtocol(CoroutineDriver):
    """Feeds handshake coroutines with messages: those they wait for, and those that come anyway.

    Attributes:
        later_messages: how many messages in a row came after the handshake.
    """

    later_messages = 0
    _input: bytes | bytearray = b""
    _dropped_change_cipher_specs = 0
    _renegotiations = 0
    _renegotiation_requested = False

    @property
    def may_renegotiate(self) -> bool:
        """Whether settings and peer allow another handshake on this connection."""
        policy = self._settings.renegotiation
        return policy is Renegotiation.LEGACY or (
            policy is Renegotiation.SECURE and self.channel.history.secure
        )

    @property
    def expects_finished(self) -> bool:
        """Whether nothing but the peer's Finished may come."""
        return Finished.type in self._expected and self.after is None

    @property
    def ocsp_response(self) -> bytes:
        """What the peer stapled to its certificate."""
        return self._context.ocsp_response

    @property
    def sends_early_data(self) -> bool:
        """Whether this is a client that sends, or has sent, early data in this handshake."""
        return self.channel.holds_data or self.channel.early_data_to_send is not None

    @property
    def has_half_a_message(self) -> bool:
        """Whether the rest of a handshake message must come next (RFC 8446 §5.1)."""
        return bool(self._input)

    def export(self, label: bytes, context: bytes | None, length: int, *, early: bool) -> bytes:
        """Keying material of the last completed handshake.

        Raises `UsageError` where there is none, or none such.
        """
        if self.after is not None:
            return self.after.export(label, context or b"", length, early=early)
        if self._completed_context is None:
            raise UsageError("there is no completed handshake to export keying material of")
        if early:
            raise UsageError("there is no early data before TLS 1.3, nor a secret of it to export")
        return export_keying_material(self._completed_context, label, context, length)

    def take_early_data(self, length: int) -> bool:
        """Whether so many bytes of early data may come now.

        Raises `PeerError(unexpected_message)` for more than the ticket allows (RFC 8446 §4.2.10).
        """
        left = self.channel.early_data_to_come
        if left is None:
            return False
        if length > left:
            raise PeerError(
                UNEXPECTED_MESSAGE, Reason.TOO_MUCH_EARLY_DATA, "more early data than is allowed"
            )
        self.channel.early_data_to_come = left - length
        return True

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
        version = self.channel.version
        if version == TLS_1_3 or (version is None and self.role.keeps_no_hello):
            self._drop_change_cipher_spec(fragment)
            return
        if due is None or self._input:
            raise PeerError(
                UNEXPECTED_MESSAGE,
                Reason.CHANGE_CIPHER_SPEC_NOT_DUE,
                "change_cipher_spec is not due",
            )
        if fragment != CHANGE_CIPHER_SPEC_BODY:
            raise PeerError(
                ILLEGAL_PARAMETER,
                Reason.MALFORMED_CHANGE_CIPHER_SPEC,
                "a malformed change_cipher_spec",
            )
        self._change_due = None
        self._records.change_read(due.protection, due.compression)
        self._advance(None)

    def _drop_change_cipher_spec(self, fragment: bytes) -> None:
        """It means nothing in TLS 1.3, and may come before the peer's Finished (RFC 8446 §5)."""
        self._dropped_change_cipher_specs += 1
        if (
            fragment != CHANGE_CIPHER_SPEC_BODY
            or self.channel.completed is not None
            or self._input
            or self._dropped_change_cipher_specs > _MAX_CHANGE_CIPHER_SPECS
        ):
            raise PeerError(
                UNEXPECTED_MESSAGE,
                Reason.CHANGE_CIPHER_SPEC_NOT_DUE,
                "change_cipher_spec is not due",
            )

    def answer(self, value: object) -> None:
        """Answer the pending request and go on."""
        self.pending_request = None
        self._advance(value)
        self._read_messages()

    def request_renegotiation(self) -> None:
        """Send a HelloRequest, which is in no transcript (RFC 5246 §7.4.1.1)."""
        self._renegotiation_requested = True
        self.channel.send_apart(HelloRequest())
        self.channel.flush()

    def _read_messages(self) -> None:
        """Give whole messages to the handshake while it wants some."""
        data, position, length = self._input, 0, len(self._input)
        channel = self.channel
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
            (header,) = _HEADER(data, position)
            end = body_start + (header & 0xFFFFFF)
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
            channel.unread = length - end
            if message_class is None:
                self._receive_unexpected(kind, raw)
                continue
            message = message_class.decode(raw[HEADER_LENGTH:], channel.message_version)
            channel.keep(raw)
            self._advance(message)
        channel.unread = length - position
        if position == length:
            self._input = b""
        elif position or isinstance(data, bytes):
            self._input = bytearray(data[position:])

    # -- messages that no handshake waits for

    def _may_come_unexpected(self, kind: int) -> bool:
        """Whether a message may come that no coroutine expects.

        After a handshake that says which: those. Else a HelloRequest unless change_cipher_spec is
        due, and a ClientHello between handshakes.
        """
        if self.after is not None:
            return kind in self.after.messages
        if kind != self.role.renegotiation_request or self._change_due is not None:
            return False
        return kind == HelloRequest.type or not self.channel.running

    def _receive_unexpected(self, kind: int, raw: bytes) -> None:
        """Do what the peer asks, or answer no_renegotiation; SSL 3.0, which has none, ends there.

        A hello_request during the handshake is ignored (RFC 5246 §7.4.1.1), and any request after
        this side's close_notify, behind which nothing may be sent (§7.2.1).
        """
        body, channel = raw[HEADER_LENGTH:], self.channel
        if self.after is not None:
            self._count_later_message(kind)
            message_class, serve = self.after.messages[kind]
            message = message_class.decode(body, channel.message_version)
            coroutine = serve(self.after, message, raw)
            if coroutine is not None:
                self.run(coroutine)
            return
        if kind == HelloRequest.type:
            HelloRequest.decode(body, channel.message_version)
        self._count_renegotiation(kind)
        if self._state.current is not State.OPEN:
            return
        if not self.may_renegotiate:
            if channel.version == SSL_3_0:
                raise PeerError(
                    HANDSHAKE_FAILURE, Reason.RENEGOTIATION_REFUSED, "renegotiation is refused"
                )
            channel.send_warning(NO_RENEGOTIATION)
            return
        self.renegotiate()
        if kind == ClientHello.type:
            hello = ClientHello.decode(body, channel.message_version)
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
        self._expected = NOTHING
        self.channel.running = False
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

    def _count_later_message(self, kind: int) -> None:
        self.later_messages += 1
        if self.later_messages > MAX_LATER_MESSAGES:
            raise PeerError(
                UNEXPECTED_MESSAGE,
                Reason.TOO_MANY_LATER_MESSAGES,
                f"{message_name(kind)} again and again",
            )

    def forget_session(self) -> None:
        """After a fatal alert the session may not be resumed (RFC 2246 §7.2).

        A deferred removal is the last request; whatever else was pending is dropped.
        """
        self.pending_request = None
        completed = self.channel.completed
        if completed is None or completed.session is None:
            return
        self.channel.completed = replace(completed, session=None)
        removal = self.role.forget(completed.session)
        if removal is None:
            return
        if RemoveSession in self._settings.deferred:
            self._defer(removal)
        else:
            self.role.answer(removal, self._context)
