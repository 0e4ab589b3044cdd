"""A client does not wait longer for its server's resources than for anything else."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

import sim
from sim.activity import Until
from sim.hosts import pool
from sim.hosts.resources import TAKES_TIME, LocalResources, Request, RequestKind
from tests.sim.worlds import HEADINGS, rows, scenario


class SlowStore(LocalResources):
    """A store that every other look-up takes eight seconds at."""

    may_wait = frozenset({RequestKind.LOOK_UP_SESSION, RequestKind.STORE_SESSION})

    def __init__(self, sessions: Any, tickets: Any = None) -> None:
        super().__init__(sessions, tickets)
        self._asked = 0

    def answer(self, kind: RequestKind, subject: Any, now: float) -> Any:
        self._asked += 1
        slow = kind in self.may_wait and self._asked % 2
        return TAKES_TIME if slow else super().answer(kind, subject, now)

    def wait(self, request: Request, now: float) -> Generator[Until, float, tuple[Any, float]]:
        then = yield now + 8.0
        return LocalResources.answer(self, request.kind, request.subject, then), then


@pytest.mark.parametrize("fidelity", ["live", "replay"])
def test_who_waits_too_long_has_gone(monkeypatch: pytest.MonkeyPatch, fidelity: str) -> None:
    """Five seconds after its first flight was there, however long the store takes."""
    monkeypatch.setattr(pool, "LocalResources", SlowStore)
    world = scenario(
        fidelity=fidelity,
        duration="60 s",
        tcp={"user_timeout": "5 s"},
        server__sessions={"capacity": 50, "lifetime": "5 min"},
    )
    sink = sim.MemorySink()
    sim.simulate(world, seed=2, sink=sink)
    found = rows(sink.table("connections"))
    gone = [row for row in found if row["symptom"] == "timeout"]
    assert 0.1 * len(found) < len(gone) < 0.9 * len(found)
    for row in gone:
        assert row["duration"] < row["connect_time"] + 5.0 + 1.0
        assert row["duration"] > 5.0
        assert sum(row[heading] for heading in HEADINGS) == pytest.approx(row["duration"], abs=1e-9)
    # The work of their servers goes on, for nobody.
    assert sum(row["server_cpu"] - row["time_server_cpu"] for row in gone) > 0
