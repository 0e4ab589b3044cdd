"""Data of many sizes: turns that follow from a few are those of engines, to the last bit."""

from __future__ import annotations

from typing import Any

import pytest

from sim.endpoints.varying_sizes import reference_size
from tests.sim.worlds import rows, scenario, simulated

SUITES = {
    "CBC": "TLS_RSA_WITH_AES_128_CBC_SHA",
    "small blocks": "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
    "a stream": "TLS_RSA_WITH_RC4_128_MD5",
    "GCM": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "ChaCha20": "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    "no cipher": "TLS_RSA_WITH_NULL_SHA",
}
SIZES = {"distribution": "log-normal", "median": "6 kB", "sigma": 1.5}
AROUND_A_RECORD = {"distribution": "uniform", "least": "16380 B", "most": "16390 B"}
TINY = {"distribution": "uniform", "least": "1 B", "most": "20 B"}


def tables(fidelity: str, **changes: Any) -> dict[str, list[dict[str, Any]]]:
    sink = simulated(scenario(fidelity=fidelity, duration="12 s", http__requests=3, **changes))
    return {name: rows(sink.table(name)) for name in ("connections", "operations", "visits")}


@pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES)
@pytest.mark.parametrize(
    ("request_size", "response_size"),
    [("400 B", SIZES), (TINY, AROUND_A_RECORD), (SIZES, "3 kB")],
    ids=["responses", "both", "requests"],
)
def test_live_and_replay_are_equal(suite: str, request_size: Any, response_size: Any) -> None:
    new = "ECDHE" in suite
    changes: dict[str, Any] = {
        "start": "2015-06-30T00:00:00Z" if new else "1998-06-30T00:00:00Z",
        "clients": [{"profile": "firefox-45" if new else "internet-explorer-6"}],
        "server__suites": [suite, "TLS_RSA_WITH_RC4_128_MD5", "TLS_RSA_WITH_AES_128_CBC_SHA"],
        "server__split_records": True,
        "http__request_size": request_size,
        "http__response_size": response_size,
    }
    assert tables("replay", traces=2, **changes) == tables("live", **changes)


@pytest.mark.parametrize("block", [1, 16])
def test_a_reference_is_cut_and_padded_alike(block: int) -> None:
    for size in (*range(1, 70), *range(16380, 16420), *range(32760, 32800)):
        found = reference_size(size, block)
        assert found <= size
        assert (size - found) % block == 0
        assert (found + 16383) // 16384 == (size + 16383) // 16384
        # The same with a byte in a record of its own.
        assert (found + 16382) // 16384 == (size + 16382) // 16384
        assert reference_size(found, block) == found
