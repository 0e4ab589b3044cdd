"""A front that lets so many connections through."""

from __future__ import annotations

import pytest

from sim.middleboxes.load_shedder import LoadShedder
from sim.middleboxes.middlebox import PASS, Flow
from tests.sim.middleboxes.networks import NEAR, behind, connections, last, verdicts


def test_so_many_a_second() -> None:
    """A bucket of two, filled at one in two seconds: kept by hand beside it."""
    tables = behind("load-shedder", {"rate": "0.5 /s", "burst": 2})
    found = connections(tables)
    tokens, filled_at = 2.0, 0.0
    for row in found:
        at_the_box = row["arrival"] + NEAR / 2
        tokens = min(tokens + 0.5 * (at_the_box - filled_at), 2.0)
        filled_at = at_the_box
        if tokens >= 1:
            tokens -= 1
            assert row["symptom"] is None
        else:
            assert (row["symptom"], row["reason"]) == ("reset", "too many a second")
            assert row["duration"] == pytest.approx(NEAR)
    decided = verdicts(tables)
    assert decided["box", "reset", "too many a second"] >= 4
    assert sum(decided.values()) == len(found)


def test_so_many_at_once() -> None:
    """Places of two: who finds both taken is reset."""
    tables = behind("load-shedder", {"at_once": 2}, arrivals__rate="6 /s")
    found = connections(tables)
    ends: list[float] = []
    for row in found:
        taken = sum(end > row["arrival"] + NEAR / 2 for end in ends)
        assert row["reason"] == ("too many at once" if taken >= 2 else None)
        if taken < 2:
            ends.append(row["arrival"] + row["duration"])
    assert verdicts(tables)["box", "reset", "too many at once"] > 10
    assert last(tables)["entries"] <= 2


def test_what_is_dropped_comes_again() -> None:
    tables = behind("load-shedder", {"rate": "1 /s", "excess": "drop"}, arrivals__rate="2 /s")
    found = connections(tables)
    later = [row for row in found if row["symptom"] is None and row["time_retransmission"]]
    assert later
    assert all(row["time_retransmission"] > 0.999 for row in later)


def test_the_scale_divides_what_it_lets_through() -> None:
    whole = behind(
        "load-shedder",
        {"rate": "20 /s", "burst": 20, "at_once": 40},
        scale="1/20",
        arrivals__rate="20 /s",
        population__clients=100,
    )
    same = behind("load-shedder", {"rate": "1 /s", "burst": 1, "at_once": 2}, population__clients=5)
    assert verdicts(whole) == verdicts(same)


@pytest.mark.parametrize("closed", [0.5, 60.0])
def test_a_flow_that_comes_again_takes_a_token_of_its_own(closed: float) -> None:
    """Another SYN of an open connection does not; one whose end is told beforehand is over."""
    described = LoadShedder.model_validate({"kind": "load-shedder", "rate": "0.1 /s"})
    box, flow = described.place("box", 0.0, 1.0).behaviour, Flow(10, 50000, 20, 443)
    assert box.opens(flow, 0.0) is PASS
    assert box.opens(flow, 0.1) is PASS
    box.closes(flow, closed)
    assert box.opens(flow, 1.0).reason == "too many a second"
    assert box.opens(flow, 10.0) is PASS
    assert box.entries(61.0) == 1
