"""Congestion windows: slow start, avoidance, and what losses and pauses do to them."""

from __future__ import annotations

from math import cbrt, inf

import pytest

from sim.network.congestion import CongestionControl, CongestionWindow, congestion_window

RTT = 0.1
KINDS: tuple[CongestionControl, ...] = ("reno", "cubic")


def window(
    kind: CongestionControl, segments: float = 10, threshold: float = inf
) -> CongestionWindow:
    made = congestion_window(kind, 10)
    made.segments, made.threshold = float(segments), threshold
    return made


def full_round(made: CongestionWindow, now: float, round_trip: float = RTT) -> float:
    """A window is acknowledged segment by segment, and filled again; what it is then."""
    for _ in range(int(made.segments)):
        made.on_acknowledgement(now, 1, int(made.segments), round_trip)
    return made.segments


@pytest.mark.parametrize("kind", KINDS)
def test_slow_start_doubles_up_to_the_threshold(kind: CongestionControl) -> None:
    """RFC 5681 §3.1."""
    made = window(kind, threshold=25)
    assert full_round(made, 0.1) == 20
    assert 25 <= full_round(made, 0.2) < 26


@pytest.mark.parametrize("kind", KINDS)
def test_one_acknowledgement_does_not_pass_the_threshold(kind: CongestionControl) -> None:
    made = window(kind, segments=1, threshold=2.5)
    made.on_acknowledgement(0.0, 10, 10, RTT)
    assert 2.5 <= made.segments < 10


@pytest.mark.parametrize("kind", KINDS)
def test_a_window_that_is_not_used_does_not_grow(kind: CongestionControl) -> None:
    """RFC 7661."""
    made = window(kind, segments=40, threshold=20)
    made.on_acknowledgement(0.0, 5, 5, RTT)
    assert made.segments == 40


def test_reno_grows_by_a_segment_a_round() -> None:
    made = window("reno", segments=20, threshold=20)
    assert full_round(made, 0.1) == pytest.approx(21, abs=0.05)
    assert full_round(made, 0.2) == pytest.approx(22, abs=0.1)


@pytest.mark.parametrize(("kind", "share"), [("reno", 0.5), ("cubic", 0.7)])
def test_losses_and_time_outs(kind: CongestionControl, share: float) -> None:
    made = window(kind, segments=40)
    made.on_loss()
    assert made.segments == made.threshold == pytest.approx(40 * share)
    made = window(kind, segments=40)
    made.on_timeout(reduces=True)
    assert (made.segments, made.threshold) == (1, pytest.approx(40 * share))
    made.on_timeout(reduces=False)
    assert (made.segments, made.threshold) == (1, pytest.approx(40 * share))


def test_cubic_comes_back_to_its_plateau_when_it_should() -> None:
    """RFC 9438 §4.2: K is the cube root of (W_max - cwnd) / C; here 100 to 70, 4.2 s."""
    made = window("cubic", segments=100)
    made.on_loss()
    origin, now, last = cbrt(30 / 0.4), 0.0, 70.0
    for number in range(42):
        now = number * RTT
        last = full_round(made, now)
        target = 100 + 0.4 * (now + RTT - origin) ** 3
        # Below that Reno would have more; both lag by a round.
        assert last <= max(target, 70 + 0.53 * (number + 1)) + 1
    assert last == pytest.approx(100, abs=1)
    for number in range(42, 84):
        now = number * RTT
        last = full_round(made, now)
    assert last == pytest.approx(100 + 0.4 * (now + RTT - origin) ** 3, rel=0.05)


def test_cubic_is_no_slower_than_reno() -> None:
    """RFC 9438 §4.3: with short round trips the estimate of what Reno does counts."""
    made = window("cubic", segments=20)
    made.on_loss()
    rounds = 10
    for number in range(rounds):
        full_round(made, number * 0.001, 0.001)
    assert made.segments == pytest.approx(14 + rounds * 3 * 0.3 / 1.7, rel=0.03)


def test_cubic_leaves_room_when_it_shrinks_again() -> None:
    """RFC 9438 §4.7: 100, then 70 before the plateau is reached: the next plateau is 59.5."""
    made = window("cubic", segments=100)
    made.on_loss()
    made.on_loss()
    assert made.segments == pytest.approx(49)
    for second in range(4):  # K is 2.97 s; Reno would have 51 by then
        full_round(made, float(second), 1.0)
    assert made.segments == pytest.approx(59.5, abs=1)


def test_cubic_does_not_count_a_pause() -> None:
    """RFC 9438 §5.8."""
    paused, other = window("cubic", segments=40), window("cubic", segments=40)
    for made in (paused, other):
        made.on_loss()
        full_round(made, 0.0)
    paused.skip_idle(60.0)
    assert full_round(paused, 60.1) == pytest.approx(full_round(other, 0.1))


def test_cubic_starts_over_after_a_time_out() -> None:
    """RFC 9438 §4.8: the plateau is where avoidance begins, at the threshold."""
    made = window("cubic", segments=40)
    made.on_timeout(reduces=True)
    made.segments = made.threshold
    now = 0.0
    for number in range(20):
        now = number * RTT
        full_round(made, now)
    grown = max(0.4 * (now + RTT) ** 3, 20 * 3 * 0.3 / 1.7)
    assert made.segments == pytest.approx(28 + grown, rel=0.05)


@pytest.mark.parametrize("kind", KINDS)
def test_a_pause_leaves_the_initial_window(kind: CongestionControl) -> None:
    made = window(kind, segments=40)
    made.restart_after_idle()
    assert made.segments == 10
    made.segments = 3
    made.restart_after_idle()
    assert made.segments == 3
