"""One X.509 certificate as this engine sees it (RFC 5280)."""

from __future__ import annotations

import hashlib
import ipaddress
import warnings
from collections.abc import Iterable
from functools import cached_property
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import (
    ExtendedKeyUsageOID,
    ExtensionOID,
    NameOID,
    PublicKeyAlgorithmOID,
)

from tls.alerts import BAD_CERTIFICATE, UNSUPPORTED_CERTIFICATE
from tls.certificates.name_constraints import NameConstraints, SubjectNames, canonical_name
from tls.certificates.rsa_pss import PssRestriction, pss_restriction, signature_parameters
from tls.certificates.signature_codes import signature_codes
from tls.errors import PeerError
from tls.groups import GROUP_NAMES
from tls.meter import Meter
from tls.reasons import Reason
from tls.signatures import (
    TLS_1_3_SCHEMES,
    SignatureScheme,
    certificate_scheme,
    key_kind,
    verify,
)

_Extension = TypeVar("_Extension", bound=x509.ExtensionType)


# What is looked at, or (policies) refuses nothing where no policy is asked for (RFC 5280 §6.1.1).
_UNDERSTOOD = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
        ExtensionOID.NAME_CONSTRAINTS,
        ExtensionOID.CERTIFICATE_POLICIES,
        ExtensionOID.POLICY_MAPPINGS,
        ExtensionOID.INHIBIT_ANY_POLICY,
        ExtensionOID.SUBJECT_KEY_IDENTIFIER,
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
    }
)
_SIZED_KINDS = ("rsa", "rsa-pss", "dsa")
_STEP_UP = x509.ObjectIdentifier("2.16.840.1.113730.4.1")
_TLS_1_3_SCHEMES = frozenset(TLS_1_3_SCHEMES)
_CURVE_CODES = {name: code for code, name in GROUP_NAMES.items()}


class Certificate:
    """A parsed certificate: names, key, validity and what its extensions allow.

    `not_before` and `not_after` are Unix times; `key_size` is in bits, 0 for kinds that have one
    size; `curve` is the group of an ECDSA key, 0 for one without a code here, `None` for other
    kinds. `subject` and `issuer` are DER, `subject_name` and `issuer_name` what is compared;
    `signature_codes` are those by which a hello lists its signature. Raises
    `PeerError(bad_certificate)` when `der` is no certificate, `PeerError(unsupported_certificate)`
    when its key is of a kind that is not understood.
    """

    def __init__(self, der: bytes) -> None:
        self.der = der
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                parsed = x509.load_der_x509_certificate(der)
                self._read_fields(parsed)
                self._read_key(parsed)
                self._read_extensions(parsed)
        except (
            ValueError,
            TypeError,
            UnsupportedAlgorithm,
            x509.DuplicateExtension,
            x509.InvalidVersion,
            x509.UnsupportedGeneralNameType,
        ) as error:
            raise PeerError(
                BAD_CERTIFICATE, Reason.MALFORMED_CERTIFICATE, f"not a certificate: {error}"
            ) from None

    def _read_fields(self, parsed: x509.Certificate) -> None:
        self.subject = parsed.subject.public_bytes()
        self.issuer = parsed.issuer.public_bytes()
        self.subject_name = canonical_name(parsed.subject)
        self.issuer_name = canonical_name(parsed.issuer)
        self.serial_number = parsed.serial_number
        self.not_before = parsed.not_valid_before_utc.timestamp()
        self.not_after = parsed.not_valid_after_utc.timestamp()
        self.common_names = tuple(
            str(attribute.value)
            for attribute in parsed.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        )
        self._distinguished_name = parsed.subject
        self._signature = parsed.signature
        self._signed = parsed.tbs_certificate_bytes
        self._hash, self._pss = _signature_algorithm(parsed)
        self.signature_codes = signature_codes(
            parsed.signature_algorithm_oid.dotted_string, self._hash
        )

    def _read_key(self, parsed: x509.Certificate) -> None:
        try:
            key = parsed.public_key()
        except (UnsupportedAlgorithm, ValueError, TypeError) as error:
            raise PeerError(
                UNSUPPORTED_CERTIFICATE,
                Reason.CERTIFICATE_KEY_UNKNOWN,
                f"a certificate's key is not understood: {error}",
            ) from None
        self.public_key: CertificatePublicKeyTypes = key
        self.key_kind = key_kind(key)
        self.key_size: int = getattr(key, "key_size", 0)
        self.curve: int | None = None
        if isinstance(key, ec.EllipticCurvePublicKey):
            self.curve = _CURVE_CODES.get(key.curve.name, 0)
        self._restriction: PssRestriction | None = None
        if parsed.public_key_algorithm_oid == PublicKeyAlgorithmOID.RSASSA_PSS:
            self.key_kind = "rsa-pss"
            self._restriction = pss_restriction(self.der)

    def _read_extensions(self, parsed: x509.Certificate) -> None:
        extensions = parsed.extensions

        def extension(kind: type[_Extension]) -> _Extension | None:
            try:
                return extensions.get_extension_for_class(kind).value
            except x509.ExtensionNotFound:
                return None

        self.has_unknown_critical_extension = any(
            each.critical and each.oid not in _UNDERSTOOD and not _asks_nothing(each.value)
            for each in extensions
        )
        self._alternative_names = extension(x509.SubjectAlternativeName)
        self.dns_names: tuple[str, ...] | None = None
        self.ip_addresses: tuple[str, ...] = ()
        if self._alternative_names is not None:
            self.dns_names = tuple(self._alternative_names.get_values_for_type(x509.DNSName))
            self.ip_addresses = tuple(
                str(address)
                for address in self._alternative_names.get_values_for_type(x509.IPAddress)
                if isinstance(address, ipaddress.IPv4Address | ipaddress.IPv6Address)
            )
        constraints = extension(x509.BasicConstraints)
        name_constraints = extension(x509.NameConstraints)
        usage = extension(x509.KeyUsage)
        extended_usage = extension(x509.ExtendedKeyUsage)
        self.is_authority = constraints is not None and constraints.ca
        self.is_no_authority = constraints is not None and not constraints.ca
        self.path_length = constraints.path_length if constraints is not None else None
        self.name_constraints = (
            None if name_constraints is None else NameConstraints(name_constraints)
        )
        self.may_sign_certificates = usage is None or usage.key_cert_sign
        self.may_encipher_keys = usage is None or usage.key_encipherment
        self.may_sign = usage is None or usage.digital_signature
        self._purposes = None if extended_usage is None else frozenset(extended_usage)

    @cached_property
    def fingerprint(self) -> bytes:
        """The SHA-256 digest of its DER."""
        return hashlib.sha256(self.der).digest()

    @cached_property
    def is_self_issued(self) -> bool:
        """Whether subject and issuer are the same, as in a change of keys (RFC 5280 §3.2)."""
        return self.subject_name == self.issuer_name

    def subject_names(self, common_host_names: Iterable[str]) -> SubjectNames:
        """All names of the subject, as an authority's constraints see them."""
        return SubjectNames(self._distinguished_name, self._alternative_names, common_host_names)

    def is_for(self, purpose: x509.ObjectIdentifier) -> bool:
        """Whether it may be used for an extended key usage (RFC 5280 §4.2.1.12)."""
        any_purpose = ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE
        return self._purposes is None or bool(self._purposes & {purpose, any_purpose})

    def is_shorter_than(self, bits: int) -> bool:
        """Whether its RSA or DSA key has fewer bits."""
        return self.key_kind in _SIZED_KINDS and self.key_size < bits

    def may_issue_for(self, purpose: x509.ObjectIdentifier) -> bool:
        """Whether an authority may issue certificates for that use.

        Netscape's step-up, of the days of export suites, is one of servers alone.
        """
        if self.is_for(purpose):
            return True
        of_servers = purpose == ExtendedKeyUsageOID.SERVER_AUTH
        return of_servers and self._purposes is not None and _STEP_UP in self._purposes

    def allows(self, scheme: SignatureScheme) -> bool:
        """Whether its key may sign by a scheme of TLS: of its kind, within its restriction.

        (RFC 8446 §4.2.3, RFC 4055 §1.2)
        """
        if scheme.key != self.key_kind:
            return False
        return self._restriction is None or self._restriction.allows_digest_length(scheme.hash)

    def allows_in_tls_1_3(self, scheme: SignatureScheme) -> bool:
        """Whether its key may sign a handshake of TLS 1.3 so: on the scheme's own curve, too.

        (RFC 8446 §4.2.3)
        """
        if scheme.code not in _TLS_1_3_SCHEMES or not self.allows(scheme):
            return False
        return scheme.curve is None or scheme.curve == self.curve

    def is_signed_by(self, issuer: Certificate, meter: Meter) -> bool:
        """Whether `issuer`'s key made this certificate's signature; booked in the meter."""
        if self._hash is None or not issuer.may_have_signed(self):
            return False
        kind = "rsa" if issuer.key_kind == "rsa-pss" else issuer.key_kind
        scheme = certificate_scheme(kind, self._hash, pss=self._pss is not None)
        return verify(
            issuer.public_key, scheme, self._signature, self._signed, meter, pss=self._pss
        )

    def may_have_signed(self, other: Certificate) -> bool:
        """Whether its key may make the kind of signature that another certificate carries.

        An RSASSA-PSS key makes no other, and none outside of its restriction (RFC 4055 §1.2).
        """
        if self.key_kind != "rsa-pss":
            return True
        made = other.pss_parameters
        return made is not None and (
            self._restriction is None or self._restriction.allows(made.hash, made.salt_length)
        )

    @cached_property
    def pss_parameters(self) -> PssRestriction | None:
        """What its signature was made with if that is RSASSA-PSS, else `None`."""
        try:
            return None if self._pss is None else signature_parameters(self.der)
        except ValueError:
            return None


def _asks_nothing(extension: x509.ExtensionType) -> bool:
    """Whether policy constraints ask for no policy, the only thing that could refuse here."""
    return (
        isinstance(extension, x509.PolicyConstraints) and extension.require_explicit_policy is None
    )


def _signature_algorithm(parsed: x509.Certificate) -> tuple[str | None, padding.PSS | None]:
    """The hash of a certificate's signature ("" where the scheme has its own) and its RSA-PSS.

    `None` for an algorithm that the library does not know.
    """
    try:
        algorithm = parsed.signature_hash_algorithm
        parameters = parsed.signature_algorithm_parameters
    except (UnsupportedAlgorithm, ValueError):
        return None, None
    pss = parameters if isinstance(parameters, padding.PSS) else None
    return algorithm.name if algorithm else "", pss


_MEMO_LONGEST = 32_768
"""The longest certificate that stays parsed, in bytes: no peer fills the memory."""

_MEMO_CAPACITY = 256
_MEMO_BYTES = 1 << 20
"""What all of them have together: parsed, one of many names is some ten times its size."""

_memo: dict[bytes, Certificate] = {}
_memo_bytes = 0


def parse_certificate(der: bytes) -> Certificate:
    """The certificate of that DER; the last few hundred distinct ones stay parsed.

    Raises `PeerError(bad_certificate)`.
    """
    global _memo_bytes
    certificate = _memo.get(der)
    if certificate is None:
        certificate = Certificate(der)
        if len(der) > _MEMO_LONGEST:
            return certificate
        while _memo and (len(_memo) >= _MEMO_CAPACITY or _memo_bytes + len(der) > _MEMO_BYTES):
            oldest = next(iter(_memo))
            if _memo.pop(oldest, None) is not None:
                _memo_bytes -= len(oldest)
        _memo[der] = certificate
        _memo_bytes += len(der)
    return certificate


def parse_chain(chain: Iterable[bytes]) -> list[Certificate]:
    """The certificates of a chain, leaf first, without those that are on no path.

    Whatever a peer sends beside its path ends nothing (RFC 5280 §6.1): a key of a kind that is not
    understood leads nowhere. Raises `PeerError` for what is no certificate, and for such a leaf.
    """
    certificates: list[Certificate] = []
    for der in chain:
        try:
            certificates.append(parse_certificate(der))
        except PeerError as error:
            if not certificates or error.reason is not Reason.CERTIFICATE_KEY_UNKNOWN:
                raise
    return certificates


def shared(der: bytes) -> bytes:
    """Equal bytes, which are those of a certificate that stays parsed where there is one."""
    certificate = _memo.get(der)
    return der if certificate is None else certificate.der
