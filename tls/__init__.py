"""The TLS protocol engine: bytes in, bytes out, no socket, no clock of its own.

A connection object a side (`ClientConnection`, `ServerConnection`) takes received bytes, returns
events and holds the bytes to send; its `meter` says what work that was.
"""

from tls.alerts import alert_name
from tls.certificates import CertificateProblem, Identity, TrustStore
from tls.client_connection import ClientConnection
from tls.configuration import ClientAuthentication, ClientConfig, Renegotiation, ServerConfig
from tls.deferrable import (
    AcceptSession,
    Deferrable,
    LookUpSession,
    OpenTicket,
    PrivateKeyOperation,
    RemoveSession,
    SealTicket,
    StoreSession,
)
from tls.entropy import Entropy, hello_random, new_session_id
from tls.errors import PeerError, UsageError
from tls.event import Event
from tls.events import (
    AlertReceived,
    ApplicationData,
    CertificateAccepted,
    ClientAuthenticated,
    FalseStart,
    HandshakeCompleted,
    RequestPending,
    SessionLookedUp,
    Truncated,
)
from tls.fresh_values import FreshKind, FreshValue, changes_cipher_spec, fresh_values
from tls.host_names import host_name
from tls.messages import message_name
from tls.meter import Meter, Operation
from tls.private_keys import use_private_key
from tls.reasons import Reason
from tls.record.sizes import RecordSizes
from tls.server_connection import ServerConnection
from tls.sessions import Session, SessionCache, SessionKey, SessionStore
from tls.state import State
from tls.suites import DEFAULT_SUITES, IMPLEMENTED_SUITES, suite_from_name, suite_name
from tls.tickets import TicketKeys
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
    "DEFAULT_SUITES",
    "IMPLEMENTED_SUITES",
    "SSL_2_0",
    "SSL_3_0",
    "TLS_1_0",
    "TLS_1_1",
    "TLS_1_2",
    "TLS_1_3",
    "AcceptSession",
    "AlertReceived",
    "ApplicationData",
    "CertificateAccepted",
    "CertificateProblem",
    "ClientAuthenticated",
    "ClientAuthentication",
    "ClientConfig",
    "ClientConnection",
    "Deferrable",
    "Entropy",
    "Event",
    "FalseStart",
    "FreshKind",
    "FreshValue",
    "HandshakeCompleted",
    "Identity",
    "LookUpSession",
    "Meter",
    "OpenTicket",
    "Operation",
    "PeerError",
    "PrivateKeyOperation",
    "RequestPending",
    "Reason",
    "RecordSizes",
    "RemoveSession",
    "Renegotiation",
    "SealTicket",
    "ServerConfig",
    "ServerConnection",
    "Session",
    "SessionCache",
    "SessionKey",
    "SessionLookedUp",
    "SessionStore",
    "State",
    "StoreSession",
    "TicketKeys",
    "Truncated",
    "TrustStore",
    "UsageError",
    "alert_name",
    "changes_cipher_spec",
    "fresh_values",
    "hello_random",
    "host_name",
    "message_name",
    "new_session_id",
    "suite_from_name",
    "suite_name",
    "use_private_key",
    "version_from_name",
    "version_name",
]
