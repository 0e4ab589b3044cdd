"""One event for all the waits of something that happens step by step."""

from __future__ import annotations

import pytest

from sim.activity import Activity, Moments, Wake
from sim.environment import Environment


def test_it_goes_on_at_the_moments_that_it_asks_for() -> None:
    environment = Environment(initial_time=-1.0)
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
    environment = Environment()

    def life() -> Moments:
        yield 1.0
        raise LookupError("no price")

    Activity(environment, life())
    with pytest.raises(LookupError, match="no price"):
        environment.run()


def test_it_is_woken_at_a_moment_that_was_not_known() -> None:
    environment = Environment()
    wake = Wake()
    seen: list[float] = []

    def sleeper() -> Moments:
        seen.append((yield wake))
        seen.append((yield 7.0))

    def waker() -> Moments:
        yield 3.0
        wake.wake(3.5)
        wake.wake(4.0)  # nobody waits any more

    Activity(environment, sleeper())
    Activity(environment, waker())
    environment.run()
    assert seen == [3.5, 7.0]


@pytest.mark.parametrize("waits_for", ["a moment", "a wake"])
def test_nothing_happens_of_what_is_cancelled(waits_for: str) -> None:
    environment = Environment()
    wake = Wake()
    seen: list[str] = []

    def life() -> Moments:
        try:
            yield 5.0 if waits_for == "a moment" else wake
            seen.append("went on")
        finally:
            seen.append("tidied up")

    activity = Activity(environment, life())

    def other() -> Moments:
        yield 1.0
        activity.cancel()
        yield 2.0
        wake.wake(2.0)

    Activity(environment, other())
    environment.run()
    assert seen == ["tidied up"]


def test_what_has_ended_is_cancelled_to_no_effect() -> None:
    environment = Environment()

    def life() -> Moments:
        yield 1.0

    activity = Activity(environment, life())
    environment.run()
    activity.cancel()
    environment.run()
