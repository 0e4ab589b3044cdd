"""A steady state whose warm-up is one lifetime of a session is steady from then on.

A client that makes visits at rate r to sessions of lifetime T resumes rT / (1 + rT) of them.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from sim.streams import Streams
from sim.warm_start import Ageing, WarmStart
from sim.workload.independent import Independent
from sim.workload.zipf import Zipf
from tests.sim.worlds import rows, scenario, simulated

LIFETIME = 3600.0
RATE = 2.0
CLIENTS = 2360
REPLICATIONS = 6
RECORDED, WINDOW = 3600, 600


CACHE = {"sessions": {"capacity": "unlimited", "lifetime": f"{LIFETIME} s"}}
TICKETS = {"tickets": {"lifetime": f"{LIFETIME} s"}}


def resumed(population: dict[str, Any], profile: str, remembers: dict[str, Any]) -> np.ndarray:
    """Shares of the connections that resume: a row a replication, a column a window."""
    world = scenario(
        kind="steady-state",
        fidelity="replay",
        duration=f"{RECORDED} s",
        warm_up=f"{LIFETIME} s",
        sample_interval="1 h",
        arrivals={"process": "poisson", "rate": f"{RATE} /s"},
        population=population,
        clients=[{"profile": profile, "machine": "nginx-2026"}],
        server={
            "identity": "contoso-rsa-2048",
            "machine": "nginx-2026",
            **remembers,
        },
        http__requests=1,
    )
    shares = []
    for replication in range(REPLICATIONS):
        found = rows(simulated(world, replication=replication).table("connections"))
        windows: list[list[bool]] = [[] for _ in range(RECORDED // WINDOW)]
        for row in found:
            windows[int(row["arrival"] // WINDOW)].append(row["outcome"].startswith("resumed"))
        shares.append([np.mean(window) for window in windows])
    return np.array(shares)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("population", "rates"),
    [
        ({"kind": "independent", "clients": CLIENTS}, np.full(CLIENTS, RATE / CLIENTS)),
        (
            {"kind": "zipf", "clients": CLIENTS, "exponent": 0.8},
            RATE * Zipf(kind="zipf", clients=CLIENTS, exponent=0.8).popularity(),
        ),
    ],
    ids=["equals", "zipf"],
)
@pytest.mark.parametrize(
    ("profile", "remembers"),
    [("openssl-3", CACHE), ("openssl-3.0", CACHE), ("openssl-3.0", TICKETS)],
    ids=["TLS 1.2", "TLS 1.3, stored", "TLS 1.3, sealed"],
)
def test_as_many_resume_as_in_the_steady_state(
    population: dict[str, Any], rates: np.ndarray, profile: str, remembers: dict[str, Any]
) -> None:
    """Over all, and in each quarter of an hour: sessions do not expire in waves."""
    visits = rates * LIFETIME
    right = float((rates * visits / (1 + visits)).sum() / rates.sum())
    found = resumed(population, profile, remembers)
    error = (right * (1 - right) / (RATE * WINDOW * REPLICATIONS)) ** 0.5
    by_window = found.mean(axis=0)
    assert by_window.mean() == pytest.approx(right, abs=4 * error / len(by_window) ** 0.5)
    assert by_window == pytest.approx(right, abs=4.5 * error)


@pytest.mark.parametrize("found", [1.0, 0.25])
def test_first_sessions_are_as_old_as_those_of_clients_who_always_came(found: float) -> None:
    """On paper they come from long before on; a share of them meets who knows their session."""
    rate, clients, lifetime = 1 / 500.0, 20_000, 1000.0
    draws = np.random.default_rng(2026)
    right, first = np.zeros(clients), np.zeros(clients)
    for client in range(clients):
        now, since = -8 * lifetime, -np.inf
        while now <= 0:
            now += draws.exponential(1 / rate)
            hit = now - since <= lifetime and draws.random() < found
            if now <= 0 and not hit:
                since = now
        first[client] = now
        right[client] = now - since if hit else 0.0
    warm_start = WarmStart(
        Ageing(lifetime, found),
        None,
        lambda session, age, now: True,
        lambda session, age: None,
        Streams(2026).entropy("session ages"),
        Independent(kind="independent", clients=clients).visitors(1.0),
        rate * clients,
        0.0,
    )
    group: Any = SimpleNamespace(browser=SimpleNamespace(session_lifetime=np.inf))
    ages = np.array(
        [
            warm_start.age(group, client, None, float(first[client]), by_ticket=False)
            for client in range(clients)
        ]
    )
    share = (right > 0).mean()
    assert (ages > 0).mean() == pytest.approx(share, abs=4 * (share / clients) ** 0.5)
    assert stats.ks_2samp(ages[ages > 0], right[right > 0]).pvalue > 0.001
