"""Time may pass without an event: nothing else changes."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from sim.activity import Activity, Moments, Wake
from sim.environment import Environment


class EveryWaitAnEvent(Environment):
    """As SimPy has it."""

    def skip(self, moment: float) -> bool:
        """Never."""
        return False


Steps = list[tuple[str, float]]

# Waits of many ties, and of sums that round; who is woken, begun or cancelled on the way.
STEP = st.tuples(
    st.sampled_from(["wait", "wait", "wait", "wait", "wake", "sleep", "begin", "cancel"]),
    st.sampled_from([0.0, 0.1, 0.2, 0.3]),
)


def happens(
    environment: Environment, everybody: list[Steps]
) -> tuple[list[tuple[float, str]], int]:
    """What happens when, in order, until 2.5 and from there on; and how many events it took."""
    seen: list[tuple[float, str]] = []
    wakes = [Wake() for _ in everybody]
    activities: list[Activity] = []

    def life(name: str, steps: Steps) -> Moments:
        now = environment.now
        for kind, seconds in steps:
            seen.append((environment.now, f"{name} {kind}"))
            if kind == "wait":
                now = yield now + seconds
            elif kind == "sleep":
                now = yield wakes[len(name) % len(wakes)]
            elif kind == "wake":
                for wake in wakes:
                    wake.wake(environment.now)
            elif kind == "begin" and len(name) < 4:
                activities.append(Activity(environment, life(f"{name}'", steps[:2])))
            elif kind == "cancel" and activities:
                activities[int(seconds * 10) % len(activities)].cancel()

    for number, steps in enumerate(everybody):
        activities.append(Activity(environment, life(str(number), steps)))
    environment.run(until=2.5)
    assert environment.now == 2.5
    assert all(moment < 2.5 for moment, _ in seen)
    environment.run()
    return seen, next(environment._eid)


TIES = [[("wait", 0.3), ("wait", 0.0)] * 2, [("wait", 0.3)] * 2]
CANCELS_ITSELF = [[("wait", 0.1), ("cancel", 0.0), ("wait", 0.1), ("wait", 0.1)]]


@given(st.lists(st.lists(STEP, min_size=2, max_size=8), min_size=2, max_size=4))
@example(TIES)
@example(CANCELS_ITSELF)
def test_the_same_happens_in_the_same_order(everybody: list[Steps]) -> None:
    seen, events = happens(Environment(), everybody)
    by_events, every_event = happens(EveryWaitAnEvent(), everybody)
    assert seen == by_events
    assert events <= every_event


def test_who_is_alone_takes_no_event_a_wait() -> None:
    alone: list[Steps] = [[("wait", 0.1)] * 8]
    assert happens(EveryWaitAnEvent(), alone)[1] - happens(Environment(), alone)[1] == 7
