"""Client profiles: what a real client offers, and how it behaves; a TOML file each."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Annotated, Any, Self

from pydantic import Field

from sim.description import Description
from sim.units import PositiveDuration
from sim.workload.hello_description import HelloDescription

_SUFFIX = ".toml"


class ClientProfile(Description):
    """One client: a browser on a system, or a program on a library."""

    name: Annotated[str, Field(min_length=1)]
    """As tables name it."""
    title: Annotated[str, Field(min_length=1)]
    """One line for people."""
    source: Annotated[str, Field(min_length=1)]
    """Where this comes from."""
    session_lifetime: PositiveDuration
    """How long from its full handshake it offers a session, and no longer than a ticket's hint."""
    false_start: bool = False
    """Whether it sends its request before the server's Finished, where the suite is strong and
    forward secret (RFC 7918)."""
    hello: HelloDescription
    """What its hello says."""

    def __hash__(self) -> int:
        """Of its name and where it comes from."""
        return hash((self.name, self.title, self.source))

    @classmethod
    def from_toml(cls, text: str, *, name: str) -> Self:
        """The profile in a TOML file's text.

        Raises `ValueError` when it is not TOML or not a profile.
        """
        fields: dict[str, Any] = tomllib.loads(text)
        return cls.model_validate({"name": name, **fields})


@cache
def client_profile(name: str) -> ClientProfile:
    """The shipped profile of that name.

    Raises `ValueError`, naming those that there are, if there is none.
    """
    if name not in client_profiles():
        raise ValueError(
            f'there is no client profile "{name}"; there are {", ".join(client_profiles())}, or '
            "give a FILE.toml that `tlscape capture` has written"
        )
    file = _folder().joinpath(name + _SUFFIX)
    return ClientProfile.from_toml(file.read_text(encoding="utf-8"), name=name)


@cache
def client_profiles() -> tuple[str, ...]:
    """The names of the shipped profiles, in alphabetical order."""
    found = (entry.name for entry in _folder().iterdir())
    return tuple(sorted(n.removesuffix(_SUFFIX) for n in found if n.endswith(_SUFFIX)))


def _folder() -> Traversable:
    return files("sim.workload").joinpath("profiles")
