"""SYNs: those that are sent again, late ones, and what boxes make of them."""

from __future__ import annotations

from typing import Any

import pytest

from sim.middleboxes.load_shedder import TokenBucket
from sim.middleboxes.middlebox import Action, Flow, Verdict
from tests.sim.middleboxes.networks import behind, connections, count, network, verdicts
from tests.sim.worlds import scenario, simulated

SLOW = {"near": {"round_trip_time": "500 ms"}, "far": {"round_trip_time": "2 s"}}
PERMIT: dict[str, Any] = {"rules": [], "otherwise": "permit"}


def test_a_round_trip_longer_than_the_time_out_connects() -> None:
    found = connections(behind("packet-filter", PERMIT, links=SLOW))
    assert {row["symptom"] for row in found} == {None}
    assert all(row["connect_time"] == pytest.approx(2.5) for row in found)


def test_a_round_trip_longer_than_the_clients_patience_does_not() -> None:
    found = connections(behind("packet-filter", PERMIT, links=SLOW, tcp={"connect_timeout": "2 s"}))
    assert count(found, "symptom", "stopped_by") == {("timeout", None): len(found)}
    assert all(row["duration"] == pytest.approx(2.0) for row in found)


def test_late_drops_keep_the_order_of_time() -> None:
    """The second SYN is under way when the first one is dropped."""
    tables = behind("packet-filter", {"rules": []}, links=SLOW, tcp={"initial_timeout": "100 ms"})
    found = connections(tables)
    assert count(found, "symptom", "stopped_by") == {("timeout", "box"): len(found)}
    assert all(row["duration"] == pytest.approx(21.0) for row in found)


def test_a_box_that_a_syn_has_reached_hears_of_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever became of later SYNs: no place is taken for ever."""
    places: dict[Flow, int] = {}
    opens, closes = TokenBucket.opens, TokenBucket.closes

    def opening(self: TokenBucket, flow: Flow, now: float) -> Verdict:
        verdict = opens(self, flow, now)
        if verdict.action is Action.PASS:
            places[flow] = 1
        return verdict

    def closing(self: TokenBucket, flow: Flow, moment: float) -> None:
        places.pop(flow, None)
        closes(self, flow, moment)

    monkeypatch.setattr(TokenBucket, "opens", opening)
    monkeypatch.setattr(TokenBucket, "closes", closing)
    lossy = {"near": {"round_trip_time": "20 ms", "loss": 0.5}}
    lossy["far"] = {"round_trip_time": "80 ms", "loss": 0.8}
    boxes = {
        "first": {"kind": "packet-filter", **PERMIT},
        "second": {"kind": "load-shedder", "at_once": 100},
    }
    tables = simulated(scenario(**network(boxes, links=lossy, arrivals__rate="4 /s")))
    assert "timeout" in {row["symptom"] for row in connections(tables)}
    assert places == {}


def test_a_drop_counts_though_later_syns_were_lost() -> None:
    """Who names the box in its row is in the box's verdicts, and the other way round."""
    lossy = {"near": {"round_trip_time": "20 ms", "loss": 0.6}}
    tables = behind(
        "packet-filter",
        {"rules": []},
        links=lossy | {"far": {"round_trip_time": "80 ms"}},
        arrivals__rate="4 /s",
    )
    named = count(connections(tables), "stopped_by")
    assert named[None,] > 0
    assert verdicts(tables) == {("box", "dropped", "port 443 closed"): named["box",]}
