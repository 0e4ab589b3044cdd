"""Name constraints, a chain a row, as OpenSSL, GnuTLS, Java and this engine see them.

Where all agree the engine agrees; where they differ the RFC decides, which the row cites.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from tests.interop.chains import NAME, ROOT, Row, below, check, leaf, through
from tests.interop.verifiers import GnuTls, Java, OpenSsl
from tests.tls.authority import Issued

pytestmark = pytest.mark.interop


def constrained(**shape: object) -> Callable[..., list[Issued]]:
    def chain(**of_leaf: object) -> list[Issued]:
        return through(below(ROOT, **shape), **of_leaf)

    return chain


def dns(*names: str) -> list[x509.GeneralName]:
    return [x509.DNSName(name) for name in names]


def mail(*names: str) -> list[x509.GeneralName]:
    return [x509.RFC822Name(name) for name in names]


def uri(*names: str) -> list[x509.GeneralName]:
    return [x509.UniformResourceIdentifier(name) for name in names]


def directory(*names: x509.Name) -> list[x509.GeneralName]:
    return [x509.DirectoryName(name) for name in names]


def addresses(*networks: str) -> list[x509.GeneralName]:
    return [x509.IPAddress(ip_network(network)) for network in networks]


def named(
    *names: x509.GeneralName,
    subject: x509.Name | None = None,
    permitted: list[x509.GeneralName] | None = None,
    excluded: list[x509.GeneralName] | None = None,
) -> Callable[[], list[Issued]]:
    """A leaf with these alternative names beside its DNS name, below a constrained authority."""

    def chain() -> list[Issued]:
        alternatives = x509.SubjectAlternativeName([x509.DNSName(NAME), *names])
        return through(
            below(ROOT, permitted=permitted, excluded=excluded),
            dns_names=(),
            extensions=((alternatives, False),),
            subject=subject,
        )

    return chain


def with_mail(address: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.EMAIL_ADDRESS, address)])


OTHER_NAME = x509.OtherName(x509.ObjectIdentifier("1.2.3.4"), b"\x0c\x01a")
RULE = "RFC 5280 §4.2.1.10"
HOSTLESS = {"GnuTLS": "does not look at permitted URIs"}


def organisation(name: str, common_name: str | None = None) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, name)]
    if common_name is not None:
        attributes.append(x509.NameAttribute(NameOID.COMMON_NAME, common_name))
    return x509.Name(attributes)


ONLY_CONTOSO = constrained(permitted=dns("contoso.com"))

ROWS = [
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
        "a part of what a wildcard covers is excluded",
        RULE,
        True,
        lambda: constrained(excluded=dns(NAME))(dns_names=("*.contoso.com",)),
    ),
    Row(
        "a wildcard beside what is excluded",
        RULE,
        True,
        lambda: constrained(excluded=dns("a.b.contoso.com"))(dns_names=("*.contoso.com",)),
    ),
    Row("every DNS name is excluded", RULE, False, named(excluded=dns(""))),
    Row(
        "an excluded A-label",
        "RFC 5280 §7.2",
        False,
        named(*dns("www.xn--bcher-kva.example"), excluded=dns("xn--bcher-kva.example")),
    ),
    Row(
        "an address of another version than permitted",
        RULE,
        False,
        lambda: constrained(permitted=addresses("192.0.2.0/24"))(ip_addresses=("2001:db8::1",)),
        differs={"GnuTLS": "takes each version for a form of its own"},
    ),
    Row("mail at a permitted host", RULE, True, named(*mail("a@b.de"), permitted=mail("b.de"))),
    Row("mail below it", RULE, False, named(*mail("a@c.b.de"), permitted=mail("b.de"))),
    Row(
        "mail in a permitted domain", RULE, True, named(*mail("a@c.b.de"), permitted=mail(".b.de"))
    ),
    Row("mail at its head", RULE, False, named(*mail("a@b.de"), permitted=mail(".b.de"))),
    Row("mail at an excluded host", RULE, False, named(*mail("a@B.de"), excluded=mail("b.de"))),
    Row(
        "mail in the subject, outside",
        RULE,
        False,
        named(subject=with_mail("a@evil.example"), permitted=mail("b.de")),
        differs={"Java": "does not look at addresses in the subject"},
    ),
    Row(
        "a URI at a permitted host", RULE, True, named(*uri("https://b.de/"), permitted=uri("b.de"))
    ),
    Row(
        "a URI below it",
        RULE,
        False,
        named(*uri("https://c.b.de/"), permitted=uri("b.de")),
        differs=HOSTLESS,
    ),
    Row(
        "a URI at an address",
        RULE,
        False,
        named(*uri("https://192.0.2.1/"), permitted=uri(".b.de")),
        differs=HOSTLESS,
    ),
    Row(
        "a URI at an address, where others are excluded",
        RULE,
        False,
        named(*uri("https://192.0.2.1/"), excluded=uri(".b.de")),
        differs=dict.fromkeys(("OpenSSL", "Java"), "take the address for another host's name"),
    ),
    Row(
        "a URI without a host, where others are excluded",
        RULE,
        False,
        named(*uri("urn:a:b"), excluded=uri(".b.de")),
    ),
    Row("a URI that nothing constrains", RULE, True, named(*uri("urn:a:b"), permitted=dns(NAME))),
    Row(
        "a directory name beside the subject, outside",
        RULE,
        False,
        named(
            *directory(organisation("Fabrikam")),
            subject=organisation("Contoso", "www"),
            permitted=directory(organisation("Contoso")),
        ),
        differs={"GnuTLS": "does not look at directory names"},
    ),
    Row(
        "an excluded directory in other letters",
        "RFC 5280 §7.1",
        False,
        named(
            subject=organisation("CONTOSO", "www"),
            excluded=directory(organisation("Contoso")),
        ),
    ),
    Row(
        "a constrained form that nobody understands",
        RULE,
        False,
        named(OTHER_NAME, permitted=[OTHER_NAME]),
    ),
    Row("the same form, not constrained", RULE, True, named(OTHER_NAME, permitted=dns(NAME))),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_name_constraints(
    row: Row, verifiers: dict[str, OpenSsl | GnuTls | Java], tmp_path: Path
) -> None:
    check(row, verifiers, tmp_path)
