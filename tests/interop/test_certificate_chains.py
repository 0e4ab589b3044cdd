"""Chains, one a row, as OpenSSL, GnuTLS, Java and this engine see them.

Where all agree the engine agrees; where they differ the RFC decides, which the row cites.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

import tls
from tests.interop.verifiers import ChainFiles, GnuTls, Java, OpenSsl, java
from tests.tls.authority import Issued, Shape, authority, issue, pss_parameters, with_pss_key
from tls.meter import Meter

pytestmark = pytest.mark.interop

NAME = "www.contoso.com"
LONG_AGO = datetime.datetime(2000, 1, 1)
SIGNS_CERTIFICATES = frozenset({"key_cert_sign", "crl_sign"})

ROOT = authority("A root", "rsa-2048-0", key_usage=SIGNS_CERTIFICATES)
OTHER_ROOT = authority("Another root", "rsa-2048-1", key_usage=SIGNS_CERTIFICATES)
STRANGER = authority("A stranger", "rsa-2048-2", key_usage=SIGNS_CERTIFICATES)


def below(
    issuer: Issued, name: str = "An authority", key: str = "rsa-2048-3", **shape: object
) -> Issued:
    """An authority below another."""
    settings = {
        "common_name": name,
        "dns_names": (),
        "authority": True,
        "purposes": [],
        "key_name": key,
        "key_usage": SIGNS_CERTIFICATES,
        **shape,
    }
    return issue(issuer, Shape(**settings))  # type: ignore[arg-type]


def leaf(issuer: Issued, **shape: object) -> Issued:
    return issue(issuer, Shape(**{"key_name": "rsa-2048-leaf", **shape}))  # type: ignore[arg-type]


def unknown_extension(critical: bool) -> tuple[tuple[x509.ExtensionType, bool], ...]:
    oid = x509.ObjectIdentifier("1.3.6.1.4.1.55555.1")
    return ((x509.UnrecognizedExtension(oid, b"\x05\x00"), critical),)


@dataclass(frozen=True)
class Row:
    """A chain, leaf first, with its roots, whether it is accepted, and by which rule.

    `differs` tells who sees it otherwise, and why.
    """

    name: str
    rule: str
    accepted: bool
    chain: Callable[[], Sequence[Issued]]
    roots: Sequence[Issued] = (ROOT,)
    differs: Mapping[str, str] = field(default_factory=dict)


def plain() -> list[Issued]:
    middle = below(ROOT)
    return [leaf(middle), middle]


def any_order() -> list[Issued]:
    first = below(ROOT)
    second = below(first, "A second authority", "rsa-2048-4")
    return [leaf(second), first, leaf(STRANGER), second]


def expired_twin_first() -> list[Issued]:
    middle, expired = below(ROOT), below(ROOT, not_after=LONG_AGO)
    return [leaf(middle), expired, middle]


def expired_twin_last() -> list[Issued]:
    middle, expired = below(ROOT), below(ROOT, not_after=LONG_AGO)
    return [leaf(middle), middle, expired]


def two_of_one_name() -> list[Issued]:
    middle, namesake = below(ROOT), below(ROOT, key="rsa-2048-4")
    return [leaf(middle), namesake, middle]


def cross_signed(*, by: Issued) -> list[Issued]:
    """The authority of the leaf has a root of its own name, and a certificate of another root."""
    own = authority("A new root", "rsa-2048-5", key_usage=SIGNS_CERTIFICATES)
    cross = below(by, "A new root", "rsa-2048-5")
    return [leaf(own), cross]


NEW_ROOT = authority("A new root", "rsa-2048-5", key_usage=SIGNS_CERTIFICATES)
EXPIRED_ROOT = authority("A root", "rsa-2048-0", key_usage=SIGNS_CERTIFICATES, not_after=LONG_AGO)
NAMESAKE_ROOT = authority("A root", "rsa-2048-6", key_usage=SIGNS_CERTIFICATES)


def through(middle: Issued, **shape: object) -> list[Issued]:
    return [leaf(middle, **shape), middle]


def too_long() -> list[Issued]:
    first = below(ROOT, path_length=0)
    second = below(first, "A second authority", "rsa-2048-4")
    return [leaf(second), second, first]


def self_issued_between(**shape: object) -> list[Issued]:
    first = below(ROOT, path_length=0, **shape)
    renewed = below(first, key="rsa-2048-4")
    return [leaf(renewed), renewed, first]


def constrained(**shape: object) -> Callable[..., list[Issued]]:
    def chain(**of_leaf: object) -> list[Issued]:
        return through(below(ROOT, **shape), **of_leaf)

    return chain


def dns(*names: str) -> list[x509.GeneralName]:
    return [x509.DNSName(name) for name in names]


def organisation(name: str, common_name: str | None = None) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, name)]
    if common_name is not None:
        attributes.append(x509.NameAttribute(NameOID.COMMON_NAME, common_name))
    return x509.Name(attributes)


def pss_signed(parameters: bytes, salt_length: int | None) -> list[Issued]:
    middle = with_pss_key(ROOT, below(ROOT, key="rsa-2048-pss"), parameters)
    return [leaf(middle, pss_salt_length=salt_length), middle]


def printable_root() -> Issued:
    name = x509.NameAttribute(NameOID.COMMON_NAME, "A root", _ASN1Type.PrintableString)
    return authority("A root", "rsa-2048-0", subject=x509.Name([name]))


ONLY_CONTOSO = constrained(permitted=dns("contoso.com"))
CLIENTS_ONLY = [ExtendedKeyUsageOID.CLIENT_AUTH]

ROWS = [
    Row("a leaf of a root", "RFC 5280 §6.1", True, lambda: [leaf(ROOT)]),
    Row("an authority between", "RFC 5280 §6.1", True, plain),
    Row("its certificate is missing", "RFC 5280 §6.1", False, lambda: plain()[:1]),
    Row("in any order, with others", "RFC 4158 §3.1", True, any_order),
    Row("a stranger's root", "RFC 5280 §6.1", False, lambda: [leaf(STRANGER)]),
    Row("the stranger's root sent", "RFC 5280 §6.1", False, lambda: [leaf(STRANGER), STRANGER]),
    Row("the root sent too", "RFC 5246 §7.4.2", True, lambda: [*plain(), ROOT]),
    Row(
        "a forged signature",
        "RFC 5280 §6.1.3 (a)(1)",
        False,
        lambda: [issue(ROOT, Shape(key_name="rsa-2048-leaf"), STRANGER.key)],
    ),
    Row(
        "an expired leaf",
        "RFC 5280 §6.1.3 (a)(2)",
        False,
        lambda: [leaf(ROOT, not_after=LONG_AGO)],
    ),
    Row(
        "an expired authority",
        "RFC 5280 §6.1.3 (a)(2)",
        False,
        lambda: through(below(ROOT, not_after=LONG_AGO)),
    ),
    Row(
        "its expired twin comes first",
        "RFC 4158 §2.3",
        True,
        expired_twin_first,
        differs={"GnuTLS": "takes the first of the name"},
    ),
    Row("its expired twin comes last", "RFC 4158 §2.3", True, expired_twin_last),
    Row(
        "two authorities of one name",
        "RFC 4158 §2.3",
        True,
        two_of_one_name,
        differs=dict.fromkeys(("OpenSSL", "GnuTLS"), "takes the first without key identifiers"),
    ),
    Row(
        "an expired root",
        "RFC 5280 §6.2",
        False,
        plain,
        [EXPIRED_ROOT],
        {"Java": "does not look at an anchor's validity, as §6.1.1 (d) leaves it"},
    ),
    Row("a root and its expired twin", "RFC 4158 §2.3", True, plain, [EXPIRED_ROOT, ROOT]),
    Row(
        "two roots of one name",
        "RFC 4158 §2.3",
        True,
        plain,
        [NAMESAKE_ROOT, ROOT],
        {"OpenSSL": "takes the first without key identifiers"},
    ),
    Row(
        "a root, cross-signed by a stranger",
        "RFC 4158 §2.3",
        True,
        lambda: cross_signed(by=STRANGER),
        [NEW_ROOT],
    ),
    Row(
        "a root that is not trusted, cross-signed by one that is",
        "RFC 4158 §2.3",
        True,
        lambda: cross_signed(by=ROOT),
    ),
    Row(
        "cross-signed by an expired root, trusted beside",
        "RFC 4158 §2.3",
        True,
        lambda: cross_signed(by=ROOT),
        [EXPIRED_ROOT, NEW_ROOT],
    ),
    Row(
        "an issuer without basicConstraints",
        "RFC 5280 §6.1.4 (k)",
        False,
        lambda: through(below(ROOT, authority=None, key_usage=None)),
    ),
    Row(
        "an issuer that is no authority",
        "RFC 5280 §6.1.4 (k)",
        False,
        lambda: through(below(ROOT, authority=False)),
    ),
    Row("a path that is too long", "RFC 5280 §6.1.4 (m)", False, too_long),
    Row(
        "self-issued ones do not count",
        "RFC 5280 §6.1.4 (l)",
        True,
        self_issued_between,
        differs={
            "OpenSSL": "takes a self-issued one without key identifiers for self-signed",
            "GnuTLS": "counts them",
        },
    ),
    Row(
        "an authority that may not sign certificates",
        "RFC 5280 §6.1.4 (n)",
        False,
        lambda: through(below(ROOT, key_usage=frozenset({"digital_signature"}))),
    ),
    Row(
        "a leaf's critical extension that nobody knows",
        "RFC 5280 §6.1.5 (f)",
        False,
        lambda: [leaf(ROOT, extensions=unknown_extension(critical=True))],
    ),
    Row(
        "one that is not critical",
        "RFC 5280 §4.2",
        True,
        lambda: [leaf(ROOT, extensions=unknown_extension(critical=False))],
    ),
    Row(
        "an authority's critical extension that nobody knows",
        "RFC 5280 §6.1.4 (o)",
        False,
        lambda: through(below(ROOT, extensions=unknown_extension(critical=True))),
    ),
    Row("a permitted name", "RFC 5280 §6.1.3 (b)", True, ONLY_CONTOSO),
    Row(
        "a name that is not permitted",
        "RFC 5280 §6.1.3 (b)",
        False,
        lambda: ONLY_CONTOSO(dns_names=("www.fabrikam.com",)),
    ),
    Row(
        "a permitted name beside one that is not",
        "RFC 5280 §6.1.3 (b)",
        False,
        lambda: ONLY_CONTOSO(dns_names=(NAME, "www.fabrikam.com")),
    ),
    Row(
        "a name that only ends like a permitted one",
        "RFC 5280 §4.2.1.10",
        False,
        lambda: ONLY_CONTOSO(dns_names=("www.notcontoso.com",)),
    ),
    Row(
        "an excluded name",
        "RFC 5280 §6.1.3 (c)",
        False,
        constrained(excluded=dns("contoso.com")),
    ),
    Row(
        "another name is excluded",
        "RFC 5280 §6.1.3 (c)",
        True,
        constrained(excluded=dns("fabrikam.com")),
    ),
    Row(
        "a wildcard within what is permitted",
        "RFC 5280 §4.2.1.10",
        True,
        lambda: ONLY_CONTOSO(dns_names=("*.contoso.com",)),
    ),
    Row(
        "addresses are another form",
        "RFC 5280 §4.2.1.10",
        True,
        lambda: ONLY_CONTOSO(ip_addresses=("192.0.2.1",)),
    ),
    Row(
        "an address that is not permitted",
        "RFC 5280 §6.1.3 (b)",
        False,
        lambda: constrained(permitted=[x509.IPAddress(ip_network("192.0.2.0/24"))])(
            ip_addresses=("198.51.100.1",)
        ),
    ),
    Row(
        "an address that is permitted",
        "RFC 5280 §6.1.3 (b)",
        True,
        lambda: constrained(permitted=[x509.IPAddress(ip_network("192.0.2.0/24"))])(
            ip_addresses=("192.0.2.7",)
        ),
    ),
    Row(
        "a common name that is not permitted, and no other",
        "RFC 6125 §6.4.4 with RFC 5280 §4.2.1.10",
        False,
        lambda: ONLY_CONTOSO(common_name="www.fabrikam.com", dns_names=()),
    ),
    Row(
        "a subject within a permitted directory",
        "RFC 5280 §6.1.3 (b)",
        True,
        lambda: constrained(permitted=[x509.DirectoryName(organisation("Contoso"))])(
            subject=organisation("Contoso", NAME)
        ),
    ),
    Row(
        "a subject outside",
        "RFC 5280 §6.1.3 (b)",
        False,
        lambda: constrained(permitted=[x509.DirectoryName(organisation("Contoso"))])(
            subject=organisation("Fabrikam", NAME)
        ),
        differs={"GnuTLS": "does not look at directory names"},
    ),
    Row(
        "constraints two authorities up",
        "RFC 5280 §6.1.4 (g)",
        False,
        lambda: (
            lambda first: (
                lambda second: [leaf(second, dns_names=("www.fabrikam.com",)), second, first]
            )(below(first, "A second authority", "rsa-2048-4"))
        )(below(ROOT, permitted=dns("contoso.com"))),
    ),
    Row(
        "a leaf for clients",
        "RFC 5280 §4.2.1.12",
        False,
        lambda: [leaf(ROOT, purposes=CLIENTS_ONLY)],
    ),
    Row(
        "a leaf for anything",
        "RFC 5280 §4.2.1.12",
        True,
        lambda: [leaf(ROOT, purposes=[ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE])],
        differs={"OpenSSL": "rejects it, as the RFC allows"},
    ),
    Row(
        "an authority for clients",
        "RFC 5280 §4.2.1.12",
        False,
        lambda: through(below(ROOT, purposes=CLIENTS_ONLY)),
        differs={"Java": "looks at the leaf's purpose alone"},
    ),
    Row("signed by RSASSA-PSS", "RFC 4055 §3", True, lambda: [leaf(ROOT, pss_salt_length=32)]),
    Row("by a key for RSASSA-PSS", "RFC 4055 §1.2", True, lambda: pss_signed(b"", 32)),
    Row(
        "by PKCS #1 v1.5 and such a key",
        "RFC 4055 §1.2",
        False,
        lambda: pss_signed(b"", None),
        differs={"Java": "takes it for a plain key"},
    ),
    Row(
        "by such a key within its restriction",
        "RFC 4055 §3.1",
        True,
        lambda: pss_signed(pss_parameters("sha256", 32), 32),
    ),
    Row(
        "by such a key with too short a salt",
        "RFC 4055 §3.1",
        False,
        lambda: pss_signed(pss_parameters("sha256", 32), 20),
    ),
    Row(
        "an issuer's name in other letters",
        "RFC 5280 §7.1",
        True,
        lambda: [leaf(authority("a  ROOT", "rsa-2048-0", key_usage=SIGNS_CERTIFICATES))],
        differs={"GnuTLS": "compares names byte by byte"},
    ),
    Row(
        "an issuer's name of another string type",
        "RFC 5280 §7.1",
        True,
        lambda: [leaf(printable_root())],
        differs={"GnuTLS": "compares names byte by byte"},
    ),
]


@pytest.fixture(scope="module")
def peers() -> Iterator[dict[str, OpenSsl | GnuTls | Java]]:
    with java() as running:
        yield {"OpenSSL": OpenSsl(), "GnuTLS": GnuTls(), "Java": running}


def write(folder: Path, roots: Sequence[Issued], chain: Sequence[Issued]) -> ChainFiles:
    def file(name: str, certificates: Sequence[Issued]) -> Path:
        path = folder / name
        path.write_bytes(
            b"".join(each.certificate.public_bytes(Encoding.PEM) for each in certificates)
        )
        return path

    return ChainFiles(file("roots", roots), file("leaf", chain[:1]), file("chain", chain))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_chain(row: Row, peers: dict[str, OpenSsl | GnuTls | Java], tmp_path: Path) -> None:
    chain = row.chain()
    trust = tls.TrustStore([root.der for root in row.roots])
    problems = trust.server_problems(tuple(each.der for each in chain), None, time.time(), Meter())
    assert (problems == []) == row.accepted, problems
    files = write(tmp_path, row.roots, chain)
    verdicts = {name: peer.chain(files) for name, peer in peers.items()}
    others = {name for name, verdict in verdicts.items() if verdict.accepted != row.accepted}
    assert others == set(row.differs), verdicts
