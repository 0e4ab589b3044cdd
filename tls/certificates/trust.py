"""Whom a client trusts, and the check of a server's chain (RFC 5280 §6)."""

from __future__ import annotations

import enum
from collections.abc import Iterable

from tls.alerts import (
    BAD_CERTIFICATE,
    CERTIFICATE_EXPIRED,
    UNKNOWN_CA,
    UNSUPPORTED_CERTIFICATE,
)
from tls.certificates.certificate import Certificate, parse_certificate
from tls.certificates.identity import certificates_from_pem
from tls.certificates.names import names_server
from tls.meter import Meter

_MAX_CHAIN = 10


class CertificateProblem(enum.Enum):
    """What can be wrong with a chain; the value is the alert that says so (RFC 2246 §7.2.2)."""

    NAME_MISMATCH = ("name mismatch", BAD_CERTIFICATE)
    EXPIRED = ("expired or not yet valid", CERTIFICATE_EXPIRED)
    UNKNOWN_AUTHORITY = ("no trusted authority issued it", UNKNOWN_CA)
    BAD_SIGNATURE = ("a signature does not verify", BAD_CERTIFICATE)
    NOT_AN_AUTHORITY = ("an issuer is no authority", BAD_CERTIFICATE)
    WRONG_PURPOSE = ("not made for this use", UNSUPPORTED_CERTIFICATE)

    @property
    def description(self) -> str:
        """The problem in words."""
        return self.value[0]

    @property
    def alert(self) -> int:
        """The alert that says so."""
        return self.value[1]


class TrustStore:
    """The authorities a client trusts, as certificates in DER."""

    def __init__(self, certificates: Iterable[bytes] = ()) -> None:
        self._by_subject: dict[bytes, list[Certificate]] = {}
        self._trusted: set[bytes] = set()
        for der in certificates:
            anchor = Certificate(der)
            self._by_subject.setdefault(anchor.subject, []).append(anchor)
            self._trusted.add(der)

    @classmethod
    def from_pem(cls, pem: bytes) -> TrustStore:
        """From one or more PEM certificates. Raises `UsageError` when there is none."""
        return cls(certificates_from_pem(pem))

    def anchors(self, issuer: bytes) -> list[Certificate]:
        """The trusted authorities of that subject name."""
        return self._by_subject.get(issuer, [])

    def trusts(self, certificate: Certificate) -> bool:
        """Whether this very certificate is a trusted one."""
        return certificate.der in self._trusted

    def problems(
        self, chain: tuple[bytes, ...], server_name: str | None, now: float, meter: Meter
    ) -> list[CertificateProblem]:
        """What is wrong with a server's chain at calendar time `now`, worst first; [] when nothing.

        The path is built from the leaf through the certificates sent, in any order, to a trusted
        authority; every signature on it is verified. Raises `PeerError(bad_certificate)` for bytes
        that are no certificate.
        """
        leaf, *others = [parse_certificate(der) for der in chain]
        found = self._path_problems(leaf, others, now, meter)
        if not leaf.may_authenticate_servers:
            found.append(CertificateProblem.WRONG_PURPOSE)
        if server_name is not None and not names_server(leaf, server_name):
            found.append(CertificateProblem.NAME_MISMATCH)
        return list(dict.fromkeys(found))

    def _path_problems(
        self, leaf: Certificate, others: list[Certificate], now: float, meter: Meter
    ) -> list[CertificateProblem]:
        found: list[CertificateProblem] = []
        certificate = leaf
        for authorities_below in range(_MAX_CHAIN):
            if not certificate.not_before <= now <= certificate.not_after:
                found.append(CertificateProblem.EXPIRED)
            if self.trusts(certificate):
                return found
            anchors = self.anchors(certificate.issuer)
            candidates = anchors or [
                other for other in others if other.subject == certificate.issuer
            ]
            if not candidates:
                break
            issuer = next((c for c in candidates if certificate.is_signed_by(c, meter)), None)
            if issuer is None:
                return [CertificateProblem.BAD_SIGNATURE, *found]
            if not _may_issue(issuer, authorities_below, trusted=bool(anchors)):
                found.append(CertificateProblem.NOT_AN_AUTHORITY)
            if anchors:
                if not issuer.not_before <= now <= issuer.not_after:
                    found.append(CertificateProblem.EXPIRED)
                return found
            others = [other for other in others if other is not issuer]
            certificate = issuer
        return [CertificateProblem.UNKNOWN_AUTHORITY, *found]


def _may_issue(issuer: Certificate, authorities_below: int, *, trusted: bool) -> bool:
    # A trusted root may be older than basicConstraints (X.509 v1).
    if not (issuer.is_authority or trusted):
        return False
    within = issuer.path_length is None or authorities_below <= issuer.path_length
    return issuer.may_sign_certificates and within
