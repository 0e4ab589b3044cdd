"""A packet filter: rules by address and port."""

from __future__ import annotations

import pytest

from sim.middleboxes.middlebox import PASS, Flow
from sim.middleboxes.packet_filter import PacketFilter
from tests.sim.middleboxes.networks import (
    IE6,
    IE8,
    NEAR,
    behind,
    connections,
    count,
    hellos,
    last,
    verdicts,
    watch,
)


def test_what_a_rule_permits_passes_unharmed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every flight of every connection is shown to the filter, the ClientHello first."""
    shown = watch(monkeypatch, PacketFilter)
    tables = behind("packet-filter", {"rules": [{"action": "permit", "ports": [443]}]})
    found = connections(tables)
    assert count(found, "outcome", "round_trips") == {("full", 3): 6, ("resumed-by-id", 2): 9}
    assert verdicts(tables) == {("box", "passed", ""): len(found)}
    read = hellos(shown)
    assert len(read) == len(found)
    assert {hello.version for hello in read} == {0x0301}
    assert {hello.extensions for hello in read} == {()}


def test_what_no_rule_permits_is_dropped_until_the_client_gives_up() -> None:
    """SYNs at 0, 1, 3, 7 and 15 s are in vain; Windows gives up after 21 s."""
    tables = behind("packet-filter", {"rules": [{"action": "permit", "ports": [80]}]})
    found = connections(tables)
    expected = ("failed", "timeout", "box", "port 443 closed")
    assert count(found, "outcome", "symptom", "stopped_by", "reason") == {expected: len(found)}
    assert {row["connect_time"] for row in found} == {None}
    assert all(row["duration"] == pytest.approx(21.0) for row in found)
    assert all(row["time_retransmission"] == pytest.approx(21.0) for row in found)
    assert verdicts(tables) == {("box", "dropped", "port 443 closed"): len(found)}


def test_a_denial_by_reset_takes_one_round_trip() -> None:
    rules = [{"action": "permit", "ports": [80]}]
    tables = behind("packet-filter", {"rules": rules, "denied": "reset"})
    found = connections(tables)
    assert count(found, "symptom", "round_trips") == {("reset", 0): len(found)}
    assert all(row["duration"] == pytest.approx(NEAR) for row in found)
    assert last(tables)["reset"] == len(found)
    assert last(tables)["passed"] == 0


def test_the_first_rule_that_matches_counts() -> None:
    """Clients of one network are denied, those of the other permitted."""
    rules = [{"action": "deny", "source": "10.1.0.0/16"}, {"action": "permit"}]
    tables = behind(
        "packet-filter",
        {"rules": rules, "denied": "reset"},
        clients=[
            {"profile": IE6, "share": 0.5, "network": "10.1.0.0/16"},
            {"profile": IE8, "share": 0.5, "network": "10.2.0.0/16"},
        ],
    )
    found = connections(tables)
    assert {row["symptom"] for row in found if row["profile"] == IE6} == {"reset"}
    assert {row["symptom"] for row in found if row["profile"] == IE8} == {None}
    denied = sum(row["profile"] == IE6 for row in found)
    assert 0 < denied < len(found)
    assert verdicts(tables) == {
        ("box", "reset", "port 443 closed"): denied,
        ("box", "passed", ""): len(found) - denied,
    }


def test_it_remembers_nothing_of_what_it_has_seen() -> None:
    """However many clients there are."""
    rules = [{"action": "permit", "ports": [443]}]
    described = PacketFilter.model_validate({"kind": "packet-filter", "rules": rules})
    busy, idle = (
        described.place("box", 0.0, 1.0).behaviour,
        described.place("box", 0.0, 1.0).behaviour,
    )
    for client in range(100):
        assert busy.opens(Flow(client, 50000, 20, 443), 0.0) is PASS
        assert busy.opens(Flow(client, 50000, 20, 80), 0.0).reason == "port 80 closed"
    assert vars(busy) == vars(idle)
