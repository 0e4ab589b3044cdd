"""Alert descriptions and levels (RFC 2246 §7.2, RFC 6101 §5.4.2, RFC 5246 §7.2)."""

from tls.versions import SSL_3_0

WARNING = 1
FATAL = 2

CLOSE_NOTIFY = 0
UNEXPECTED_MESSAGE = 10
BAD_RECORD_MAC = 20
DECRYPTION_FAILED = 21
RECORD_OVERFLOW = 22
DECOMPRESSION_FAILURE = 30
HANDSHAKE_FAILURE = 40
NO_CERTIFICATE = 41
BAD_CERTIFICATE = 42
UNSUPPORTED_CERTIFICATE = 43
CERTIFICATE_REVOKED = 44
CERTIFICATE_EXPIRED = 45
CERTIFICATE_UNKNOWN = 46
ILLEGAL_PARAMETER = 47
UNKNOWN_CA = 48
ACCESS_DENIED = 49
DECODE_ERROR = 50
DECRYPT_ERROR = 51
EXPORT_RESTRICTION = 60
PROTOCOL_VERSION = 70
INSUFFICIENT_SECURITY = 71
INTERNAL_ERROR = 80
INAPPROPRIATE_FALLBACK = 86
USER_CANCELED = 90
NO_RENEGOTIATION = 100
UNSUPPORTED_EXTENSION = 110
UNRECOGNIZED_NAME = 112
NO_APPLICATION_PROTOCOL = 120

ALERT_NAMES = {
    code: name.lower()
    for name, code in list(globals().items())
    if name.isupper() and not name.startswith("_") and name not in ("WARNING", "FATAL", "SSL_3_0")
}
"""Wire code to RFC name of every alert description this engine knows."""

ALWAYS_FATAL = frozenset(
    {
        UNEXPECTED_MESSAGE,
        BAD_RECORD_MAC,
        DECRYPTION_FAILED,
        RECORD_OVERFLOW,
        DECOMPRESSION_FAILURE,
        HANDSHAKE_FAILURE,
        ILLEGAL_PARAMETER,
        UNKNOWN_CA,
        ACCESS_DENIED,
        DECODE_ERROR,
        DECRYPT_ERROR,
        EXPORT_RESTRICTION,
        PROTOCOL_VERSION,
        INSUFFICIENT_SECURITY,
        INTERNAL_ERROR,
        INAPPROPRIATE_FALLBACK,
        UNSUPPORTED_EXTENSION,
        NO_APPLICATION_PROTOCOL,
    }
)
"""Alerts that end the connection whatever level they carry (RFC 2246 §7.2.2, RFC 5246 §7.2.2)."""

# SSL 3.0 knows twelve alerts; each later one has an elder that says nearest the same
# (RFC 6101 §5.4.2).
_IN_SSL_3_0 = {
    DECRYPTION_FAILED: BAD_RECORD_MAC,
    RECORD_OVERFLOW: ILLEGAL_PARAMETER,
    UNKNOWN_CA: BAD_CERTIFICATE,
    ACCESS_DENIED: HANDSHAKE_FAILURE,
    DECODE_ERROR: ILLEGAL_PARAMETER,
    DECRYPT_ERROR: HANDSHAKE_FAILURE,
    EXPORT_RESTRICTION: HANDSHAKE_FAILURE,
    PROTOCOL_VERSION: HANDSHAKE_FAILURE,
    INSUFFICIENT_SECURITY: HANDSHAKE_FAILURE,
    INTERNAL_ERROR: HANDSHAKE_FAILURE,
    INAPPROPRIATE_FALLBACK: HANDSHAKE_FAILURE,
    USER_CANCELED: HANDSHAKE_FAILURE,
    UNSUPPORTED_EXTENSION: HANDSHAKE_FAILURE,
    UNRECOGNIZED_NAME: HANDSHAKE_FAILURE,
    NO_APPLICATION_PROTOCOL: HANDSHAKE_FAILURE,
}


def alert_name(alert: int) -> str:
    """The RFC's name of an alert description, such as `"handshake_failure"` for 40."""
    return ALERT_NAMES.get(alert, f"alert_{alert}")


def alert_in_version(alert: int, version: int | None) -> int:
    """The alert that says `alert` in a protocol version (SSL 3.0 has its own, smaller set)."""
    if version == SSL_3_0:
        return _IN_SSL_3_0.get(alert, alert)
    return alert
