"""Identities and authorities that ship with the project."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

import tls

_KEY = ".key.pem"
_CERTIFICATE = ".pem"


def names() -> tuple[str, ...]:
    """The names of the identities, in alphabetical order."""
    return _names(_folder())


def authority_names() -> tuple[str, ...]:
    """The names of the authorities, in alphabetical order."""
    return _names(_authorities())


@cache
def shipped_identity(name: str) -> tls.Identity:
    """The identity of that name. Raises `ValueError`, naming those that exist, for any other."""
    if name not in names():
        raise ValueError(f'there is no identity "{name}"; there are {", ".join(names())}')
    certificate = _folder().joinpath(name + _CERTIFICATE).read_bytes()
    return tls.Identity.from_pem(certificate, _folder().joinpath(name + _KEY).read_bytes())


def authority_pem(name: str) -> str:
    """The certificate of the authority of that name, in PEM."""
    return _authorities().joinpath(name + _CERTIFICATE).read_text(encoding="ascii")


def _folder() -> Traversable:
    return files("sim.identities")


def _authorities() -> Traversable:
    return _folder().joinpath("authorities")


def _names(folder: Traversable) -> tuple[str, ...]:
    found = (entry.name for entry in folder.iterdir())
    return tuple(sorted(name.removesuffix(_KEY) for name in found if name.endswith(_KEY)))
