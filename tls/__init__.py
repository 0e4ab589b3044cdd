"""The TLS protocol engine: bytes in, bytes out, no socket, no clock of its own.

A connection object a side (`ClientConnection`, `ServerConnection`) takes received bytes, returns
events and holds the bytes to send; its `meter` says what work that was.
"""

from tls.alerts import alert_name
from tls.certificates import CertificateProblem, Identity, TrustStore
from tls.client_connection import ClientConnection
from tls.client_sessions import ClientSessions
from tls.configuration import ClientAuthentication, ClientConfig, ServerConfig
from tls.deferrable import (
    AcceptEarlyData,
    AcceptSession,
    Deferrable,
    LookUpSession,
    OpenTicket,
    PrivateKeyOperation,
    RemoveSession,
    SealTicket,
    StoreSession,
)
from tls.drawn_hello import DrawnHello
from tls.early_data import EarlyDataGuard, ReplayWindow
from tls.entropy import Entropy, RandomSource, hello_random, new_session_id
from tls.errors import PeerError, UsageError
from tls.event import Event
from tls.events import (
    AlertReceived,
    ApplicationData,
    CertificateAccepted,
    ClientAuthenticated,
    EarlyData,
    EarlyDataAccepted,
    EarlyDataRejected,
    FalseStart,
    HandshakeCompleted,
    KeysUpdated,
    RequestPending,
    SessionLookedUp,
    TicketReceived,
    Truncated,
)
from tls.extensions import EXTENSION_NAMES, extension_from_name, extension_name
from tls.external_psks import ExternalPsk
from tls.fresh_values import FreshKind, FreshValue, changes_cipher_spec, fresh_values
from tls.grease import ANY_GREASE, ANY_GREASE_PROTOCOL, ANY_GREASE_PSK_MODE
from tls.groups import DEFAULT_GROUPS, GROUP_NAMES, HYBRID_NAMES, group_from_name, group_name
from tls.handshake.protocol import MAX_MESSAGE
from tls.handshake.usable_versions import usable_versions
from tls.hello_contents import (
    KEY_SHARE_LENGTHS,
    EncryptedHelloForm,
    KeyShareForm,
    decode_contents,
    encode_contents,
)
from tls.hello_form import HelloForm, offers_session
from tls.hello_template import SEED_LENGTH, HelloTemplate
from tls.host_names import host_name
from tls.messages import message_name
from tls.meter import Meter, Operation
from tls.private_keys import use_private_key
from tls.reasons import Reason
from tls.record.log import RecordLog
from tls.record.sizes import RecordSizes
from tls.redrawn_hello import redrawn_hello
from tls.server_connection import ServerConnection
from tls.sessions import Session, SessionCache, SessionKey, SessionStore
from tls.settings import PskMode, Renegotiation
from tls.signatures import SCHEMES, PrivateKey, scheme_from_name, scheme_name
from tls.state import State
from tls.suites import (
    ALL_SUITES,
    DEFAULT_SUITES,
    EMPTY_RENEGOTIATION_INFO_SCSV,
    FALLBACK_SCSV,
    IMPLEMENTED_SUITES,
    SUITE_NAMES,
    is_of_versions,
    suite_from_name,
    suite_name,
)
from tls.tickets import OpenedTicket, TicketKey, TicketKeys
from tls.versions import (
    ALL_VERSIONS,
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
    "ALL_SUITES",
    "ALL_VERSIONS",
    "ANY_GREASE",
    "ANY_GREASE_PROTOCOL",
    "ANY_GREASE_PSK_MODE",
    "DEFAULT_GROUPS",
    "EMPTY_RENEGOTIATION_INFO_SCSV",
    "EXTENSION_NAMES",
    "FALLBACK_SCSV",
    "GROUP_NAMES",
    "HYBRID_NAMES",
    "KEY_SHARE_LENGTHS",
    "MAX_MESSAGE",
    "SCHEMES",
    "SEED_LENGTH",
    "SUITE_NAMES",
    "DrawnHello",
    "EncryptedHelloForm",
    "HelloForm",
    "HelloTemplate",
    "KeyShareForm",
    "decode_contents",
    "encode_contents",
    "extension_from_name",
    "extension_name",
    "group_from_name",
    "group_name",
    "is_of_versions",
    "offers_session",
    "redrawn_hello",
    "scheme_from_name",
    "scheme_name",
    "IMPLEMENTED_VERSIONS",
    "DEFAULT_SUITES",
    "IMPLEMENTED_SUITES",
    "SSL_2_0",
    "SSL_3_0",
    "TLS_1_0",
    "TLS_1_1",
    "TLS_1_2",
    "TLS_1_3",
    "AcceptEarlyData",
    "AcceptSession",
    "AlertReceived",
    "ApplicationData",
    "CertificateAccepted",
    "CertificateProblem",
    "ClientAuthenticated",
    "ClientAuthentication",
    "ClientConfig",
    "ClientConnection",
    "ClientSessions",
    "Deferrable",
    "EarlyData",
    "EarlyDataAccepted",
    "EarlyDataGuard",
    "EarlyDataRejected",
    "Entropy",
    "Event",
    "ExternalPsk",
    "FalseStart",
    "FreshKind",
    "FreshValue",
    "HandshakeCompleted",
    "Identity",
    "KeysUpdated",
    "LookUpSession",
    "Meter",
    "OpenTicket",
    "OpenedTicket",
    "Operation",
    "PeerError",
    "PrivateKey",
    "PrivateKeyOperation",
    "PskMode",
    "ReplayWindow",
    "RequestPending",
    "Reason",
    "RecordLog",
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
    "TicketKey",
    "TicketKeys",
    "TicketReceived",
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
    "usable_versions",
    "use_private_key",
    "version_from_name",
    "version_name",
    "RandomSource",
]
