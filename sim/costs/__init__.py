"""What an operation costs in CPU seconds on a named machine."""

from sim.costs.profile import (
    MachineProfile,
    OperationPrice,
    UnpricedOperationError,
    machine_profile,
    machine_profiles,
    priced_operations,
)

__all__ = [
    "MachineProfile",
    "OperationPrice",
    "UnpricedOperationError",
    "machine_profile",
    "machine_profiles",
    "priced_operations",
]
