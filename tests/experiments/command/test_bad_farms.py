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
    "certificate of too many names": (
        [(_CORES, _CORES + 'identity = { key = "rsa-2048", names = 10000 }\n')],
        "identity =",
        ["servers.web.identity: ", "240,937 bytes, and clients take 131,400: nobody could connect"],
    ),
    "certificate of too many bytes": (
        [(_CORES, _CORES + 'identity = { key = "rsa-2048", extra_bytes = "131 kB" }\n')],
        "identity =",
        ["servers.web.identity: ", "clients take 131,400", "fewer certificates, names or extra_"],
    ),
    "chain of too many bytes": (
        [
            (
                _CORES,
                _CORES
                + 'identity = { chain = [{ extra_bytes = "70 kB" }, { extra_bytes = "70 kB" }] }\n',
            )
        ],
        "identity =",
        ["servers.web.identity: ", "clients take 131,400", "fewer certificates, names or extra_"],
    ),
    "suites that its key does not go with": (
        [
            (
                _CORES,
                _CORES
                + 'identity = { key = "ecdsa-p256" }\nversions = ["TLS 1.0", "TLS 1.2"]\n'
                + 'suites = ["TLS_RSA_WITH_AES_128_CBC_SHA"]\n',
            )
        ],
        "suites =",
        ["servers.web.suites: ", "key (ecdsa-p256)", "add one that does, such as TLS_ECDHE_ECDSA"],
    ),
    "suites of a balancer that its key does not go with": (
        [
            (
                _POLICY,
                _POLICY
                + '[balancers.front.termination]\nmachine = "nginx-2026"\n'
                + 'identity = "contoso-rsa-2048"\nversions = ["TLS 1.2"]\n'
                + 'suites = ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"]\n',
            )
        ],
        "suites =",
        ["balancers.front.termination.suites: ", "key (rsa)", "such as TLS_ECDHE_RSA"],
    ),
    "versions that its key does not go with": (
        [(_CORES, _CORES + 'identity = { key = "ml-dsa-44" }\nversions = ["TLS 1.2"]\n')],
        "versions =",
        ["servers.web.versions: ", "key (ml-dsa-44)", "nobody could connect; add TLS 1.3, or"],
    ),
    "suite of a version that it does not speak": (
        [(_CORES, _CORES + 'versions = ["TLS 1.2"]\nsuites = ["TLS_AES_128_GCM_SHA256"]\n')],
        "suites =",
        ["servers.web.suites[0]: ", "a suite of TLS 1.3, which is not among the versions"],
    ),
    "ticket keys out of step by more than a rotation": (
        [
            (
                _CORES,
                _CORES + 'tickets = { lifetime = "5 min", rotation = "60 s", skew = "61 s" }\n',
            )
        ],
        "tickets =",
        ["servers.web.tickets.skew: ", '"61 s" would be', 'write at most "60 s"'],
    ),
    "session cache that never answers in time": (
        [
            (
                _CAPACITY,
                _CAPACITY
                + 'per = "pool"\nover_network = { latency = "80 ms", service_time = "21 ms" }\n',
            )
        ],
        "over_network =",
        ["servers.web.sessions.over_network.latency: ", 'takes "0.101 s"', "write a longer time_"],
    ),
    "session cache that is not waited for": (
        [
            (
                _CAPACITY,
                _CAPACITY
                + 'per = "pool"\nover_network = { latency = "2 ms", time_out = "1 ms" }\n',
            )
        ],
        "over_network =",
        ["servers.web.sessions.over_network.time_out: ", "none would find anything"],
    ),
    "back end that nobody waits for": (
        [
            (
                _CORES,
                _CORES
                + 'application = { back_end = { distribution = "uniform", least = "60 s", '
                + 'most = "90 s" } }\n',
            )
        ],
        "application =",
        ["servers.web.application.back_end: ", "clients wait", "a longer tcp.user_timeout"],
    ),
    "signer that nobody waits for": (
        [(_CORES, _CORES + 'private_key = { service_time = "1 ms", latency = "1 min" }\n')],
        "private_key =",
        ["servers.web.private_key.latency: ", "clients wait", "a longer tcp.user_timeout"],
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


@pytest.mark.parametrize(
    "more",
    [
        'tickets = { lifetime = "5 min", rotation = "60 s", skew = "60 s" }',
        'identity = { key = "rsa-2048", extra_bytes = "130 kB" }',
        'identity = { key = "ecdsa-p256" }\nsuites = ["TLS_RSA_WITH_AES_128_CBC_SHA"]',
        'application = { back_end = { distribution = "log-normal", median = "9 s", sigma = 2.0 } }',
    ],
    ids=["skew", "chain", "suites besides those of TLS 1.3", "back end"],
)
def test_farms_at_the_edge_of_a_fault(more: str) -> None:
    parse("farm", "farm.toml", FARM.replace(_CORES, f"{_CORES}{more}\n"))


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
