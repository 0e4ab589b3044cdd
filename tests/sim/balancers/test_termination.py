"""TLS that ends at a balancer: as at a proxy, with the servers' choice behind it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from pydantic import ValidationError

import sim
from tests.sim.worlds import HEADINGS, rows, scenario, simulated

CACHE = {"capacity": 1000, "lifetime": "5 min"}
ENDS_TLS = {"machine": "nginx-2026", "identity": "contoso-rsa-2048", "sessions": CACHE}
LINK = {"round_trip_time": "2 ms"}


def site(balancer: dict[str, Any], count: int = 3, **changes: Any) -> sim.Scenario:
    """Equal servers with a cache each behind a balancer."""
    web = {"count": count, "machine": "nginx-2026", "sessions": CACHE}
    return scenario(
        **{
            "server": None,
            "servers": {"web": web},
            "balancers": {"front": {"policy": "round-robin", **balancer}},
            "clients": [{"profile": "internet-explorer-6", "machine": "nginx-2026"}],
            **changes,
        }
    )


@pytest.mark.parametrize("behind", ["encrypted", "clear"])
def test_one_server_is_as_behind_a_proxy(behind: str) -> None:
    """The same world written with a box and a link gives the same rows."""
    ends = {**ENDS_TLS, "behind": behind}
    balanced = simulated(site({"termination": {**ends, "link": LINK}}, count=1), seed=3)
    by_hand = site(
        {},
        count=1,
        path="way",
        paths={"way": {"crosses": ["line", "edge", "lan"]}},
        links={"line": {"round_trip_time": "100 ms"}, "lan": LINK},
        middleboxes={"edge": {"kind": "terminating-proxy", **ends}},
    )
    boxed = simulated(by_hand, seed=3)
    for name in ("connections", "bridged", "visits"):
        for one, other in zip(rows(balanced.table(name)), rows(boxed.table(name)), strict=True):
            differing = {key for key in one if one[key] != other[key]}
            assert differing <= {"path", "proxy"}
    assert len(rows(boxed.table("bridged"))) > 200


@pytest.mark.parametrize("fidelity", ["live", "replay"])
@pytest.mark.parametrize("policy", ["round-robin", "session-id", "source-hash"])
def test_it_remembers_a_session_of_each_server(fidelity: str, policy: str) -> None:
    """One full handshake with each that it turns to, and all others resumed."""
    world = site({"policy": policy, "termination": ENDS_TLS}, fidelity=fidelity)
    sink = simulated(world, seed=3)
    behind = rows(sink.table("bridged"))
    found = Counter((row["server"], row["outcome"]) for row in behind)
    asked = {server for server, _ in found}
    assert len(asked) == (1 if policy == "source-hash" else 3)
    assert {found[server, "full"] for server in asked} == {1}
    for row in rows(sink.table("connections")):
        assert sum(row[name] for name in HEADINGS) == pytest.approx(row["duration"], abs=1e-9)


def test_clients_resume_with_it_whatever_server_is_chosen() -> None:
    """It has one cache: a client that comes back is known."""
    passed = rows(simulated(site({}), seed=3).table("connections"))
    ended = rows(simulated(site({"termination": ENDS_TLS}), seed=3).table("connections"))
    resumed = [
        sum(row["outcome"] == "resumed-by-id" for row in found) / len(found)
        for found in (passed, ended)
    ]
    again = 1 - len({row["client"] for row in ended}) / len(ended)
    assert resumed[1] == pytest.approx(again, abs=0.02)
    assert resumed[0] < 0.6 * resumed[1]


def test_servers_are_spared_what_it_does() -> None:
    """In clear behind it, all of the private key's work is its own."""
    sink = simulated(site({"termination": {**ENDS_TLS, "behind": "clear"}}), seed=3)
    done = {(row["node"], row["operation"]): row["count"] for row in rows(sink.table("operations"))}
    full = sum(row["outcome"] == "full" for row in rows(sink.table("connections")))
    assert done["front", "rsa.private"] == full > 10
    assert ("web", "rsa.private") not in done
    assert {row["outcome"] for row in rows(sink.table("bridged"))} == {"plain"}


@pytest.mark.parametrize(
    ("balancer", "changes", "words"),
    [
        (
            {"termination": ENDS_TLS, "forwarding": {"service_time": "1 ms"}},
            {},
            "a balancer that ends TLS forwards no connections",
        ),
        (
            {"termination": ENDS_TLS},
            {"middleboxes": {"front": {"kind": "packet-filter", "rules": []}}},
            'both a balancer that ends TLS and a middlebox are called "front"',
        ),
        ({"termination": ENDS_TLS | {"sessions": None}}, {}, None),
        (
            {"termination": ENDS_TLS | {"identity": "nobody"}},
            {},
            'there is no identity "nobody"',
        ),
    ],
)
def test_what_cannot_be_is_refused(
    balancer: dict[str, Any], changes: dict[str, Any], words: str | None
) -> None:
    if words is None:
        site(balancer, **changes)
        return
    with pytest.raises(ValidationError) as refused:
        site(balancer, **changes)
    assert words in str(refused.value)
