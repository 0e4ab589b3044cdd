"""Chains, one a row, and how the engine and other implementations see them."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

import tls
from tests.interop.verifiers import ChainFiles, GnuTls, Java, OpenSsl
from tests.tls.authority import Issued, Shape, authority, issue
from tls.meter import Meter

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


def through(middle: Issued, **shape: object) -> list[Issued]:
    return [leaf(middle, **shape), middle]


def _write(folder: Path, roots: Sequence[Issued], chain: Sequence[Issued]) -> ChainFiles:
    def file(name: str, certificates: Sequence[Issued]) -> Path:
        path = folder / name
        path.write_bytes(
            b"".join(each.certificate.public_bytes(Encoding.PEM) for each in certificates)
        )
        return path

    return ChainFiles(file("roots", roots), file("leaf", chain[:1]), file("chain", chain))


def check(row: Row, peers: Mapping[str, OpenSsl | GnuTls | Java], folder: Path) -> None:
    """The engine judges as the row says, and so do all but those that the row names."""
    chain = row.chain()
    trust = tls.TrustStore([root.der for root in row.roots])
    problems = trust.server_problems(tuple(each.der for each in chain), None, time.time(), Meter())
    assert (problems == []) == row.accepted, problems
    files = _write(folder, row.roots, chain)
    verdicts = {name: peer.chain(files) for name, peer in peers.items()}
    others = {name for name, verdict in verdicts.items() if verdict.accepted != row.accepted}
    assert others == set(row.differs), verdicts
