"""What `receive` tells its caller."""

from __future__ import annotations

from dataclasses import dataclass

from tls.alerts import alert_name
from tls.certificates import CertificateProblem
from tls.deferrable import Deferrable
from tls.event import Event
from tls.sessions import Session


@dataclass(slots=True)
class HandshakeCompleted(Event):
    """Both Finished messages were checked; application data may flow."""

    version: int
    suite: int
    resumed: bool
    session: Session | None
    """What can be offered or looked up next time; `None` when the server gave no ID or ticket."""
    application_protocol: str | None = None
    """What ALPN agreed on."""
    group: int | None = None
    """The group of the key exchange: any of TLS 1.3, before that a curve. `None` where a session or
    a pre-shared key stood alone, and for finite fields and RSA before TLS 1.3."""
    external_psk: bytes | None = None
    """The identity of the external pre-shared key that authenticated both sides."""
    retried: bool = False
    """Whether a HelloRetryRequest asked for another ClientHello."""
    early_data: bool = False
    """Whether early data was accepted."""


@dataclass(slots=True)
class ApplicationData(Event):
    """The peer's application data, of one record."""

    data: bytes


@dataclass(slots=True)
class EarlyData(ApplicationData):
    """Application data that came before the handshake was completed.

    It may be a copy of what somebody heard (RFC 8446 §8).
    """


@dataclass(slots=True)
class EarlyDataAccepted(Event):
    """The server takes the early data that this client sends."""


@dataclass(slots=True)
class EarlyDataRejected(Event):
    """The server took none of the early data, which may be sent again after the handshake."""


@dataclass(slots=True)
class TicketReceived(Event):
    """The server gave a session that can be offered once (RFC 8446 §4.6.1)."""

    session: Session


@dataclass(slots=True)
class KeysUpdated(Event):
    """The peer sends under new keys from now on (RFC 8446 §4.6.3)."""


@dataclass(slots=True)
class AlertReceived(Event):
    """An alert of the peer. After a fatal one the connection is closed."""

    alert: int
    fatal: bool

    @property
    def name(self) -> str:
        """The alert's name in the RFC."""
        return alert_name(self.alert)


@dataclass(slots=True)
class CertificateAccepted(Event):
    """One side went on in spite of these problems, as a warned user would."""

    problems: frozenset[CertificateProblem]


@dataclass(slots=True)
class SessionLookedUp(Event):
    """The server looked for the session that the client offered, by its ID or by its ticket."""

    offered: bytes
    found: bool
    by_ticket: bool = False


@dataclass(slots=True)
class ClientAuthenticated(Event):
    """The client proved that it holds the key of its certificate; DER, leaf first.

    In this handshake, or in the one that made the session which this one resumed.
    """

    chain: tuple[bytes, ...]


@dataclass(slots=True)
class FalseStart(Event):
    """The client may send before the server's Finished has come (RFC 7918)."""


@dataclass(slots=True)
class RequestPending(Event):
    """The handshake waits for the caller: `answer` resumes it."""

    request: Deferrable


@dataclass(slots=True)
class Truncated(Event):
    """The transport ended before the peer's close_notify (RFC 2246 §7.2.1)."""
