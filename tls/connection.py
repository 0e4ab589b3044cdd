"""What both sides of a connection share: bytes in, events and bytes out, no socket anywhere."""

from __future__ import annotations

from typing import Any

from tls.alerts import FATAL, alert_in_version
from tls.deferrable import Deferrable
from tls.errors import PeerError, UsageError
from tls.event import Event
from tls.events import Truncated
from tls.handshake.requests import AfterHandshake
from tls.peer_side import PeerSide
from tls.sessions import Session
from tls.settings import Renegotiation
from tls.state import HEARD_OUT, MAY_SEND, Occurrence, State
from tls.versions import TLS_1_3

# Members of an enumeration are looked up slowly.
_CLOSED = State.CLOSED


class Connection(PeerSide):
    """What both sides share; use `ClientConnection` or `ServerConnection`.

    Attributes:
        meter: what work was done.
    """

    @property
    def state(self) -> State:
        """Where the connection is."""
        return self._state.current

    @property
    def closed(self) -> bool:
        """Whether nothing more will be sent or understood.

        After a fatal alert either way, or close_notify both ways.
        """
        return self._state.current is _CLOSED

    @property
    def peer_closed(self) -> bool:
        """Whether the peer has ended its direction: what it still sends is dropped.

        Before TLS 1.3 the connection is closed by that; in TLS 1.3 this side may go on sending,
        until it calls `close` itself (RFC 8446 §6.1).
        """
        return self._state.current in HEARD_OUT

    @property
    def handshake_completed(self) -> bool:
        """Whether there was a whole handshake, so that application data may flow."""
        return self._channel.completed is not None

    @property
    def suite(self) -> int | None:
        """The cipher suite agreed on, else `None`."""
        completed = self._channel.completed
        return None if completed is None else completed.suite

    @property
    def resumed(self) -> bool:
        """Whether the handshake resumed a session."""
        completed = self._channel.completed
        return completed is not None and completed.resumed

    @property
    def external_psk(self) -> bytes | None:
        """The identity of the pre-shared key that was agreed on, if it is none of a session."""
        completed = self._channel.completed
        return None if completed is None else completed.external_psk

    @property
    def session(self) -> Session | None:
        """What can be resumed next time, else `None`."""
        completed = self._channel.completed
        return None if completed is None else completed.session

    @property
    def application_protocol(self) -> str | None:
        """What ALPN agreed on, else `None`."""
        completed = self._channel.completed
        return None if completed is None else completed.application_protocol

    @property
    def peer_certificates(self) -> tuple[bytes, ...]:
        """The chain by which the peer authenticated itself in this session: DER, leaf first."""
        return self._channel.peer_certificates

    @property
    def ocsp_response(self) -> bytes:
        """The OCSP response in DER that the peer stapled to its certificate, else empty."""
        return self._handshake.ocsp_response

    @property
    def early_data_left(self) -> int:
        """The bytes of early data that may be sent now; 0 where there is no such thing."""
        return self._channel.early_data_to_send or 0

    @property
    def version(self) -> int | None:
        """The version agreed on, else `None`."""
        return self._channel.version

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
        if self._state.current in HEARD_OUT:
            return []
        self._records.feed(data)
        events: list[Event] = []
        self._events = self._channel.events = events
        try:
            self._read_records()
        except PeerError as error:
            self._fail(error)
            raise
        return events

    def answer(self, value: Any) -> list[Event]:
        """Answer the pending request and go on; events and errors as `receive`.

        What each kind of request wants is said there (`LookUpSession` and so on). Once the
        connection is closed an answer is dropped. Raises `UsageError` when nothing is pending.
        """
        if self.closed:
            self._handshake.pending_request = None
            return []
        if self.pending_request is None:
            raise UsageError("no request is pending")
        events: list[Event] = []
        self._events = self._channel.events = events
        try:
            self._handshake.answer(value)
            self._send_waiting_data()
            self._read_records()
        except PeerError as error:
            self._fail(error)
            raise
        return events

    def receive_end(self) -> list[Event]:
        """The transport ended: `[Truncated()]` unless the peer had sent close_notify."""
        if self.peer_closed:
            return []
        self._state.advance(Occurrence.TRANSPORT_ENDED)
        return [Truncated()]

    def send(self, data: bytes) -> None:
        """Send application data; while a connection negotiates anew it waits until that is done.

        Raises `UsageError` before the handshake is completed (or the event `FalseStart`) and after
        `close`.
        """
        state = self._state.current
        if state is State.HANDSHAKE:
            raise UsageError("application data cannot be sent before the handshake is completed")
        if state not in MAY_SEND:
            raise UsageError("the connection is closed for sending")
        channel = self._channel
        if state is State.RENEGOTIATION or channel.holds_data:
            self._waiting_data.append(data)
            return
        left = channel.early_data_to_send
        if left is not None:
            if len(data) > left:
                raise UsageError(f"no more than {left:,} bytes of early data may be sent")
            channel.early_data_to_send = left - len(data)
        if channel.flight:
            channel.flush()
        self._records.send_application_data(data)
        after = self._handshake.after
        if after is not None and self._records.key_is_worn:
            after.update_keys(update_requested=False)

    def renegotiate(self) -> None:
        """Negotiate anew: a client sends its hello, a server asks for one (RFC 5246 §7.4.1.1).

        Raises `UsageError` before the first handshake is completed, while another one runs, and
        where the configuration or a peer without RFC 5746 forbids it.
        """
        if self._state.current is not State.OPEN:
            raise UsageError("there is no completed handshake to negotiate anew")
        if self.version == TLS_1_3:
            raise UsageError("TLS 1.3 has no renegotiation; `update_keys` changes its keys")
        if self._config.renegotiation is Renegotiation.REFUSE:
            raise UsageError("the configuration refuses renegotiation")
        if not self._handshake.may_renegotiate:
            raise UsageError("the peer does not know secure renegotiation")
        if self._handshake.role.is_client:
            self._handshake.renegotiate()
        else:
            self._handshake.request_renegotiation()

    def update_keys(self, *, update_requested: bool = False) -> None:
        """Send under new keys from now on (RFC 8446 §4.6.3).

        Args:
            update_requested: whether the peer shall change its keys, too.

        Raises:
            UsageError: before the handshake of TLS 1.3 is completed, and after `close`.
        """
        after = self._after_handshake()
        if self._state.current not in MAY_SEND:
            raise UsageError("the connection is closed for sending")
        after.update_keys(update_requested=update_requested)

    def export_keying_material(
        self, label: str, length: int, context: bytes | None = None, *, early: bool = False
    ) -> bytes:
        """A secret that only both sides know, for another protocol (RFC 5705, RFC 8446 §7.5).

        While a connection negotiates anew it is still that of the handshake before.

        Args:
            label: of the exporter, registered or private.
            length: in bytes.
            context: what the secret is bound to. In TLS 1.3 none is the same as an empty one.
            early: whether it is made of the ClientHello alone, which may have been sent twice.

        Raises:
            UsageError: before the handshake is completed; in SSL 3.0, which has no exporters;
                before TLS 1.3 for a label that begins like one of TLS itself; for what is too long;
                for an early one before TLS 1.3 and where no early data was offered and accepted.
        """
        return self._handshake.export(label.encode(), context, length, early=early)

    def _after_handshake(self) -> AfterHandshake:
        after = self._handshake.after
        if after is None:
            raise UsageError("there is no completed handshake of TLS 1.3")
        return after

    def close(self) -> None:
        """Send close_notify, once; what the peer still sends is received until its own.

        While a connection negotiates anew it waits, behind the data that waits, until that is done.
        """
        state = self._state.current
        if state is State.RENEGOTIATION:
            self._state.advance(Occurrence.CLOSE_REQUESTED)
        elif state is State.EARLY and self._handshake.sends_early_data:
            self._closes_when_open = True
        elif state in (State.HANDSHAKE, State.EARLY, State.OPEN, State.HALF_CLOSED):
            self._send_close_notify()

    def abort(self, alert: int) -> list[Event]:
        """End the connection with a fatal alert, such as after a warning of the peer.

        Returns no event but that a deferred removal of the session is pending.
        """
        if self.closed:
            return []
        self._events = self._channel.events = []
        self._send_alert(FATAL, alert_in_version(alert, self.version))
        self._end()
        return self._events

    def outgoing(self) -> bytes:
        """The bytes to put on the network, and forget them."""
        if self._channel.flight:
            self._channel.flush()
        return self._records.take_output()
