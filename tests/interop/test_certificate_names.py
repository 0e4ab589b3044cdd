"""Names, one a row, as OpenSSL, GnuTLS, Java and this engine find them in a certificate.

Where all agree the engine agrees; where they differ the RFC decides, which the row cites.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

import tls
from tests.interop.verifiers import GnuTls, Java, OpenSsl
from tests.tls.authority import Shape, issue
from tls.certificates import Certificate, parse_certificate
from tls.certificates.names import names_server
from tls.host_names import ip_address

pytestmark = pytest.mark.interop

LONG_LABEL = "x" * 63
UNCHECKED = dict.fromkeys(("OpenSSL", "GnuTLS"), "do not ask whether it is a host name")
RAW = {"OpenSSL": "leaves A-labels to its caller"}


@dataclass(frozen=True)
class Row:
    """A name that is wanted, those of the certificate, and whether it is among them.

    `differs` tells who sees it otherwise, and why.
    """

    wanted: str
    dns: tuple[str, ...]
    named: bool
    rule: str
    common_name: str = "nobody"
    ip: tuple[str, ...] = ()
    differs: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """What pytest calls it."""
        return f"{self.wanted} of {','.join((*self.dns, *self.ip)) or self.common_name}"


ROWS = [
    Row("www.contoso.com", ("www.contoso.com",), True, "RFC 6125 §6.4.1"),
    Row("WWW.Contoso.COM", ("www.contoso.com",), True, "RFC 6125 §6.4.1"),
    Row("www.contoso.com", ("WWW.CONTOSO.com",), True, "RFC 6125 §6.4.1"),
    Row("www.contoso.com", ("contoso.com",), False, "RFC 6125 §6.4.1"),
    Row("contoso.com", ("www.contoso.com",), False, "RFC 6125 §6.4.1"),
    Row("www.contoso.com", ("a.example", "www.contoso.com"), True, "RFC 6125 §6.3"),
    Row("www.contoso.com", ("*.contoso.com",), True, "RFC 6125 §6.4.3"),
    Row("WWW.contoso.com", ("*.Contoso.com",), True, "RFC 6125 §6.4.3"),
    Row("a.b.contoso.com", ("*.contoso.com",), False, "RFC 6125 §6.4.3"),
    Row("contoso.com", ("*.contoso.com",), False, "RFC 6125 §6.4.3"),
    Row(
        "www.contoso.com",
        ("w*.contoso.com",),
        False,
        "RFC 6125 §6.4.3 (3)",
        differs=dict.fromkeys(("OpenSSL", "Java"), "take part of a label, which (3) allows"),
    ),
    Row("www.contoso.com", ("*w.contoso.com",), True, "RFC 6125 §6.4.3 (3)"),
    Row("w.contoso.com", ("*w.contoso.com",), True, "RFC 6125 §6.4.3 (3)"),
    Row(
        "xn--bcher-kva.contoso.com",
        ("*a.contoso.com",),
        False,
        "RFC 6125 §6.4.3 (3)",
        differs={"GnuTLS": "takes part of an A-label, too"},
    ),
    Row("www.contoso.com", ("www.contoso.com.",), False, "RFC 5280 §4.2.1.6"),
    Row("www.contoso.com", ("*.contoso.com.",), False, "RFC 5280 §4.2.1.6"),
    Row("www.contoso.com", (), False, "RFC 1034 §3.5", common_name="www.contoso.com."),
    Row(
        "www.contoso.com.",
        ("www.contoso.com",),
        True,
        "RFC 6066 §3, RFC 1034 §3.1: the dot only says that the name is whole",
        differs={
            **dict.fromkeys(("OpenSSL", "GnuTLS"), "leave the dot to their caller"),
            "Java": "takes no name that ends in a dot",
        },
    ),
    Row(
        "www.contoso.com.",
        ("www.contoso.com.",),
        False,
        "RFC 5280 §4.2.1.6",
        differs=dict.fromkeys(("OpenSSL", "GnuTLS"), "compare letter by letter"),
    ),
    Row(
        f"x{LONG_LABEL}.example",
        (f"x{LONG_LABEL}.example",),
        False,
        "RFC 1035 §2.3.4",
        differs=UNCHECKED,
    ),
    Row("www..contoso.com", ("www..contoso.com",), False, "RFC 1034 §3.5", differs=UNCHECKED),
    Row(".contoso.com", ("*.contoso.com",), False, "RFC 1034 §3.5", differs=UNCHECKED),
    Row(
        "www.contoso.com",
        ("www.*.com",),
        False,
        "RFC 6125 §6.4.3 (1)",
        differs={"Java": "takes it in any label"},
    ),
    Row(
        "contoso.com",
        ("*.com",),
        False,
        "RFC 6125 §7.2",
        differs={"Java": "knows which domains are public suffixes of others"},
    ),
    Row("contoso", ("*",), False, "RFC 6125 §7.2"),
    Row("www.contoso.com", (), True, "RFC 6125 §6.4.4", common_name="www.contoso.com"),
    Row("www.contoso.com", (), True, "RFC 6125 §6.4.4", common_name="*.contoso.com"),
    Row("www.contoso.com", ("a.example",), False, "RFC 6125 §6.4.4", common_name="www.contoso.com"),
    Row(
        "www.contoso.com",
        (),
        True,
        "RFC 6125 §6.4.4",
        common_name="www.contoso.com",
        ip=("192.0.2.1",),
        differs={"GnuTLS": "looks at no common name beside any alternative name"},
    ),
    Row("bücher.example", ("xn--bcher-kva.example",), True, "RFC 6125 §6.4.2", differs=RAW),
    Row("BÜCHER.example", ("xn--bcher-kva.example",), True, "RFC 5895 §2", differs=RAW),
    Row("xn--bcher-kva.example", ("XN--BCHER-KVA.example",), True, "RFC 6125 §6.4.2"),
    Row("www.bücher.example", ("*.xn--bcher-kva.example",), True, "RFC 6125 §6.4.3", differs=RAW),
    Row("bücher.example", ("bucher.example",), False, "RFC 6125 §6.4.2"),
    Row(
        "faß.example",
        ("xn--fa-hia.example",),
        True,
        "RFC 5891 §5, RFC 5894 §7.2",
        differs={**RAW, "Java": "maps as in IDNA of 2003"},
    ),
    Row("www。contoso。com", ("www.contoso.com",), True, "RFC 5895 §2", differs=RAW),
    Row(f"{LONG_LABEL}.example", (f"{LONG_LABEL}.example",), True, "RFC 1035 §2.3.4"),
    Row("192.0.2.1", (), True, "RFC 2818 §3.1", ip=("192.0.2.1",)),
    Row("192.0.2.1", (), False, "RFC 2818 §3.1", ip=("192.0.2.2",)),
    Row("192.0.2.1", ("192.0.2.1",), False, "RFC 2818 §3.1"),
    Row("192.0.2.1", (), False, "RFC 2818 §3.1", common_name="192.0.2.1"),
    Row("2001:db8::1", (), True, "RFC 2818 §3.1", ip=("2001:db8::1",)),
    Row("2001:DB8:0:0::1", (), True, "RFC 5952 §4", ip=("2001:db8::1",)),
    Row(
        "::ffff:192.0.2.1",
        (),
        False,
        "RFC 2818 §3.1",
        ip=("192.0.2.1",),
        differs={"Java": "takes it for the IPv4 address"},
    ),
]


def _is_named(certificate: Certificate, wanted: str) -> bool:
    try:
        return names_server(certificate, tls.host_name(wanted))
    except tls.UsageError:
        return False


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_name(row: Row, verifiers: dict[str, OpenSsl | GnuTls | Java], tmp_path: Path) -> None:
    shape = Shape(
        row.common_name, row.dns, row.ip, authority=True, purposes=[], key_name="rsa-2048-0"
    )
    certificate = issue(None, shape)
    assert _is_named(parse_certificate(certificate.der), row.wanted) == row.named
    file = tmp_path / "certificate"
    file.write_bytes(certificate.certificate.public_bytes(Encoding.PEM))
    address = ip_address(row.wanted) is not None
    verdicts = {
        name: peer.name(file, row.wanted, address=address) for name, peer in verifiers.items()
    }
    others = {name for name, verdict in verdicts.items() if verdict.accepted != row.named}
    assert others == set(row.differs), verdicts
