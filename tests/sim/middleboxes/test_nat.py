"""Network address translation: one address, and ports that run out."""

from __future__ import annotations

from typing import Any

import pytest

from sim.middleboxes.middlebox import Flow, Verdict
from sim.middleboxes.nat import Nat
from sim.middleboxes.packet_filter import AccessList
from tests.sim.middleboxes.networks import (
    NEAR,
    behind,
    connections,
    count,
    hellos,
    last,
    network,
    verdicts,
    watch,
)
from tests.sim.worlds import scenario, simulated


def test_with_enough_ports_connections_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = watch(monkeypatch, Nat)
    tables = behind("nat")
    found = connections(tables)
    assert {row["outcome"] for row in found} == {"full", "resumed-by-id"}
    assert verdicts(tables) == {("box", "passed", ""): len(found)}
    assert len(hellos(shown)) == len(found)
    # Ports of the last 120 s are taken.
    assert last(tables)["entries"] == len(found)


def test_a_box_behind_it_sees_one_address(monkeypatch: pytest.MonkeyPatch) -> None:
    flows: set[Flow] = set()
    opens = AccessList.opens

    def opening(self: AccessList, flow: Flow, now: float) -> Verdict:
        flows.add(flow)
        return opens(self, flow, now)

    monkeypatch.setattr(AccessList, "opens", opening)
    boxes = {
        "nat": {"kind": "nat", "address": "192.0.2.7", "first_port": 2000},
        "filter": {"kind": "packet-filter", "rules": [], "otherwise": "permit"},
    }
    found = connections(simulated(scenario(**network(boxes))))
    assert {str(flow.source) for flow in flows} == {str(0xC0000207)}
    assert sorted(flow.source_port for flow in flows) == list(range(2000, 2000 + len(found)))


@pytest.mark.parametrize("exhausted", ["reset", "drop"])
def test_a_port_is_free_again_after_the_closing_time(exhausted: str) -> None:
    """One port, 2 s of closing time: who comes before that gets none."""
    settings: dict[str, Any] = {
        "first_port": 5000,
        "last_port": 5000,
        "closing_timeout": "2 s",
        "exhausted": exhausted,
    }
    tables = behind("nat", settings)
    found = connections(tables)
    if exhausted == "drop":
        tried = [row for row in found if row["time_retransmission"]]
        assert tried
        assert any(row["symptom"] is None for row in tried)
        return
    free = -1.0
    for row in found:
        refused = row["arrival"] + NEAR / 2 < free
        assert row["reason"] == ("no free port" if refused else None)
        assert row["stopped_by"] == ("box" if refused else None)
        if refused:
            assert row["duration"] == pytest.approx(NEAR)
        else:
            free = row["arrival"] + row["duration"] + 2.0
    refusals = count(found, "reason")["no free port",]
    assert 0 < refusals < len(found)
    assert verdicts(tables)["box", "reset", "no free port"] == refusals


def test_a_silent_connection_loses_its_port() -> None:
    tables = behind(
        "nat",
        {"idle_timeout": "2 s", "forgotten": "reset"},
        http__requests=2,
        http__think_time="3 s",
    )
    found = connections(tables)
    expected = ("failed", "reset", "idle too long", 1)
    assert count(found, "outcome", "symptom", "reason", "responses") == {expected: len(found)}
    assert last(tables)["entries"] <= 6
