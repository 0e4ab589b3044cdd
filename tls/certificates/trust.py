"""Whom one side trusts, and the check of the other's chain (RFC 5280 §6)."""

from __future__ import annotations

import enum
from collections.abc import Iterable

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from tls.alerts import (
    BAD_CERTIFICATE,
    CERTIFICATE_EXPIRED,
    CERTIFICATE_REVOKED,
    UNKNOWN_CA,
    UNSUPPORTED_CERTIFICATE,
)
from tls.certificates.certificate import Certificate, parse_certificate
from tls.certificates.identity import certificates_from_pem
from tls.certificates.names import names_server
from tls.meter import Meter
from tls.reasons import Reason

_MAX_CHAIN = 10


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


class TrustStore:
    """The authorities one side trusts, as certificates in DER, and what they revoked.

    `revocation_lists` are CRLs in DER (RFC 5280 §5); every certificate on a path is looked up in
    the lists of its issuer.
    """

    def __init__(
        self, certificates: Iterable[bytes] = (), revocation_lists: Iterable[bytes] = ()
    ) -> None:
        self._revoked: set[tuple[bytes, int]] = set()
        for crl in map(x509.load_der_x509_crl, revocation_lists):
            issuer = crl.issuer.public_bytes()
            self._revoked.update((issuer, entry.serial_number) for entry in crl)
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

    def all(self) -> tuple[Certificate, ...]:
        """The trusted authorities."""
        return tuple(anchor for anchors in self._by_subject.values() for anchor in anchors)

    def anchors(self, issuer: bytes) -> list[Certificate]:
        """The trusted authorities of that subject name."""
        return self._by_subject.get(issuer, [])

    def trusts(self, certificate: Certificate) -> bool:
        """Whether this very certificate is a trusted one."""
        return certificate.der in self._trusted

    def server_problems(
        self, chain: tuple[bytes, ...], server_name: str | None, now: float, meter: Meter
    ) -> list[CertificateProblem]:
        """What is wrong with a server's chain at calendar time `now`, worst first; [] when nothing.

        The path is built from the leaf through the certificates sent, in any order, to a trusted
        authority; every signature on it is verified. Raises `PeerError(bad_certificate)` for bytes
        that are no certificate.
        """
        found = self._chain_problems(chain, ExtendedKeyUsageOID.SERVER_AUTH, now, meter)
        if server_name is not None and not names_server(parse_certificate(chain[0]), server_name):
            found.append(CertificateProblem.NAME_MISMATCH)
        return found

    def client_problems(
        self, chain: tuple[bytes, ...], now: float, meter: Meter
    ) -> list[CertificateProblem]:
        """What is wrong with a client's chain; like `server_problems`, but for the name."""
        return self._chain_problems(chain, ExtendedKeyUsageOID.CLIENT_AUTH, now, meter)

    def subjects(self) -> tuple[bytes, ...]:
        """The names of the trusted authorities in DER, as a CertificateRequest lists them."""
        return tuple(self._by_subject)

    def _chain_problems(
        self, chain: tuple[bytes, ...], purpose: x509.ObjectIdentifier, now: float, meter: Meter
    ) -> list[CertificateProblem]:
        leaf, *others = [parse_certificate(der) for der in chain]
        found = self._path_problems(leaf, others, now, meter)
        if not leaf.is_for(purpose):
            found.append(CertificateProblem.WRONG_PURPOSE)
        return list(dict.fromkeys(found))

    def _path_problems(
        self, leaf: Certificate, others: list[Certificate], now: float, meter: Meter
    ) -> list[CertificateProblem]:
        found: list[CertificateProblem] = []
        certificate = leaf
        for authorities_below in range(_MAX_CHAIN):
            if not certificate.not_before <= now <= certificate.not_after:
                found.append(CertificateProblem.EXPIRED)
            if (certificate.issuer, certificate.serial_number) in self._revoked:
                found.insert(0, CertificateProblem.REVOKED)
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
