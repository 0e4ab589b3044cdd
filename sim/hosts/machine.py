"""A machine, as a host's description gives it: a profile's name, or a profile."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Discriminator, Tag

from sim.costs import MachineProfile, machine_profile, machine_profiles


def _known(name: str) -> str:
    known = machine_profiles()
    if name not in known:
        raise ValueError(f'there is no machine profile "{name}"; there are {", ".join(known)}')
    return name


def _which(value: Any) -> str:
    return "(profile)" if isinstance(value, dict | MachineProfile) else "(name)"


Machine = Annotated[
    Annotated[str, AfterValidator(_known), Tag("(name)")]
    | Annotated[MachineProfile, Tag("(profile)")],
    Discriminator(_which),
]
"""A built-in machine profile's name, or a profile of one's own, as `tlscape calibrate` writes."""


def profile_of(machine: str | MachineProfile) -> MachineProfile:
    """The profile that a description means: itself, or the built-in one of that name."""
    return machine if isinstance(machine, MachineProfile) else machine_profile(machine)
