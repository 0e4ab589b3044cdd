"""A certificate chain longer than a TCP's initial window, which no shipped identity has."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID, ObjectIdentifier

_PADDING = ObjectIdentifier("1.3.6.1.4.1.99999.1")
_CERTIFICATE = 900
"""About the bytes of a certificate without padding."""


def write_long_chain(folder: Path, octets: int, certificates: int = 3) -> tuple[Path, Path]:
    """Write a chain of about `octets` bytes of DER, and its key; return their paths."""
    padding = bytes(max(0, octets // certificates - _CERTIFICATE))
    issuer_key = rsa.generate_private_key(65537, 2048)
    chain: list[bytes] = []
    for level in range(certificates):
        key = rsa.generate_private_key(65537, 2048)
        leaf = level == certificates - 1
        certificate = (
            x509.CertificateBuilder()
            .subject_name(_name("www.contoso.com" if leaf else f"Padded Authority {level}"))
            .issuer_name(_name(f"Padded Authority {level - 1}"))
            .serial_number(level + 1)
            .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
            .not_valid_after(datetime(2049, 1, 1, tzinfo=UTC))
            .public_key(key.public_key())
            .add_extension(x509.BasicConstraints(ca=not leaf, path_length=None), critical=True)
            .add_extension(x509.UnrecognizedExtension(_PADDING, padding), critical=False)
            .sign(issuer_key, hashes.SHA256())
        )
        chain.insert(0, certificate.public_bytes(serialization.Encoding.PEM))
        issuer_key = key
    chain_file, key_file = folder / "long-chain.pem", folder / "long-chain.key.pem"
    chain_file.write_bytes(b"".join(chain))
    key_file.write_bytes(
        issuer_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return chain_file, key_file


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
