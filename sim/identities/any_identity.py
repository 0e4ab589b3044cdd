"""An identity as scenarios have it: the name of a shipped one, a described chain, or files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Discriminator, Tag

import tls
from sim.identities.chain import make_identity
from sim.identities.description import ChainDescription
from sim.identities.identity_files import IdentityFiles
from sim.identities.shipped import shipped_identity


def _which(value: Any) -> str:
    if isinstance(value, str):
        return "(name)"
    keys = value.keys() if isinstance(value, Mapping) else set()
    has_files = isinstance(value, IdentityFiles) or not keys.isdisjoint(IdentityFiles.model_fields)
    return "(files)" if has_files else "(chain)"


def _known_or_described(value: Any) -> Any:
    if isinstance(value, str):
        shipped_identity(value)
    elif not isinstance(value, Mapping | ChainDescription | IdentityFiles):
        raise ValueError(
            f'{value!r} is no identity; write the name of one, such as "contoso-rsa-2048", or a '
            'table: { key = "rsa-2048" }, or one with certificate_file and key_file'
        )
    return value


AnyIdentity = Annotated[
    Annotated[str, Tag("(name)")]
    | Annotated[ChainDescription, Tag("(chain)")]
    | Annotated[IdentityFiles, Tag("(files)")],
    Discriminator(_which),
    BeforeValidator(_known_or_described),
]
"""The name of a shipped identity, a described chain, or files."""


def identity(described: AnyIdentity, host: str = "www.contoso.com") -> tls.Identity:
    """The chain (leaf first, without the root) and private key.

    Args:
        described: the name of a shipped identity, a chain as it is described, or files.
        host: the server's name, for whom a described chain is made.

    Raises:
        ValueError: there is none of the name, and the message names those that exist; a chain
            cannot be made, or the private key of files is not here.
    """
    if isinstance(described, str):
        return shipped_identity(described)
    if isinstance(described, IdentityFiles):
        return described.identity()
    return make_identity(described, host)


def has_key(described: AnyIdentity) -> bool:
    """Whether an identity's private key is here: results do not keep one that is from a file."""
    return not isinstance(described, IdentityFiles) or described.has_key
