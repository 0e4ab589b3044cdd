"""Whom one side trusts, and the check of the other's chain (RFC 5280 §6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from tls.certificates.certificate import Certificate, parse_certificate
from tls.certificates.identity import certificates_from_pem
from tls.certificates.name_constraints import CanonicalName, canonical_name
from tls.certificates.names import names_server
from tls.certificates.path import path_problems
from tls.certificates.problems import CertificateProblem
from tls.host_names import host_name
from tls.meter import Meter
from tls.sessions import MAX_KEPT_CHAIN

_SERVER = ExtendedKeyUsageOID.SERVER_AUTH


@dataclass(frozen=True, slots=True)
class _Checked:
    """What a check found and did: the same at any time between two moments."""

    problems: tuple[CertificateProblem, ...]
    log: tuple[tuple[str, int, int, int], ...]
    after: float
    before: float


class TrustStore:
    """The authorities one side trusts, as certificates in DER, and what they revoked.

    `revocation_lists` are CRLs in DER (RFC 5280 §5); every certificate on a path is looked up in
    the lists of its issuer. The last `remembered_checks` of chains are remembered for as long as no
    certificate's validity begins or ends; 0 verifies every signature each time.
    """

    def __init__(
        self,
        certificates: Iterable[bytes] = (),
        revocation_lists: Iterable[bytes] = (),
        *,
        remembered_checks: int = 64,
    ) -> None:
        self._remembered_checks = remembered_checks
        self._revoked: set[tuple[CanonicalName, int]] = set()
        for crl in map(x509.load_der_x509_crl, revocation_lists):
            issuer = canonical_name(crl.issuer)
            self._revoked.update((issuer, entry.serial_number) for entry in crl)
        self._by_subject: dict[CanonicalName, list[Certificate]] = {}
        self._trusted: set[bytes] = set()
        for der in certificates:
            anchor = Certificate(der)
            self._by_subject.setdefault(anchor.subject_name, []).append(anchor)
            self._trusted.add(der)
        self._checked: dict[tuple[object, ...], _Checked] = {}

    @classmethod
    def from_pem(cls, pem: bytes) -> TrustStore:
        """From one or more PEM certificates. Raises `UsageError` when there is none."""
        return cls(certificates_from_pem(pem))

    def all(self) -> tuple[Certificate, ...]:
        """The trusted authorities."""
        return tuple(anchor for anchors in self._by_subject.values() for anchor in anchors)

    def anchors(self, subject: CanonicalName) -> list[Certificate]:
        """The trusted authorities of that subject name."""
        return self._by_subject.get(subject, [])

    def trusts(self, certificate: Certificate) -> bool:
        """Whether this very certificate is a trusted one."""
        return certificate.der in self._trusted

    def is_revoked(self, certificate: Certificate) -> bool:
        """Whether its issuer revoked it."""
        return (certificate.issuer_name, certificate.serial_number) in self._revoked

    def subjects(self) -> tuple[bytes, ...]:
        """The names of the trusted authorities in DER, as a CertificateRequest lists them."""
        return tuple(dict.fromkeys(anchor.subject for anchor in self.all()))

    def server_problems(
        self,
        chain: tuple[bytes, ...],
        server_name: str | None,
        now: float,
        meter: Meter | None = None,
    ) -> list[CertificateProblem]:
        """What is wrong with a server's chain at calendar time `now`, worst first; [] when nothing.

        The path is built from the leaf through the certificates sent, in any order, to a trusted
        authority; every signature on it is verified. The last few checks are remembered, and what
        they did is booked each time, unless there is no meter. Raises
        `PeerError(bad_certificate)` for bytes that are no certificate, `UsageError` for what is no
        host name.
        """
        name = None if server_name is None else host_name(server_name)
        return self._problems(chain, _SERVER, name, now, meter)

    def client_problems(
        self, chain: tuple[bytes, ...], now: float, meter: Meter | None = None
    ) -> list[CertificateProblem]:
        """What is wrong with a client's chain; like `server_problems`, but for the name."""
        return self._problems(chain, ExtendedKeyUsageOID.CLIENT_AUTH, None, now, meter)

    def _problems(
        self,
        chain: tuple[bytes, ...],
        purpose: x509.ObjectIdentifier,
        server_name: str | None,
        now: float,
        meter: Meter | None,
    ) -> list[CertificateProblem]:
        key = (chain, purpose is _SERVER, server_name)
        checked = self._checked.get(key)
        if checked is None or not checked.after < now < checked.before:
            checked = self._check(chain, purpose, server_name, now)
            self._remember(key, checked)
        if meter is not None:
            for entry in checked.log:
                meter.book(entry)
        return list(checked.problems)

    def _check(
        self,
        chain: tuple[bytes, ...],
        purpose: x509.ObjectIdentifier,
        server_name: str | None,
        now: float,
    ) -> _Checked:
        leaf, *others = certificates = [parse_certificate(der) for der in chain]
        meter = Meter()
        found = path_problems(leaf, others, self, purpose, now, meter)
        if server_name is not None and not names_server(leaf, server_name):
            found.append(CertificateProblem.NAME_MISMATCH)
        if not self._remembered_checks:
            return _Checked(tuple(found), tuple(meter.take_log()), now, now)
        anchors = [a for each in certificates for a in self.anchors(each.issuer_name)]
        moments = {
            moment
            for each in (*certificates, *anchors)
            for moment in (each.not_before, each.not_after)
        }
        # On the very second of a limit only that second is known.
        after = max((moment for moment in moments if moment < now), default=float("-inf"))
        before = min((moment for moment in moments if moment > now), default=float("inf"))
        if now in moments:
            after = before = now
        return _Checked(tuple(found), tuple(meter.take_log()), after, before)

    def _remember(self, key: tuple[object, ...], checked: _Checked) -> None:
        chain = key[0]
        assert isinstance(chain, tuple)
        if not self._remembered_checks or sum(map(len, chain)) > MAX_KEPT_CHAIN:
            return
        if len(self._checked) >= self._remembered_checks:
            self._checked.pop(next(iter(self._checked)), None)
        self._checked[key] = checked
