"""Certificates made for one test, of any shape."""

from __future__ import annotations

import datetime
import ipaddress
from dataclasses import dataclass, field
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

import tls

_START = datetime.datetime(1996, 1, 1)
_END = datetime.datetime(2049, 12, 31)


@cache
def _key(number: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65_537, 1024)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


@dataclass
class Issued:
    """A certificate with its key, able to issue others."""

    common_name: str
    key_number: int
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def key(self) -> rsa.RSAPrivateKey:
        return _key(self.key_number)


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
    key_number: int = 2


def authority(common_name: str = "A root", key_number: int = 0, **shape: object) -> Issued:
    """A self-signed authority."""
    return issue(
        None,
        Shape(common_name, (), authority=True, purposes=[], key_number=key_number, **shape),  # type: ignore[arg-type]
    )


def issue(
    issuer: Issued | None, shape: Shape, signing_key: rsa.RSAPrivateKey | None = None
) -> Issued:
    """A certificate of that shape; `signing_key` other than the issuer's makes a forged one."""
    key = _key(shape.key_number)
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
    return Issued(shape.common_name, shape.key_number, builder.sign(signer, hashes.SHA256()))


def identity_of(leaf: Issued, *others: Issued) -> tls.Identity:
    return tls.Identity((leaf.der, *(other.der for other in others)), leaf.key)
