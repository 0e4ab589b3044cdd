"""From a leaf to a trusted authority: path building with a way back (RFC 5280 §6, RFC 4158)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from cryptography import x509

from tls.certificates.certificate import Certificate
from tls.certificates.name_constraints import (
    CanonicalName,
    ComparisonBudget,
    NameConstraints,
    SubjectNames,
)
from tls.certificates.names import common_host_names
from tls.certificates.problems import CertificateProblem
from tls.meter import Meter

MAX_PATH = 101
"""The most certificates of a path below the trusted authority: 100 others, as in OpenSSL."""

MAX_SIGNATURES = 128
"""The most signatures that are verified for one chain, whatever the peer sends."""

_MAX_STEPS = 1_000

Path = tuple[Certificate, ...]


class Anchors(Protocol):
    """What path building asks of a trust store."""

    def anchors(self, subject: CanonicalName) -> Sequence[Certificate]:
        """The trusted authorities of that name."""

    def trusts(self, certificate: Certificate) -> bool:
        """Whether this very certificate is a trusted one."""

    def is_revoked(self, certificate: Certificate) -> bool:
        """Whether its issuer revoked it."""


def path_problems(
    leaf: Certificate,
    others: Sequence[Certificate],
    store: Anchors,
    purpose: x509.ObjectIdentifier,
    now: float,
    meter: Meter,
    signatures: dict[tuple[bytes, bytes], bool],
    minimum_key_bits: int,
    schemes: frozenset[int] | None = None,
) -> list[CertificateProblem]:
    """What is wrong with the best path from a leaf to an anchor, worst first; [] when nothing.

    Every issuer of the right name is tried until a path has no problem: an expired certificate, or
    another authority of the same name, does not hide a good one. `signatures` has what is known of
    them, by the fingerprints of a certificate and its issuer, and afterwards what was found. No key
    below the anchor, whose key was judged by who trusts it, is shorter than `minimum_key_bits`, and
    no certificate below it is signed by a scheme that is not among `schemes`, if these are limited:
    such a signature is not verified (RFC 8446 §4.2.3).
    """
    search = _Search(others, store, purpose, now, meter, signatures, minimum_key_bits, schemes)
    best: list[CertificateProblem] | None = None
    for problems in search.outcomes((leaf,)):
        if not problems:
            return []
        if best is None or _badness(problems) < _badness(best):
            best = problems
    found = best or [CertificateProblem.UNKNOWN_AUTHORITY]
    if search.gave_up and any(each in found for each in _BROKEN):
        return [CertificateProblem.TOO_MUCH_WORK]
    return found


_BROKEN = (
    CertificateProblem.UNKNOWN_AUTHORITY,
    CertificateProblem.BAD_SIGNATURE,
    CertificateProblem.SIGNATURE_NOT_OFFERED,
)


def _badness(problems: list[CertificateProblem]) -> tuple[bool, int]:
    """A path that leads to an anchor is better than one that leads nowhere."""
    return any(each in problems for each in _BROKEN), len(problems)


class _Search:
    """One search, which does not verify a signature twice nor too many of them.

    Attributes:
        gave_up: whether something was not looked at, as it would have been too much work.
    """

    def __init__(
        self,
        others: Sequence[Certificate],
        store: Anchors,
        purpose: x509.ObjectIdentifier,
        now: float,
        meter: Meter,
        signatures: dict[tuple[bytes, bytes], bool],
        minimum_key_bits: int,
        schemes: frozenset[int] | None,
    ) -> None:
        self.gave_up = False
        self._by_subject: dict[CanonicalName, list[Certificate]] = {}
        for other in others:
            self._by_subject.setdefault(other.subject_name, []).append(other)
        self._store = store
        self._purpose = purpose
        self._now = now
        self._meter = meter
        self._verified = signatures
        self._minimum_key_bits = minimum_key_bits
        self._schemes = schemes
        self._steps = 0
        self._comparisons = ComparisonBudget()
        self._names: dict[bytes, SubjectNames] = {}

    def outcomes(self, path: Path) -> Iterator[list[CertificateProblem]]:
        """The problems of each path that begins like this, depth first."""
        certificate = path[-1]
        if self._store.trusts(certificate):
            yield [*self._problems(path, None), *self._name_problems(path)]
            return
        candidates = self._issuers(path)
        if candidates and not self._is_verifiable(certificate):
            yield [CertificateProblem.SIGNATURE_NOT_OFFERED, *self._problems(path, None)]
            return
        signed = False
        for issuer, trusted in candidates:
            if not self._is_signed(certificate, issuer):
                continue
            signed = True
            if trusted:
                yield [*self._problems(path, issuer), *self._name_problems((*path, issuer))]
            elif len(path) < MAX_PATH:
                yield from self.outcomes((*path, issuer))
            else:
                self.gave_up = True
        if not signed:
            broken = (
                CertificateProblem.BAD_SIGNATURE
                if candidates
                else CertificateProblem.UNKNOWN_AUTHORITY
            )
            yield [broken, *self._problems(path, None)]

    def _is_verifiable(self, certificate: Certificate) -> bool:
        schemes = self._schemes
        return schemes is None or not schemes.isdisjoint(certificate.signature_codes)

    def _issuers(self, path: Path) -> list[tuple[Certificate, bool]]:
        """Candidates and whether they are trusted: those without a fault first, anchors first."""
        issuer_name = path[-1].issuer_name
        candidates = [(anchor, True) for anchor in self._store.anchors(issuer_name)]
        known = {each.der for each in path} | {anchor.der for anchor, _ in candidates}
        for other in self._by_subject.get(issuer_name, ()):
            if other.der not in known:
                known.add(other.der)
                candidates.append((other, False))
        if len(candidates) > 1:
            candidates.sort(key=lambda each: self._has_fault(path, *each))
        return candidates

    def _has_fault(self, path: Path, issuer: Certificate, trusted: bool) -> bool:
        return not (self._is_valid(issuer) and _may_issue(issuer, path, trusted=trusted))

    def _is_signed(self, certificate: Certificate, issuer: Certificate) -> bool:
        self._steps += 1
        if self._steps > _MAX_STEPS:
            self.gave_up = True
            return False
        key = (certificate.fingerprint, issuer.fingerprint)
        known = self._verified.get(key)
        if known is None:
            if len(self._verified) >= MAX_SIGNATURES:
                self.gave_up = True
                return False
            known = self._verified[key] = certificate.is_signed_by(issuer, self._meter)
        return known

    def _is_valid(self, certificate: Certificate) -> bool:
        return certificate.not_before <= self._now <= certificate.not_after

    def _problems(self, path: Path, anchor: Certificate | None) -> list[CertificateProblem]:
        """What is wrong with a path whose signatures verify, up to its anchor if it has one."""
        found: list[CertificateProblem] = []
        for number, certificate in enumerate(path):
            if not self._is_valid(certificate):
                found.append(CertificateProblem.EXPIRED)
            if certificate.is_shorter_than(self._minimum_key_bits):
                found.append(CertificateProblem.KEY_TOO_SHORT)
            if self._store.is_revoked(certificate):
                found.insert(0, CertificateProblem.REVOKED)
            if certificate.has_unknown_critical_extension:
                found.append(CertificateProblem.UNKNOWN_CRITICAL_EXTENSION)
            if number and not _may_issue(certificate, path[:number], trusted=False):
                found.append(CertificateProblem.NOT_AN_AUTHORITY)
            fits = certificate.may_issue_for if number else certificate.is_for
            if not fits(self._purpose):
                found.append(CertificateProblem.WRONG_PURPOSE)
        if anchor is not None:
            if not self._is_valid(anchor):
                found.append(CertificateProblem.EXPIRED)
            if not _may_issue(anchor, path, trusted=True):
                found.append(CertificateProblem.NOT_AN_AUTHORITY)
        return list(dict.fromkeys(found))

    def _name_problems(self, path: Path) -> list[CertificateProblem]:
        """Whether every authority's constraints hold for all below (RFC 5280 §6.1.3 (b), (c)).

        Only asked of a path up to its anchor. Certificates that are self-issued are exempt, but
        for the last. Constraints that take too much work stay unchecked, which is a problem.
        """
        for height, authority in enumerate(path):
            constraints = authority.name_constraints
            if constraints is None:
                continue
            for number, certificate in enumerate(path[:height]):
                if number and certificate.is_self_issued:
                    continue
                found = self._problem_of_names(certificate, constraints)
                if found is not None:
                    return [found]
        return []

    def _problem_of_names(
        self, certificate: Certificate, constraints: NameConstraints
    ) -> CertificateProblem | None:
        names = self._names.get(certificate.der)
        if names is None:
            host_names = [] if certificate.is_authority else common_host_names(certificate)
            names = self._names[certificate.der] = certificate.subject_names(host_names)
        if not self._comparisons.take(constraints.comparisons(names)):
            return CertificateProblem.TOO_MUCH_WORK
        return None if constraints.permit(names) else CertificateProblem.NAME_NOT_PERMITTED


def _may_issue(issuer: Certificate, below: Path, *, trusted: bool) -> bool:
    """Whether it is an authority with so many authorities below (RFC 5280 §6.1.4 (k) to (n)).

    Those that are self-issued do not count. A trusted root may be older than basicConstraints
    (X.509 v1), but may not deny that it is one.
    """
    if not issuer.is_authority and (issuer.is_no_authority or not trusted):
        return False
    if not issuer.may_sign_certificates:
        return False
    if issuer.path_length is None:
        return True
    return sum(not each.is_self_issued for each in below[1:]) <= issuer.path_length
