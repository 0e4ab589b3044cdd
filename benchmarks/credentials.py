"""The servers' identities: an RSA-2048 and an ECDSA P-256 one, with the roots clients trust.

Both chains are leaf and intermediate; the root is known to the client.
"""

from __future__ import annotations

import datetime
import ssl
from dataclasses import dataclass
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

import tls
from sim import identities

SERVER_NAME = "www.contoso.com"


@dataclass(frozen=True)
class Credentials:
    """A server's identity and the DER of the root that issued it."""

    identity: tls.Identity
    root: bytes

    @property
    def chain_pem(self) -> str:
        """The identity's certificates, leaf first."""
        return "".join(ssl.DER_cert_to_PEM_cert(der) for der in self.identity.chain)

    @property
    def key_pem(self) -> bytes:
        """The identity's private key."""
        return self.identity.private_key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )

    @property
    def root_pem(self) -> str:
        """The authority that clients trust."""
        return ssl.DER_cert_to_PEM_cert(self.root)


@cache
def credentials(kind: str) -> Credentials:
    """The credentials of that kind of key, "rsa" or "ecdsa"."""
    if kind == "ecdsa":
        return _ecdsa_credentials()
    (root,) = identities.trust_store().all()
    return Credentials(identities.identity("contoso-rsa-2048"), root.der)


def _ecdsa_credentials() -> Credentials:
    root_key, authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    root = _certificate("Root", root_key, "Root", root_key)
    authority = _certificate("Authority", authority_key, "Root", root_key)
    leaf = _certificate(SERVER_NAME, key, "Authority", authority_key, server=True)
    return Credentials(tls.Identity((leaf, authority), key), root)


def _certificate(
    subject: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    server: bool = False,
) -> bytes:
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=365))
        .add_extension(x509.BasicConstraints(ca=not server, path_length=None), critical=True)
    )
    if server:
        names = x509.SubjectAlternativeName([x509.DNSName(subject)])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(issuer_key, hashes.SHA256()).public_bytes(Encoding.DER)
