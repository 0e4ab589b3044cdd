"""Whose clients take an authority's signature, in worlds as in engines."""

from __future__ import annotations

import pytest

from tests.sim.worlds import connections, rows, scenario

CLASSICAL_LEAF = {"key": "rsa-2048", "root": {"key": "rsa-4096"}, "chain": [{"key": "ml-dsa-65"}]}
POST_QUANTUM_ROOT = {"key": "rsa-2048", "root": {"key": "ml-dsa-65"}}
REFUSED = {("failed", "unsupported_certificate")}


def outcomes(**changes: object) -> set[tuple[str, str | None]]:
    found: list[object] = []
    for fidelity in ("live", "replay"):
        table = connections(scenario(fidelity=fidelity, duration="20 s", **changes))
        found.append({(row["outcome"], row["alert"]) for row in rows(table)})
    live, replayed = found
    assert live == replayed
    return live  # type: ignore[return-value]


@pytest.mark.parametrize("profile", ["openssl-3.0", "openssl-4.0", "internet-explorer-6"])
def test_who_takes_a_post_quantum_authority_above_a_classical_leaf(profile: str) -> None:
    found = outcomes(clients=[{"profile": profile}], server__identity=POST_QUANTUM_ROOT)
    if profile == "openssl-4.0":
        assert found == {("full", None), ("resumed-by-psk", None)}
    else:
        assert found == REFUSED


@pytest.mark.parametrize("profile", ["openssl-3.0", "internet-explorer-6"])
def test_a_post_quantum_authority_that_a_classical_one_signed_signs_too(profile: str) -> None:
    assert outcomes(clients=[{"profile": profile}], server__identity=CLASSICAL_LEAF) == REFUSED


@pytest.mark.parametrize(
    ("profile", "refused"), [("chromium-156", True), ("firefox-esr-153", False), ("go-1.19", False)]
)
def test_who_takes_sha_1(profile: str, refused: bool) -> None:
    found = outcomes(clients=[{"profile": profile}], server__identity="contoso-rsa-1024")
    assert (found == {("failed", "handshake_failure")}) == refused
    found = outcomes(clients=[{"profile": profile}], server__identity="contoso-rsa-2048")
    assert "failed" not in {outcome for outcome, _ in found}
