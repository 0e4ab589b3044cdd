"""Populations: visitors come back as the description says."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sim.workload.independent import Independent
from sim.workload.revisits import RevisitingVisitors, Revisits
from sim.workload.zipf import Zipf

SY_2018 = [
    ["5 min", 0.177],
    ["10 min", 0.277],
    ["30 min", 0.405],
    ["60 min", 0.483],
    ["24 h", 0.816],
    ["48 h", 0.873],
    ["7 d", 0.952],
]


def revisits(intervals: object = SY_2018) -> Revisits:
    return Revisits.model_validate({"kind": "revisits", "intervals": intervals})


def test_revisit_intervals_are_reproduced() -> None:
    """The share back within each listed interval, among visits whose whole past was seen."""
    description = revisits()
    visitors = description.visitors(1.0)
    generator = np.random.default_rng(0)
    gaps, draws = generator.exponential(10.0, 250_000), generator.random(250_000)
    now, horizon = 0.0, 7 * 86_400.0
    last_seen: dict[int, float] = {}
    ages = []
    for gap, draw in zip(gaps, draws, strict=True):
        now += gap
        who = visitors.visitor(now, draw)
        if now > horizon:
            ages.append(now - last_seen[who] if who in last_seen else np.inf)
        last_seen[who] = now
    observed = np.array(ages)
    assert len(observed) > 150_000
    # Half-way into an interval the distribution is linear.
    for interval, share in [*description.intervals, (150.0, 0.177 / 2)]:
        by_chance = 4 * (share * (1 - share) / len(observed)) ** 0.5
        assert np.mean(observed <= interval) == pytest.approx(share, abs=0.0015 + by_chance)


def test_ages_from_before_anyone_was_seen_give_new_visitors() -> None:
    visitors = revisits([["1 h", 1.0]]).visitors(1.0)
    assert visitors.visitor(0.0, 0.5) == 0
    assert visitors.visitor(10.0, 0.9) == 1  # 54 min ago: nobody yet
    assert visitors.visitor(20.0, 0.0001) == 1  # just now: the last one
    assert len(visitors) == 2


def test_the_share_beyond_the_last_interval_is_new() -> None:
    visitors = revisits([["1 h", 0.25]]).visitors(1.0)
    assert visitors.visitor(0.0, 0.1) == 0
    assert [visitors.visitor(float(now), 0.25) for now in range(1, 4)] == [1, 2, 3]


class NaiveVisitors:
    """The same by searching all of them."""

    def __init__(self, intervals: tuple[tuple[float, float], ...]) -> None:
        self.intervals = intervals
        self.last_seen: dict[int, float] = {}
        self.first_seen: float | None = None

    def visitor(self, now: float, draw: float) -> int:
        if self.first_seen is None:
            self.first_seen = now
        who = self._who(now, draw)
        if who is None:
            who = len(self.last_seen)
        self.last_seen[who] = now
        return who

    def _who(self, now: float, draw: float) -> int | None:
        edges = [(0.0, 0.0), *self.intervals]
        if draw >= edges[-1][1]:
            return None
        for (low, share), (high, above) in pairwise(edges):
            if share <= draw < above:
                then = now - (low + (draw - share) / (above - share) * (high - low))
                break
        assert self.first_seen is not None
        if then < self.first_seen:
            return None
        known = [
            (abs(then - seen), seen, who)
            for who, seen in self.last_seen.items()
            if seen >= now - edges[-1][0]
        ]
        return min(known)[2] if known else None


@given(
    st.lists(
        st.tuples(st.integers(1, 400), st.floats(0, 1, exclude_max=True, allow_subnormal=False)),
        max_size=120,
    )
)
def test_the_nearest_visitor_is_found(visits: list[tuple[int, float]]) -> None:
    description = revisits([["5 min", 0.3], ["10 min", 0.5], ["30 min", 0.9]])
    fast = RevisitingVisitors(description.intervals)
    fast._compact_at = 4  # compact early and often: it must change nothing
    naive = NaiveVisitors(description.intervals)
    now = 0.0
    for gap, draw in visits:
        now += gap
        assert fast.visitor(now, draw) == naive.visitor(now, draw)


def test_the_arrays_do_not_grow_beyond_the_horizon() -> None:
    visitors = revisits([["10 min", 0.5]]).visitors(1.0)
    generator = np.random.default_rng(1)
    for number, draw in enumerate(generator.random(60_000)):
        visitors.visitor(float(number), draw)
    assert len(visitors._times) <= 3 * 8192


@pytest.mark.parametrize(
    "intervals",
    [
        [],
        [["5 min", 0.5], ["5 min", 0.6]],
        [["5 min", 0.5], ["10 min", 0.4]],
        [["5 min", 1.5]],
        [["0 s", 0.5]],
        [[300, 0.5]],
        [["5 min"]],
    ],
)
def test_bad_intervals(intervals: object) -> None:
    with pytest.raises(ValidationError):
        revisits(intervals)


def test_independent_clients_are_equally_likely() -> None:
    visitors = Independent(kind="independent", clients=20).visitors(1.0)
    draws = np.random.default_rng(5).random(100_000)
    counts = np.bincount([visitors.visitor(0.0, draw) for draw in draws], minlength=20)
    assert len(counts) == 20
    assert np.all(np.abs(counts - 5000) < 4.5 * 5000**0.5)


def test_zipf_popularity() -> None:
    description = Zipf(kind="zipf", clients=100, exponent=0.8)
    popularity = description.popularity()
    assert popularity.sum() == pytest.approx(1)
    assert popularity[0] / popularity[31] == pytest.approx(32**0.8)
    visitors = description.visitors(1.0)
    draws = np.random.default_rng(6).random(100_000)
    counts = np.bincount([visitors.visitor(0.0, draw) for draw in draws], minlength=100)
    expected = 100_000 * popularity
    assert np.all(np.abs(counts - expected) < 4.5 * np.sqrt(expected))
    assert visitors.visitor(0.0, np.nextafter(1.0, 0.0)) == 99


@pytest.mark.parametrize(("scale", "clients"), [(1.0, 1000), (0.01, 10), (1e-6, 1)])
def test_scale_divides_the_clients(scale: float, clients: int) -> None:
    visitors = Independent(kind="independent", clients=1000).visitors(scale)
    assert visitors.visitor(0.0, 0.999999) == clients - 1
    assert len(Zipf(kind="zipf", clients=1000, exponent=1).popularity(scale)) == clients
