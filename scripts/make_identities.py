"""Make the certificates and keys that ship with the project.

A file that is there stays as it is, so that adding an identity changes no other and results keep
their bytes: delete a chain to have it made anew for its key, both for another key. Keys are random;
everything else is fixed here.
Beside the identities it makes the pool of RSA keys that described chains have theirs from.

Certificates carry SHA-1 signatures, as those of the specification's age did, but for those of
keys that are in use still: clients of today do not take SHA-1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sim.identities.chain import key_usage

PROJECT = Path(__file__).resolve().parent.parent
SHIPPED = PROJECT / "sim" / "identities"
FOR_TESTS = PROJECT / "tests" / "identities"

FIRST_DAY = datetime(1996, 1, 1, tzinfo=UTC)
LAST_DAY = datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC)

# DER of the signature algorithms' object identifiers (RFC 8017 appendix C): equal in length.
SHA256_WITH_RSA = bytes.fromhex("06092a864886f70d01010b")
SHA1_WITH_RSA = bytes.fromhex("06092a864886f70d010105")

POOL = (1024, 1536, 2048, 3072, 4096, 8192)
"""Sizes of the RSA keys of the pool in bits."""

KEYS_A_SIZE = 6
"""As many as a long chain has certificates."""

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class Authority:
    """A certificate authority; one without an issuer is a root and signs itself.

    With `sha_256` its own certificate, and those that it signs, are signed with SHA-256.
    """

    folder: Path
    name: str
    organisation: str
    common_name: str
    serial: int
    issuer: Authority | None = None
    sha_256: bool = False

    @property
    def subject(self) -> x509.Name:
        """Its distinguished name."""
        return distinguished_name(self.organisation, self.common_name)

    @property
    def files(self) -> tuple[Path, Path]:
        """Where its certificate and its key stand."""
        return files(self.folder / "authorities", self.name)


@dataclass(frozen=True)
class Leaf:
    """A certificate of a server or client, without alternative names where there are no DNS names.

    `key` is the size of an RSA key in bits, or the curve of an ECDSA key.
    """

    folder: Path
    name: str
    issuer: Authority
    serial: int
    key: int | ec.EllipticCurve
    common_name: str
    dns_names: tuple[str, ...]
    last_day: datetime = LAST_DAY
    usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.SERVER_AUTH

    @property
    def files(self) -> tuple[Path, Path]:
        """Where its chain and its key stand."""
        return files(self.folder, self.name)


CONTOSO_ROOT = Authority(SHIPPED, "contoso-root", "Contoso", "Contoso Root Authority", 1)
CONTOSO_SERVERS = Authority(
    SHIPPED, "contoso-servers", "Contoso", "Contoso Server Authority", 2, CONTOSO_ROOT
)
CONTOSO_SERVERS_SHA_256 = Authority(
    SHIPPED,
    "contoso-servers-sha-256",
    "Contoso",
    "Contoso SHA256 Authority",
    3,
    CONTOSO_ROOT,
    sha_256=True,
)
FABRIKAM_ROOT = Authority(FOR_TESTS, "fabrikam-root", "Fabrikam", "Fabrikam Root Authority", 1)

PROXY_ROOT = Authority(SHIPPED, "proxy-root", "Contoso", "Contoso Proxy Authority", 1)
PROXY_ROOT_SHA_256 = replace(PROXY_ROOT, sha_256=True)  # its own signature is asked of nobody

SERVER_NAME = "www.contoso.com"
SERVER_NAMES = (SERVER_NAME, "contoso.com", "*.contoso.com")
SHOPS = tuple(f"shop-{number:03}.contoso.com" for number in range(800))

LEAVES = (
    Leaf(SHIPPED, "contoso-rsa-1024", CONTOSO_SERVERS, 1024, 1024, SERVER_NAME, SERVER_NAMES),
    Leaf(
        SHIPPED,
        "contoso-rsa-2048",
        CONTOSO_SERVERS_SHA_256,
        2048,
        2048,
        SERVER_NAME,
        SERVER_NAMES,
    ),
    Leaf(
        SHIPPED,
        "contoso-ecdsa-p256",
        CONTOSO_SERVERS_SHA_256,
        256,
        ec.SECP256R1(),
        SERVER_NAME,
        SERVER_NAMES,
    ),
    # What an intercepting proxy shows for the server: same name, other authority.
    Leaf(SHIPPED, "proxy-rsa-1024", PROXY_ROOT, 2, 1024, SERVER_NAME, SERVER_NAMES),
    Leaf(SHIPPED, "proxy-rsa-2048", PROXY_ROOT_SHA_256, 3, 2048, SERVER_NAME, SERVER_NAMES),
    # With so many names a chain is longer than an initial window of ten segments.
    Leaf(
        SHIPPED,
        "contoso-rsa-2048-many-names",
        CONTOSO_SERVERS_SHA_256,
        257,
        2048,
        SERVER_NAME,
        (*SERVER_NAMES, *SHOPS),
    ),
    Leaf(
        SHIPPED,
        "client-rsa-1024",
        CONTOSO_SERVERS,
        258,
        1024,
        "Contoso Customer",
        (),
        usage=ExtendedKeyUsageOID.CLIENT_AUTH,
    ),
    Leaf(FOR_TESTS, "common-name-only", CONTOSO_SERVERS, 3, 1024, SERVER_NAME, ()),
    Leaf(FOR_TESTS, "wildcard-only", CONTOSO_SERVERS, 4, 1024, "Contoso", ("*.contoso.com",)),
    Leaf(
        FOR_TESTS,
        "expired",
        CONTOSO_SERVERS,
        5,
        1024,
        SERVER_NAME,
        SERVER_NAMES,
        last_day=datetime(1997, 12, 31, 23, 59, 59, tzinfo=UTC),
    ),
    Leaf(FOR_TESTS, "untrusted", FABRIKAM_ROOT, 2, 1024, SERVER_NAME, SERVER_NAMES),
)


def files(folder: Path, name: str) -> tuple[Path, Path]:
    """Where the certificates and the key of that name stand."""
    return folder / f"{name}.pem", folder / f"{name}.key.pem"


def distinguished_name(organisation: str, common_name: str) -> x509.Name:
    """C, O and CN, the way commercial certificates of the time were named."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "US"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def key_of(leaf: Leaf) -> Key:
    """The key in the leaf's file; a random one of its kind where there is none."""
    if leaf.files[1].exists():
        key = serialization.load_pem_private_key(leaf.files[1].read_bytes(), password=None)
        assert isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
        return key
    if isinstance(leaf.key, int):
        return rsa.generate_private_key(65537, leaf.key)
    return ec.generate_private_key(leaf.key)


def signed(
    builder: x509.CertificateBuilder,
    key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey,
    issuer: Authority,
    issuer_key: rsa.RSAPrivateKey,
    *,
    sha_256: bool,
) -> x509.Certificate:
    """The certificate with its key identifiers, signed with SHA-1 or SHA-256 and RSA.

    The library signs certificates with SHA-256 and better only, so the same fields are signed
    again under the older algorithm's identifier; the two have the same length, and so have the
    signatures.
    """
    certificate = (
        builder.issuer_name(issuer.subject)
        .not_valid_before(FIRST_DAY)
        .public_key(key)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
        .sign(issuer_key, hashes.SHA256())
    )
    if sha_256:
        return certificate
    fields = certificate.tbs_certificate_bytes
    sha1_fields = fields.replace(SHA256_WITH_RSA, SHA1_WITH_RSA)
    signature = issuer_key.sign(sha1_fields, padding.PKCS1v15(), hashes.SHA1())
    der = (
        certificate.public_bytes(serialization.Encoding.DER)
        .replace(fields, sha1_fields)
        .replace(SHA256_WITH_RSA, SHA1_WITH_RSA)
        .replace(certificate.signature, signature)
    )
    return x509.load_der_x509_certificate(der)


def make_authority(authority: Authority, key: rsa.RSAPrivateKey) -> list[x509.Certificate]:
    """An authority's certificate; only a root may have authorities below it."""
    issuer = authority.issuer or authority
    builder = (
        x509.CertificateBuilder()
        .subject_name(authority.subject)
        .serial_number(authority.serial)
        .not_valid_after(LAST_DAY)
        .add_extension(
            x509.BasicConstraints(ca=True, path_length=1 if issuer is authority else 0),
            critical=True,
        )
        .add_extension(key_usage(signs_certificates=True), critical=True)
    )
    issuer_key = key if issuer is authority else private_key(issuer)
    return [signed(builder, key.public_key(), issuer, issuer_key, sha_256=authority.sha_256)]


def make_leaf(leaf: Leaf, key: Key) -> list[x509.Certificate]:
    """A leaf's chain: its own certificate, then those of its issuers but for the root."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(distinguished_name(leaf.issuer.organisation, leaf.common_name))
        .serial_number(leaf.serial)
        .not_valid_after(leaf.last_day)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            key_usage(signs_certificates=False, enciphers=isinstance(leaf.key, int)),
            critical=True,
        )
        .add_extension(x509.ExtendedKeyUsage([leaf.usage]), critical=False)
    )
    if leaf.dns_names:
        alternatives = x509.SubjectAlternativeName([x509.DNSName(n) for n in leaf.dns_names])
        builder = builder.add_extension(alternatives, critical=False)
    issuer_key = private_key(leaf.issuer)
    certificate = signed(
        builder, key.public_key(), leaf.issuer, issuer_key, sha_256=leaf.issuer.sha_256
    )
    return [certificate, *intermediates(leaf.issuer)]


def intermediates(authority: Authority | None) -> Iterator[x509.Certificate]:
    """The certificates from an authority upwards, its root left out."""
    while authority is not None and authority.issuer is not None:
        yield x509.load_pem_x509_certificate(authority.files[0].read_bytes())
        authority = authority.issuer


def private_key(authority: Authority) -> rsa.RSAPrivateKey:
    """An authority's key, from its file."""
    key = serialization.load_pem_private_key(authority.files[1].read_bytes(), password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def write(paths: tuple[Path, Path], key: Key, certificates: list[x509.Certificate]) -> None:
    """Certificates and key as PEM files, the key in PKCS #8."""
    certificate_path, key_path = paths
    certificate_path.parent.mkdir(parents=True, exist_ok=True)
    pem = [c.public_bytes(serialization.Encoding.PEM) for c in certificates]
    certificate_path.write_bytes(b"".join(pem))
    key_path.write_bytes(key_pem(key))
    print(f"made {certificate_path.relative_to(PROJECT)}")


def key_pem(key: Key) -> bytes:
    """A key in PKCS #8, not encrypted."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def make_pool(bits: int) -> None:
    """The file of the pool's RSA keys of one size, unless it is there."""
    path = SHIPPED / "pool" / f"rsa-{bits}.key.pem"
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    keys = [rsa.generate_private_key(65537, bits) for _ in range(KEYS_A_SIZE)]
    path.write_bytes(b"".join(map(key_pem, keys)))
    print(f"made {path.relative_to(PROJECT)}")


def main() -> None:
    """Make every identity, and the keys of every size, whose files are not there."""
    for bits in POOL:
        make_pool(bits)
    authorities = (
        CONTOSO_ROOT,
        CONTOSO_SERVERS,
        CONTOSO_SERVERS_SHA_256,
        FABRIKAM_ROOT,
        PROXY_ROOT,
    )
    for authority in authorities:
        if not all(path.exists() for path in authority.files):
            authority_key = rsa.generate_private_key(65537, 2048)
            write(authority.files, authority_key, make_authority(authority, authority_key))
    for leaf in LEAVES:
        if not all(path.exists() for path in leaf.files):
            key = key_of(leaf)
            write(leaf.files, key, make_leaf(leaf, key))


if __name__ == "__main__":
    main()
