"""Chains, one a row, as OpenSSL, GnuTLS, Java and this engine see them.

Where all agree the engine agrees; where they differ the RFC decides, which the row cites.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.interop.chains import (
    LONG_AGO,
    ROOT,
    SIGNS_CERTIFICATES,
    STRANGER,
    Row,
    below,
    check,
    leaf,
    through,
    unknown_extension,
)
from tests.interop.verifiers import GnuTls, Java, OpenSsl
from tests.tls.authority import Issued, Shape, authority, der, issue, pss_parameters, with_pss_key

pytestmark = pytest.mark.interop


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


NO_AUTHORITY = issue(
    None, Shape("No authority", (), authority=False, purposes=[], key_name="rsa-2048-0")
)


def long_path(count: int) -> list[Issued]:
    chain = [ROOT]
    for number in range(count):
        chain.append(below(chain[-1], f"Authority {number}", f"rsa-2048-{3 + number % 2}"))
    return [leaf(chain[-1]), *chain[:0:-1]]


def impostor_first() -> list[Issued]:
    middle = below(ROOT)
    impostor = authority("An authority", "rsa-2048-6", key_usage=SIGNS_CERTIFICATES)
    return [leaf(middle), impostor, middle]


def too_long() -> list[Issued]:
    first = below(ROOT, path_length=0)
    second = below(first, "A second authority", "rsa-2048-4")
    return [leaf(second), second, first]


def self_issued_between(**shape: object) -> list[Issued]:
    first = below(ROOT, path_length=0, **shape)
    renewed = below(first, key="rsa-2048-4")
    return [leaf(renewed), renewed, first]


def pss_signed(parameters: bytes, salt_length: int | None) -> list[Issued]:
    middle = with_pss_key(ROOT, below(ROOT, key="rsa-2048-pss"), parameters)
    return [leaf(middle, pss_salt_length=salt_length), middle]


def printable_root() -> Issued:
    name = x509.NameAttribute(NameOID.COMMON_NAME, "A root", _ASN1Type.PrintableString)
    return authority("A root", "rsa-2048-0", subject=x509.Name([name]))


WANTS_POLICY = ((x509.PolicyConstraints(0, None), True),)
POLICY = (
    x509.CertificatePolicies(
        [x509.PolicyInformation(x509.ObjectIdentifier("1.3.6.1.4.1.55555.2"), None)]
    ),
    False,
)


def signed_with_md5(issuer: Issued) -> Issued:
    """A leaf as it was issued until 2008, which the library signs no more."""
    issued = leaf(issuer)
    sha256, md5 = bytes.fromhex("2a864886f70d01010b"), bytes.fromhex("2a864886f70d010104")
    signed = issued.certificate.tbs_certificate_bytes.replace(sha256, md5)
    assert isinstance(issuer.key, rsa.RSAPrivateKey)
    signature = issuer.key.sign(signed, padding.PKCS1v15(), hashes.MD5())
    algorithm = der(0x30, b"\x06\x09" + md5 + b"\x05\x00")
    whole = der(0x30, signed, algorithm, der(0x03, b"\0" + signature))
    return Issued(issued.common_name, issued.key_name, x509.load_der_x509_certificate(whole))


STEP_UP = x509.ObjectIdentifier("2.16.840.1.113730.4.1")
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
    Row(
        "a root that says it is no authority",
        "RFC 5280 §4.2.1.9",
        False,
        lambda: [leaf(NO_AUTHORITY)],
        [NO_AUTHORITY],
    ),
    Row("ten authorities between", "RFC 5280 §6.1", True, lambda: long_path(10)),
    Row("twelve authorities between", "RFC 5280 §6.1", True, lambda: long_path(12)),
    Row(
        "a stranger of the issuer's name comes first",
        "RFC 4158 §2.3",
        True,
        impostor_first,
        differs=dict.fromkeys(("OpenSSL", "GnuTLS", "Java"), "take the first of the name"),
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
    Row(
        "an authority that wants a policy, and a leaf without",
        "RFC 5280 §6.1.5 (g)",
        False,
        lambda: through(below(ROOT, extensions=WANTS_POLICY)),
        differs={"OpenSSL": "looks at policies only when told to"},
    ),
    Row(
        "an authority that wants a policy, and a leaf of one",
        "RFC 5280 §4.2: policies are not processed, and what is critical then refuses",
        False,
        lambda: through(below(ROOT, extensions=(*WANTS_POLICY, POLICY)), extensions=(POLICY,)),
        differs={
            "OpenSSL": "looks at policies only when told to",
            "Java": "finds the policy",
        },
    ),
    Row(
        "a leaf signed with MD5",
        "RFC 5280 §4.1.1.2 names no hash: what is weak today was issued in the years simulated",
        True,
        lambda: [signed_with_md5(ROOT)],
        differs=dict.fromkeys(("GnuTLS", "Java"), "refuse MD5 by default"),
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
    Row(
        "an authority for Netscape's step-up",
        "RFC 5280 §4.2.1.12, which leaves it to us",
        True,
        lambda: through(below(ROOT, purposes=[STEP_UP])),
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


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_chain(row: Row, verifiers: dict[str, OpenSsl | GnuTls | Java], tmp_path: Path) -> None:
    check(row, verifiers, tmp_path)
