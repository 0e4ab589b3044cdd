"""Plans find the number of cores that queueing theory gives, seed after seed."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import experiments
from tests.sim.farm.queueing_theory import md_c, mm_c
from tests.sim.farm.replications import CONSTANT, EXPONENTIAL, FREE, SERVICE

SEEDS = range(1, 21)
"""Fixed beforehand."""

Theory = Callable[[int, float, float], float]


@dataclass(frozen=True)
class System:
    """Requests that come by a Poisson process, and a limit between two numbers of cores.

    Attributes:
        name: in Kendall's notation.
        wait: the mean wait, by cores, offered load and service time.
        service: the time of one request on a core, as a scenario has it.
        offered: the load, in cores.
        cores: the smallest number that meets the limit by theory.
        margin: how far above what theory gives for it the limit is, a share.
    """

    name: str
    wait: Theory
    service: object
    offered: float
    cores: int
    margin: float

    def response(self, cores: int) -> float:
        """Return the mean time to the response, in seconds."""
        if cores <= self.offered:
            return math.inf
        return SERVICE + self.wait(cores, self.offered, SERVICE)

    @property
    def limit(self) -> float:
        """The limit of the mean response, in seconds."""
        return (1 + self.margin) * self.response(self.cores)


SYSTEMS = (
    System("M/M/5", mm_c, EXPONENTIAL, 4.0, 5, 0.1),
    System("M/M/9", mm_c, EXPONENTIAL, 7.4, 9, 0.07),
    System("M/D/4", md_c, CONSTANT, 3.4, 4, 0.1),
    System("M/D/6", md_c, CONSTANT, 5.2, 6, 0.06),
)


def planned(system: System, seed: int, folder: Path) -> experiments.Plan:
    """Plan the cores of a system by the command's face in Python."""
    rate = system.offered / SERVICE
    free = (
        "{ name = 'free', title = 'free', source = 'none', operations = "
        + (", ".join(f"{name} = {{ each = 0.0 }}" for name in FREE["operations"]).join("{}"))
        + " }"
    )
    text = f"""
title = "How many cores?"
kind = "steady-state"
start = 2026-01-01T00:00:00Z
duration = "{20_000 / rate} s"
warm_up = "{1_000 / rate} s"
sample_interval = "1 s"
fidelity = "replay"
arrivals = {{ process = "poisson", rate = "{rate} /s" }}
population = {{ kind = "independent", clients = 100000 }}
clients = [{{ profile = "openssl-3", machine = {free} }}]
path = {{ round_trip_time = "1 us" }}
http = {{ requests = 1, request_size = "100 B", response_size = "100 B" }}

[server]
machine = {free}
security = "plain"
application.cpu = {_toml(system.service)}

[study]
replications = 4
objectives = ["mean first byte < {1e3 * system.limit} ms"]
plan = {{ smallest = "server.cores", from = 1, to = {4 * system.cores} }}
"""
    file = folder / "world.toml"
    file.write_text(text)
    return experiments.plan(file, seed=seed, out=folder / "plan")


def _toml(value: object) -> str:
    if not isinstance(value, dict):
        return json.dumps(value)
    return ", ".join(f"{key} = {json.dumps(inner)}" for key, inner in value.items()).join("{}")


def check_margins(system: System) -> None:
    """The limit is 5 to 15 % above what the cores give, and theory has it between two numbers."""
    assert 0.05 <= system.margin <= 0.15
    assert system.response(system.cores - 1) > 1.05 * system.limit


@pytest.mark.slow
@pytest.mark.parametrize("system", SYSTEMS[::2], ids=lambda system: system.name)
def test_a_plan_finds_the_cores_of_theory(system: System, tmp_path: Path) -> None:
    check_margins(system)
    found = planned(system, SEEDS[0], tmp_path)
    assert found.value == system.cores
    smaller = found.designs[0].next_smaller
    assert smaller is not None
    assert smaller.value == system.cores - 1


@pytest.mark.whole
@pytest.mark.slow
@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_plans_find_the_cores_of_theory_in_17_of_20_seeds(system: System, tmp_path: Path) -> None:
    check_margins(system)
    found = []
    for seed in SEEDS:
        folder = tmp_path / str(seed)
        folder.mkdir()
        found.append(planned(system, seed, folder).value)
    print(f"{system.name}: {found}")
    assert sum(value == system.cores for value in found) >= 17
    assert all(isinstance(value, int) and abs(value - system.cores) <= 1 for value in found)
