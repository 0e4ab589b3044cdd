"""Certificates made for one test, of any shape."""

from __future__ import annotations

import datetime
import ipaddress
from dataclasses import dataclass, field
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, mldsa, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

import tls
from tls.certificates.der import DerReader
from tls.exchange.rsa_export import temporary_key
from tls.signatures import PrivateKey

_START = datetime.datetime(1996, 1, 1)
_END = datetime.datetime(2049, 12, 31)


_MLDSA = {
    "mldsa44": mldsa.MLDSA44PrivateKey,
    "mldsa65": mldsa.MLDSA65PrivateKey,
    "mldsa87": mldsa.MLDSA87PrivateKey,
}
_OWN_HASH = (ed25519.Ed25519PrivateKey, ed448.Ed448PrivateKey, *_MLDSA.values())


@cache
def _key(name: int | str) -> PrivateKey:
    """The key of that name.

    "ecdsa", "ecdsa-384", "ecdsa-521", "dsa", "ed25519", "ed448", "mldsa44", "mldsa65", "mldsa87",
    "rsa-512", each other one with " of " and whose behind it, an RSA-2048 key for "rsa-2048" and
    what begins so, or the RSA-1024 key of a number or of "rsa-1024".
    """
    if isinstance(name, str):
        name = name.partition(" of ")[0]
    if name == "ecdsa":
        return ec.generate_private_key(ec.SECP256R1())
    if name == "ecdsa-384":
        return ec.generate_private_key(ec.SECP384R1())
    if name == "ecdsa-521":
        return ec.generate_private_key(ec.SECP521R1())
    if name in _MLDSA:
        return _MLDSA[name].generate()
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


def distinguished_name(common_name: str) -> x509.Name:
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
    key_usage: frozenset[str] | None = None
    permitted: list[x509.GeneralName] | None = None
    excluded: list[x509.GeneralName] | None = None
    extensions: tuple[tuple[x509.ExtensionType, bool], ...] = ()
    subject: x509.Name | None = None
    pss_salt_length: int | None = None


KEY_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def authority(common_name: str = "A root", key_name: int | str = 0, **shape: object) -> Issued:
    """A self-signed authority."""
    return issue(
        None,
        Shape(common_name, (), authority=True, purposes=[], key_name=key_name, **shape),  # type: ignore[arg-type]
    )


def issue(issuer: Issued | None, shape: Shape, signing_key: PrivateKey | None = None) -> Issued:
    """A certificate of that shape; `signing_key` other than the issuer's makes a forged one."""
    key = _key(shape.key_name)
    subject = shape.subject or distinguished_name(shape.common_name)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
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
    if shape.key_usage is not None:
        usage = x509.KeyUsage(**{name: name in shape.key_usage for name in KEY_USAGES})
        builder = builder.add_extension(usage, critical=True)
    if shape.permitted or shape.excluded:
        constraints = x509.NameConstraints(shape.permitted, shape.excluded)
        builder = builder.add_extension(constraints, critical=True)
    for extension, critical in shape.extensions:
        builder = builder.add_extension(extension, critical)
    signer = signing_key or (issuer.key if issuer else key)
    pss: padding.PSS | None = None
    if shape.pss_salt_length is not None:
        pss = padding.PSS(padding.MGF1(hashes.SHA256()), shape.pss_salt_length)
    own_hash = isinstance(signer, _OWN_HASH)
    return Issued(
        shape.common_name,
        shape.key_name,
        builder.sign(signer, None if own_hash else hashes.SHA256(), rsa_padding=pss),
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
        .issuer_name(issuer.certificate.subject)
        .last_update(_START)
        .next_update(_END)
    )
    for number in serial_numbers:
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder().serial_number(number).revocation_date(_START).build()
        )
    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(Encoding.DER)


# -- keys for RSASSA-PSS alone


def der(tag: int, *contents: bytes) -> bytes:
    """A value in DER."""
    body = b"".join(contents)
    length = len(body)
    if length < 0x80:
        return bytes((tag, length)) + body
    octets = (length.bit_length() + 7) // 8
    return bytes((tag, 0x80 | octets)) + length.to_bytes(octets, "big") + body


_HASH_OIDS = {
    "sha1": bytes.fromhex("06052b0e03021a"),
    "sha256": bytes.fromhex("0609608648016503040201"),
    "sha384": bytes.fromhex("0609608648016503040202"),
    "sha512": bytes.fromhex("0609608648016503040203"),
}
_MGF1 = bytes.fromhex("06092a864886f70d010108")
_RSASSA_PSS = bytes.fromhex("06092a864886f70d01010a")


def pss_parameters(hash_name: str, salt_length: int, mask_hash: str | None = None) -> bytes:
    """RSASSA-PSS-params, whose default salt of 20 bytes is left out (RFC 4055 §3.1)."""
    mask = der(0x30, _MGF1, der(0x30, _HASH_OIDS[mask_hash or hash_name]))
    return der(
        0x30,
        der(0xA0, der(0x30, _HASH_OIDS[hash_name])),
        der(0xA1, mask),
        b"" if salt_length == 20 else der(0xA2, der(0x02, bytes((salt_length,)))),
    )


def with_pss_key(issuer: Issued, issued: Issued, parameters: bytes = b"") -> Issued:
    """The same certificate with an id-RSASSA-PSS key of those parameters, signed again."""
    fields = DerReader(DerReader(issued.certificate.tbs_certificate_bytes).value(0x30))
    parts = []
    while not fields.at_end():
        tag = fields.next_tag()
        assert tag is not None
        parts.append(der(tag, fields.value(tag)))
    # Version, serial number, signature, issuer, validity, subject, then the key.
    key = DerReader(DerReader(parts[6]).value(0x30))
    key.value(0x30)
    bits = der(0x03, key.value(0x03))
    parts[6] = der(0x30, der(0x30, _RSASSA_PSS, parameters), bits)
    signed = der(0x30, *parts)
    signer = issuer.key
    assert isinstance(signer, rsa.RSAPrivateKey)
    signature = signer.sign(signed, padding.PKCS1v15(), hashes.SHA256())
    whole = der(0x30, signed, parts[2], der(0x03, b"\0" + signature))
    return Issued(issued.common_name, issued.key_name, x509.load_der_x509_certificate(whole))


def pss_identity(parameters: bytes = b"", **shape: object) -> tls.Identity:
    """www.contoso.com, or what the shape says, with an id-RSASSA-PSS key, issued by `ROOT`."""
    leaf = issue(ROOT, Shape(key_name="rsa-2048-pss", **shape))  # type: ignore[arg-type]
    return identity_of(with_pss_key(ROOT, leaf, parameters))
