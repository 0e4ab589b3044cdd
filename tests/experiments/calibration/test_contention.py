"""A contention curve of this machine: what a profile takes, whatever was measured."""

from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as st

from experiments.calibration import profile_toml
from experiments.calibration.contention import contention, descending
from sim.costs import MachineProfile

RATES = st.lists(st.floats(1e3, 1e5), min_size=1, max_size=6)


def test_speeds_are_relative_to_one_alone_and_never_rise() -> None:
    measured = [(1, 2_000.0), (2, 2_100.0), (4, 1_500.0), (8, 1_600.0)]
    assert descending(measured) == [[1, 1.0], [2, 1.0], [4, 0.75], [8, 0.75]]


@given(RATES)
def test_a_profile_takes_whatever_was_measured(rates: list[float]) -> None:
    points = descending([(1 << place, rate) for place, rate in enumerate(rates)])
    text = profile_toml(
        {"title": "t", "source": "s", "contention": points, "operations": {"flight": {"each": 1.0}}}
    )
    read = MachineProfile.from_toml(text, name="here").contention
    assert read is not None
    assert [list(point) for point in read] == points


def test_this_machine_has_a_curve_up_to_its_cores() -> None:
    points = contention(0.05)
    assert points[0] == [1, 1.0]
    assert points[-1][0] == (os.cpu_count() or 1)
