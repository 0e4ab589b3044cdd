"""Replay over networks: the tables of live engines, whatever is on the path."""

from __future__ import annotations

from typing import Any

import pytest

import sim
from tests.sim.middleboxes.networks import IE6, IE8, SSL3, network
from tests.sim.worlds import rows, scenario, simulated

MACHINE = {"machine": "pentium-iii-933"}
CACHE = {"capacity": 10, "lifetime": "10 s"}
LOSSY = {"round_trip_time": "60 ms", "loss": 0.05}
BURSTS = {
    "round_trip_time": {"distribution": "log-normal", "median": "60 ms", "sigma": 0.7},
    "loss": {"model": "gilbert-elliott", "good_to_bad": 0.02, "bad_to_good": 0.3},
}
SHARED = {"round_trip_time": "60 ms", "rate": "256 kbit/s", "buffer": "8 kB"}
QUIET = {"round_trip_time": "20 ms"}
FIREWALL = {"kind": "stateful-firewall", "table_size": 12, "idle_timeout": "2 s"}
TUNNEL = {"kind": "connect-proxy", **MACHINE}
BRIDGE = {"kind": "terminating-proxy", "sessions": CACHE, **MACHINE}


def linked(near: Any, far: Any) -> dict[str, Any]:
    return {"links": {"near": near, "far": far}}


WORLDS: dict[str, dict[str, Any]] = {
    "lossy links": network({}, **linked(LOSSY, BURSTS)),
    "shared links": network({}, **linked(SHARED, LOSSY), http__response_size="12 kB"),
    "a firewall that forgets": network(
        {"box": FIREWALL}, http__requests=3, http__think_time="3 s", tcp={"keep_alive": "2500 ms"}
    ),
    "a NAT without ports": network(
        {"box": {"kind": "nat", "last_port": 1026, "closing_timeout": "2 s"}},
        **linked(QUIET, LOSSY),
    ),
    "boxes that answer": network(
        {
            "old": {"kind": "version-intolerant", "highest": "SSL 3.0", "reaction": "alert"},
            "blunt": {"kind": "extension-intolerant", "reaction": "reset"},
        },
        clients=[
            {"profile": IE6, "share": 0.3},
            {"profile": SSL3, "share": 0.4},
            {"profile": IE8, "share": 0.3},
        ],
    ),
    "names and packets": network(
        {
            "names": {"kind": "sni-filter", "blocked": ["www.*"]},
            "packets": {"kind": "hello-size-intolerant"},
        },
        clients=[{"profile": IE6, "share": 0.5}, {"profile": IE8, "share": 0.5}],
        tcp={"maximum_segment_size": "90 B", "loss_probe": True},
    ),
    "fronts": network(
        {
            "shedder": {"kind": "load-shedder", "rate": "3 /s", "at_once": 4, "excess": "drop"},
            "cookies": {
                "kind": "syn-cookie-front",
                "half_open": 40,
                "flood": "4 /s",
                "cookies": False,
            },
        },
        **linked(BURSTS, SHARED),
    ),
    "a tunnel": network({"tunnel": TUNNEL}, **linked(LOSSY, SHARED)),
    "a bridge": network({"bridge": BRIDGE}, **linked(SHARED, LOSSY)),
    "a bridge at the hello": network(
        {"bridge": BRIDGE | {"connects": "at the hello", "profile": IE8}}, **linked(LOSSY, QUIET)
    ),
    "a bridge to HTTP": network({"bridge": BRIDGE | {"behind": "clear"}}, **linked(LOSSY, SHARED)),
    "a bridge to a wrong server": network(
        {"bridge": BRIDGE},
        server__name="www.example.org",
        clients=[{"profile": IE6, "warnings": "overridden"}],
    ),
    "a tunnel to two bridges": network(
        {
            "tunnel": TUNNEL,
            "outer": BRIDGE | {"address": "198.51.100.2"},
            "inner": BRIDGE | {"address": "198.51.100.3"},
        },
        links=dict.fromkeys(("near", "middle", "between", "far"), LOSSY),
        paths={
            "way": {"crosses": ["near", "tunnel", "middle", "outer", "between", "inner", "far"]}
        },
    ),
    "two paths": network(
        {"tunnel": TUNNEL, "wall": FIREWALL},
        links={"near": SHARED, "far": LOSSY, "dsl": SHARED},
        paths={
            "way": {"crosses": ["near", "tunnel", "far"]},
            "home": {"crosses": ["dsl", "wall", "far"]},
        },
        clients=[{"profile": IE6, "share": 0.5}, {"profile": SSL3, "share": 0.5, "path": "home"}],
    ),
}


def tables(world: sim.Scenario) -> dict[str, list[dict[str, Any]]]:
    sink = simulated(world, seed=3)
    return {name: rows(sink.table(name)) for name in sim.SCHEMAS}


@pytest.mark.parametrize("changes", WORLDS.values(), ids=WORLDS)
def test_the_tables_are_those_of_live_engines(changes: dict[str, Any]) -> None:
    """Every value of every table, to the last bit."""
    changes = changes | {"arrivals__rate": "3 /s", "population__clients": 12}
    live = tables(scenario(**changes))
    assert len(live["connections"]) > 30
    for traces in (1, 8):
        replayed = tables(scenario(**changes, fidelity="replay", traces=traces))
        assert replayed == live
