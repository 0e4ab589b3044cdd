"""How many cores queueing theory gives: M/M/c and M/D/c whose next counts differ by 5 to 15 %."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import experiments
from experiments.planning.plan import Plan


@dataclass(frozen=True)
class System:
    """Requests that come by a Poisson process to as many cores as a plan finds.

    Attributes:
        name: in Kendall's notation.
        service: the time of one request on a core, as a scenario has it.
        rate: requests a second; each takes 10 ms in the mean.
        cores: the smallest number that theory finds.
        limit: of the mean time to the response (ms), 5 to 15 % above what theory gives for it.
    """

    name: str
    service: str
    rate: int
    cores: int
    limit: float


def erlang_c(cores: int, load: float) -> float:
    """Return the probability that one who comes has to wait (A. K. Erlang, 1917)."""
    blocked = 1.0
    for number in range(1, cores + 1):
        blocked = load * blocked / (number + load * blocked)
    return blocked / (1 - load / cores * (1 - blocked))


def mean_response(cores: int, rate: float, seconds: float) -> float:
    """Return the mean time of waiting and service in M/M/c, in seconds."""
    load = rate * seconds
    if load >= cores:
        return math.inf
    return seconds + erlang_c(cores, load) * seconds / (cores - load)


def mm_c(rate: int, cores: int, margin: float) -> System:
    """Return an M/M/c whose limit is a margin above what theory gives for so many cores."""
    limit = 1e3 * mean_response(cores, rate, 0.01) * (1 + margin)
    return System(
        f"M/M/{cores}", '{ distribution = "exponential", mean = "10 ms" }', rate, cores, limit
    )


WORLD = """
title = "How many cores?"
kind = "steady-state"
start = 2026-01-01T00:00:00Z
duration = "{duration} s"
warm_up = "{warm_up} s"
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
application = {{ cpu = {service} }}

[study]
replications = 4
objectives = ["mean first byte < {limit} ms"]
plan = {{ smallest = "server.cores", from = 1, to = {most} }}
"""
