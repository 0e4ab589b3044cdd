"""The simulated world of TLS connections: a scenario goes in, tables come out.

It knows no files and no plots: traces come in as arrays, tables go out as Arrow row groups.
"""

from sim.costs import MachineProfile, machine_profile, machine_profiles
from sim.scenario import Scenario
from sim.tables import SCHEMAS
from sim.telemetry import MemorySink, Sink
from sim.workload.browsers import Browser, browser, browsers
from sim.world import simulate

__all__ = [
    "SCHEMAS",
    "Browser",
    "MachineProfile",
    "MemorySink",
    "Scenario",
    "Sink",
    "browser",
    "browsers",
    "machine_profile",
    "machine_profiles",
    "simulate",
]
