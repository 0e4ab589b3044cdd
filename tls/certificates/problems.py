"""What can be wrong with a chain of certificates."""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable

from tls.alerts import (
    BAD_CERTIFICATE,
    CERTIFICATE_EXPIRED,
    CERTIFICATE_REVOKED,
    CERTIFICATE_UNKNOWN,
    INSUFFICIENT_SECURITY,
    UNKNOWN_CA,
    UNSUPPORTED_CERTIFICATE,
)
from tls.errors import PeerError
from tls.reasons import Reason


class CertificateProblem(enum.Enum):
    """What can be wrong with a chain, and the alert that says so (RFC 2246 §7.2.2)."""

    NAME_MISMATCH = ("name mismatch", BAD_CERTIFICATE, Reason.CERTIFICATE_NAME_MISMATCH)
    REVOKED = ("revoked by its issuer", CERTIFICATE_REVOKED, Reason.CERTIFICATE_REVOKED)
    EXPIRED = ("expired or not yet valid", CERTIFICATE_EXPIRED, Reason.CERTIFICATE_EXPIRED)
    UNKNOWN_AUTHORITY = (
        "no trusted authority issued it",
        UNKNOWN_CA,
        Reason.CERTIFICATE_AUTHORITY_UNKNOWN,
    )
    BAD_SIGNATURE = (
        "a signature does not verify",
        BAD_CERTIFICATE,
        Reason.CERTIFICATE_SIGNATURE_INVALID,
    )
    SIGNATURE_NOT_OFFERED = (
        "it is signed by a scheme that was not offered",
        UNSUPPORTED_CERTIFICATE,
        Reason.CERTIFICATE_SIGNATURE_SCHEME,
    )
    NOT_AN_AUTHORITY = (
        "an issuer is no authority",
        BAD_CERTIFICATE,
        Reason.CERTIFICATE_ISSUER_NO_AUTHORITY,
    )
    WRONG_PURPOSE = (
        "not made for this use",
        UNSUPPORTED_CERTIFICATE,
        Reason.CERTIFICATE_PURPOSE,
    )
    NAME_NOT_PERMITTED = (
        "an authority was not permitted to issue for its name",
        BAD_CERTIFICATE,
        Reason.CERTIFICATE_NAME_NOT_PERMITTED,
    )
    UNKNOWN_CRITICAL_EXTENSION = (
        "a critical extension is not understood",
        UNSUPPORTED_CERTIFICATE,
        Reason.CERTIFICATE_EXTENSION_UNKNOWN,
    )
    KEY_TOO_SHORT = (
        "a key is too short",
        INSUFFICIENT_SECURITY,
        Reason.CERTIFICATE_KEY_TOO_SHORT,
    )
    TOO_MUCH_WORK = (
        "its path takes more work than any honest one",
        CERTIFICATE_UNKNOWN,
        Reason.CERTIFICATE_TOO_MUCH_WORK,
    )

    @property
    def description(self) -> str:
        """The problem in words."""
        return self.value[0]

    @property
    def alert(self) -> int:
        """The alert that says so."""
        return self.value[1]

    @property
    def reason(self) -> Reason:
        """The stable name of a handshake's end for it."""
        return self.value[2]


def refuse_problems(
    problems: Iterable[CertificateProblem], accepted: Collection[CertificateProblem], whose: str
) -> None:
    """Refuse a chain of the `server` or `client` for the first problem that is not accepted.

    Raises:
        PeerError: with that problem's alert and reason.
    """
    for problem in problems:
        if problem not in accepted:
            raise PeerError(
                problem.alert, problem.reason, f"the {whose}'s certificate: {problem.description}"
            )
