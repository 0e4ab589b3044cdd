"""Replay: the tables of live engines, from traces."""

from __future__ import annotations

from typing import Any

import pyarrow.compute as pc
import pytest
from scipy import stats

import sim
from sim.endpoints.live import LiveEndpointFactory
from sim.endpoints.recorder import QueryKind
from sim.endpoints.replay import ReplayEndpoints
from sim.hosts.resources import LocalResources
from sim.world import World
from tests.sim.test_world import MIXED
from tests.sim.worlds import connections, rows, scenario, simulated

TABLES = tuple(sim.SCHEMAS)

WORLDS: dict[str, dict[str, Any]] = {
    "mixed browsers": MIXED,
    "an overloaded server": {"arrivals__rate": "120 /s", "duration": "8 s"},
    "many requests": {"http__requests": 20, "http__think_time": "300 ms"},
    "large responses": {"http__response_size": "70 kB", "tcp": {"initial_window": 2}},
    "no cache": {"server__sessions": None},
    "a cache of none": {"server__sessions": {"capacity": 0, "lifetime": "5 min"}},
    "a small cache": {"server__sessions": {"capacity": 5, "lifetime": "unlimited"}},
    "a renewing FIFO": {
        "server__sessions": {
            "capacity": 10,
            "lifetime": "10 s",
            "renew": True,
            "eviction": "fifo",
        }
    },
    "lifetimes that are renewed": {
        "arrivals__rate": "10 /s",
        "server__sessions": {"capacity": 1000, "lifetime": "10 s", "renew": True},
    },
    "split records": {"server__split_records": True, "http__response_size": "40 kB"},
    "no common suite": {
        "server__suites": ["TLS_RSA_WITH_DES_CBC_SHA"],
        "clients": [{"profile": "internet-explorer-8-windows-7"}],
    },
    "a wrong name": {"server__name": "www.example.org"},
    "a wrong name overridden": {
        "server__name": "www.example.org",
        "clients": [{"profile": "internet-explorer-6", "warnings": "overridden"}],
    },
    "a certificate that expires": {"start": "2049-12-31T23:59:30Z"},
    "a certificate that becomes valid": {"start": "1995-12-31T23:59:30Z"},
    "ephemeral keys": {
        "clients": [{"profile": "internet-explorer-8-windows-7"}],
        "server__identity": "contoso-rsa-2048",
    },
    "no TLS": {"server__security": "plain"},
}


def tables(world: sim.Scenario) -> dict[str, list[dict[str, Any]]]:
    sink = simulated(world, seed=3)
    return {name: rows(sink.table(name)) for name in TABLES}


@pytest.mark.parametrize("changes", WORLDS.values(), ids=WORLDS)
def test_the_tables_are_those_of_live_engines(changes: dict[str, Any]) -> None:
    """Every value, to the last bit: flights of these worlds have fixed sizes."""
    live = tables(scenario(**changes))
    assert len(live["connections"]) > 100
    for traces in (1, 8):
        replay = tables(scenario(**changes, fidelity="replay", traces=traces))
        assert replay == live


def test_outcomes_change_with_the_calendar_in_replay_too() -> None:
    """What a trace depends on is asked, validity included: one world, both outcomes."""
    found = connections(
        scenario(start="2049-12-31T23:59:30Z", server__sessions=None, fidelity="replay", traces=1)
    )
    late = pc.greater(found["arrival"], 31)
    assert pc.unique(found.filter(late)["alert"]).to_pylist() == ["certificate_expired"]
    early = pc.less(found["arrival"], 29)
    assert pc.unique(found.filter(early)["outcome"]).to_pylist() == ["full"]


VARYING: dict[str, Any] = {
    "clients": [{"profile": "internet-explorer-8-windows-7"}],
    "server__identity": "contoso-ecdsa-p256",
    "server__sessions": {"capacity": 30, "lifetime": "30 s"},
    "arrivals__rate": "20 /s",
    "http__requests": 1,
}
REPLICATIONS = 12
LEAST_P = 0.001


@pytest.mark.slow
@pytest.mark.parametrize(
    "column", ["bytes_received", "handshake_time", "server_cpu", "client_cpu", "duration"]
)
def test_where_signatures_vary_in_length_distributions_agree(column: str) -> None:
    """An ECDSA signature takes 70 to 72 bytes: 8 traces a class stand for all of them.

    12 replications each, with common random numbers: Welch's test of the replications' means, and
    of the shares of full handshakes, gives p >= 0.001; the means of all agree within 0.5 %.
    """
    samples: dict[str, list[float]] = {}
    full: dict[str, list[float]] = {}
    for fidelity in ("live", "replay"):
        for replication in range(REPLICATIONS):
            found = connections(
                scenario(**VARYING, fidelity=fidelity), seed=41, replication=replication
            )
            samples.setdefault(fidelity, []).append(float(pc.mean(found[column]).as_py()))
            share = pc.mean(pc.equal(found["outcome"], "full")).as_py()
            full.setdefault(fidelity, []).append(float(share))
    for means in (samples, full):
        live, replay = means["live"], means["replay"]
        assert stats.ttest_ind(live, replay, equal_var=False).pvalue >= LEAST_P
        assert sum(replay) == pytest.approx(sum(live), rel=0.005)


def test_lengths_of_a_script_are_real_ones() -> None:
    """Every size that replay gives is one that engines gave."""

    def sizes(fidelity: str, traces: int = 8) -> set[int]:
        found = connections(scenario(**VARYING, fidelity=fidelity, traces=traces), seed=7)
        return set(found.filter(pc.equal(found["outcome"], "full"))["bytes_received"].to_pylist())

    live, replay = sizes("live"), sizes("replay")
    assert len(live) >= 3
    assert len(replay) >= 2
    assert replay <= live
    assert len(sizes("replay", traces=1)) < len(replay)


def test_engines_run_for_a_few_connections_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """One client profile: new, resumed and missed, 2 traces each."""
    begun = []
    monkeypatch.setattr(
        LiveEndpointFactory, "connect", lambda *_, **__: pytest.fail("a live connection")
    )
    from sim.endpoints import replay_factory

    class Counted(replay_factory.EnginePair):
        def __init__(self, *arguments: Any, **named: Any) -> None:
            begun.append(1)
            super().__init__(*arguments, **named)

    monkeypatch.setattr(replay_factory, "EnginePair", Counted)
    world = scenario(
        arrivals__rate="40 /s",
        server__sessions={"capacity": 20, "lifetime": "5 min"},
        fidelity="replay",
        traces=2,
    )
    found = connections(world)
    assert len(found) > 2000
    assert {row["outcome"] for row in rows(found)} == {"full", "resumed-by-id"}
    assert {row["cache_hit"] for row in rows(found)} == {None, True, False}
    assert len(begun) <= 20


def test_what_is_rarely_asked_reaches_the_cache() -> None:
    """An ID that nobody was given, and a session whose connection a fatal alert has ended."""
    world = scenario(fidelity="replay")
    sink = sim.MemorySink()
    one = World(world, seed=1, sink=sink)
    end = one._factories["path"]._choose(0, 0, None, 0.0).end
    resources = end.resources
    group = one._clients.groups[0]
    endpoints = end.endpoints.connect(group, None, 0, resources, recorded=True, now=0.0)
    assert isinstance(endpoints, ReplayEndpoints)
    assert isinstance(resources, LocalResources)
    cache = resources.sessions
    assert cache is not None
    assert endpoints._answer(QueryKind.LOOKUP_UNKNOWN, 0.0) is False
    assert cache.misses == 1
    assert endpoints._answer(QueryKind.STORE, 0.0) is True
    assert len(cache) == 1
    assert endpoints._answer(QueryKind.REMOVE, 0.0) is True
    assert len(cache) == 0
