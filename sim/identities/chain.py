"""Certificate chains made as they are described: once a process, the same bytes in each.

Serial numbers and names of authorities are digests of what they are made of, and signatures are
deterministic (RSA PKCS #1 v1.5, ECDSA by RFC 6979, EdDSA). Those by ML-DSA are not: they are
hedged, and other bytes of the same length in each process.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

import tls
from sim.identities.description import (
    CertificateDescription,
    ChainDescription,
    RootDescription,
)
from sim.identities.key_pool import CertificateKey, private_key

_PADDING = x509.ObjectIdentifier("1.3.6.1.4.1.32473.1")
"""An extension of the enterprise that exists for examples (RFC 5612)."""

_LONGEST_COMMON_NAME = 64
"""RFC 5280 appendix A.1, ub-common-name."""

_LONGEST_NAME = 253
_DOMAIN_OF_ADDRESSES = "example.com"


@dataclass(frozen=True)
class _Issuer:
    """An authority.

    Attributes:
        name: its distinguished name.
        key: its private key.
        keys: how many keys of each kind it and those above it have.
        digest: of its description and those above it.
    """

    name: x509.Name
    key: CertificateKey
    keys: Counter[str]
    digest: bytes


@cache
def root_certificate(root: RootDescription) -> bytes:
    """The certificate of a described root, in DER."""
    certificate, _ = _authority(root, None)
    return certificate


@cache
def make_identity(description: ChainDescription, host: str) -> tls.Identity:
    """The chain, leaf first and without its root, and the leaf's private key.

    Args:
        description: the chain's.
        host: the server's name or address.

    Raises:
        ValueError: there is no such chain; the message says why, and what to change.
    """
    _, issuer = _authority(description.root, None)
    sent: list[bytes] = []
    for link in reversed(description.chain):
        certificate, issuer = _authority(link, issuer)
        sent.insert(0, certificate)
    leaf, key = _leaf(description, _names(description, host), issuer)
    return tls.Identity((leaf, *sent), key)


def _authority(description: CertificateDescription, above: _Issuer | None) -> tuple[bytes, _Issuer]:
    """An authority's certificate in DER, and the authority; a root has none above it."""
    keys = Counter() if above is None else above.keys
    key = private_key(description.key, keys[description.key])
    digest = _digest(b"" if above is None else above.digest, description.model_dump_json())
    kind = "Root Authority" if above is None else "Server Authority"
    issuer = _Issuer(
        _distinguished_name(f"Contoso {kind} {digest[:4].hex()}"),
        key,
        keys + Counter([description.key]),
        digest,
    )
    builder = (
        _builder(description, digest, issuer.name, key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(key_usage(signs_certificates=True), critical=True)
    )
    return _signed(builder, issuer if above is None else above), issuer


def _leaf(
    description: ChainDescription, names: tuple[str, ...], issuer: _Issuer
) -> tuple[bytes, CertificateKey]:
    """A server's certificate in DER, and its key."""
    key = private_key(description.key, issuer.keys[description.key])
    digest = _digest(issuer.digest, description.model_dump_json(), *names)
    common_name = names[0] if len(names[0]) <= _LONGEST_COMMON_NAME else None
    enciphers = isinstance(key, rsa.RSAPrivateKey)
    alternatives = x509.SubjectAlternativeName(list(map(_general_name, names)))
    builder = (
        _builder(description, digest, _distinguished_name(common_name), key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage(signs_certificates=False, enciphers=enciphers), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(alternatives, critical=False)
    )
    return _signed(builder, issuer), key


def _names(description: ChainDescription, host: str) -> tuple[str, ...]:
    """The names of a leaf.

    Those beside the server's own are of its domain, all of the same length.
    """
    if not isinstance(description.names, int):
        return description.names
    others = range(2, description.names + 1)
    if not others:
        return (host,)
    domain = _DOMAIN_OF_ADDRESSES if _is_address(host) else _domain(host)
    names = (host, *(f"name-{number:05}.{domain}" for number in others))
    if len(names[-1]) > _LONGEST_NAME:
        raise ValueError(
            "no further names fit below the server's, which is too long; write names as a list"
        )
    return names


def _domain(host: str) -> str:
    """What a host is in: "contoso.com" for www.contoso.com and for itself."""
    _, _, above = host.partition(".")
    return above if "." in above else host


def _is_address(host: str) -> bool:
    return isinstance(_general_name(host), x509.IPAddress)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _distinguished_name(common_name: str | None) -> x509.Name:
    attributes = [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "US"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Contoso"),
    ]
    if common_name is not None:
        attributes.append(x509.NameAttribute(NameOID.COMMON_NAME, common_name))
    return x509.Name(attributes)


def _builder(
    description: CertificateDescription, digest: bytes, subject: x509.Name, key: CertificateKey
) -> x509.CertificateBuilder:
    """What all certificates have; serial numbers are positive, of 16 bytes (RFC 5280 §4.1.2.2)."""
    public = key.public_key()
    serial = int.from_bytes(digest[:16], "big") >> 2 | 1 << 126
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .serial_number(serial)
        .not_valid_before(description.not_before)
        .not_valid_after(description.not_after)
        .public_key(public)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )
    if description.extra_bytes:
        filler = hashlib.shake_256(digest).digest(description.extra_bytes)
        builder = builder.add_extension(
            x509.UnrecognizedExtension(_PADDING, filler), critical=False
        )
    return builder


def key_usage(*, signs_certificates: bool, enciphers: bool = False) -> x509.KeyUsage:
    """What an authority's or a server's key may do (RFC 5280 §4.2.1.3)."""
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_encipherment=enciphers,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _signed(builder: x509.CertificateBuilder, issuer: _Issuer) -> bytes:
    """The certificate in DER."""
    key = issuer.key
    builder = builder.issuer_name(issuer.name).add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False
    )
    if isinstance(key, ec.EllipticCurvePrivateKey):
        signed = builder.sign(key, _HASHES[key.curve.name], ecdsa_deterministic=True)
    elif isinstance(key, rsa.RSAPrivateKey):
        signed = builder.sign(key, hashes.SHA256())
    else:
        signed = builder.sign(key, None)
    return signed.public_bytes(Encoding.DER)


_HASHES: dict[str, hashes.SHA256 | hashes.SHA384 | hashes.SHA512] = {
    "secp256r1": hashes.SHA256(),
    "secp384r1": hashes.SHA384(),
    "secp521r1": hashes.SHA512(),
}


def _digest(above: bytes, *parts: str) -> bytes:
    digest = hashlib.sha256(above)
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part.encode())
    return digest.digest()
