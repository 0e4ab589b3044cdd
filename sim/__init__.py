"""The simulated world of TLS connections: a scenario goes in, tables come out.

It knows no files and no plots: traces come in as arrays, tables go out as Arrow row groups.
"""

from sim.costs import MachineProfile, machine_profile, machine_profiles
from sim.fidelity import boxes_that_need_engines
from sim.middleboxes.middlebox import PASS, Action, Behaviour, Flow, Middlebox, Seen, Verdict
from sim.parts import parts_of
from sim.rehearsal import UnpricedOperation, unpriced_operations
from sim.scenario import Scenario, scenario_with
from sim.tables import SCHEMAS
from sim.telemetry import MemorySink, Sink
from sim.workload.browsers import Browser, browser, browsers
from sim.world import simulate

__all__ = [
    "PASS",
    "SCHEMAS",
    "Action",
    "Behaviour",
    "Browser",
    "Flow",
    "MachineProfile",
    "MemorySink",
    "Middlebox",
    "Scenario",
    "Seen",
    "Sink",
    "UnpricedOperation",
    "Verdict",
    "boxes_that_need_engines",
    "browser",
    "browsers",
    "machine_profile",
    "machine_profiles",
    "parts_of",
    "scenario_with",
    "simulate",
    "unpriced_operations",
]
