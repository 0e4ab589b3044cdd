"""Live and replay are equal for every client profile that ships, at servers of every age.

Their keys are RSA: signatures of ECDSA are of many lengths, which replay does not draw anew.
"""

from __future__ import annotations

from typing import Any

import pytest

import sim
import tls
from tests.sim.endpoints.readers import tables
from tests.sim.worlds import scenario

START = "2024-03-05T12:00:00Z"

SERVERS: dict[str, dict[str, Any]] = {
    "of 2001": {
        "machine": "pentium-iii-933",
        "versions": ["SSL 3.0", "TLS 1.0"],
        "sessions": {"capacity": 8, "lifetime": "30 s"},
    },
    "of 2015": {
        "machine": "nginx-2026",
        "versions": ["TLS 1.0", "TLS 1.1", "TLS 1.2"],
        "identity": {"key": "rsa-3072", "chain": [{"key": "rsa-2048"}]},
        "sessions": {"capacity": 100, "lifetime": "5 min"},
        "tickets": {"lifetime": "20 s"},
    },
    "of 2020, prefers P-384": {
        "machine": "nginx-2026",
        "versions": ["TLS 1.2", "TLS 1.3"],
        "identity": "contoso-rsa-2048",
        "groups": ["secp384r1", "x25519", "secp256r1"],
        "tickets": {"lifetime": "5 min", "keys": "per server"},
        "early_data": "16 kB",
    },
    "of 2026, sessions kept": {
        "machine": "nginx-2026",
        "versions": ["TLS 1.2", "TLS 1.3"],
        "identity": {"key": "rsa-2048", "chain": [{"key": "rsa-2048"}, {"key": "rsa-4096"}]},
        "groups": ["X25519MLKEM768", "x25519", "secp256r1"],
        "sessions": {"capacity": 1000, "lifetime": "5 min"},
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("profile", sim.browsers())
def test_live_and_replay_are_equal(profile: str, server: str) -> None:
    """Every value of every table, to the last bit; early data is asked for where it can be."""
    client: dict[str, Any] = {"profile": profile, "machine": "nginx-2026"}
    client["early_data"] = tls.TLS_1_3 in sim.browser(profile).versions
    world: dict[str, Any] = {
        "start": START,
        "duration": "25 s",
        "clients": [client],
        "population": {"kind": "independent", "clients": 12},
        "server": {**SERVERS[server]},
    }
    live = tables(scenario(**world), seed=7)
    assert live["connections"]
    replayed = tables(scenario(**world, fidelity="replay", traces=2), seed=7)
    assert replayed == live
