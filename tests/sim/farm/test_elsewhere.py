"""What servers ask elsewhere takes as long as queues on paper say: a shared cache, a signer.

The servers' own work takes next to no time, so requests come to both as connections do.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heapreplace
from math import log1p
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import sim
from sim.streams import Streams
from tests.sim.farm.queueing_theory import md_c, mm_c
from tests.sim.farm.replications import SEED, SERVICE, interval
from tests.sim.worlds import HEADINGS, connections, rows, scenario, simulated

REPLICATIONS = 12
ROUND_TRIP = 0.001
FAST: dict[str, Any] = {
    "name": "fast",
    "title": "A machine that takes next to no time",
    "source": "none: for queues on paper",
    "base": "nginx-2026",
    "factor": 1e-9,
}


def site(rate: float, seconds: float, **changes: Any) -> sim.Scenario:
    """Poisson arrivals of connections of one request each, at three servers."""
    servers = {"count": 3, "machine": FAST, **changes.pop("web", {})}
    return scenario(
        **{
            "fidelity": "replay",
            "duration": f"{seconds} s",
            "sample_interval": "1 h",
            "arrivals": {"process": "poisson", "rate": f"{rate} /s"},
            "population": {"kind": "independent", "clients": 100},
            "clients": [{"profile": "openssl-3", "machine": FAST}],
            "http": {"requests": 1, "request_size": "100 B", "response_size": "100 B"},
            "path": {"round_trip_time": f"{ROUND_TRIP} s"},
            "server": None,
            "servers": {"web": servers},
            "balancers": {"front": {"policy": "random"}},
            **changes,
        }
    )


def shared_cache(**way: Any) -> dict[str, Any]:
    """A cache that all servers ask, and that forgets nothing."""
    return {
        "sessions": {
            "capacity": "unlimited",
            "lifetime": "unlimited",
            "per": "pool",
            "over_network": way,
        }
    }


def signer(parallelism: int) -> dict[str, Any]:
    """A signer of all servers, without sessions: each handshake is a full one."""
    return {
        "private_key": {
            "per": "pool",
            "parallelism": parallelism,
            "latency": "0.2 ms",
            "service_time": {"distribution": "exponential", "mean": f"{SERVICE} s"},
        }
    }


def waits(arrivals: np.ndarray, services: Iterator[float], servers: int) -> Iterator[float]:
    """Yield the wait and the service of each in a queue, first come, first served."""
    free = [0.0] * servers
    for arrival in arrivals:
        begin, service = max(float(arrival), free[0]), next(services)
        heapreplace(free, begin + service)
        yield begin - arrival + service


def looked_up(found: pa.Table) -> pa.Table:
    return found.filter(pc.equal(found["offered_session"], True))


@pytest.mark.parametrize("fidelity", ["live", "replay"])
def test_a_shared_cache_half_a_millisecond_away(fidelity: str) -> None:
    """Every look-up takes exactly that, and nothing else does."""
    world = site(50.0, 10.0, web=shared_cache(latency="0.5 ms"), fidelity=fidelity)
    found = rows(connections(world, seed=SEED))
    asked = [row for row in found if row["offered_session"]]
    assert 300 < len(asked) < len(found)
    assert len({row["server"] for row in asked}) == 3
    for row in found:
        right = 0.0005 if row["offered_session"] else 0.0
        assert row["time_session_store"] == pytest.approx(right, abs=1e-9)
        assert sum(row[name] for name in HEADINGS) == pytest.approx(row["duration"], abs=1e-9)
        assert row["outcome"] == ("resumed-by-id" if row["offered_session"] else "full")


@pytest.mark.parametrize(
    "web",
    [
        shared_cache(latency="0.5 ms", service_time="10 ms", parallelism=2),
        signer(3),
        signer(2) | shared_cache(latency="0.5 ms"),
    ],
    ids=["shared cache", "signer", "both"],
)
def test_live_and_replay_are_equal(web: dict[str, Any]) -> None:
    """To the last bit, bytes of the world and all."""
    live, replay = (
        connections(site(120.0, 5.0, web=web, fidelity=fidelity), seed=SEED)
        for fidelity in ("live", "replay")
    )
    assert live.equals(replay)
    assert live.num_rows > 400


def test_each_look_up_waits_as_on_paper() -> None:
    """M/D/2 from look-ups alone: everybody has a session by then."""
    way = {"latency": "0.5 ms", "service_time": f"{SERVICE} s", "parallelism": 2}
    found = connections(site(140.0, 60.0, web=shared_cache(**way)), seed=SEED)
    # A full handshake stores its session there: one request more, behind two round trips.
    first = found.filter(pc.equal(found["outcome"], "full"))
    begins = max(row["arrival"] for row in rows(first)) + 1.0
    asked = looked_up(found)
    arrivals = asked["arrival"].to_numpy() + 1.5 * ROUND_TRIP + 0.00025
    stored = first["arrival"].to_numpy() + 2.5 * ROUND_TRIP + 0.00025
    whole = np.concatenate([arrivals, stored])
    order = np.argsort(whole, kind="stable")
    right = np.empty(len(whole))
    right[order] = list(waits(whole[order], iter(lambda: SERVICE, None), 2))
    simulated = asked["time_session_store"].to_numpy() - 0.0005
    settled = asked["arrival"].to_numpy() > begins
    assert settled.sum() > 5000
    assert simulated == pytest.approx(right[: len(arrivals)], abs=1e-8)
    assert simulated[settled].max() > 2 * SERVICE


@pytest.mark.parametrize(("fidelity", "seconds"), [("live", 4.0), ("replay", 60.0)])
def test_each_handshake_waits_for_the_signer_as_on_paper(fidelity: str, seconds: float) -> None:
    """M/M/3, by the draws of the signer's stream."""
    found = connections(site(210.0, seconds, web=signer(3), fidelity=fidelity), seed=SEED)
    draws = Streams(SEED).uniforms("signer.web/signer")
    services = (-SERVICE * log1p(-draw) for draw in draws)
    right = np.fromiter(waits(found["arrival"].to_numpy(), services, 3), float)
    assert pc.unique(found["outcome"]).to_pylist() == ["full"]
    simulated = found["time_signer"].to_numpy() - 0.0002
    assert simulated == pytest.approx(right, abs=1e-8)
    assert right.max() > 3 * SERVICE


@pytest.mark.slow
@pytest.mark.parametrize("load", [0.3, 0.7, 0.9])
def test_the_mean_wait_for_a_signer_is_erlang_s(load: float) -> None:
    seconds = {0.3: 20.0, 0.7: 60.0, 0.9: 150.0}[load]
    world = site(300 * load, seconds, web=signer(3), kind="steady-state", warm_up=f"{10 / load} s")
    means = []
    for replication in range(REPLICATIONS):
        found = connections(world, seed=SEED, replication=replication)
        means.append(float(pc.mean(found["time_signer"]).as_py()) - 0.0002)
    _check_mean(f"time at a signer, load {load}", means, mm_c(3, 3 * load, SERVICE) + SERVICE, load)


@pytest.mark.slow
@pytest.mark.parametrize("load", [0.3, 0.7, 0.9])
def test_the_mean_wait_for_a_shared_cache_is_that_of_constant_service(load: float) -> None:
    """M/D/2 from look-ups; everybody has a session when the recorded part begins.

    Servers wait as long as it takes: a look-up that is given up makes a new session, and more work.
    """
    seconds = {0.3: 10.0, 0.7: 40.0, 0.9: 120.0}[load]
    way = {
        "latency": "0.5 ms",
        "service_time": f"{SERVICE} s",
        "parallelism": 2,
        "time_out": "1 h",
    }
    world = site(
        200 * load,
        seconds,
        web=shared_cache(**way),
        kind="steady-state",
        warm_up=f"{10 / load} s",
    )
    means = []
    for replication in range(REPLICATIONS):
        asked = looked_up(connections(world, seed=SEED, replication=replication))
        means.append(float(pc.mean(asked["time_session_store"]).as_py()) - 0.0005)
    right = md_c(2, 2 * load, SERVICE) + SERVICE
    _check_mean(f"time at a shared cache, load {load}", means, right, load)


def _check_mean(what: str, means: list[float], right: float, load: float) -> None:
    """By the time there, wait and service: it has to lie in the interval, and near enough."""
    simulated = interval(np.array(means), np.empty((len(means), 0)))
    off, width = simulated.mean / right - 1, simulated.half_width / right
    print(
        f"| {what} | {right:.6g} | {simulated.mean:.6g} ± {simulated.half_width:.2g} | "
        f"{off:+.2%} ± {width:.2%} |{'' if simulated.has(right) else ' outside'}"
    )
    tolerance = 0.05 if load == 0.9 else 0.03
    assert width <= tolerance
    assert abs(off) <= tolerance
    assert simulated.has(right)


@pytest.mark.parametrize("fidelity", ["live", "replay"])
def test_a_signer_s_work_is_counted_for_recorded_connections(fidelity: str) -> None:
    """As a server's is: what it does before the recorded part begins stands in no row."""
    machine = {"machine": "nginx-2026", "latency": "0.2 ms"}
    world = site(
        20.0,
        4.0,
        web={"identity": "contoso-rsa-2048", "private_key": machine | {"per": "pool"}},
        fidelity=fidelity,
        warm_up="4 s",
    )
    tables = simulated(world, seed=SEED)
    done = {
        row["operation"]: row["count"]
        for row in rows(tables.table("operations"))
        if row["node"] == "web/signer"
    }
    full = pc.sum(pc.equal(tables.table("connections")["outcome"], "full")).as_py()
    assert done == {"rsa.private": full}
    assert full > 20
