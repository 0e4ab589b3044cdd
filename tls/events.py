"""What `receive` tells its caller."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tls.alerts import alert_name

if TYPE_CHECKING:
    from tls.certificates import CertificateProblem
    from tls.handshake.requests import Deferrable
    from tls.sessions import Session


@dataclass(slots=True)
class HandshakeCompleted:
    """Both Finished messages were checked; application data may flow."""

    version: int
    suite: int
    resumed: bool
    session: Session | None
    """What can be offered or looked up next time; `None` when the server gave no ID or ticket."""
    application_protocol: str | None = None
    """What ALPN agreed on."""


@dataclass(slots=True)
class ApplicationData:
    """The peer's application data, of one record."""

    data: bytes


@dataclass(slots=True)
class AlertReceived:
    """An alert of the peer. After a fatal one the connection is closed."""

    alert: int
    fatal: bool

    @property
    def name(self) -> str:
        """The alert's name in the RFC."""
        return alert_name(self.alert)


@dataclass(slots=True)
class CertificateAccepted:
    """One side went on in spite of these problems, as a warned user would."""

    problems: frozenset[CertificateProblem]


@dataclass(slots=True)
class SessionLookedUp:
    """The server looked for the session that the client offered, by its ID or by its ticket."""

    offered: bytes
    found: bool
    by_ticket: bool = False


@dataclass(slots=True)
class ClientAuthenticated:
    """The client proved that it holds the key of its certificate; DER, leaf first."""

    chain: tuple[bytes, ...]


@dataclass(slots=True)
class FalseStart:
    """The client may send before the server's Finished has come (RFC 7918)."""


@dataclass(slots=True)
class RequestPending:
    """The handshake waits for the caller: `answer` resumes it."""

    request: Deferrable


@dataclass(slots=True)
class Truncated:
    """The transport ended before the peer's close_notify (RFC 2246 §7.2.1)."""


Event = (
    HandshakeCompleted
    | ApplicationData
    | AlertReceived
    | CertificateAccepted
    | SessionLookedUp
    | ClientAuthenticated
    | FalseStart
    | RequestPending
    | Truncated
)
