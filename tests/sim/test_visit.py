"""Visits: parallel connections, keep-alive, patience, and what is made again."""

from __future__ import annotations

from collections import Counter
from itertools import groupby, pairwise
from typing import Any

import numpy as np
import pytest

import sim
from tests.sim.worlds import HEADINGS, rows, scenario, simulated

IE6 = "internet-explorer-6"
LOSSY = {"round_trip_time": "100 ms", "loss": 0.1}
SHORT = {"user_timeout": "800 ms", "connect_timeout": "1500 ms"}
QUIET: dict[str, Any] = {"arrivals__rate": "0.2 /s", "population__clients": 100_000}

Row = dict[str, Any]


def tables(fidelity: str = "replay", **changes: Any) -> tuple[list[Row], list[Row]]:
    """The visits and the connections of a world; the headings of each add up."""
    sink = simulated(scenario(fidelity=fidelity, **changes))
    visits = rows(sink.table("visits").sort_by("visit"))
    connections = rows(sink.table("connections").sort_by([("visit", "ascending"), *ATTEMPTS]))
    for row in connections:
        assert sum(row[heading] for heading in HEADINGS) == pytest.approx(row["duration"], abs=1e-9)
    for visit in visits:
        parts = visit["time_connected"] + visit["time_retry"] + visit["time_apart"]
        assert parts == pytest.approx(visit["duration"], abs=1e-9)
    assert Counter(row["visit"] for row in connections) == {
        visit["visit"]: visit["connections"] for visit in visits
    }
    return visits, connections


ATTEMPTS = [("attempt", "ascending")]


def of_visits(connections: list[Row]) -> list[list[Row]]:
    """The connections of each visit, in order of beginning."""
    return [list(group) for _, group in groupby(connections, key=lambda row: row["visit"])]


def clients(**behaviour: Any) -> list[dict[str, Any]]:
    return [{"profile": IE6, **behaviour}]


def test_a_visit_makes_one_connection_unless_told_otherwise() -> None:
    visits, connections = tables()
    assert {visit["connections"] for visit in visits} == {1}
    assert [row["connection"] for row in connections] == [row["visit"] for row in visits]
    assert {row["attempt"] for row in connections} == {1}
    assert {visit["outcome"] for visit in visits} == {"completed"}


@pytest.mark.parametrize(("connections", "rounds"), [(1, 6), (2, 3), (3, 2), (6, 1), (9, 1)])
def test_parallel_connections_share_the_requests(connections: int, rounds: int) -> None:
    """Where nothing is in the way a request is a round trip."""
    behaviour: dict[str, Any] = {"clients": clients(connections=connections), "http__requests": 6}
    visits, made = tables(server__security="plain", server__cores=16, **QUIET, **behaviour)
    for visit, own in zip(visits, of_visits(made), strict=True):
        assert len(own) == min(connections, 6)
        assert {row["arrival"] for row in own} == {visit["arrival"]}
        assert {row["responses"] for row in own} == {rounds}
        assert visit["responses"] == 6
        # A round trip to connect, and the work of both ends.
        assert visit["duration"] == pytest.approx(0.1 * (1 + rounds), rel=0.1)


def test_the_first_that_is_free_takes_the_next_request() -> None:
    """Large responses keep a connection; the others ask meanwhile."""
    sizes = {"distribution": "empirical", "within": [["1 kB", 0.8], ["900 kB", 1.0]]}
    behaviour: dict[str, Any] = {"clients": clients(connections=2), "http__requests": 12}
    _, made = tables(http__response_size=sizes, tcp={"initial_window": 2}, **QUIET, **behaviour)
    shares = [sorted(row["responses"] for row in own) for own in of_visits(made)]
    assert all(sum(share) == 12 for share in shares)
    assert np.mean([share[0] for share in shares]) < 5.7
    assert min(share[0] for share in shares) < 5
    # Both are busy to the end: what one does longer than the other is less than a response.
    for own in of_visits(made):
        ends = sorted(row["arrival"] + row["duration"] for row in own)
        assert ends[1] - ends[0] < 3.0


def test_without_keep_alive_each_request_has_a_connection() -> None:
    visits, made = tables(clients=clients(keep_alive=False), http__requests=4, **QUIET)
    for own in of_visits(made):
        assert [row["responses"] for row in own] == [1, 1, 1, 1]
        assert [row["outcome"] for row in own] == ["full", *["resumed-by-id"] * 3]
    assert {visit["time_apart"] for visit in visits} == {0.0}
    thinking, _ = tables(
        clients=clients(keep_alive=False), http__requests=4, http__think_time="2 s", **QUIET
    )
    for visit, quick in zip(thinking, visits, strict=True):
        assert visit["time_apart"] == pytest.approx(6.0)
        assert visit["time_connected"] == pytest.approx(quick["time_connected"], rel=0.01)


def test_parallel_connections_of_a_first_visit_have_nothing_to_offer() -> None:
    _, made = tables(clients=clients(connections=3), http__requests=6, **QUIET)
    for own in of_visits(made):
        assert [row["offered_session"] for row in own] == [False] * 3
        assert [row["outcome"] for row in own] == ["full"] * 3


@pytest.mark.parametrize("connections", [1, 3])
@pytest.mark.parametrize("path", [{}, {"path": LOSSY}])
def test_a_user_goes_when_his_patience_is_over(connections: int, path: dict[str, Any]) -> None:
    behaviour = clients(patience="900 ms", connections=connections)
    requests = {"distribution": "geometric", "mean": 4.0 * connections}
    visits, made = tables(clients=behaviour, http__requests=requests, **path)
    gone = {visit["visit"]: visit for visit in visits if visit["outcome"] == "failed"}
    assert 20 < len(gone) < len(visits)
    for visit in gone.values():
        assert visit["symptom"] == "gave up"
        assert visit["duration"] == pytest.approx(0.9, abs=1e-9)
    for visit in visits:
        assert visit["duration"] <= 0.9 + 1e-9
    for row in made:
        if row["symptom"] == "gave up":
            assert row["visit"] in gone
            assert row["duration"] == pytest.approx(0.9, abs=1e-9)
            assert (row["stopped_by"], row["reason"]) == (None, None)
    assert {row["symptom"] for row in made} == {None, "gave up"}


def test_patience_begins_anew_after_a_pause() -> None:
    visits, _ = tables(clients=clients(patience="1 s"), http__requests=5, http__think_time="3 s")
    assert {visit["outcome"] for visit in visits} == {"completed"}
    assert min(visit["duration"] for visit in visits) > 12


def test_what_a_server_does_for_who_has_gone_is_done_in_vain() -> None:
    changes: dict[str, Any] = {"arrivals__rate": "60 /s", "server__sessions": None}
    _, patient = tables(**changes)
    _, hasty = tables(clients=clients(patience="500 ms"), **changes)
    gone = [row for row in hasty if row["symptom"] == "gave up"]
    assert len(gone) > 100
    assert sum(row["server_cpu"] - row["time_server_cpu"] for row in gone) > 0.1
    assert sum(row["server_cpu"] for row in hasty) < sum(row["server_cpu"] for row in patient)


def test_retries_wait_as_described() -> None:
    retries = {"most": 5, "first": "300 ms", "factor": 3.0, "longest": "2 s"}
    visits, made = tables(clients=clients(retries=retries), path=LOSSY, tcp=SHORT)
    assert sum(visit["retries"] for visit in visits) > 20
    for visit, own in zip(visits, of_visits(made), strict=True):
        assert visit["retries"] == len(own) - 1
        failed = [row["outcome"] == "failed" for row in own]
        assert all(failed[:-1])
        waits, tries, expected = [], 0, 0.0
        for before, after in pairwise(own):
            tries = 0 if before["responses"] else tries
            waits.append(after["arrival"] - before["arrival"] - before["duration"])
            assert waits[-1] == pytest.approx(min(0.3 * 3**tries, 2.0), abs=1e-6)
            tries, expected = tries + 1, expected + waits[-1]
        assert visit["time_retry"] == pytest.approx(expected, abs=1e-6)
        assert (visit["outcome"] == "completed") == (visit["responses"] == 2)
    assert sum(visit["outcome"] == "completed" for visit in visits) > 0.97 * len(visits)


def test_a_budget_bounds_retries() -> None:
    tired = {"user_timeout": "400 ms", "connect_timeout": "400 ms"}
    changes: dict[str, Any] = {"path": LOSSY | {"loss": 0.3}, "tcp": tired, "http__requests": 1}
    free = {"most": 50, "first": "0 s"}
    without, _ = tables(clients=clients(retries=free), **changes)
    assert sum(visit["retries"] for visit in without) > 0.5 * len(without)
    within, _ = tables(clients=clients(retries=free | {"budget": 0.1, "burst": 5}), **changes)
    made = sum(visit["retries"] for visit in within)
    assert 0.05 * len(within) < made <= 0.1 * len(within) + 5


def test_jitter_is_drawn_from_its_own_stream() -> None:
    """Nobody's first connection is another for it, nor is another's budget of time."""
    changes: dict[str, Any] = {"path": LOSSY, "tcp": SHORT}
    _, alone = tables(**changes)
    retries = {"first": "1 s", "jitter": "full"}
    visits, made = tables(clients=clients(retries=retries), **changes)
    assert [row["arrival"] for row in alone] == [visit["arrival"] for visit in visits]
    waits = [
        visit["time_retry"] for visit in visits if visit["retries"] == 1 and visit["time_retry"]
    ]
    assert len(waits) > 20
    assert 0 < min(waits) < 0.3 < 0.7 < max(waits) < 1
    first = [row for row in made if row["attempt"] == 1]
    same = [row["outcome"] == before["outcome"] for row, before in zip(first, alone, strict=True)]
    assert np.mean(same) > 0.9


def test_one_who_waits_to_try_again_may_go_meanwhile() -> None:
    retries = {"most": 5, "backoff": "fixed", "first": "2 s"}
    behaviour = clients(retries=retries, patience="2500 ms")
    visits, _ = tables(clients=behaviour, path=LOSSY, tcp=SHORT)
    gone = [visit for visit in visits if visit["symptom"] == "gave up"]
    assert len(gone) > 5
    assert any(visit["retries"] == 0 for visit in gone)
    for visit in gone:
        assert visit["duration"] == pytest.approx(2.5, abs=1e-9)


def test_what_visits_ask_is_as_described() -> None:
    changes: dict[str, Any] = {
        "http__requests": {"distribution": "geometric", "mean": 3.0},
        "http__think_time": {"distribution": "exponential", "mean": "2 s"},
        "http__response_size": {"distribution": "log-normal", "median": "8 kB", "sigma": 1.0},
        "arrivals__rate": "20 /s",
        "server__security": "plain",
        "server__cores": 8,
    }
    visits, made = tables(**changes)
    assert np.mean([visit["requests"] for visit in visits]) == pytest.approx(3.0, rel=0.1)
    pauses = sum(row["time_think"] for row in made)
    assert pauses / (sum(visit["requests"] - 1 for visit in visits)) == pytest.approx(2.0, rel=0.1)
    received = sum(row["bytes_received"] for row in made)
    mean = 8000 * np.exp(0.5)
    assert received / sum(visit["responses"] for visit in visits) == pytest.approx(mean, rel=0.1)
    # What is the same for all draws nothing: other quantities stay as they were.
    del changes["http__response_size"]
    others, _ = tables(**changes)
    assert [visit["requests"] for visit in others] == [visit["requests"] for visit in visits]


@pytest.mark.parametrize("fidelity", ["live", "replay"])
def test_all_of_it_is_the_same_in_both_fidelities(fidelity: str) -> None:
    changes: dict[str, Any] = {
        "clients": clients(connections=3, patience="2 s", retries={"jitter": "equal"}),
        "path": LOSSY,
        "tcp": SHORT,
        "http__requests": {"distribution": "uniform", "least": 1, "most": 8},
        "http__response_size": {"distribution": "pareto", "least": "1 kB", "most": "90 kB"}
        | {"shape": 1.1},
        "duration": "30 s",
    }
    visits, made = tables(fidelity, **changes)
    assert {visit["outcome"] for visit in visits} == {"completed", "failed"}
    assert (visits, made) == tables("live", **changes)


@pytest.mark.parametrize(
    ("behaviour", "why"),
    [
        ({"connections": 0}, "greater than 0"),
        ({"patience": "0 s"}, "must be above 0"),
        ({"patience": 3}, "has no unit"),
        ({"retries": {"most": 2.5}}, "integer"),
    ],
)
def test_bad_behaviour_is_refused(behaviour: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        sim.Scenario.model_validate(
            scenario().model_dump(mode="json", exclude_unset=True)
            | {"clients": clients(**behaviour)}
        )
