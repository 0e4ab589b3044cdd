"""Which extension may stand in which message of TLS 1.3 (RFC 8446 §4.2)."""

from __future__ import annotations

from collections.abc import Container, Iterable
from enum import Enum

from tls import extensions as types
from tls.alerts import ILLEGAL_PARAMETER, UNSUPPORTED_EXTENSION
from tls.errors import PeerError
from tls.extensions import EXTENSION_NAMES, extension_name
from tls.grease import is_grease
from tls.reasons import Reason


class Message(Enum):
    """The messages that have extensions."""

    __hash__ = object.__hash__

    CLIENT_HELLO = "client_hello"
    SERVER_HELLO = "server_hello"
    HELLO_RETRY_REQUEST = "hello_retry_request"
    ENCRYPTED_EXTENSIONS = "encrypted_extensions"
    CERTIFICATE = "certificate"
    CERTIFICATE_REQUEST = "certificate_request"
    NEW_SESSION_TICKET = "new_session_ticket"


_ALLOWED = {
    Message.SERVER_HELLO: frozenset(
        {types.KEY_SHARE, types.PRE_SHARED_KEY, types.SUPPORTED_VERSIONS}
    ),
    Message.HELLO_RETRY_REQUEST: frozenset(
        {types.KEY_SHARE, types.COOKIE, types.SUPPORTED_VERSIONS, types.ENCRYPTED_CLIENT_HELLO}
    ),
    Message.ENCRYPTED_EXTENSIONS: frozenset(
        {
            types.SERVER_NAME,
            types.MAX_FRAGMENT_LENGTH,
            types.SUPPORTED_GROUPS,
            types.ALPN,
            types.RECORD_SIZE_LIMIT,
            types.EARLY_DATA,
            types.APPLICATION_SETTINGS_OLD,
            types.APPLICATION_SETTINGS,
            types.TRUST_ANCHORS,
            types.ENCRYPTED_CLIENT_HELLO,
        }
    ),
    Message.CERTIFICATE: frozenset(
        {
            types.STATUS_REQUEST,
            types.SIGNED_CERTIFICATE_TIMESTAMP,
            types.DELEGATED_CREDENTIAL,
            types.TRUST_ANCHORS,
        }
    ),
    Message.CERTIFICATE_REQUEST: frozenset(
        {
            types.STATUS_REQUEST,
            types.SIGNATURE_ALGORITHMS,
            types.SIGNED_CERTIFICATE_TIMESTAMP,
            types.COMPRESS_CERTIFICATE,
            types.DELEGATED_CREDENTIAL,
            types.CERTIFICATE_AUTHORITIES,
            types.OID_FILTERS,
            types.SIGNATURE_ALGORITHMS_CERT,
        }
    ),
    Message.NEW_SESSION_TICKET: frozenset({types.EARLY_DATA}),
    Message.CLIENT_HELLO: frozenset(EXTENSION_NAMES) - {types.OID_FILTERS},
}

_MISPLACED = {
    message: frozenset(EXTENSION_NAMES) - allowed for message, allowed in _ALLOWED.items()
}


def check_placement(extensions: Iterable[int], message: Message) -> None:
    """Check that no extension that is known stands in the wrong message.

    Raises `PeerError(illegal_parameter)` (RFC 8446 §4.2).
    """
    misplaced = _MISPLACED[message].intersection(extensions)
    if misplaced:
        raise PeerError(
            ILLEGAL_PARAMETER,
            Reason.EXTENSION_OF_ANOTHER_MESSAGE,
            f"{extension_name(min(misplaced))} in a {message.value}",
        )


def check_answers(extensions: Iterable[int], message: Message, offered: Container[int]) -> None:
    """The same, and that each answers one of those that were offered.

    HelloRetryRequest's cookie answers nothing (RFC 8446 §4.1.4), GREASE is never answered (RFC
    8701 §3.1).

    Raises `PeerError(illegal_parameter)`, or `unsupported_extension` for what was not asked for.
    """
    check_placement(extensions, message)
    for extension in extensions:
        if (extension not in offered or is_grease(extension)) and not (
            extension == types.COOKIE and message is Message.HELLO_RETRY_REQUEST
        ):
            raise PeerError(
                UNSUPPORTED_EXTENSION,
                Reason.EXTENSION_NOT_OFFERED,
                f"{extension_name(extension)} was not asked for",
            )
