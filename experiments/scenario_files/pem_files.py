"""PEM files that a scenario names: certificates, and private keys, which results do not keep."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from experiments.failures import ScenarioError
from experiments.scenario_files.toml_places import Path
from sim.identities import CertificateFile, PemFault, PrivateKeyFile

CERTIFICATES = "certificate_file"
PRIVATE_KEY = "key_file"
AUTHORITIES = "trusts"

_ENDINGS = (".pem", ".crt", ".cer")


def kind_of(path: Path) -> str | None:
    """Return what a place within a host may hold the name of a PEM file for, `None` for others."""
    if path[-2:-1] == ("identity",) and path[-1] in (CERTIFICATES, PRIVATE_KEY):
        return str(path[-1])
    if path[-2:-1] == (AUTHORITIES,) and isinstance(path[-1], int):
        return AUTHORITIES
    return None


def otherwise(path: Path) -> str:
    """Return what to do about a file at a place that is no text."""
    return (
        "save it as UTF-8" if kind_of(path) is None else "give it in PEM (openssl makes it of DER)"
    )


def is_file(name: str, kind: str) -> bool:
    """Tell whether a name at a place of that kind is one of a file: an authority need not be."""
    return kind != AUTHORITIES or name.lower().endswith(_ENDINGS) or os.sep in name or "/" in name


def names_of(host: Mapping[str, Any], place: Path) -> Iterator[tuple[Path, str]]:
    """Yield the names of PEM files in a host's description at `place`, with their places."""
    identity, trusts = host.get("identity"), host.get(AUTHORITIES)
    if isinstance(identity, Mapping):
        for kind in (CERTIFICATES, PRIVATE_KEY):
            if isinstance(identity.get(kind), str):
                yield (*place, "identity", kind), identity[kind]
    for number, name in enumerate(trusts if isinstance(trusts, list) else ()):
        if isinstance(name, str) and is_file(name, AUTHORITIES):
            yield (*place, AUTHORITIES, number), name


def check_name(name: str, place: str) -> None:
    """Check that a name is not the content of a file, which would be kept with the scenario.

    Raises:
        ScenarioError: it is.
    """
    if "-----BEGIN" in name or "\n" in name:
        raise ScenarioError(f"{place}: here is the content of a file; write the file's name")


def content_of(kind: str, text: str, shown: str) -> CertificateFile | PrivateKeyFile:
    """Return what a PEM file of that kind holds; its errors begin with `shown`.

    Raises:
        ScenarioError: that is not in it, or cannot be used; the message names the line.
    """
    try:
        if kind == PRIVATE_KEY:
            return PrivateKeyFile.of_text(text)
        return CertificateFile.of_text(text)
    except PemFault as fault:
        raise ScenarioError(f"{shown}:{fault.line}: {fault}") from None
