"""Who shows which identity in a world, and who trusts which authorities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import tls
from sim.description import fault_at
from sim.endpoints.engine_configuration import server_config
from sim.hosts.server import ServerDescription, TlsSettings
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

_ALL_SUITES = tuple(map(tls.suite_name, tls.DEFAULT_SUITES))
_ALL_VERSIONS = tuple(map(tls.version_name, tls.ALL_VERSIONS))

_HEADER, _LIST, _CONTEXT, _CERTIFICATE, _EXTENSIONS = 4, 3, 1, 3, 2
"""Bytes before a Certificate message, its list, its context (TLS 1.3), and each certificate; and
behind each in TLS 1.3 (RFC 5246 §7.4.2, RFC 8446 §4.4.2)."""


@dataclass(frozen=True)
class EndOfTls:
    """A server, or a proxy that ends TLS.

    Attributes:
        place: where it is described.
        settings: how it speaks TLS.
        hosts: the names by which clients may want it.
    """

    place: Place
    settings: TlsSettings
    hosts: tuple[str, ...]

    @property
    def identity(self) -> AnyIdentity:
        """What it shows."""
        return self.settings.identity


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
                shown = identity(end.identity, host)
            except ValueError as error:
                raise fault_at((*end.place, "identity"), str(error)) from None
            _check_length(end, shown)
            _check_use(end, shown, host)


def _check_length(end: EndOfTls, shown: tls.Identity) -> None:
    """Refuse a chain that makes a longer message than clients take."""
    length = _HEADER + _LIST + sum(_CERTIFICATE + len(der) for der in shown.chain)
    if end.settings.speaks_tls_1_3:
        length += _CONTEXT + _EXTENSIONS * len(shown.chain)
    if length > tls.MAX_MESSAGE:
        raise fault_at(
            (*end.place, "identity"),
            f"its chain makes a Certificate message of {length:,} bytes, and clients take "
            f"{tls.MAX_MESSAGE:,}: nobody could connect; give it fewer certificates, names or "
            "extra_bytes",
        )


def _check_use(end: EndOfTls, shown: tls.Identity, host: str) -> None:
    """Refuse an end of TLS at which no handshake can be completed, whatever clients offer."""
    settings = end.settings
    if isinstance(settings, ServerDescription) and settings.security == "plain":
        return
    try:
        config = server_config(settings, host)
    except tls.UsageError as error:
        raise fault_at(end.place, str(error)) from None
    if tls.usable_versions(config):
        return
    described = settings.identity
    kind = described.key if isinstance(described, ChainDescription) else shown.key_kind
    key = f"its identity's key ({kind})"
    any_suites = settings.model_copy(update={"suites": _ALL_SUITES})
    if tls.usable_versions(server_config(any_suites, host)):
        remedy = next(name for name in _ALL_SUITES if _serves(any_suites, host, suites=(name,)))
        raise fault_at(
            (*end.place, "suites"),
            f"none of them goes with {key} in the versions that it speaks: nobody could connect; "
            f"add one that does, such as {remedy}, or choose another identity",
        )
    versions = [name for name in _ALL_VERSIONS if _serves(any_suites, host, versions=(name,))]
    if versions:
        raise fault_at(
            (*end.place, "versions"),
            f"{key} is of no use in them: nobody could connect; add {versions[-1]}, or choose "
            "another identity",
        )
    raise fault_at(
        (*end.place, "identity"),
        "its certificate allows its key neither to sign nor to decrypt: nobody could connect; "
        "choose another",
    )


def _serves(settings: TlsSettings, host: str, **update: tuple[str, ...]) -> bool:
    """Whether somebody could connect if its suites or versions were others."""
    changed = settings.model_copy(update=update)
    return bool(tls.usable_versions(server_config(changed, host)))


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
