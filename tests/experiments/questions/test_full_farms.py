"""From which load on the servers of a farm are full, whatever they run out of."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import experiments
from tests.sim.farm.queueing_theory import erlang_b

WORLD = """
start = 2024-03-05T12:00:00Z
kind = "steady-state"
duration = "{duration} s"
warm_up = "5 s"
sample_interval = "1 s"
fidelity = "replay"
arrivals = {{ process = "poisson", rate = "{rate} /s" }}
population = {{ kind = "independent", clients = 100 }}
path = {{ round_trip_time = "20 ms" }}

[http]
{http}
request_size = "400 B"
response_size = "2 kB"

[[clients]]
profile = "openssl-3"
machine = "nginx-2026"
keep_alive = {keep_alive}

[servers.web]
count = 2
machine = {machine}
cores = 2
identity = "contoso-rsa-2048"
{server}

[balancers.front]
policy = "random"
{balancer}
[study]
question = "capacity"
replications = 3
"""


def answer(
    folder: Path,
    rate: int,
    server: str = "",
    *,
    duration: int = 20,
    http: str = "requests = 1",
    keep_alive: str = "true",
    balancer: str = "",
    machine: str = '"nginx-2026"',
) -> str:
    """What is said of that farm."""
    folder.mkdir(exist_ok=True)
    file = folder / "farm.toml"
    file.write_text(
        WORLD.format(
            rate=rate,
            duration=duration,
            http=http,
            keep_alive=keep_alive,
            server=server,
            balancer=balancer,
            machine=machine,
        ),
        encoding="utf-8",
    )
    result = experiments.run(file, out=folder / "out", workers=1)
    return " ".join(" ".join([str(result.answer), *map(str, result.warnings)]).split())


def full_from(said: str) -> float:
    """The load from which on what binds first is full."""
    found = re.search(r"full from ([0-9.,]+) ", said)
    assert found is not None, said
    return float(found[1].replace(",", ""))


def test_visits_that_go_on_behind_the_recorded_time(tmp_path: Path) -> None:
    """Four connections a visit, 20 s apart, of 50 ms each: 4 / (0.0503 * 0.7) cores."""
    said = answer(
        tmp_path,
        10,
        'application = { cpu = "50 ms" }',
        http='requests = 4\nthink_time = "20 s"',
        keep_alive="false",
    )
    assert "2 servers of 2 cores at 40 connections/s" in said
    assert full_from(said) == pytest.approx(4 / 0.0505, rel=0.02)


def test_places_that_are_waited_for(tmp_path: Path) -> None:
    """Eight places, each held for 100 ms behind and five round trips."""
    server = 'connections = { most = 4, when_full = "wait" }\napplication = { back_end = "100 ms" }'
    said = answer(tmp_path, 100, server)
    assert "What binds first is the connection limit of web" in said
    assert full_from(said) == pytest.approx(8 / 0.2, rel=0.1)
    assert "no steady state: at the connection limit of web" in said
    assert "by CPU alone" in said


@pytest.mark.slow
def test_places_that_are_not(tmp_path: Path) -> None:
    """Who finds none is reset: as many as in a loss system of two places a server (Erlang B)."""
    server = 'connections = { most = 2 }\napplication = { back_end = "100 ms" }'
    said = answer(tmp_path, 40, server)
    assert "What binds first is the connection limit of web" in said
    assert "it is too small for this load already: of 40 connections/s" in said
    found = re.search(r"of 40 connections/s ([0-9.]+) ", said)
    assert found is not None
    assert float(found[1]) == pytest.approx(40 * (1 - erlang_b(2, 20 * 0.19)), rel=0.08)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("server", "balancer", "node", "capacity"),
    [
        ('private_key = { service_time = "15 ms", per = "pool" }', "", "web/signer", 1 / 0.015),
        ("", 'forwarding = { service_time = "25 ms", cores = 2 }', "front", 2 / 0.025),
    ],
)
def test_what_is_asked_aside_is_full_where_its_work_is(
    server: str, balancer: str, node: str, capacity: float, tmp_path: Path
) -> None:
    """At more than it can do as at less: by what is asked of it, not by what it has done."""
    for rate in (0.6 * capacity, 1.5 * capacity):
        said = answer(tmp_path / str(rate), round(rate), server, balancer=balancer)
        assert f"What binds first is the processor of {node}" in said
        assert full_from(said) == pytest.approx(capacity, rel=0.08)
        overloaded = f"the load offered to {node} is"
        assert (overloaded in said) == (rate > capacity)


def test_cores_that_wait_for_a_signer_are_busy(tmp_path: Path) -> None:
    """Four cores that each connection keeps for 20 ms: 200 a second."""
    server = 'private_key = { service_time = "20 ms", parallelism = 100, blocking = true }'
    said = answer(tmp_path, 100, server)
    assert "What binds first is the processor of web" in said
    assert full_from(said) == pytest.approx(4 / 0.0204, rel=0.05)
    assert "2 servers of 2 cores" in said


@pytest.mark.slow
@pytest.mark.parametrize("rate", [60, 200])
def test_threads_that_slow_each_other_down(rate: int, tmp_path: Path) -> None:
    """Two at once are each half as fast, so that a machine does no more than one alone."""
    machine = (
        '{ name = "slowed", title = "Slowed", source = "made up", base = "nginx-2026", '
        "contention = [[1, 1.0], [2, 0.5]] }"
    )
    said = answer(tmp_path, rate, 'application = { cpu = "6 ms" }', machine=machine)
    assert full_from(said) == pytest.approx(2 / 0.0063, rel=0.06)
    assert "Threads of web slow each other down" in said
