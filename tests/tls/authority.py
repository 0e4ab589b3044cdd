"""Certificates made for one test, of any shape."""

from __future__ import annotations

import datetime
import ipaddress
from dataclasses import dataclass, field
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

import tls
from tls.exchange.rsa_export import temporary_key
from tls.signatures import PrivateKey

_START = datetime.datetime(1996, 1, 1)
_END = datetime.datetime(2049, 12, 31)


@cache
def _key(name: int | str) -> PrivateKey:
    """The key of that name.

    "ecdsa", "dsa", "ed25519", "ed448", "rsa-512", an RSA-2048 key for "rsa-2048" and what begins
    so, or the RSA-1024 key of a number or of "rsa-1024".
    """
    if name == "ecdsa":
        return ec.generate_private_key(ec.SECP256R1())
    if name == "dsa":
        return dsa.generate_private_key(1024)
    if name == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    if name == "ed448":
        return ed448.Ed448PrivateKey.generate()
    if name == "rsa-512":
        return temporary_key.__wrapped__(512)  # the library makes none so short
    if isinstance(name, str) and name.startswith("rsa-2048"):
        return rsa.generate_private_key(65_537, 2048)
    return rsa.generate_private_key(65_537, 1024)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


@dataclass
class Issued:
    """A certificate with its key, able to issue others."""

    common_name: str
    key_name: int | str
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def key(self) -> PrivateKey:
        return _key(self.key_name)


@dataclass
class Shape:
    """What a certificate says; the defaults make a good leaf for www.contoso.com."""

    common_name: str = "www.contoso.com"
    dns_names: tuple[str, ...] = ("www.contoso.com",)
    ip_addresses: tuple[str, ...] = ()
    not_before: datetime.datetime = _START
    not_after: datetime.datetime = _END
    authority: bool | None = None
    path_length: int | None = None
    purposes: list[x509.ObjectIdentifier] = field(
        default_factory=lambda: [ExtendedKeyUsageOID.SERVER_AUTH]
    )
    key_name: int | str = 2


def authority(common_name: str = "A root", key_name: int | str = 0, **shape: object) -> Issued:
    """A self-signed authority."""
    return issue(
        None,
        Shape(common_name, (), authority=True, purposes=[], key_name=key_name, **shape),  # type: ignore[arg-type]
    )


def issue(issuer: Issued | None, shape: Shape, signing_key: PrivateKey | None = None) -> Issued:
    """A certificate of that shape; `signing_key` other than the issuer's makes a forged one."""
    key = _key(shape.key_name)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(shape.common_name))
        .issuer_name(_name(issuer.common_name if issuer else shape.common_name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(shape.not_before)
        .not_valid_after(shape.not_after)
    )
    if shape.authority is not None:
        builder = builder.add_extension(
            x509.BasicConstraints(shape.authority, shape.path_length), critical=True
        )
    if shape.dns_names or shape.ip_addresses:
        names: list[x509.GeneralName] = [x509.DNSName(name) for name in shape.dns_names]
        names += [x509.IPAddress(ipaddress.ip_address(ip)) for ip in shape.ip_addresses]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if shape.purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(shape.purposes), critical=False)
    signer = signing_key or (issuer.key if issuer else key)
    own_hash = isinstance(signer, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey)
    return Issued(
        shape.common_name,
        shape.key_name,
        builder.sign(signer, None if own_hash else hashes.SHA256()),
    )


def identity_of(leaf: Issued, *others: Issued) -> tls.Identity:
    return tls.Identity((leaf.der, *(other.der for other in others)), leaf.key)


ROOT = authority("A root of every kind")


@cache
def server_identity(kind: str) -> tls.Identity:
    """www.contoso.com with a key of that kind, issued by `ROOT`."""
    return identity_of(issue(ROOT, Shape(key_name=kind)))


@cache
def site_identity() -> tls.Identity:
    """All of contoso.com with an RSA-1024 key, issued by an authority below `ROOT`."""
    shape = Shape("An authority of servers", (), authority=True, path_length=0, purposes=[])
    servers = issue(ROOT, shape)
    names = ("www.contoso.com", "contoso.com", "*.contoso.com")
    return identity_of(issue(servers, Shape(dns_names=names, key_name="rsa-1024")), servers)


@cache
def client_identity(kind: str) -> tls.Identity:
    """Somebody with a key of that kind, issued by `ROOT` for client authentication."""
    shape = Shape("somebody", (), purposes=[ExtendedKeyUsageOID.CLIENT_AUTH], key_name=kind)
    return identity_of(issue(ROOT, shape))


def revocation_list(issuer: Issued, *serial_numbers: int) -> bytes:
    """A CRL of an authority, in DER."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(_name(issuer.common_name))
        .last_update(_START)
        .next_update(_END)
    )
    for number in serial_numbers:
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder().serial_number(number).revocation_date(_START).build()
        )
    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(Encoding.DER)
