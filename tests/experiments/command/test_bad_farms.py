"""What cannot be of a site's servers, balancers and signers is told in one line, with a remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.failures import ScenarioError
from experiments.scenario_files.scenario_file import parse
from tests.experiments.small_world import Run

FARM = """\
start = 2026-01-01T00:00:00Z
kind = "terminating"
duration = "1 min"
path = "way"

[arrivals]
process = "poisson"
rate = "1 /s"

[population]
kind = "independent"
clients = 10

[[clients]]
profile = "openssl-3"

[paths.way]
crosses = ["wire"]

[links.wire]
round_trip_time = "50 ms"

[http]
requests = 1
request_size = "100 B"
response_size = "100 B"

[servers.web]
count = 4
machine = "nginx-2026"
cores = 2
processor = { discipline = "fifo" }

[servers.web.sessions]
capacity = 1000
lifetime = "5 min"

[balancers.front]
policy = "random"
"""
_CORES = "cores = 2\n"
_PROCESSOR = 'processor = { discipline = "fifo" }\n'
_CROSSES = 'crosses = ["wire"]\n'
_POLICY = 'policy = "random"\n'
_CAPACITY = "capacity = 1000\n"
_SPARE = '\n[servers.spare]\nmachine = "nginx-2026"\n'

FAULTS = {
    "balancer without servers": (
        [(_POLICY, _POLICY + "servers = []\n")],
        "servers = []",
        ["balancers.front.servers: ", "at least 1 entry is needed"],
    ),
    "balancer of servers that are not": (
        [(_POLICY, _POLICY + 'servers = ["wbe"]\n')],
        'servers = ["wbe"]',
        ["balancers.front.servers[0]: ", 'no servers "wbe"', "there are: web"],
    ),
    "more early data than a ticket can allow": (
        [(_CORES, _CORES + 'early_data = "10 GB"\n')],
        "early_data =",
        ["servers.web.early_data: ", "4294967295 B"],
    ),
    "balancer whose servers all weigh nothing": (
        [(_POLICY, _POLICY + "weights = { web = 0 }\n")],
        "weights =",
        ["balancers.front.weights: ", "no server of a weight above 0; give one"],
    ),
    "weight of no servers": (
        [(_POLICY, _POLICY + "weights = { wbe = 1 }\n")],
        "weights =",
        ["balancers.front.weights.wbe: ", 'no servers "wbe"; it has: web'],
    ),
    "weight of another balancer's servers": (
        [
            (_POLICY, _POLICY + 'servers = ["web"]\nweights = { spare = 1 }\n' + _SPARE),
            (_CROSSES, _CROSSES + 'leads_to = "front"\n'),
        ],
        "weights =",
        ["balancers.front.weights.spare: ", 'no servers "spare"; it has: web'],
    ),
    "servers that no path leads to": (
        [
            (_POLICY, _POLICY + 'servers = ["web"]\n' + _SPARE),
            (_CROSSES, _CROSSES + 'leads_to = "front"\n'),
        ],
        "[servers.spare]",
        ["servers.spare: ", "no path that clients take", "or remove them"],
    ),
    "balancer that no path leads to": (
        [(_CROSSES, _CROSSES + 'leads_to = "web"\n')],
        "[balancers.front]",
        ["balancers.front: ", "no path that clients take", "or remove it"],
    ),
    "path that leads nowhere": (
        [(_CROSSES, _CROSSES + 'leads_to = "wbe"\n')],
        "leads_to =",
        ["paths.way.leads_to: ", 'no balancer and no server "wbe"; there are: front, web'],
    ),
    "path that may lead to either": (
        [(_POLICY, _POLICY + '\n[balancers.back]\npolicy = "random"\n')],
        "[paths.way]",
        ["paths.way", "say where the path leads", "front, back, web"],
    ),
    "servers of both kinds": (
        [(_POLICY, _POLICY + '\n[server]\nmachine = "nginx-2026"\n')],
        "[servers.web]",
        ["servers: ", "both a table [server] and tables [servers.NAME]; move the first"],
    ),
    "outage of no server": (
        [(_CORES, _CORES + 'outages = [{ server = 5, at = "1 s", lasts = "1 s" }]\n')],
        "outages =",
        ["servers.web.outages[0]: ", "no server 5; write 1 to 4"],
    ),
    "outages of one server at one time": (
        [
            (
                _CORES,
                _CORES
                + 'outages = [{ at = "1 s", lasts = "9 s" }, { at = "5 s", lasts = "1 s" }]\n',
            )
        ],
        "outages =",
        ["servers.web.outages[1]: ", "server 1 is down then already; write a later `at`"],
    ),
    "cache of two sizes": (
        [(_CAPACITY, _CAPACITY + 'size = "1 MB"\n')],
        "[servers.web.sessions]",
        ["servers.web.sessions: ", "either a `capacity` in entries", "or a `size` in bytes"],
    ),
    "cache of no size": (
        [(_CAPACITY, "")],
        "[servers.web.sessions]",
        ["servers.web.sessions: ", "either a `capacity` in entries", "or a `size` in bytes"],
    ),
    "signer that nothing prices": (
        [(_CORES, _CORES + "private_key = { parallelism = 2 }\n")],
        "private_key =",
        ["servers.web.private_key: ", "either a `service_time` or a `machine`"],
    ),
    "signer of two prices": (
        [
            (
                _CORES,
                _CORES + 'private_key = { service_time = "1 ms", machine = "nginx-2026" }\n',
            )
        ],
        "private_key =",
        ["servers.web.private_key: ", "either a `service_time` or a `machine`"],
    ),
    "no place for connections": (
        [(_CORES, _CORES + "connections = { most = 0 }\n")],
        "connections =",
        ["servers.web.connections.most: ", "0 will not do; it should be greater than 0"],
    ),
    "more workers than cores": (
        [(_PROCESSOR, 'processor = { discipline = "workers", count = 3 }\n')],
        "processor =",
        ["servers.web.processor.count: ", "3 workers would share 2 cores", "write at most 2"],
    ),
    "caches of workers that are not": (
        [(_CAPACITY, _CAPACITY + 'per = "worker"\n')],
        "per =",
        ["servers.web.sessions.per: ", "no workers", 'per = "server"', 'discipline = "workers"'],
    ),
    "cache without room for a session": (
        [(_CAPACITY, 'size = "99 B"\n')],
        'size = "99 B"',
        ["servers.web.sessions.size: ", "a session takes", "no room; write more"],
    ),
    "farm that drains": (
        [(_POLICY, _POLICY + 'draining = { web = "10 s" }\n')],
        "draining =",
        ["balancers.front.draining: ", "none is left for new connections; leave one"],
    ),
    "balancer that ends TLS and passes it through": (
        [
            (
                _POLICY,
                _POLICY
                + 'forwarding = { service_time = "1 ms" }\n'
                + 'termination = { machine = "nginx-2026" }\n',
            )
        ],
        "forwarding =",
        ["balancers.front.forwarding: ", "forwards no connections", "remove one of both"],
    ),
    "shares that do not add up": (
        [('profile = "openssl-3"\n', 'profile = "openssl-3"\nshare = 0.5\n')],
        "[[clients]]",
        ["clients: ", "must add up to 1, not 0.5"],
    ),
}


def written(fault: str) -> tuple[str, int, list[str]]:
    """The text of a farm with that fault, its line, and what is told of it."""
    replacements, place, parts = FAULTS[fault]
    text = FARM
    for was, becomes in replacements:
        assert text.count(was) == 1
        text = text.replace(was, becomes)
    before, _, _ = text.partition(place)
    return text, before.count("\n") + 1, parts


def test_the_farm_without_a_fault() -> None:
    parse("farm", "farm.toml", FARM)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_a_farm(fault: str) -> None:
    text, line, parts = written(fault)
    with pytest.raises(ScenarioError) as told:
        parse("farm", "farm.toml", text)
    said = str(told.value)
    assert said.startswith(f"farm.toml:{line}: ")
    assert "\n" not in said
    assert len(said) < 300
    for part in parts:
        assert part in said


@pytest.mark.parametrize("fault", ["more workers than cores", "balancer that no path leads to"])
def test_the_command_line_refuses_it(fault: str, tlscape_here: Run, tmp_path: Path) -> None:
    text, line, parts = written(fault)
    file = tmp_path / "farm.toml"
    file.write_text(text, encoding="utf-8")
    outcome = tlscape_here("run", file, "--out", tmp_path / "out")
    assert outcome.returncode == 2
    assert outcome.stdout == ""
    assert outcome.stderr.startswith("tlscape: ")
    assert outcome.stderr.count("\n") == 1
    for part in (f"farm.toml:{line}: ", *parts):
        assert part in outcome.stderr
    assert not (tmp_path / "out").exists()
