"""Whom one side trusts, and the check of the other's chain (RFC 5280 §6)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID

from tls.certificates.certificate import Certificate, parse_chain
from tls.certificates.identity import certificates_from_pem
from tls.certificates.name_constraints import CanonicalName, canonical_name
from tls.certificates.names import names_server
from tls.certificates.path import path_problems
from tls.certificates.problems import CertificateProblem
from tls.certificates.validation import MAX_KEPT_CHAIN, Question, Validation
from tls.errors import PeerError, UsageError
from tls.extensions import encode_codes
from tls.host_names import host_name
from tls.meter import Meter

_Chain = tuple[bytes, ...]


def _anchor(der: bytes, number: int) -> Certificate:
    try:
        return Certificate(der)
    except PeerError as error:
        raise UsageError(
            f"trusted certificate {number} cannot be used, leave it out: {error.why}"
        ) from None


def _revocation_list(der: bytes) -> x509.CertificateRevocationList:
    try:
        return x509.load_der_x509_crl(der)
    except ValueError as error:
        raise UsageError(f"a revocation list in DER cannot be read: {error}") from None


class TrustStore:
    """The authorities one side trusts, as certificates in DER, and what they revoked.

    `revocation_lists` are CRLs in DER (RFC 5280 §5); every certificate on a path is looked up in
    the lists of its issuer. The last `remembered_checks` of chains are remembered for as long as no
    certificate's validity begins or ends; 0 verifies every signature each time. Raises `UsageError`
    for what is no certificate, or none whose key is understood, and for what is no CRL.
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
        fingerprints = []
        for crl in map(_revocation_list, revocation_lists):
            fingerprints.append(crl.fingerprint(hashes.SHA256()))
            issuer = canonical_name(crl.issuer)
            self._revoked.update((issuer, entry.serial_number) for entry in crl)
        self._by_subject: dict[CanonicalName, list[Certificate]] = {}
        self._trusted: set[bytes] = set()
        for number, der in enumerate(certificates, 1):
            anchor = _anchor(der, number)
            self._by_subject.setdefault(anchor.subject_name, []).append(anchor)
            self._trusted.add(der)
        fingerprints += [anchor.fingerprint for anchor in self.all()]
        self._fingerprint = hashlib.sha256(b"".join(sorted(fingerprints))).digest()
        self._fingerprints: dict[frozenset[int] | None, bytes] = {}
        self._checked: dict[tuple[_Chain, Question], Validation] = {}

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
        chain: _Chain,
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
        return list(self.validate_server(chain, server_name, now, meter).problems)

    def client_problems(
        self, chain: _Chain, now: float, meter: Meter | None = None
    ) -> list[CertificateProblem]:
        """What is wrong with a client's chain; like `server_problems`, but for the name."""
        return list(self.validate_client(chain, now, meter).problems)

    def validate_server(
        self,
        chain: _Chain,
        server_name: str | None,
        now: float,
        meter: Meter | None = None,
        *,
        minimum_key_bits: int = 0,
        schemes: frozenset[int] | None = None,
        earlier: Validation | None = None,
    ) -> Validation:
        """What is found in a server's chain, as `server_problems` has it.

        RSA and DSA keys below the trusted authority have `minimum_key_bits` at least, and what it
        signed, and others did, is signed by one of `schemes` if they are given.
        `earlier` is a validation of the same chain: where it still holds it is the answer, else
        what it found of signatures is not asked again. Only what is done anew is booked then.
        """
        name = None if server_name is None else host_name(server_name)
        question = Question(self._asked_by(schemes), True, name, minimum_key_bits)
        return self._validate(chain, question, schemes, now, meter, earlier)

    def validate_client(
        self,
        chain: _Chain,
        now: float,
        meter: Meter | None = None,
        *,
        schemes: frozenset[int] | None = None,
        earlier: Validation | None = None,
    ) -> Validation:
        """What is found in a client's chain; like `validate_server`, but for the name."""
        question = Question(self._asked_by(schemes), False)
        return self._validate(chain, question, schemes, now, meter, earlier)

    def _asked_by(self, schemes: frozenset[int] | None) -> bytes:
        """The fingerprint of this store and of the signatures that may be verified."""
        found = self._fingerprints.get(schemes)
        if found is None:
            codes = b"" if schemes is None else encode_codes(sorted(schemes))
            found = hashlib.sha256(self._fingerprint + codes).digest()
            self._fingerprints[schemes] = found
        return found

    def _validate(
        self,
        chain: _Chain,
        question: Question,
        schemes: frozenset[int] | None,
        now: float,
        meter: Meter | None,
        earlier: Validation | None,
    ) -> Validation:
        if earlier is not None and earlier.question == question and earlier.holds(now):
            return earlier
        if earlier is not None and earlier.signatures:
            validation = self._check(chain, question, schemes, now, earlier.signatures)
        else:
            key = (chain, question)
            remembered = self._checked.get(key)
            if remembered is not None and remembered.holds(now):
                validation = remembered
            else:
                validation = self._check(chain, question, schemes, now, {})
                self._remember(key, validation)
        if meter is not None:
            for entry in validation.log:
                meter.book(entry)
        return validation

    def _check(
        self,
        chain: _Chain,
        question: Question,
        schemes: frozenset[int] | None,
        now: float,
        signatures: Mapping[tuple[bytes, bytes], bool],
    ) -> Validation:
        certificates = parse_chain(chain)
        leaf, *others = certificates
        purpose = (
            ExtendedKeyUsageOID.SERVER_AUTH
            if question.by_client
            else ExtendedKeyUsageOID.CLIENT_AUTH
        )
        meter = Meter()
        known = dict(signatures)
        found = path_problems(
            leaf,
            others,
            self,
            purpose,
            now,
            meter,
            known,
            question.minimum_key_bits,
            schemes,
        )
        if question.server_name is not None and not names_server(leaf, question.server_name):
            found.append(CertificateProblem.NAME_MISMATCH)
        after, before = now, now
        if self._remembered_checks:
            after, before = self._constant_between(certificates, now)
        return Validation(question, tuple(found), after, before, known, tuple(meter.take_log()))

    def _constant_between(
        self, certificates: Iterable[Certificate], now: float
    ) -> tuple[float, float]:
        """The moments next to `now` at which a validity begins or ends."""
        anchors = [a for each in certificates for a in self.anchors(each.issuer_name)]
        moments = {
            moment
            for each in (*certificates, *anchors)
            for moment in (each.not_before, each.not_after)
        }
        if now in moments:  # on the very second of a limit only that second is known
            return now, now
        return (
            max((moment for moment in moments if moment < now), default=float("-inf")),
            min((moment for moment in moments if moment > now), default=float("inf")),
        )

    def _remember(self, key: tuple[_Chain, Question], validation: Validation) -> None:
        if not self._remembered_checks or sum(map(len, key[0])) > MAX_KEPT_CHAIN:
            return
        if len(self._checked) >= self._remembered_checks:
            self._checked.pop(next(iter(self._checked)), None)
        self._checked[key] = validation
