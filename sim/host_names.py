"""Names of hosts in a scenario: in the one form that certificates and hellos have."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

import tls


def _host_name(text: str) -> str:
    try:
        return tls.host_name(text)
    except tls.UsageError as error:
        raise ValueError(
            f'{error}; write a DNS name, such as "www.contoso.com", or an IP address'
        ) from None


def _pattern(text: str) -> str:
    _host_name(text.replace("*", "x"))
    labels = text.split(".")
    return ".".join(label if "*" in label or not label else _host_name(label) for label in labels)


def _certificate_name(text: str) -> str:
    wildcard = "*." if text.startswith("*.") else ""
    return wildcard + _host_name(text.removeprefix(wildcard))


HostName = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_host_name)]
"""A DNS name or an IP address, in any form that `tls.host_name` takes."""

HostNamePattern = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_pattern)]
"""A DNS name with "*" for any part of it."""

CertificateName = Annotated[
    str, Field(min_length=1, max_length=1000), AfterValidator(_certificate_name)
]
"""A DNS name, perhaps with "*" for its first label, or an IP address: what certificates have."""
