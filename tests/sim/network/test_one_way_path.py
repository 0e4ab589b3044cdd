"""Packets that cross together meet what they would meet one by one."""

from __future__ import annotations

import random
from typing import Any

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
    """To the last bit: arrivals, losses, and where the time goes."""
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
                assert arrival == burst.times[place]
                assert vars_of(delays) == vars_of(burst.delays(place))
    queues = [(a.queue, b.queue) for a, b in zip(together._elements, alone._elements, strict=True)]
    for one, other in queues:
        if one is not None and other is not None:
            assert one.sample(now) == other.sample(now)


def vars_of(delays: DelayComponents) -> dict[str, float]:
    return {name: getattr(delays, name) for name in delays.__slots__}
