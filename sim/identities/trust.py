"""Whom clients and proxies trust: shipped authorities, those of described chains, or files."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any

from pydantic import BeforeValidator, Discriminator, Tag

import tls
from sim.identities.chain import root_certificate
from sim.identities.description import RootDescription
from sim.identities.identity_files import CertificateFile
from sim.identities.shipped import authority_names, authority_pem

_PEM = "-----BEGIN "


def _name_or_file(value: Any) -> Any:
    is_pem = isinstance(value, str) and value.lstrip().startswith(_PEM)
    return CertificateFile.of_text(value) if is_pem else value


def _which(value: Any) -> str:
    return "(file)" if isinstance(value, Mapping | CertificateFile) else "(name)"


Authority = Annotated[
    Annotated[str, Tag("(name)")] | Annotated[CertificateFile, Tag("(file)")],
    Discriminator(_which),
    BeforeValidator(_name_or_file, json_schema_input_type=str),
]
"""The name of an authority, or certificates of some: a file, or in Python its content."""


@cache
def trust_store(
    *trusted: str | CertificateFile, roots: tuple[RootDescription, ...] = ()
) -> tls.TrustStore:
    """A trust store with these authorities; Contoso's root where none is given.

    Args:
        trusted: names of authorities, shipped or described; or certificates of others.
        roots: described ones. Those of a name are trusted with the name.

    Raises:
        ValueError: there is none of a name, and the message names those that exist; or a
            certificate cannot be trusted.
    """
    known = sorted({*authority_names(), *(root.authority for root in roots)})
    certificates: list[bytes] = []
    for each in trusted or ("contoso-root",):
        if isinstance(each, CertificateFile):
            certificates += each.ders
            continue
        if each not in known:
            raise ValueError(f'there is no authority "{each}"; there are {", ".join(known)}')
        if each in authority_names():
            certificates += CertificateFile.of_text(authority_pem(each)).ders
        certificates += [root_certificate(root) for root in roots if root.authority == each]
    try:
        return tls.TrustStore(certificates)
    except tls.UsageError as error:
        raise ValueError(f"{error}") from None
