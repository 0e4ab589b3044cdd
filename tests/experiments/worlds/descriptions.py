"""Thirty-odd small worlds, each unlike the ready scenarios and unlike each other."""

from __future__ import annotations

_WORLD = """\
title = "World {name}"
start = {start}
kind = "{kind}"
duration = "{duration}"
warm_up = "{warm_up}"
sample_interval = "{sample}"
fidelity = "{fidelity}"
scale = {scale}
arrivals = {arrivals}
population = {population}
path = {path}
http = {{ requests = {requests}, request_size = "500 B", response_size = "{response}" }}
{clients}
[server]
machine = "{machine}"
identity = "{identity}"
cores = {cores}
security = "{security}"
{sessions}
{extra}
[study]
question = "{question}"
replications = {replications}
{study}
"""

_DEFAULTS = {
    "start": "2026-03-02T08:00:00Z",
    "kind": "terminating",
    "duration": "1 min",
    "warm_up": "0 s",
    "sample": "10 s",
    "fidelity": "replay",
    "scale": "1",
    "arrivals": '{ process = "poisson", rate = "4 /s" }',
    "population": '{ kind = "independent", clients = 50 }',
    "path": '{ round_trip_time = "30 ms" }',
    "requests": "1",
    "response": "4 kB",
    "clients": 'clients = [{ profile = "openssl-3", machine = "xeon-2026" }]',
    "machine": "nginx-2026",
    "identity": "contoso-rsa-2048",
    "cores": "1",
    "security": "tls",
    "sessions": "",
    "extra": "",
    "question": "capacity",
    "replications": "3",
    "study": "",
}
_CACHE = 'sessions = { capacity = 100, lifetime = "1 h" }'
_STEADY = {"kind": "steady-state", "warm_up": "1 min"}
_CURVE = '{ process = "curve", interval = "10 s", counts = [20, 90, 30] }'
_FIREWALL = """
[links.lan]
round_trip_time = "1 ms"
[links.wan]
round_trip_time = "20 ms"
[middleboxes.wall]
kind = "stateful-firewall"
table_size = 3
idle_timeout = "10 s"
[paths.out]
crosses = ["lan", "wall", "wan"]
"""
_CLOSED = """
[links.lan]
round_trip_time = "1 ms"
[links.wan]
round_trip_time = "20 ms"
[middleboxes.wall]
kind = "packet-filter"
rules = [{ action = "deny" }]
denied = "reset"
[paths.out]
crosses = ["lan", "wall", "wan"]
"""
_NAT = """
[links.lan]
round_trip_time = "1 ms"
[links.wan]
round_trip_time = "20 ms"
[middleboxes.nat]
kind = "nat"
first_port = 1024
last_port = 1123
exhausted = "reset"
[paths.out]
crosses = ["lan", "nat", "wan"]
"""
_REMEMBERING_PROXY = """
[links.lan]
round_trip_time = "1 ms"
[links.wan]
round_trip_time = "20 ms"
[middleboxes.bridge]
kind = "terminating-proxy"
machine = "xeon-2026"
identity = "contoso-rsa-2048"
profile = "openssl-3"
behind = "clear"
sessions = { capacity = 100, lifetime = "1 h" }
[paths.out]
crosses = ["lan", "bridge", "wan"]
"""

VARIATIONS: dict[str, dict[str, str]] = {
    "plain-minute": {},
    "one-replication": {"replications": "1"},
    "two-replications": {"replications": "2"},
    "six-replications": {"replications": "6", "arrivals": '{ process = "poisson", rate = "9 /s" }'},
    "curve": {"arrivals": _CURVE, "duration": "30 s", "sample": "5 s"},
    "curve-of-minutes": {
        "arrivals": '{ process = "curve", interval = "1 min", counts = [60, 20, 200, 10] }',
        "duration": "4 min",
        "sample": "1 min",
    },
    "curve-longer-than-the-run": {"arrivals": _CURVE, "duration": "15 s", "sample": "5 s"},
    "two-weeks": {
        "arrivals": '{ process = "poisson", rate = "1 /h" }',
        "duration": "14 d",
        "sample": "12 h",
    },
    "a-week-of-days": {
        "arrivals": '{ process = "curve", interval = "1 d", counts = [40, 10, 15, 60, 20, 5, 5] }',
        "duration": "7 d",
        "sample": "6 h",
    },
    "scaled": {"scale": '"1/50"', "arrivals": '{ process = "poisson", rate = "250 /s" }'},
    "scaled-curve": {
        "scale": '"1/10"',
        "arrivals": '{ process = "curve", interval = "20 s", counts = [900, 2500, 400] }',
        "cores": "4",
    },
    "steady": {**_STEADY},
    "steady-with-sessions": {
        **_STEADY,
        "sessions": 'sessions = { capacity = 100, lifetime = "30 s" }',
    },
    "warm-up-too-short": {
        **_STEADY,
        "sessions": 'sessions = { capacity = 100, lifetime = "1 h", renew = true }',
    },
    "many-clients": {
        **_STEADY,
        "sessions": _CACHE,
        "population": '{ kind = "zipf", clients = 9000, exponent = 0.7 }',
    },
    "overloaded": {
        **_STEADY,
        "machine": "pentium-iii-933",
        "arrivals": '{ process = "poisson", rate = "40 /s" }',
        "duration": "20 s",
    },
    "at-the-brink": {
        **_STEADY,
        "machine": "pentium-iii-933",
        "arrivals": '{ process = "poisson", rate = "33 /s" }',
        "duration": "20 s",
    },
    "two-machines": {"study": 'factors = { "server.machine" = ["nginx-2026", "xeon-2026"] }'},
    "five-round-trips": {
        "study": 'factors = { "path.round_trip_time" = '
        '["1 ms", "5 ms", "20 ms", "80 ms", "300 ms"] }'
    },
    "two-factors": {
        "study": 'factors = { "server.cores" = [1, 2], "http.requests" = [1, 4] }',
        "replications": "4",
    },
    "three-factors": {
        "study": 'factors = { "server.cores" = [1, 2], "http.requests" = [1, 3], '
        '"server.identity" = ["contoso-rsa-2048", "contoso-ecdsa-p256"] }',
        "replications": "2",
    },
    "ends-alike": {
        "sessions": _CACHE,
        "clients": 'clients = [{ profile = "openssl-3", machine = "xeon-2026" }]',
        "study": 'factors = { "server.machine" = ["nginx-2026", "xeon-2026"], '
        '"clients.0.machine" = ["xeon-2026", "nginx-2026"] }',
        "replications": "2",
    },
    "against-plain": {"study": 'baseline = { "server.security" = "plain" }'},
    "plain-alone": {"security": "plain"},
    "a-varied-duration": {"study": 'factors = { duration = ["20 s", "40 s"] }'},
    "a-varied-scale": {"study": 'factors = { scale = ["1", "1/2"] }'},
    "a-varied-kind": {"study": 'factors = { kind = ["terminating", "steady-state"] }'},
    "full-table": {"path": '"out"', "extra": _FIREWALL},
    "a-slow-link": {"path": '{ round_trip_time = "30 ms", rate = "400 kbit/s" }'},
    "a-saturated-link": {
        **_STEADY,
        "path": '{ round_trip_time = "30 ms", rate = "96 kbit/s", buffer = "64 kB" }',
        "duration": "30 s",
        "warm_up": "30 s",
    },
    "a-saturated-link-that-ends": {
        "path": '{ round_trip_time = "30 ms", rate = "96 kbit/s", buffer = "64 kB" }',
        "sample": "5 s",
    },
    "a-small-backlog": {"extra": "backlog = 2", "machine": "pentium-iii-933"},
    "a-storm": {
        "machine": "pentium-iii-933",
        "arrivals": '{ process = "curve", interval = "5 s", counts = [300, 10, 10, 10, 10, 10] }',
        "duration": "30 s",
        "sample": "1 s",
    },
    "cache-one-size": {"question": "session-cache", "sessions": _CACHE},
    "cache-sizes": {
        "question": "session-cache",
        "sessions": _CACHE,
        "study": 'factors = { "server.sessions.capacity" = [2, 20, 200] }',
        "replications": "4",
    },
    "cache-and-keys": {
        "question": "session-cache",
        "sessions": _CACHE,
        "study": 'factors = { "server.sessions.lifetime" = ["5 s", "1 h"], '
        '"server.identity" = ["contoso-rsa-2048", "contoso-ecdsa-p256"] }\n'
        'baseline = { "server.security" = "plain" }',
    },
    "cache-unlimited": {
        "question": "session-cache",
        "sessions": 'sessions = { capacity = "unlimited", lifetime = "unlimited" }',
    },
    "cache-on-a-curve": {
        "question": "session-cache",
        "arrivals": _CURVE,
        "sessions": _CACHE,
        "study": 'factors = { "server.sessions.capacity" = [0, 50] }',
    },
    "reached": {"question": "reachability"},
    "reached-by-none": {"question": "reachability", "path": '"out"', "extra": _CLOSED},
    "reached-by-none-capacity": {"path": '"out"', "extra": _CLOSED},
    "reached-with-loss": {
        "question": "reachability",
        "path": '{ round_trip_time = "40 ms", loss = 0.05 }',
        "study": 'factors = { "path.loss" = [0.0, 0.05] }',
    },
    "keys-and-cache-sizes": {
        "sessions": _CACHE,
        "population": '{ kind = "independent", clients = 20 }',
        "study": 'factors = { "server.identity" = ["contoso-rsa-2048", "contoso-ecdsa-p256"], '
        '"server.sessions.capacity" = [1, 10, 100] }',
        "replications": "4",
    },
    "a-factor-that-changes-nothing": {
        "sessions": _CACHE,
        "study": 'factors = { "server.sessions.capacity" = [100, 200, 300, 400, 500] }',
    },
    "a-factor-once": {
        "replications": "1",
        "study": 'factors = { "server.identity" = ["contoso-rsa-2048", "contoso-ecdsa-p256"] }',
    },
    "a-restart": {"sessions": _CACHE},
    "a-restart-of-sizes": {
        "sessions": _CACHE,
        "study": 'factors = { "server.sessions.capacity" = [0, 5, 100] }',
    },
    "a-proxy-that-remembers": {"path": '"out"', "extra": _REMEMBERING_PROXY, "warm_up": "5 s"},
    "a-proxy-restarts": {
        "question": "reachability",
        "path": '"out"',
        "extra": _REMEMBERING_PROXY,
        "study": 'factors = { "middleboxes.bridge.sessions.lifetime" = ["20 s", "2 h"] }',
    },
    "nothing-to-resume": {"sessions": 'sessions = { capacity = 0, lifetime = "1 h" }'},
    "nobody-returns": {
        "sessions": _CACHE,
        "population": '{ kind = "independent", clients = 10000000 }',
    },
    "new-visitors-only": {
        "sessions": _CACHE,
        "population": '{ kind = "revisits", intervals = [["5 s", 0.0]] }',
    },
    "revisits-longer-than-the-run": {
        "sessions": _CACHE,
        "population": '{ kind = "revisits", intervals = [["20 s", 0.4], ["30 min", 0.9]] }',
    },
    "a-short-warm-up-before-an-end": {
        "sessions": _CACHE,
        "warm_up": "5 s",
        "population": '{ kind = "independent", clients = 400 }',
        "arrivals": _CURVE,
    },
    "revisits-and-a-short-warm-up": {
        "sessions": _CACHE,
        "warm_up": "10 s",
        "population": '{ kind = "revisits", intervals = [["20 s", 0.4], ["30 min", 0.9]] }',
    },
    "waves-of-expiry": {
        "sessions": 'sessions = { capacity = 100, lifetime = "20 s" }',
        "population": '{ kind = "independent", clients = 10 }',
    },
    "few-ports": {"path": '"out"', "extra": _NAT},
    "few-ports-and-more": {
        "path": '"out"',
        "extra": _NAT,
        "study": 'factors = { "middleboxes.nat.last_port" = [1024, 1123, 3000] }',
    },
    "a-backlog-overflows": {
        "extra": "backlog = 1",
        "machine": "pentium-iii-933",
        "arrivals": '{ process = "poisson", rate = "60 /s" }',
        "duration": "20 s",
    },
    "a-curve-of-few-ports": {
        "path": '"out"',
        "extra": _NAT,
        "arrivals": '{ process = "curve", interval = "10 s", counts = [20, 120, 30, 30] }',
        "duration": "40 s",
    },
    "a-scaled-overload": {
        **_STEADY,
        "machine": "pentium-iii-933",
        "arrivals": '{ process = "poisson", rate = "400 /s" }',
        "scale": '"1/10"',
        "duration": "20 s",
    },
    "ports-that-fill": {
        "path": '"out"',
        "extra": _NAT.replace('"reset"', '"reset"\nclosing_timeout = "20 s"'),
        "arrivals": '{ process = "poisson", rate = "2 /s" }',
    },
    "two-versions": {
        "clients": 'clients = [{ profile = "openssl-3", machine = "xeon-2026", share = 0.5 }, '
        '{ profile = "internet-explorer-6", machine = "xeon-2026", share = 0.5 }]',
        "extra": 'versions = ["TLS 1.2"]',
    },
    "a-cache-nobody-reaches": {
        "question": "session-cache",
        "sessions": _CACHE,
        "path": '"out"',
        "extra": _CLOSED,
    },
    "nobody-comes": {
        "arrivals": '{ process = "poisson", rate = "0.0001 /s" }',
        "duration": "10 s",
        "sample": "5 s",
    },
}


def scenario_text(name: str) -> str:
    """Return the scenario file of a world."""
    return _WORLD.format(name=name, **{**_DEFAULTS, **VARIATIONS[name]})
