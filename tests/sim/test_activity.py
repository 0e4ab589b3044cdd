"""One event for all the waits of something that happens step by step."""

from __future__ import annotations

import pytest
import simpy

from sim.activity import Activity, Moments


def test_it_goes_on_at_the_moments_that_it_asks_for() -> None:
    environment = simpy.Environment(initial_time=-1.0)
    seen: list[tuple[str, float]] = []

    def life(name: str, *moments: float) -> Moments:
        seen.append((name, environment.now))
        for moment in moments:
            now = yield moment
            assert now == environment.now
            seen.append((name, now))

    Activity(environment, life("a", 1.0, 1.0, 4.0))
    Activity(environment, life("b", 0.0, 2.0))
    Activity(environment, life("nothing to wait for"))
    environment.run()
    assert seen == [
        ("a", -1.0),
        ("b", -1.0),
        ("nothing to wait for", -1.0),
        ("b", 0.0),
        ("a", 1.0),
        ("a", 1.0),
        ("b", 2.0),
        ("a", 4.0),
    ]


def test_what_goes_wrong_in_it_ends_the_run() -> None:
    environment = simpy.Environment()

    def life() -> Moments:
        yield 1.0
        raise LookupError("no price")

    Activity(environment, life())
    with pytest.raises(LookupError, match="no price"):
        environment.run()
