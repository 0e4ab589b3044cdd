"""What a balancer sends to a server that is down, until it has noticed."""

from __future__ import annotations

import pytest

from tests.sim.balancers.test_policies import connections, farm

LASTS = 20.0


@pytest.mark.parametrize(
    ("kind", "symptom", "noticed"),
    [
        # Checks at 11, 12 and 13 s fail; a machine that says nothing is waited for.
        ("process", "reset", 13.0),
        ("machine", "timeout", 13.5),
    ],
)
def test_failures_end_when_checks_have_noticed(kind: str, symptom: str, noticed: float) -> None:
    check = {"interval": "1 s", "time_out": "500 ms", "fall": 3, "rise": 2}
    outage = {"server": 2, "at": "10.3 s", "lasts": f"{LASTS} s", "kind": kind}
    world = farm(
        {"policy": "round-robin", "health_check": check},
        {"web": {"count": 2, "outages": [outage]}},
        tcp={"connect_timeout": "3 s"},
    )
    found = connections(world)
    failed = [row for row in found if row["outcome"] == "failed"]
    assert {row["server"] for row in failed} == {"web-2"}
    assert {row["symptom"] for row in failed} <= {symptom, "reset"}
    assert {row["reason"] for row in failed} == {"server down"}
    begun = [row["arrival"] for row in failed]
    assert min(begun) >= 10.2
    assert noticed - 0.1 < max(begun) < noticed
    # Every second one of those that came, and they were 100 a second.
    assert len(failed) == pytest.approx(50 * (noticed - 10.3), abs=20)
    # It is back at 30.3 s; the checks at 31 and 32 s succeed.
    again = [row["arrival"] for row in found if row["server"] == "web-2" and row["arrival"] > 14]
    assert 32.0 <= min(again) < 32.1


def test_nobody_notices_without_checks() -> None:
    outage = {"server": 2, "at": "10 s", "lasts": f"{LASTS} s"}
    world = farm({"policy": "round-robin"}, {"web": {"count": 2, "outages": [outage]}})
    found = connections(world)
    down = [row for row in found if 10 <= row["arrival"] < 30]
    failed = [row for row in down if row["outcome"] == "failed"]
    assert abs(len(failed) - len(down) / 2) <= 1
