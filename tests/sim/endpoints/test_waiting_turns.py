"""A server's turn that waits for what it asks: the same in live and in replay."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import numpy as np
import pytest
from scipy import stats

import sim
from sim.activity import Until
from sim.hosts import pool
from sim.hosts.resources import TAKES_TIME, LocalResources, Request, RequestKind
from sim.processors.virtual_clock import VirtualClock
from sim.world import World
from tests.sim.endpoints.readers import tables
from tests.sim.middleboxes.networks import IE6, IE8, network
from tests.sim.random_worlds import random_world
from tests.sim.worlds import HEADINGS, rows, scenario

STORE_SECONDS = 0.005
SIGNER_SECONDS = 0.002

OF_SESSIONS = frozenset(RequestKind) - {RequestKind.USE_PRIVATE_KEY}
OVER_A_NETWORK = frozenset({RequestKind.LOOK_UP_SESSION, RequestKind.STORE_SESSION})


class SlowStore(LocalResources):
    """A store over a network: look-ups and stores take 5 ms."""

    may_wait = OVER_A_NETWORK

    def answer(self, kind: RequestKind, subject: Any, now: float) -> Any:
        return TAKES_TIME if kind in self.may_wait else super().answer(kind, subject, now)

    def wait(self, request: Request, now: float) -> Generator[Until, float, tuple[Any, float]]:
        then = yield now + STORE_SECONDS
        return LocalResources.answer(self, request.kind, request.subject, then), then


class SlowerThanPatience(SlowStore):
    """A store that everything takes seven seconds at."""

    may_wait = OF_SESSIONS

    def wait(self, request: Request, now: float) -> Generator[Until, float, tuple[Any, float]]:
        then = yield now + 7.0
        return LocalResources.answer(self, request.kind, request.subject, then), then


class FrontedStore(SlowStore):
    """A store of two levels: every other request is answered at once."""

    may_wait = OF_SESSIONS

    def __init__(self, sessions: Any, tickets: Any = None) -> None:
        super().__init__(sessions, tickets)
        self._asked = 0

    def answer(self, kind: RequestKind, subject: Any, now: float) -> Any:
        self._asked += 1
        return TAKES_TIME if self._asked % 2 else LocalResources.answer(self, kind, subject, now)


class AtOnce(LocalResources):
    """A store that might have to wait, and never has to."""

    may_wait = OF_SESSIONS


class Signer(LocalResources):
    """An accelerator: the private key's operations take 2 ms each, one after another."""

    may_wait = frozenset({RequestKind.USE_PRIVATE_KEY})

    def __init__(self, sessions: Any, tickets: Any = None) -> None:
        super().__init__(sessions, tickets)
        self._free = 0.0

    def answer(self, kind: RequestKind, subject: Any, now: float) -> Any:
        if kind is not RequestKind.USE_PRIVATE_KEY:
            return super().answer(kind, subject, now)
        ((name, bits, count, size),) = subject
        assert (name, count, size) in {("rsa.private", 1, 0), ("ecdsa.sign", 1, 0)}
        assert bits in {256, 1024, 2048}
        return TAKES_TIME

    def wait(self, request: Request, now: float) -> Generator[Until, float, tuple[Any, float]]:
        self._free = max(self._free, now) + SIGNER_SECONDS
        return None, (yield self._free)


class SlowStoreAndSigner(Signer):
    """Both, one after another where a turn needs both."""

    may_wait = frozenset(RequestKind)

    def answer(self, kind: RequestKind, subject: Any, now: float) -> Any:
        return TAKES_TIME

    def wait(self, request: Request, now: float) -> Generator[Until, float, tuple[Any, float]]:
        if request.kind is RequestKind.USE_PRIVATE_KEY:
            return (yield from super().wait(request, now))
        then = yield now + STORE_SECONDS
        return LocalResources.answer(self, request.kind, request.subject, then), then


Tables = dict[str, list[dict[str, Any]]]
Simulate = Callable[..., Tables]


@pytest.fixture(name="simulate")
def simulate_with_resources(monkeypatch: pytest.MonkeyPatch) -> Simulate:
    """Simulates a world whose servers have such resources; returns all of its tables."""

    def simulate(resources: type[LocalResources], seed: int = 3, **changes: Any) -> Tables:
        monkeypatch.setattr(pool, "LocalResources", resources)
        sink = sim.MemorySink()
        World(scenario(**changes), seed=seed, sink=sink).run()
        return {name: rows(sink.table(name)) for name in sim.SCHEMAS}

    return simulate


CACHE = {"capacity": 10, "lifetime": "10 s"}
BRIDGE = {"kind": "terminating-proxy", "sessions": CACHE, "machine": "pentium-iii-933"}

WORLDS: dict[str, dict[str, Any]] = {
    "a small cache": {"server__sessions": {"capacity": 5, "lifetime": "20 s"}},
    "a renewing FIFO": {
        "server__sessions": {"capacity": 10, "lifetime": "10 s", "renew": True, "eviction": "fifo"}
    },
    "no cache": {"server__sessions": None},
    "a cache of none": {"server__sessions": {"capacity": 0, "lifetime": "5 min"}},
    "two browsers, ephemeral keys": {
        "clients": [{"profile": IE6, "share": 0.5}, {"profile": IE8, "share": 0.5}],
        "server__identity": "contoso-rsa-2048",
    },
    "an overloaded server": {"arrivals__rate": "80 /s", "duration": "3 s"},
    "a warm start": {"kind": "steady-state", "warm_up": "20 s", "duration": "30 s"},
    "alerts": {"server__name": "www.example.org"},
    "a certificate that expires": {"start": "2049-12-31T23:59:30Z"},
    "a server that wants certificates": {"server__client_certificates": "asked for"},
    "losses": {"path": {"round_trip_time": "60 ms", "loss": 0.05}},
    "a short patience": {"tcp": {"user_timeout": "3 s"}, "duration": "30 s"},
    "a bridge": network({"bridge": BRIDGE}, arrivals__rate="3 /s", population__clients=12),
}


EVERYWHERE = (SlowStoreAndSigner, FrontedStore, SlowerThanPatience)
CASES = [(name, resources) for name in WORLDS for resources in EVERYWHERE]
CASES += [("a small cache", SlowStore), ("two browsers, ephemeral keys", Signer)]


@pytest.mark.parametrize(
    ("world", "resources"), CASES, ids=[f"{name}: {each.__name__}" for name, each in CASES]
)
def test_the_tables_are_those_of_live_engines(
    world: str, resources: type[LocalResources], simulate: Simulate
) -> None:
    """Every value, to the last bit, whatever waits for what."""
    changes = {"duration": "20 s", "server__sessions": CACHE, **WORLDS[world]}
    live = simulate(resources, **changes)
    assert len(live["connections"]) > 40
    assert simulate(resources, **changes, fidelity="replay", traces=2) == live
    for row in live["connections"]:
        assert sum(row[heading] for heading in HEADINGS) == pytest.approx(row["duration"], abs=1e-9)


RANDOM_WORLDS = range(5, 200, 8)
FAST = range(5, 200, 40)


@pytest.mark.parametrize(
    "number",
    [
        each if each in FAST else pytest.param(each, marks=pytest.mark.slow)
        for each in RANDOM_WORLDS
    ],
)
def test_any_world_is_that_of_live_engines(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every value, to the last bit, whatever is on the way and reads or refuses what passes."""
    resources = EVERYWHERE[number // 3 % len(EVERYWHERE)]
    monkeypatch.setattr(pool, "LocalResources", resources)
    live = tables(random_world(number), seed=number)
    assert live["connections"]
    traces = 1 + number % 3
    assert tables(random_world(number, fidelity="replay", traces=traces), seed=number) == live


QUIET: dict[str, Any] = {
    "arrivals__rate": "0.05 /s",
    "duration": "60 min",
    "population__clients": 4,
    "server__sessions": {"capacity": 3, "lifetime": "2 min"},
    "http__requests": 1,
    "fidelity": "replay",
}
"""A world whose server never has two things to do."""


def test_a_slow_store_costs_time_and_no_work(simulate: Simulate) -> None:
    """5 ms a look-up and a store, under a heading of its own; no CPU seconds."""
    fast, slow = simulate(LocalResources, **QUIET), simulate(SlowStore, **QUIET)
    kinds = set()
    for before, after in zip(fast["connections"], slow["connections"], strict=True):
        found = after["cache_hit"], after["outcome"]
        assert (before["cache_hit"], before["outcome"]) == found
        kinds.add(found)
        requests = (after["cache_hit"] is not None) + (after["outcome"] == "full")
        waited = after["time_session_store"] - before["time_session_store"]
        assert waited == pytest.approx(requests * STORE_SECONDS, abs=1e-9)
        assert after["server_cpu"] == pytest.approx(before["server_cpu"], rel=1e-12)
        assert after["duration"] - before["duration"] == pytest.approx(waited, abs=1e-9)
    assert kinds == {(None, "full"), (False, "full"), (True, "resumed-by-id")}
    assert slow["operations"] == fast["operations"]


def test_a_signer_takes_the_private_key_s_work_off_the_server(simulate: Simulate) -> None:
    """2 ms a full handshake, and as many CPU seconds less as the server's key costs."""
    own, given = simulate(LocalResources, **QUIET), simulate(Signer, **QUIET)
    work = {(row["node"], row["operation"], row["bits"]): row for row in own["operations"]}
    key = work.pop(("www.contoso.com", "rsa.private", 1024))
    assert {
        (row["node"], row["operation"], row["bits"]): row for row in given["operations"]
    } == work
    price = key["cpu_seconds"] / key["count"]
    full = 0
    for before, after in zip(own["connections"], given["connections"], strict=True):
        signed = after["outcome"] == "full"
        full += signed
        assert before["server_cpu"] - after["server_cpu"] == pytest.approx(signed * price, abs=1e-9)
        waited = after["time_signer"] - before["time_signer"]
        assert waited == pytest.approx(signed * SIGNER_SECONDS, abs=1e-9)
    assert full == key["count"] > 10


def test_a_signer_s_queue_is_that_of_theory(simulate: Simulate) -> None:
    """400 Poisson arrivals a second at 2 ms each: M/D/1 waits 2 ms * 0.8 / (2 * 0.2) in the mean.

    The server has cores enough that nobody waits there. The 99 % interval of six replications.
    """
    means = []
    for seed in range(6):
        found = simulate(
            Signer,
            seed=seed,
            fidelity="replay",
            traces=1,
            server__sessions=None,
            server__cores=16,
            arrivals__rate="400 /s",
            duration="10 s",
            http__requests=1,
        )["connections"]
        settled = [row["time_signer"] - SIGNER_SECONDS for row in found if row["arrival"] > 1]
        assert min(settled) > -1e-9
        means.append(sum(settled) / len(settled))
    interval = stats.t.interval(0.99, len(means) - 1, np.mean(means), stats.sem(means))
    assert interval[0] < 0.004 < interval[1]
    assert interval[1] - interval[0] < 0.002


@pytest.mark.parametrize("fidelity", ["live", "replay"])
def test_what_is_answered_at_once_leaves_one_job_and_no_event(
    fidelity: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many events and jobs as where nothing may wait, and the same work."""

    def counted(resources: type[LocalResources]) -> tuple[int, int, float]:
        monkeypatch.setattr(pool, "LocalResources", resources)
        sink = sim.MemorySink()
        world = World(
            scenario(duration="20 s", server__sessions=CACHE, fidelity=fidelity), seed=3, sink=sink
        )
        jobs = 0
        run = VirtualClock.run

        def counting(clock: VirtualClock, begin: float, demand: float) -> float:
            nonlocal jobs
            jobs += 1
            return run(clock, begin, demand)

        with monkeypatch.context() as patch:
            patch.setattr(VirtualClock, "run", counting)
            world.run()
        found = rows(sink.table("connections"))
        return next(world._environment._eid), jobs, sum(row["server_cpu"] for row in found)

    events, jobs, seconds = counted(LocalResources)
    assert counted(AtOnce) == (events, jobs, pytest.approx(seconds, rel=1e-12))
    more_events, more_jobs, _ = counted(SlowStore)
    assert more_events > events
    assert more_jobs > jobs
