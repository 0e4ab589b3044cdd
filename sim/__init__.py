"""The simulated world of TLS connections: a scenario goes in, tables come out.

It knows no files and no plots: traces come in as arrays, tables go out as Arrow row groups.
"""

from sim.activity import Wake
from sim.balancers.balancer import Balancer, Policy
from sim.balancers.candidate import Arriving, Candidate
from sim.costs import MachineProfile, machine_profile, machine_profiles
from sim.environment import Environment
from sim.fidelity import boxes_that_need_engines
from sim.hosts.pool import ServerPool
from sim.hosts.session_store import Sessions
from sim.middleboxes.middlebox import PASS, Action, Behaviour, Flow, Middlebox, Seen, Verdict
from sim.middleboxes.terminating_proxy import TerminatingProxy
from sim.network.packets import Packet, PacketKind
from sim.parts import Part, parts_of
from sim.processors.description import ProcessorDescription
from sim.processors.job import Job
from sim.processors.processor import Processor
from sim.processors.run_queue import RunQueue
from sim.rehearsal import UnpricedOperation, unpriced_operations
from sim.scenario import Scenario, scenario_with
from sim.tables import SCHEMAS
from sim.telemetry import MemorySink, Sink
from sim.witness.notes import DoneOperation
from sim.witness.seen import SeenConnection, SeenFlight, SeenMessage
from sim.workload.arrival_process import ArrivalProcess
from sim.workload.browsers import Browser, OwnBrowser, browser, browsers
from sim.workload.client_profile import ClientProfile, client_profile, client_profiles
from sim.workload.population import ClientPopulation, Visitors
from sim.workload.profile_text import profile_toml
from sim.world import simulate, witness

__all__ = [
    "PASS",
    "SCHEMAS",
    "Action",
    "ArrivalProcess",
    "Arriving",
    "Balancer",
    "Behaviour",
    "Browser",
    "Candidate",
    "ClientPopulation",
    "ClientProfile",
    "DoneOperation",
    "Environment",
    "Flow",
    "Job",
    "MachineProfile",
    "MemorySink",
    "Middlebox",
    "OwnBrowser",
    "Packet",
    "PacketKind",
    "Part",
    "Policy",
    "Processor",
    "ProcessorDescription",
    "RunQueue",
    "Scenario",
    "Seen",
    "SeenConnection",
    "SeenFlight",
    "SeenMessage",
    "ServerPool",
    "Sessions",
    "Sink",
    "TerminatingProxy",
    "UnpricedOperation",
    "Verdict",
    "Visitors",
    "Wake",
    "boxes_that_need_engines",
    "browser",
    "browsers",
    "client_profile",
    "client_profiles",
    "machine_profile",
    "machine_profiles",
    "parts_of",
    "profile_toml",
    "scenario_with",
    "simulate",
    "unpriced_operations",
    "witness",
]
