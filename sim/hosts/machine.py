"""The name of a machine profile, as a host's description gives it."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from sim.costs import machine_profiles


def _known(name: str) -> str:
    known = machine_profiles()
    if name not in known:
        raise ValueError(f'there is no machine profile "{name}"; there are {", ".join(known)}')
    return name


Machine = Annotated[str, AfterValidator(_known)]
"""A built-in machine profile's name."""
