"""TCP's rounds, in closed form and segment by segment, and what loss and slow links do to them."""

from __future__ import annotations

import random
from collections.abc import Callable, Generator
from itertools import count
from math import ceil, log2
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from sim.network.delays import DelayComponents
from sim.network.flight import Delivery
from sim.network.link import Link, LinkDirection, LinkQueue
from sim.network.loss import IndependentLoss
from sim.network.lossless_sender import LosslessSender
from sim.network.one_way_path import OneWayPath, PathElement
from sim.network.receiver import Receiver
from sim.network.segment_events import SegmentEventKind, SegmentEvents
from sim.network.sender import Sender
from sim.network.tcp import Tcp

RTT = 0.1
SEGMENT = 1460
Result = TypeVar("Result")


def finished(steps: Generator[float, float, Result]) -> Result:
    """Run to the end; each wait ends exactly when it should."""
    try:
        moment = next(steps)
        while True:
            moment = steps.send(moment)
    except StopIteration as stop:
        result: Result = stop.value
        return result


class Draws:
    """Loses the packets of these numbers, and no other."""

    def __init__(self, *lost: int) -> None:
        self._lost = lost
        self._packet = -1

    def __call__(self) -> float:
        self._packet += 1
        return 0.0 if self._packet in self._lost else 1.0


def one_way(rate: float | None = None, draws: Callable[[], float] | None = None) -> OneWayPath:
    queue = LinkQueue(LinkDirection.model_construct(rate=rate, buffer=None, loss=None), 0.0)
    return OneWayPath(
        [PathElement(queue, RTT / 2, None if draws is None else IndependentLoss(0.5, draws))]
    )


def sender(
    forward: OneWayPath | None = None, backward: OneWayPath | None = None, **tcp: Any
) -> Sender:
    return Sender(Tcp(**tcp), SEGMENT, forward or one_way(), backward or one_way(), RTT)


def steps_of(sender: Sender, size: int, now: float = 0.0) -> Generator[float, float, Delivery]:
    """Send a flight, and follow it where it has to be followed."""
    delivery = sender.send(now, size, lambda _: None)
    return delivery or (yield from sender.follow())


def delivered(sender: Sender, size: int, now: float = 0.0) -> Delivery:
    found = finished(steps_of(sender, size, now))
    assert found.delays.total == pytest.approx(found.last - now, rel=1e-12)
    return found


STEPS = [
    (1, 1),
    (14_600, 1),
    (14_601, 2),
    (43_800, 2),
    (43_801, 3),
    (102_200, 3),
    (102_201, 4),
]


@pytest.mark.parametrize(("size", "rounds"), STEPS)
def test_slow_start_steps_of_a_first_flight(size: int, rounds: int) -> None:
    """IW 10 x 1460 B, in closed form and segment by segment."""
    assert LosslessSender(Tcp(), SEGMENT, RTT).more(0.0, size) + 1 == rounds
    found = delivered(sender(), size)
    assert found.rounds + 1 == rounds
    assert found.last == pytest.approx(RTT / 2 + (rounds - 1) * RTT)


@given(st.integers(1, 10_000), st.integers(1, 64))
def test_rounds_of_a_first_flight(segments: int, initial_window: int) -> None:
    expected = ceil(log2(segments / initial_window + 1) - 1e-12)
    tcp = Tcp(initial_window=initial_window)
    assert LosslessSender(tcp, SEGMENT, RTT).more(0.0, segments * SEGMENT) + 1 == expected


@settings(max_examples=40)
@given(st.lists(st.integers(1, 200_000), min_size=1, max_size=5), st.integers(1, 20))
def test_closed_form_and_segments_agree(sizes: list[int], initial_window: int) -> None:
    """Flight after flight on one connection, each as soon as the one before is acknowledged."""
    rounds = LosslessSender(Tcp(initial_window=initial_window), SEGMENT, RTT)
    exact = sender(initial_window=initial_window)
    now = 0.0
    for size in sizes:
        more = rounds.more(now, size)
        found = delivered(exact, size, now)
        assert found.rounds == more
        assert found.last == pytest.approx(now + RTT / 2 + more * RTT)
        now = found.last + RTT / 2


def test_the_window_stays_open_and_falls_back_after_a_pause() -> None:
    rounds = LosslessSender(Tcp(initial_window=2), SEGMENT, RTT)
    assert rounds.more(0.0, 6 * SEGMENT) == 1  # 2 + 4, which opens it to 8
    assert rounds.more(0.2, 8 * SEGMENT) == 0
    assert rounds.more(10.0, 8 * SEGMENT) == 2  # 2 + 4 + 2
    lasting = LosslessSender(Tcp(initial_window=2, slow_start_after_idle=False), SEGMENT, RTT)
    assert lasting.more(0.0, 6 * SEGMENT) == 1
    assert lasting.more(10.0, 8 * SEGMENT) == 0


def test_a_window_that_is_not_used_does_not_open() -> None:
    """RFC 7661."""
    rounds = LosslessSender(Tcp(initial_window=10), SEGMENT, RTT)
    for request in range(20):
        assert rounds.more(float(request) / 10, 3 * SEGMENT) == 0
    assert rounds.more(2.0, 11 * SEGMENT) == 1


def test_a_slow_link_sends_without_a_pause() -> None:
    """1 Mbit/s, 100 ms: the window of 10 lasts longer than a round trip, so nothing waits."""
    found = delivered(sender(one_way(1e6), one_way(1e6)), 20 * SEGMENT)
    assert found.last == pytest.approx(RTT / 2 + 20 * 1500 * 8 / 1e6, rel=1e-3)
    assert found.delays.queueing == 0.0
    assert found.first == pytest.approx(RTT / 2 + 1500 * 8 / 1e6)


@pytest.mark.parametrize("probes", [False, True])
def test_a_lone_segment_waits_for_the_time_out(probes: bool) -> None:
    """RTO: 100 ms and four times 50 ms; sent again, it takes another 50 ms."""
    found = delivered(sender(one_way(draws=Draws(0)), loss_probe=probes), 100)
    assert found.last == pytest.approx(0.3 + RTT / 2)
    assert found.delays.retransmission == pytest.approx(0.3)
    twice = delivered(sender(one_way(draws=Draws(0, 1)), loss_probe=probes), 100)
    assert twice.last == pytest.approx((0.3 + 0.3 if probes else 0.3 + 0.6) + RTT / 2)


def test_three_acknowledgements_tell_a_loss() -> None:
    """RFC 5681 §3.2: the first of five is missing; its repetition leaves one round trip later."""
    found = delivered(sender(one_way(draws=Draws(0))), 5 * SEGMENT)
    assert found.last == pytest.approx(RTT + RTT / 2)
    assert found.first == found.last


def test_two_acknowledgements_tell_one_only_with_time() -> None:
    """RFC 8985 §6.2: a quarter of a round trip later; without it the time-out has to."""
    probing = delivered(sender(one_way(draws=Draws(0)), loss_probe=True), 3 * SEGMENT)
    assert probing.last == pytest.approx(RTT + RTT / 4 + RTT / 2)
    patient = delivered(sender(one_way(draws=Draws(0))), 3 * SEGMENT)
    assert patient.last == pytest.approx(RTT + 0.3 + RTT / 2, rel=0.05)


def test_a_lost_tail_is_probed_for() -> None:
    """RFC 8985 §7: two round trips after the last acknowledgement.

    The probe's own acknowledgement tells that the one before it is lost as well.
    """
    found = delivered(sender(one_way(draws=Draws(3, 4)), loss_probe=True), 5 * SEGMENT)
    assert found.last == pytest.approx(RTT + 2 * RTT + RTT + RTT / 4 + RTT / 2)
    alone = delivered(sender(one_way(draws=Draws(4)), loss_probe=True), 5 * SEGMENT)
    assert alone.last == pytest.approx(RTT + 0.3 + RTT / 2)


def test_lost_acknowledgements_cost_nothing() -> None:
    found = delivered(sender(backward=one_way(draws=Draws(*range(4)))), 5 * SEGMENT)
    assert found.last == pytest.approx(RTT / 2)


def test_the_first_lost_segment_is_sent_again_whatever_the_window_says() -> None:
    """RFC 6675 §5: of ten segments the first and the last five are lost, and Reno halves to five.

    The repetition's acknowledgement opens the way for the others; no time-out is waited for.
    """
    found = delivered(sender(one_way(draws=Draws(0, 5, 6, 7, 8, 9))), 10 * SEGMENT)
    assert found.last == pytest.approx(2 * RTT + RTT / 2)


def test_a_long_flight_is_no_silent_one() -> None:
    """1 MB at 100 kbit/s takes longer than a host's patience with one that is not answered."""
    slow = sender(one_way(1e5), one_way(1e5), user_timeout="60 s")
    found = delivered(slow, 1_000_000)
    assert found.complete
    assert found.last > 80
    assert found.delays.retransmission == 0.0


@pytest.mark.parametrize(
    ("tcp", "repeated"),
    [({}, 25), ({"timestamps": True}, 12), ({"minimum_timeout": "1 s"}, 0)],
)
def test_a_modem_is_slower_than_the_first_time_out(tcp: dict[str, Any], repeated: int) -> None:
    """100 kB at 33.6 kbit/s: no round trip with data is as short as the handshake's.

    What the first time-out repeats in vain is a window, no more: the longer time-out stays until a
    round trip is known (RFC 6298 §5.7).
    """
    modem = one_way(33_600)
    found = delivered(sender(modem, one_way(33_600), **tcp), 100_000)
    queue = modem._elements[0].queue
    assert queue is not None
    assert queue._packets - 69 <= repeated
    assert found.last < 1.35 * 100_000 * 1500 / 1460 * 8 / 33_600


def test_an_acknowledgement_restarts_the_timer() -> None:
    """Nothing arrives behind the first window."""
    stopped = sender(one_way(draws=lambda: float(next(sent) < 10)), user_timeout="5 s")
    sent = count()
    found = finished(steps_of(stopped, 20 * SEGMENT, 0.0))
    assert not found.complete
    assert found.last == pytest.approx(RTT + 5)
    assert found.delays.propagation == pytest.approx(RTT)
    assert found.delays.retransmission == pytest.approx(5)


def test_a_shared_link_is_reserved_for_no_more_than_a_round() -> None:
    """2,000 segments at 10 Mbit/s: no packet is announced further ahead than the buffer is long."""
    rate, buffer = 1e7, 64_000
    queue = LinkQueue(LinkDirection.model_construct(rate=rate, buffer=buffer, loss=None), 0.0)
    shared = OneWayPath([PathElement(queue, RTT / 2)])
    steps = steps_of(sender(shared, one_way(1e8)), 2000 * SEGMENT)
    ahead = []
    with pytest.raises(StopIteration):
        moment = next(steps)
        while True:
            ahead.append(queue._ends[-1] - moment)
            moment = steps.send(moment)
    assert len(ahead) > 15
    assert max(ahead) < 2 * (RTT + (buffer + 1500) * 8 / rate)


def test_a_loss_halves_the_window() -> None:
    for control, window in (("reno", 20), ("cubic", 28)):
        forward = one_way(draws=Draws(0))
        halved = sender(forward, initial_window=40, congestion_control=control)
        delivered(halved, 40 * SEGMENT)
        assert int(halved._window.segments) == window
        assert delivered(halved, window * SEGMENT, 1.0).rounds == 0
        assert delivered(halved, 2 * window * SEGMENT, 1.5).rounds == 1


def test_a_lone_segment_is_acknowledged_late() -> None:
    """Windows: the first of a window of one waits 200 ms for its acknowledgement."""
    slow = sender(initial_window=1, delayed_acknowledgement="200 ms")
    found = delivered(slow, 2 * SEGMENT)
    assert found.last == pytest.approx(RTT + 0.2 + RTT / 2)
    assert found.delays.retransmission == 0.0


def test_what_fills_a_gap_is_acknowledged_at_once() -> None:
    """RFC 5681 §4.2."""
    events = SegmentEvents()
    receiver = Receiver(Tcp(delayed_acknowledgement="200 ms"), one_way(), 4, events)
    for moment, number in enumerate((1, 2, 3, 0)):
        receiver.arrive(float(moment), number, moment, DelayComponents())
    acknowledged = [events.pop() for _ in range(4)]
    assert {event.kind for event in acknowledged} == {SegmentEventKind.ACKNOWLEDGEMENT}
    assert [event.time for event in acknowledged] == pytest.approx([0.05, 1.05, 2.05, 3.05])


def test_a_host_gives_up() -> None:
    lost = sender(one_way(draws=lambda: 0.0), user_timeout="5 s")
    found = finished(steps_of(lost, 100, 3.0))
    assert not found.complete
    assert found.last == pytest.approx(8.0)
    assert found.delays.retransmission == pytest.approx(5.0)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32),
    st.integers(1, 120),
    st.floats(0, 0.3),
    st.sampled_from(["reno", "cubic"]),
    st.booleans(),
    st.sampled_from([None, 3e5, 1e7]),
)
def test_every_flight_arrives_and_its_time_is_accounted_for(
    seed: int, segments: int, loss: float, control: str, probes: bool, rate: float | None
) -> None:
    draws = random.Random(seed).random

    def lossy() -> OneWayPath:
        queue = LinkQueue(LinkDirection.model_construct(rate=rate, buffer=40_000, loss=None), 0.0)
        return OneWayPath([PathElement(queue, RTT / 2, IndependentLoss(loss, draws))])

    host = sender(
        lossy(), lossy(), congestion_control=control, loss_probe=probes, user_timeout="1 d"
    )
    found = delivered(host, segments * SEGMENT)
    assert found.complete
    assert found.last >= RTT / 2
    assert RTT / 2 <= found.first <= found.last
    assert min(getattr(found.delays, name) for name in found.delays.__slots__) >= 0


@pytest.mark.parametrize(
    "changes",
    [
        {"initial_window": 0},
        {"maximum_segment_size": "0 B"},
        {"congestion_control": "vegas"},
        {"keep_alive": "0 s"},
    ],
)
def test_bad_descriptions(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Tcp.model_validate(changes)


@pytest.mark.parametrize("size", ["1 B", "5 B", "12 B"])
def test_a_segment_has_room_for_data_beside_its_timestamps(size: str) -> None:
    with pytest.raises(ValidationError, match="timestamps take 12 bytes of each segment"):
        Tcp.model_validate({"timestamps": True, "maximum_segment_size": size})
    Tcp.model_validate({"timestamps": False, "maximum_segment_size": size})


@pytest.mark.parametrize("timestamps", [False, True])
def test_the_smallest_mtu_leaves_room_for_data(timestamps: bool) -> None:
    mtu = next(rule.ge for rule in Link.model_fields["mtu"].metadata if hasattr(rule, "ge"))
    smallest = Tcp.model_validate({"timestamps": timestamps, "maximum_segment_size": "13 B"})
    assert smallest.segment(mtu) >= 1
    assert Tcp(timestamps=timestamps).segment(mtu) >= 1
