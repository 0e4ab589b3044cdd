"""The identities of simulated servers: certificate chains and keys that ship with the project.

They ship because keys cannot be derived from a seed: with them two runs of one seed give the same
bytes. The private keys are public; they are good for simulation alone.
"""

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

import tls

__all__ = ["identity", "names", "trust_store"]

_KEY = ".key.pem"
_CERTIFICATE = ".pem"


@cache
def identity(name: str) -> tls.Identity:
    """The chain (leaf first, without the root) and private key of that name.

    Raises `ValueError`, naming those that exist, when there is none.
    """
    folder = _folder()
    if name not in _identities(folder):
        raise ValueError(_unknown("identity", name, names()))
    certificate = folder.joinpath(name + _CERTIFICATE).read_bytes()
    return tls.Identity.from_pem(certificate, folder.joinpath(name + _KEY).read_bytes())


@cache
def trust_store(*names: str) -> tls.TrustStore:
    """A trust store with the authorities of those names; Contoso's root where none is named.

    Raises `ValueError`, naming those that exist, when there is none of a name.
    """
    folder = _folder().joinpath("authorities")
    authorities = _identities(folder)
    for name in names:
        if name not in authorities:
            raise ValueError(_unknown("authority", name, authorities))
    chosen = names or ("contoso-root",)
    return tls.TrustStore.from_pem(
        b"".join(folder.joinpath(name + _CERTIFICATE).read_bytes() for name in chosen)
    )


def names() -> tuple[str, ...]:
    """The names `identity` knows, in alphabetical order."""
    return _identities(_folder())


def _folder() -> Traversable:
    return files(__name__)


def _identities(folder: Traversable) -> tuple[str, ...]:
    found = (entry.name for entry in folder.iterdir())
    return tuple(sorted(name.removesuffix(_KEY) for name in found if name.endswith(_KEY)))


def _unknown(kind: str, name: str, known: tuple[str, ...]) -> str:
    return f"no {kind} is named {name!r}; there are {', '.join(known)}"
