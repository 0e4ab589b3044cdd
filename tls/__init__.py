"""The TLS protocol engine: bytes in, bytes out, no socket, no clock of its own.

A connection object a side (`ClientConnection`, `ServerConnection`) takes received bytes, returns
events and holds the bytes to send; its `meter` says what work that was.
"""

from tls.alerts import alert_name
from tls.certificates import CertificateProblem, Identity, TrustStore
from tls.configuration import ClientConfig, ServerConfig
from tls.connection import ClientConnection, ServerConnection
from tls.entropy import Entropy
from tls.errors import PeerError, UsageError
from tls.events import (
    AlertReceived,
    ApplicationData,
    CertificateAccepted,
    Event,
    HandshakeCompleted,
    RequestPending,
    SessionLookedUp,
    Truncated,
)
from tls.handshake.requests import LookUpSession, PrivateKeyOperation, StoreSession
from tls.messages import message_name
from tls.meter import Meter, Operation
from tls.sessions import Session, SessionCache, SessionStore
from tls.suites import SERVER_SUITES, suite_from_name, suite_name
from tls.versions import (
    IMPLEMENTED_VERSIONS,
    SSL_2_0,
    SSL_3_0,
    TLS_1_0,
    TLS_1_1,
    TLS_1_2,
    TLS_1_3,
    version_from_name,
    version_name,
)

__all__ = [
    "IMPLEMENTED_VERSIONS",
    "SERVER_SUITES",
    "SSL_2_0",
    "SSL_3_0",
    "TLS_1_0",
    "TLS_1_1",
    "TLS_1_2",
    "TLS_1_3",
    "AlertReceived",
    "ApplicationData",
    "CertificateAccepted",
    "CertificateProblem",
    "ClientConfig",
    "ClientConnection",
    "Entropy",
    "Event",
    "HandshakeCompleted",
    "Identity",
    "LookUpSession",
    "Meter",
    "Operation",
    "PeerError",
    "PrivateKeyOperation",
    "RequestPending",
    "ServerConfig",
    "ServerConnection",
    "Session",
    "SessionCache",
    "SessionLookedUp",
    "SessionStore",
    "StoreSession",
    "Truncated",
    "TrustStore",
    "UsageError",
    "alert_name",
    "message_name",
    "suite_from_name",
    "suite_name",
    "version_from_name",
    "version_name",
]
