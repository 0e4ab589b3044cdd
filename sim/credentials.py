"""Who shows which identity in a world, and who trusts which authorities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sim.description import fault_at
from sim.identities import (
    AnyIdentity,
    Authority,
    ChainDescription,
    RootDescription,
    has_key,
    identity,
    trust_store,
)

Place = tuple[str | int, ...]


@dataclass(frozen=True)
class EndOfTls:
    """A server, or a proxy that ends TLS.

    Attributes:
        place: where it is described.
        identity: what it shows.
        hosts: the names by which clients may want it.
    """

    place: Place
    identity: AnyIdentity
    hosts: tuple[str, ...]


def roots_of(ends: Iterable[EndOfTls]) -> tuple[RootDescription, ...]:
    """The roots of described chains, each once."""
    chains = (end.identity for end in ends if isinstance(end.identity, ChainDescription))
    return tuple(dict.fromkeys(chain.root for chain in chains))


def check_identities(ends: Iterable[EndOfTls]) -> None:
    """Check that every identity can be made whose private key is here.

    Raises `pydantic.ValidationError`, naming the place and the remedy.
    """
    for end in ends:
        for host in end.hosts if has_key(end.identity) else ():
            try:
                identity(end.identity, host)
            except ValueError as error:
                raise fault_at((*end.place, "identity"), str(error)) from None


def check_trust(
    trusting: Mapping[Place, tuple[Authority, ...]], roots: tuple[RootDescription, ...]
) -> None:
    """Check that there are all authorities that somebody trusts.

    Args:
        trusting: whom each trusts, by the place where that is described.
        roots: those of described chains.

    Raises `pydantic.ValidationError`, naming the place and the remedy.
    """
    for place, authorities in trusting.items():
        for number, authority in enumerate(authorities):
            try:
                trust_store(authority, roots=roots)
            except ValueError as error:
                raise fault_at((*place, "trusts", number), str(error)) from None
