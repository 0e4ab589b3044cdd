"""Packets that cross together meet what they would meet one by one."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.network.delays import DelayComponents
from sim.network.link import LinkDirection, LinkQueue
from sim.network.loss import IndependentLoss
from sim.network.one_way_path import OneWayPath, PathElement

ELEMENT = st.tuples(
    st.sampled_from([None, 33_600.0, 1e6]),
    st.sampled_from([None, 3000]),
    st.sampled_from([0.0, 0.2]),
    st.sampled_from([0.0, 0.003, 0.1]),
    st.booleans(),
)
"""A rate, a buffer, a share of losses, a delay, and whether it is a box."""
BURST = st.tuples(
    st.floats(0, 0.3),
    st.lists(st.tuples(st.sampled_from([0.0, 0.0, 0.01]), st.integers(40, 1500)), min_size=1),
)


def way(elements: list[tuple[Any, ...]], seed: int) -> OneWayPath:
    found = []
    for number, (rate, buffer, share, delay, is_box) in enumerate(elements):
        direction = LinkDirection.model_construct(rate=rate, buffer=buffer, loss=None)
        losses = IndependentLoss(share, random.Random(seed + number).random) if share else None
        queue = LinkQueue(direction, 0.0)
        found.append(PathElement(None, delay) if is_box else PathElement(queue, delay, losses))
    return OneWayPath(found)


@given(
    st.lists(ELEMENT, min_size=1, max_size=4), st.lists(BURST, max_size=4), st.integers(0, 2**32)
)
def test_packets_together_and_one_by_one(
    elements: list[tuple[Any, ...]], bursts: list[tuple[float, Any]], seed: int
) -> None:
    """Arrivals, losses, where the time goes, and what the links have to tell."""
    together, alone = way(elements, seed), way(elements, seed)
    now = 0.0
    for pause, packets in bursts:
        now += pause
        times = []
        for gap, _ in packets:
            now += gap
            times.append(now)
        sizes = [size for _, size in packets]
        burst = together.carry(list(times), list(sizes))
        places = {number: place for place, number in enumerate(burst.numbers)}
        for number, (time, size) in enumerate(zip(times, sizes, strict=True)):
            delays = DelayComponents()
            arrival = alone.cross(time, size, delays)
            assert (arrival is None) == (number not in places)
            if arrival is not None:
                place = places[number]
                assert arrival == pytest.approx(burst.times[place])
                expected = pytest.approx(vars_of(delays), abs=1e-12)
                assert vars_of(burst.delays(place)) == expected
    assert samples(together, now) == pytest.approx(samples(alone, now), abs=1e-6)


@given(
    st.lists(ELEMENT, min_size=1, max_size=4), st.lists(BURST, max_size=4), st.integers(0, 2**32)
)
def test_acknowledgements_are_packets_like_others(
    elements: list[tuple[Any, ...]], bursts: list[tuple[float, Any]], seed: int
) -> None:
    together, alone = way(elements, seed), way(elements, seed)
    now = 0.0
    for pause, packets in bursts:
        now += pause
        times = []
        for gap, _ in packets:
            now += gap
            times.append(now)
            alone.cross(now, 40, DelayComponents())
        together.acknowledge(times, 40)
        assert [together.cross(now, 40, DelayComponents()) is None] == [
            alone.cross(now, 40, DelayComponents()) is None
        ]
    assert samples(together, now) == pytest.approx(samples(alone, now), abs=1e-6)


def samples(path: OneWayPath, now: float) -> list[Any]:
    queues = [element.queue for element in path._elements]
    return [value for queue in queues if queue is not None for value in queue.sample(now)]


def vars_of(delays: DelayComponents) -> dict[str, float]:
    return {name: getattr(delays, name) for name in delays.__slots__}
