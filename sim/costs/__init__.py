"""What an operation costs in CPU seconds on a named machine."""

from sim.costs.contention import ContentionCurve
from sim.costs.memory import MemoryUse
from sim.costs.profile import (
    MachineProfile,
    OperationPrice,
    UnpricedOperationError,
    machine_profile,
    machine_profiles,
    priced_operations,
)

__all__ = [
    "ContentionCurve",
    "MachineProfile",
    "MemoryUse",
    "OperationPrice",
    "UnpricedOperationError",
    "machine_profile",
    "machine_profiles",
    "priced_operations",
]
