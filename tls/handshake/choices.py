"""What a server chooses of a hello that offers more than this engine can do."""

from __future__ import annotations

from collections.abc import Iterable

from tls.alerts import HANDSHAKE_FAILURE, ILLEGAL_PARAMETER, UNSUPPORTED_EXTENSION
from tls.errors import PeerError
from tls.extensions import (
    APPLICATION_SETTINGS,
    APPLICATION_SETTINGS_OLD,
    DELEGATED_CREDENTIAL,
    NEXT_PROTOCOL_NEGOTIATION,
    SIGNATURE_ALGORITHMS,
    SUPPORTED_VERSIONS,
    decode_codes,
    extension_name,
)
from tls.grease import is_grease
from tls.groups import group_name
from tls.messages import ClientHello
from tls.reasons import Reason
from tls.signatures import scheme_name
from tls.suites import SUITES, TLS_1_3_SUITES, suite_name

_CHANGES_THE_HANDSHAKE = frozenset(
    {
        4,  # truncated_hmac
        19,  # client_certificate_type
        20,  # server_certificate_type
        24,  # token_binding
        30032,  # channel_id
        APPLICATION_SETTINGS,
        APPLICATION_SETTINGS_OLD,
        DELEGATED_CREDENTIAL,
        NEXT_PROTOCOL_NEGOTIATION,
        SUPPORTED_VERSIONS,  # of a version before TLS 1.3 that is not the ServerHello's
    }
)
"""Extensions that may be offered for show, but not answered: other messages would follow."""


def lists(hello: ClientHello, kind: int, code: int) -> bool:
    """Whether an extension of the hello lists a code; GREASE is not offered (RFC 8701 §3.1)."""
    data = hello.extensions.get(kind)
    if data is None or is_grease(code):
        return False
    try:
        return code in decode_codes(data)
    except PeerError:
        return False


def group_not_implemented(group: int) -> PeerError:
    """The fault of a server that chooses a group which was offered, as others do, for show."""
    return PeerError(
        HANDSHAKE_FAILURE,
        Reason.GROUP_NOT_IMPLEMENTED,
        f"the server chose {group_name(group)}, not implemented",
    )


def unusable_suite(hello: ClientHello, code: int) -> PeerError:
    """The fault of a server whose suite is not offered, implemented and of the version."""
    if code not in hello.cipher_suites or is_grease(code):
        return PeerError(
            ILLEGAL_PARAMETER,
            Reason.SUITE_NOT_OFFERED,
            f"the server chose {suite_name(code)}, not offered",
        )
    if code in SUITES or code in TLS_1_3_SUITES:
        return PeerError(
            ILLEGAL_PARAMETER,
            Reason.SUITE_OF_ANOTHER_VERSION,
            f"the server chose {suite_name(code)}, a suite of another version",
        )
    return PeerError(
        HANDSHAKE_FAILURE,
        Reason.SUITE_NOT_IMPLEMENTED,
        f"the server chose {suite_name(code)}, not implemented",
    )


def unusable_scheme(hello: ClientHello, code: int) -> PeerError:
    """The fault of a server that signs by a scheme which is not both offered and implemented."""
    if not lists(hello, SIGNATURE_ALGORITHMS, code):
        return PeerError(
            ILLEGAL_PARAMETER,
            Reason.SIGNATURE_SCHEME_NOT_OFFERED,
            f"signature scheme {scheme_name(code)} was not offered",
        )
    return PeerError(
        HANDSHAKE_FAILURE,
        Reason.SIGNATURE_SCHEME_NOT_IMPLEMENTED,
        f"the server signs by {scheme_name(code)}, not implemented",
    )


def check_implemented(answered: Iterable[int]) -> None:
    """Check that a server's extensions, which were offered, do not ask for what nobody here does.

    Raises `PeerError(unsupported_extension)`.
    """
    for kind in answered:
        if kind in _CHANGES_THE_HANDSHAKE:
            raise PeerError(
                UNSUPPORTED_EXTENSION,
                Reason.EXTENSION_NOT_IMPLEMENTED,
                f"the server answers {extension_name(kind)}, not implemented",
            )
