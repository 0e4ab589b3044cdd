"""A machine, as a host's description gives it: a profile's name, or a profile."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import AfterValidator, Discriminator, Tag

from sim.costs import MachineProfile, machine_profile, machine_profiles, priced_operations
from sim.description import fault_at


def _known(name: str) -> str:
    known = machine_profiles()
    if name not in known:
        raise ValueError(
            f'there is no machine profile "{name}"; there are {", ".join(known)}, or give a '
            "FILE.toml that `tlscape calibrate` has written"
        )
    return name


def _of_operations(profile: MachineProfile) -> MachineProfile:
    """A profile of one's own prices what there is, and nothing else."""
    known = priced_operations()
    for name in profile.operations:
        if name not in known:
            near = get_close_matches(name[:60], known, n=3, cutoff=0.6)
            remedy = (
                f'did you mean "{near[0]}"?'
                if near
                else f"remove it; there are {', '.join(sorted(known))}"
            )
            raise fault_at(("operations", name), f'no operation is called "{name}"; {remedy}')
    return profile


def _which(value: Any) -> str:
    return "(profile)" if isinstance(value, dict | MachineProfile) else "(name)"


Machine = Annotated[
    Annotated[str, AfterValidator(_known), Tag("(name)")]
    | Annotated[MachineProfile, AfterValidator(_of_operations), Tag("(profile)")],
    Discriminator(_which),
]
"""A built-in machine profile's name, or a profile of one's own: a table of what `tlscape calibrate`
writes, or in a scenario file the name of such a file, relative to it."""


def profile_of(machine: str | MachineProfile) -> MachineProfile:
    """The profile that a description means: itself, or the built-in one of that name."""
    return machine if isinstance(machine, MachineProfile) else machine_profile(machine)
