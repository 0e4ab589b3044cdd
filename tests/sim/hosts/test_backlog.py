"""A server's backlog: connections that wait to be accepted, and those that find no room."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sim.worlds import HEADINGS, connections, rows, scenario

CROWD = 50


def crowd(number: int = CROWD, **changes: Any) -> list[dict[str, Any]]:
    """Fifty clients within a tenth of a second; the time-out is a round trip and 200 ms."""
    world = scenario(
        arrivals={"process": "curve", "counts": [number], "interval": "100 ms"},
        duration="100 ms",
        population={"kind": "independent", "clients": 10_000},
        path={"round_trip_time": "20 ms"},
        http__requests=1,
        **changes,
    )
    found = rows(connections(world))
    assert len(found) > CROWD / 2
    for row in found:
        parts = sum(row[heading] for heading in HEADINGS)
        assert parts == pytest.approx(row["duration"], abs=1e-9)
    return found


def test_an_unlimited_backlog_keeps_everybody_waiting() -> None:
    found = crowd()
    assert {row["time_retransmission"] for row in found} == {0.0}
    assert max(row["time_cpu_queue"] for row in found) > 0.2


def test_what_finds_no_room_is_sent_again() -> None:
    """Five may wait: the others come back after the time-out of their first flight."""
    found = crowd(server__backlog=5)
    assert {row["outcome"] for row in found} == {"full"}
    again = [row for row in found if row["time_retransmission"]]
    assert len(again) > len(found) / 3
    assert {round(row["time_retransmission"], 9) for row in again} <= {0.22, 0.66, 1.0, 1.22}
    unlimited = max(row["time_cpu_queue"] for row in crowd())
    assert max(row["time_cpu_queue"] for row in found) < unlimited / 2


def test_a_syn_that_finds_no_room_is_sent_again_after_a_second() -> None:
    found = crowd(server__backlog=1)
    assert any(row["connect_time"] == pytest.approx(1.02) for row in found)


def test_who_finds_no_room_for_too_long_gives_up() -> None:
    found = crowd(server__backlog=1, tcp={"user_timeout": "100 ms", "connect_timeout": "900 ms"})
    given_up = [row for row in found if row["symptom"] == "timeout"]
    refused = [row for row in given_up if row["stopped_by"] is not None]
    assert {(row["stopped_by"], row["reason"]) for row in refused} == {
        ("www.contoso.com", "backlog full")
    }
    assert {round(row["time_retransmission"], 9) for row in refused} == {0.1, 0.9}


def test_a_backlog_is_scaled_where_its_connections_wait_for_places_that_are() -> None:
    """Cores are not scaled, nor is what waits for them."""
    waits = {"most": 100, "when_full": "wait"}
    for limit, backlog in ((None, 60), ({"most": 100}, 60), (waits, 6)):
        described = scenario(server__backlog=60, server__connections=limit).server
        assert described is not None
        assert described.scaled_backlog(0.1) == backlog
        assert described.scaled_backlog(1.0) == 60
    without = scenario(server__connections=waits).server
    assert without is not None
    assert without.scaled_backlog(0.1) is None


def test_who_waits_for_one_place_fills_a_scaled_backlog() -> None:
    """Ten places and a backlog of twenty at a tenth: one is served, two wait, others come again."""
    places = {"most": 10, "when_full": "wait"}
    changes = {"server__backlog": 20, "server__connections": places, "scale": 0.1}
    found = crowd(number=10 * CROWD, **changes)
    assert sum(row["time_retransmission"] > 0 for row in found) > len(found) / 3
