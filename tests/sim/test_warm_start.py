"""A steady state whose warm-up is one lifetime of a session is steady from then on.

A client that makes visits at rate r to sessions of lifetime T resumes rT / (1 + rT) of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.workload.zipf import Zipf
from tests.sim.worlds import rows, scenario, simulated

LIFETIME = 3600.0
RATE = 2.0
CLIENTS = 2360
REPLICATIONS = 6
RECORDED, WINDOW = 3600, 600


def resumed(population: dict[str, Any]) -> np.ndarray:
    """Shares of the connections that resume: a row a replication, a column a window."""
    world = scenario(
        kind="steady-state",
        fidelity="replay",
        duration=f"{RECORDED} s",
        warm_up=f"{LIFETIME} s",
        sample_interval="1 h",
        arrivals={"process": "poisson", "rate": f"{RATE} /s"},
        population=population,
        clients=[{"profile": "openssl-3", "machine": "nginx-2026"}],
        server={
            "identity": "contoso-rsa-1024",
            "machine": "nginx-2026",
            "sessions": {"capacity": "unlimited", "lifetime": f"{LIFETIME} s"},
        },
        http__requests=1,
    )
    shares = []
    for replication in range(REPLICATIONS):
        found = rows(simulated(world, replication=replication).table("connections"))
        windows: list[list[bool]] = [[] for _ in range(RECORDED // WINDOW)]
        for row in found:
            windows[int(row["arrival"] // WINDOW)].append(row["outcome"] == "resumed-by-id")
        shares.append([np.mean(window) for window in windows])
    return np.array(shares)


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
def test_as_many_resume_as_in_the_steady_state(
    population: dict[str, Any], rates: np.ndarray
) -> None:
    """Over all, and in each quarter of an hour: sessions do not expire in waves."""
    visits = rates * LIFETIME
    right = float((rates * visits / (1 + visits)).sum() / rates.sum())
    found = resumed(population)
    error = (right * (1 - right) / (RATE * WINDOW * REPLICATIONS)) ** 0.5
    by_window = found.mean(axis=0)
    assert by_window.mean() == pytest.approx(right, abs=4 * error / len(by_window) ** 0.5)
    assert by_window == pytest.approx(right, abs=4.5 * error)
