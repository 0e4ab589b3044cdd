"""A stateful firewall: a table that is full, and one that forgets."""

from __future__ import annotations

from typing import Any

import pytest

from sim.middleboxes.stateful_firewall import StatefulFirewall
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

THINKING: dict[str, Any] = {"http__requests": 2, "http__think_time": "3 s"}


def test_a_table_with_room_harms_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = watch(monkeypatch, StatefulFirewall)
    tables = behind("stateful-firewall", {}, **THINKING)
    found = connections(tables)
    assert {row["outcome"] for row in found} == {"full", "resumed-by-id"}
    assert verdicts(tables) == {("box", "passed", ""): len(found)}
    assert len(hellos(shown)) == len(found)
    assert max(row["time_think"] for row in found) == pytest.approx(3.0)


def test_a_full_table_refuses_those_who_come_while_another_is_open() -> None:
    """One entry: who comes while it is taken is reset, and all others are served."""
    settings = {"table_size": 1, "full": "reset"}
    tables = behind("stateful-firewall", settings, arrivals__rate="4 /s")
    found = connections(tables)
    free = -1.0
    for row in found:
        refused = row["arrival"] + NEAR / 2 < free
        assert row["reason"] == ("table full" if refused else None)
        assert row["symptom"] == ("reset" if refused else None)
        if refused:
            assert row["duration"] == pytest.approx(NEAR)
        else:
            free = row["arrival"] + row["duration"]
    decided = verdicts(tables)
    assert decided["box", "reset", "table full"] > 10
    assert decided["box", "passed", ""] > 10
    assert sum(decided.values()) == len(found)


def test_a_dropped_syn_finds_room_later() -> None:
    """The client sends it again after 1 s, and its wait is booked as retransmission."""
    tables = behind("stateful-firewall", {"table_size": 1}, arrivals__rate="2 /s")
    found = connections(tables)
    late = [row for row in found if row["time_retransmission"]]
    assert late
    assert {row["outcome"] for row in late} <= {"full", "resumed-by-id", "failed"}
    waits = {round(row["time_retransmission"], 6) for row in late if row["symptom"] is None}
    assert waits <= {1.0, 3.0, 7.0, 15.0}
    assert 1.0 in waits


def test_ended_connections_keep_their_entries_for_the_closing_time() -> None:
    settings = {"table_size": 1, "full": "reset"}
    short = count(connections(behind("stateful-firewall", settings)), "symptom")
    settings["closing_timeout"] = "5 s"
    long = count(connections(behind("stateful-firewall", settings)), "symptom")
    assert long["reset",] > short["reset",]


@pytest.mark.parametrize(("forgotten", "wait"), [("drop", 60.0), ("reset", NEAR)])
def test_a_request_after_a_pause_belongs_to_no_connection(forgotten: str, wait: float) -> None:
    """An entry of 2 s, a pause of 3 s: the first response comes, the second never does."""
    tables = behind(
        "stateful-firewall", {"idle_timeout": "2 s", "forgotten": forgotten}, **THINKING
    )
    found = connections(tables)
    symptom = "timeout" if forgotten == "drop" else "reset"
    expected = ("failed", symptom, "box", "idle too long", 1)
    columns = ("outcome", "symptom", "stopped_by", "reason", "responses")
    assert count(found, *columns) == {expected: len(found)}
    for row in found:
        assert row["time_think"] == pytest.approx(3.0)
        assert row["duration"] > 3.0 + wait
        lost = row["time_retransmission"]
        assert lost == pytest.approx(wait if forgotten == "drop" else 0.0)
    action = "dropped" if forgotten == "drop" else "reset"
    assert verdicts(tables) == {("box", action, "idle too long"): len(found)}


@pytest.mark.parametrize(("keep_alive", "kept"), [("1500 ms", True), ("2500 ms", False)])
def test_keep_alive_probes_keep_an_entry_fresh(keep_alive: str, kept: bool) -> None:
    """Where they come in time: the next request finds its entry."""
    settings = {"idle_timeout": "2 s", "forgotten": "reset"}
    tables = behind("stateful-firewall", settings, tcp={"keep_alive": keep_alive}, **THINKING)
    found = connections(tables)
    assert {row["reason"] for row in found} == {None if kept else "idle too long"}


def test_idle_entries_make_room_in_time() -> None:
    """Nobody is refused: with pauses longer than the time-out, few entries are fresh at once."""
    settings = {"table_size": 6, "idle_timeout": "1 s", "full": "reset"}
    tables = behind(
        "stateful-firewall", settings, http__requests=2, http__think_time="30 s", duration="20 s"
    )
    assert {row["reason"] for row in connections(tables)} == {"idle too long"}
    assert last(tables)["entries"] <= 6


@pytest.mark.parametrize("rate", ["128 kbit/s", None])
@pytest.mark.parametrize(
    "settings", [{"kind": "stateful-firewall"}, {"kind": "nat", "last_port": 1100}]
)
def test_a_running_transfer_is_not_silent(settings: dict[str, Any], rate: str | None) -> None:
    """Half a minute of packets, or eight round trips, and a second's thought: longer than 3 s."""
    far: dict[str, Any] = {"round_trip_time": "80 ms" if rate else "2 s"}
    if rate:
        far["rate"] = rate
    boxes = {"box": {**settings, "idle_timeout": "3 s", "forgotten": "reset"}}
    world = network(
        boxes,
        links={"near": {"round_trip_time": "20 ms"}, "far": far},
        arrivals__rate="1 /min",
        duration="1 min",
        http__requests=2,
        http__think_time="1 s",
        http__response_size="500 kB",
    )
    (row,) = connections(simulated(scenario(**world)))
    assert row["duration"] > 10
    assert row["symptom"] is None
