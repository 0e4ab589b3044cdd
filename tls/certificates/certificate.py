"""One X.509 certificate as this engine sees it (RFC 5280)."""

from __future__ import annotations

import ipaddress
import warnings
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tls.alerts import BAD_CERTIFICATE
from tls.errors import PeerError
from tls.meter import Meter
from tls.reasons import Reason
from tls.signatures import certificate_scheme, key_kind, verify

_Extension = TypeVar("_Extension", bound=x509.ExtensionType)


class Certificate:
    """A parsed certificate: names, key, validity and what its extensions allow.

    `not_before` and `not_after` are Unix times; `key_size` is in bits, 0 for kinds that have one
    size. Raises `PeerError(bad_certificate)` when `der` is
    no certificate.
    """

    def __init__(self, der: bytes) -> None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                parsed = x509.load_der_x509_certificate(der)
                self._read(parsed)
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
        self.der = der

    def _read(self, parsed: x509.Certificate) -> None:
        self.subject = parsed.subject.public_bytes()
        self.issuer = parsed.issuer.public_bytes()
        self.serial_number = parsed.serial_number
        self.not_before = parsed.not_valid_before_utc.timestamp()
        self.not_after = parsed.not_valid_after_utc.timestamp()
        self.public_key: CertificatePublicKeyTypes = parsed.public_key()
        self.key_kind = key_kind(self.public_key)
        self.key_size: int = getattr(self.public_key, "key_size", 0)
        self._signature = parsed.signature
        self._signed = parsed.tbs_certificate_bytes
        self._hash, self._pss = _signature_algorithm(parsed)
        extensions = parsed.extensions

        def extension(kind: type[_Extension]) -> _Extension | None:
            try:
                return extensions.get_extension_for_class(kind).value
            except x509.ExtensionNotFound:
                return None

        alternative_names = extension(x509.SubjectAlternativeName)
        self.dns_names: tuple[str, ...] | None = None
        self.ip_addresses: tuple[str, ...] = ()
        if alternative_names is not None:
            self.dns_names = tuple(alternative_names.get_values_for_type(x509.DNSName))
            self.ip_addresses = tuple(
                str(address)
                for address in alternative_names.get_values_for_type(x509.IPAddress)
                if isinstance(address, ipaddress.IPv4Address | ipaddress.IPv6Address)
            )
        self.common_names = tuple(
            str(attribute.value)
            for attribute in parsed.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        )
        constraints = extension(x509.BasicConstraints)
        usage = extension(x509.KeyUsage)
        extended_usage = extension(x509.ExtendedKeyUsage)
        self.is_authority = constraints is not None and constraints.ca
        self.path_length = constraints.path_length if constraints is not None else None
        self.may_sign_certificates = usage is None or usage.key_cert_sign
        self.may_encipher_keys = usage is None or usage.key_encipherment
        self.may_sign = usage is None or usage.digital_signature
        self._purposes = None if extended_usage is None else frozenset(extended_usage)

    def is_for(self, purpose: x509.ObjectIdentifier) -> bool:
        """Whether it may be used for an extended key usage (RFC 5280 §4.2.1.12)."""
        any_purpose = ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE
        return self._purposes is None or bool(self._purposes & {purpose, any_purpose})

    def is_signed_by(self, issuer: Certificate, meter: Meter) -> bool:
        """Whether `issuer`'s key made this certificate's signature; booked in the meter."""
        if self._hash is None:
            return False
        scheme = certificate_scheme(issuer.key_kind, self._hash, pss=self._pss)
        return verify(issuer.public_key, scheme, self._signature, self._signed, meter)


def _signature_algorithm(parsed: x509.Certificate) -> tuple[str | None, bool]:
    """The hash of a certificate's signature ("" where the scheme has its own) and whether RSA-PSS.

    `None` for an algorithm that the library does not know.
    """
    try:
        algorithm = parsed.signature_hash_algorithm
        pss = isinstance(parsed.signature_algorithm_parameters, padding.PSS)
    except (UnsupportedAlgorithm, ValueError):
        return None, False
    return algorithm.name if algorithm else "", pss


_MEMO_CAPACITY = 256
_memo: dict[bytes, Certificate] = {}


def parse_certificate(der: bytes) -> Certificate:
    """The certificate of that DER; the last few hundred distinct ones stay parsed.

    Raises `PeerError(bad_certificate)`.
    """
    certificate = _memo.get(der)
    if certificate is None:
        certificate = Certificate(der)
        if len(_memo) >= _MEMO_CAPACITY:
            _memo.pop(next(iter(_memo)), None)
        _memo[der] = certificate
    return certificate
