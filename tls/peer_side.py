"""What a connection does with what its peer sends: records, data and alerts."""

from __future__ import annotations

from collections.abc import Callable

from tls.alerts import (
    ALWAYS_FATAL,
    CLOSE_NOTIFY,
    DECODE_ERROR,
    FATAL,
    HANDSHAKE_FAILURE,
    ILLEGAL_PARAMETER,
    NO_RENEGOTIATION,
    PROTOCOL_VERSION,
    UNEXPECTED_MESSAGE,
    USER_CANCELED,
    WARNING,
    alert_in_version,
    alert_name,
)
from tls.configuration import ClientConfig, ServerConfig
from tls.entropy import Entropy, RandomSource
from tls.errors import PeerError
from tls.events import AlertReceived, ApplicationData, EarlyData
from tls.handshake.protocol import HandshakeProtocol
from tls.handshake.role import Role
from tls.meter import Meter
from tls.reasons import Reason
from tls.record.layer import ALERT, APPLICATION_DATA, HANDSHAKE, RecordLayer
from tls.state import HEARD_OUT, RENEGOTIATING, ConnectionState, Occurrence, State
from tls.versions import TLS_1_3

# Members of an enumeration are looked up slowly.
_CLOSED = State.CLOSED
_LAST_DATA = State.LAST_DATA

_ALERT_LENGTH = 2
_CLOSING_ALERTS = frozenset({CLOSE_NOTIFY, USER_CANCELED})

_MAX_EMPTY_RECORDS = 32
_MAX_WARNINGS = 4
_MAX_DATA_WHILE_NEGOTIATING = 1 << 20


class PeerSide:
    """The half of a `Connection` that its caller does not see.

    Attributes:
        meter: what work was done.
    """

    _alert_input = b""
    _empty_records = 0
    _data_while_negotiating = 0
    _warnings = 0
    _first_record = True

    def __init__(
        self,
        config: ClientConfig | ServerConfig,
        role: Role,
        *,
        entropy: Entropy | None,
        clock: Callable[[], float],
    ) -> None:
        self.meter = meter = Meter()
        self._config = config
        self._state = ConnectionState()
        self._waiting_data: list[bytes] = []
        self._closes_when_open = False
        self._records = RecordLayer(
            meter,
            role.record_version,
            sizes=config.record_sizes,
            split_records=config.split_records,
            record_log=config.record_log,
        )
        self._handshake = HandshakeProtocol(
            config,
            role,
            self._records,
            self._state,
            clock=clock,
            random=RandomSource(entropy, meter),
            meter=meter,
        )
        self._channel = self._handshake.channel
        self._events = self._channel.events
        self._handshake.start()

    def _fail(self, error: PeerError) -> None:
        error.alert = alert_in_version(error.alert, self._channel.version)
        error.events = self._events
        self._send_alert(FATAL, error.alert)
        self._end()

    def _read_records(self) -> None:
        handshake, state, next_record = self._handshake, self._state, self._records.next_record
        if self._first_record and not self._read_ssl2_hello():
            return
        while handshake.pending_request is None:
            record = next_record()
            if record is None:
                return
            content_type, fragment = record
            if content_type == HANDSHAKE:
                handshake.receive(fragment)
                if self._waiting_data or state.current is _LAST_DATA or self._closes_when_open:
                    self._send_waiting_data()
            elif content_type == APPLICATION_DATA:
                self._receive_application_data(fragment)
            elif content_type == ALERT:
                self._receive_alerts(fragment)
                if state.current in HEARD_OUT:
                    return
            else:
                handshake.receive_change_cipher_spec(fragment)

    def _read_ssl2_hello(self) -> bool:
        """Whether the first record's format is known and, if SSL 2.0's, was dealt with."""
        body = self._records.next_ssl2_record()
        if body == b"":
            return False
        self._first_record = False
        if body is not None:
            if not self._handshake.role.takes_ssl2_hello:
                raise PeerError(
                    PROTOCOL_VERSION,
                    Reason.SSL2_HELLO_REFUSED,
                    "a hello in SSL 2.0's format is refused",
                )
            self._handshake.receive_ssl2_hello(body)
        return True

    def _receive_application_data(self, fragment: bytes) -> None:
        handshake, channel = self._handshake, self._channel
        if channel.version == TLS_1_3 and handshake.has_half_a_message:
            raise PeerError(
                UNEXPECTED_MESSAGE,
                Reason.MESSAGE_INTERRUPTED,
                "application data in the middle of a handshake message",
            )
        if channel.completed is None or (channel.running and handshake.expects_finished):
            if handshake.take_early_data(len(fragment)):
                if fragment:
                    self._empty_records = 0
                    self._events.append(EarlyData(fragment))
                else:
                    self._count_empty_record()
                return
            raise PeerError(
                UNEXPECTED_MESSAGE,
                Reason.DATA_DURING_HANDSHAKE,
                "application data during the handshake",
            )
        if not fragment:
            self._count_empty_record()
            return
        self._empty_records = self._warnings = 0
        handshake.later_messages = 0
        if not channel.running:
            self._data_while_negotiating = 0
        else:
            # Answers to it wait until the handshake is over: the peer must not let them pile up.
            self._data_while_negotiating += len(fragment)
            if self._data_while_negotiating > _MAX_DATA_WHILE_NEGOTIATING:
                raise PeerError(
                    UNEXPECTED_MESSAGE,
                    Reason.TOO_MUCH_DATA_DURING_RENEGOTIATION,
                    "much data and no end of the handshake",
                )
        self._events.append(ApplicationData(fragment))

    def _count_empty_record(self) -> None:
        self._empty_records += 1
        if self._empty_records > _MAX_EMPTY_RECORDS:
            raise PeerError(
                DECODE_ERROR, Reason.TOO_MANY_EMPTY_RECORDS, "too many empty records in a row"
            )

    def _receive_alerts(self, fragment: bytes) -> None:
        if not fragment:
            raise PeerError(UNEXPECTED_MESSAGE, Reason.EMPTY_ALERT_RECORD, "an empty alert record")
        if self._channel.version == TLS_1_3:
            self._receive_whole_alert(fragment)
            return
        alerts = self._alert_input + fragment
        whole = len(alerts) & ~1
        self._alert_input = alerts[whole:]
        for position in range(0, whole, 2):
            self._receive_alert(alerts[position], alerts[position + 1])
            if self._state.current is _CLOSED:
                return

    def _receive_whole_alert(self, fragment: bytes) -> None:
        """An alert of TLS 1.3: one a record, fatal unless it closes (RFC 8446 §5.1, §6)."""
        if len(fragment) != _ALERT_LENGTH:
            raise PeerError(
                DECODE_ERROR, Reason.ALERT_LENGTH, f"an alert record of {len(fragment)} bytes"
            )
        alert = fragment[1]
        self._receive_alert(WARNING if alert in _CLOSING_ALERTS else FATAL, alert)

    def _receive_alert(self, level: int, alert: int) -> None:
        if level not in (WARNING, FATAL):
            raise PeerError(
                ILLEGAL_PARAMETER,
                Reason.UNKNOWN_ALERT_LEVEL,
                f"an alert of the unknown level {level}",
            )
        fatal = level == FATAL or alert in ALWAYS_FATAL
        self._events.append(AlertReceived(alert, fatal))
        if fatal:
            self._end()
            return
        if alert == CLOSE_NOTIFY:
            if self._state.current is State.OPEN and self._channel.version == TLS_1_3:
                # It closes the peer's direction alone (RFC 8446 §6.1).
                self._state.advance(Occurrence.PEER_CLOSED)
                return
            # RFC 2246 §7.2.1: answer with a close_notify of one's own.
            if self._state.current is not State.CLOSING:
                self._send_alert(WARNING, CLOSE_NOTIFY)
            self._state.advance(Occurrence.CLOSE_NOTIFY_RECEIVED)
            return
        if alert == NO_RENEGOTIATION and self._handshake.abandon_renegotiation():
            self._send_waiting_data()
        if not self._config.on_warning(alert):
            raise PeerError(
                HANDSHAKE_FAILURE,
                Reason.WARNING_NOT_ACCEPTED,
                f"no going on after the warning {alert_name(alert)}",
            )
        self._warnings += 1
        if self._warnings > _MAX_WARNINGS:
            raise PeerError(DECODE_ERROR, Reason.TOO_MANY_WARNINGS, "too many warnings in a row")

    def _send_alert(self, level: int, alert: int) -> None:
        self._channel.flush()
        self._records.send(ALERT, bytes((level, alert)))

    def _end(self) -> None:
        """A fatal alert, sent or received: the session may not be resumed (RFC 2246 §7.2)."""
        self._state.advance(Occurrence.FATAL_ALERT)
        self._handshake.forget_session()

    def _send_waiting_data(self) -> None:
        """Send what waited for the end of a renegotiation, once that is reached."""
        if self._state.current in RENEGOTIATING:
            return
        if self._handshake.sends_early_data:
            return
        if self._waiting_data:
            waiting, self._waiting_data = self._waiting_data, []
            self._channel.flush()
            for data in waiting:
                self._records.send_application_data(data)
        if self._state.current is _LAST_DATA or self._closes_when_open:
            self._closes_when_open = False
            self._send_close_notify()

    def _send_close_notify(self) -> None:
        self._send_alert(WARNING, CLOSE_NOTIFY)
        self._state.advance(Occurrence.CLOSE_NOTIFY_SENT)
