"""An identity: a certificate chain and the private key of its leaf."""

from __future__ import annotations

from collections.abc import Container

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from tls.certificates.certificate import Certificate, parse_chain
from tls.certificates.signature_codes import is_sha_1
from tls.errors import PeerError, UsageError
from tls.signatures import PrivateKey, key_kind

# The certificate_list of a handshake message, whose own length has 24 bits (RFC 5246 §7.4.2).
_MAX_CHAIN = (1 << 24) - 4
_MAX_OCSP_RESPONSE = 65_000


class Identity:
    """A chain in DER, leaf first, and the leaf's private key.

    Attributes:
        certificates: the chain, parsed, but for those whose keys are not understood.
        ocsp_response: of the leaf, in DER, stapled where a peer of TLS 1.3 asks for it.

    Raises `UsageError` when the chain is unreadable, or the key is not the leaf's or of a kind the
    engine has not.
    """

    def __init__(
        self, chain: tuple[bytes, ...], private_key: PrivateKey, ocsp_response: bytes = b""
    ) -> None:
        if not chain:
            raise UsageError("an identity needs at least one certificate")
        if not key_kind(private_key):
            raise UsageError(
                "an identity needs an RSA, DSA, ECDSA, Ed25519, Ed448 or ML-DSA private key"
            )
        self.chain = tuple(chain)
        length = sum(3 + len(der) for der in chain)
        if length > _MAX_CHAIN:
            raise UsageError(
                f"an identity's chain takes {length:,} bytes of a Certificate message, which has "
                f"room for {_MAX_CHAIN:,}"
            )
        if len(ocsp_response) > _MAX_OCSP_RESPONSE:
            raise UsageError(f"an OCSP response has {_MAX_OCSP_RESPONSE:,} bytes at most")
        self.ocsp_response = ocsp_response
        self.private_key = private_key
        try:
            self.certificates = tuple(parse_chain(chain))
        except PeerError as error:
            raise UsageError(f"an identity's chain cannot be read: {error.why}") from None
        self.leaf: Certificate = self.certificates[0]
        if self.leaf.public_key != private_key.public_key():
            raise UsageError("the private key is not the key of the first certificate")
        self.key_kind = self.leaf.key_kind
        self._signatures = tuple(
            each.signature_codes for each in self.certificates if not each.is_self_issued
        )

    @property
    def key_size(self) -> int:
        """The key's size in bits; 0 for kinds of keys that have one size."""
        return getattr(self.private_key, "key_size", 0)

    def is_verifiable(self, schemes: Container[int]) -> bool:
        """Whether a peer that lists these schemes can verify the chain (RFC 8446 §4.4.2.2).

        Its trust in a self-signed certificate is not of that signature.
        """
        return all(any(code in schemes for code in codes) for codes in self._signatures)

    def needs_sha_1(self, schemes: Container[int]) -> bool:
        """Whether it has a signature with SHA-1 that a peer of these schemes does not take."""
        return any(
            is_sha_1(codes) and not any(code in schemes for code in codes)
            for codes in self._signatures
        )

    @classmethod
    def from_pem(cls, certificate_pem: bytes, key_pem: bytes) -> Identity:
        """From PEM: certificates leaf first, and an unencrypted private key.

        Raises `UsageError` when either is unreadable.
        """
        try:
            key = serialization.load_pem_private_key(
                key_pem, password=None, unsafe_skip_rsa_key_validation=True
            )
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise UsageError(f"the private key cannot be read: {error}") from None
        return cls(certificates_from_pem(certificate_pem), key)  # type: ignore[arg-type]


def certificates_from_pem(pem: bytes) -> tuple[bytes, ...]:
    """All certificates of a PEM file in DER. Raises `UsageError` when there is none."""
    try:
        certificates = x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise UsageError(f"the certificates cannot be read: {error}") from None
    return tuple(
        certificate.public_bytes(serialization.Encoding.DER) for certificate in certificates
    )
