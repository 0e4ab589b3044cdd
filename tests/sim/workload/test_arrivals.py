"""Arrival processes: as many visits as their rates say, no more and no less than chance allows."""

from __future__ import annotations

from itertools import islice, takewhile

import numpy as np
import pytest
from pydantic import ValidationError
from scipy import stats

from sim.streams import Streams
from sim.workload.curve import Curve
from sim.workload.poisson import Poisson


def curve(*counts: float, interval: str = "1 min", **more: object) -> Curve:
    return Curve.model_validate(
        {"process": "curve", "counts": counts, "interval": interval, **more}
    )


def times(
    process: Poisson | Curve, start: float, end: float, *, scale: float = 1.0, seed: int = 1
) -> np.ndarray:
    generator = Streams(seed).generator("arrivals")
    found = list(takewhile(lambda time: time < end, process.times(generator, start, scale)))
    return np.array(found)


def test_poisson_arrivals_are_exponential() -> None:
    process = Poisson(process="poisson", rate="30 /s")
    gaps = np.diff(times(process, -100.0, 900.0))
    assert stats.kstest(gaps, stats.expon(scale=1 / 30).cdf).pvalue > 0.01


def test_scale_divides_the_rate() -> None:
    process = Poisson(process="poisson", rate="30 /s")
    visits = len(times(process, 0.0, 10_000.0, scale=0.1))
    assert visits == pytest.approx(30_000, abs=4.5 * 30_000**0.5)


def test_counts_per_interval_are_poisson() -> None:
    """Each interval's count lies within 4.5 standard deviations, all together by chi-squared."""
    counts = np.array([100.0, 900, 0, 400, 2500, 50])
    arrivals = times(curve(*counts), 0.0, 360.0)
    observed = np.histogram(arrivals, bins=60.0 * np.arange(7))[0]
    assert observed[2] == 0
    busy = counts > 0
    scores = (observed - counts)[busy] / np.sqrt(counts[busy])
    assert np.all(np.abs(scores) < 4.5)
    assert stats.chi2.sf(np.sum(scores**2), busy.sum()) > 0.01


def test_the_curve_repeats_before_the_start_and_after_its_end() -> None:
    counts = np.array([3000.0, 100, 800, 1500])
    arrivals = times(curve(*counts), -120.0, 480.0, seed=2)
    observed = np.histogram(arrivals, bins=60.0 * np.arange(-2, 9))[0]
    expected = np.concatenate((counts[2:], counts, counts))
    assert np.all(np.abs(observed - expected) < 4.5 * np.sqrt(expected))


def test_a_curve_may_begin_within_an_interval() -> None:
    arrivals = times(curve(600, 6000), -30.0, 60.0)
    assert np.sum(arrivals < 0) == pytest.approx(3000, abs=250)
    assert arrivals[0] >= -30.0


def test_requests_a_visit_and_scale_divide_the_curve() -> None:
    process = curve(90_000, requests_per_visit=9)
    assert len(times(process, 0.0, 60.0, scale=0.5)) == pytest.approx(5000, abs=300)


def test_one_draw_a_visit_whatever_the_rate() -> None:
    """Twice the rate gives the same visits in half the time: common random numbers."""
    slow = times(Poisson(process="poisson", rate="10 /s"), 0.0, 100.0)
    fast = times(Poisson(process="poisson", rate="20 /s"), 0.0, 50.0)
    assert np.allclose(slow, 2 * fast)


def test_arrivals_ascend() -> None:
    arrivals = list(islice(curve(5, 0, 0, 1).times(Streams(3).generator("a"), 0.0, 1.0), 10_000))
    assert np.all(np.diff(arrivals) >= 0)


@pytest.mark.parametrize("counts", [[], [0, 0], [1, -1], [float("nan")], [float("inf")], ["many"]])
def test_bad_curves(counts: list[object]) -> None:
    with pytest.raises(ValidationError):
        Curve.model_validate({"process": "curve", "counts": counts, "interval": "1 min"})


@pytest.mark.parametrize("rate", ["-3 /s", "0 /s", "3", 3, "3 Hz"])
def test_bad_rates(rate: object) -> None:
    with pytest.raises(ValidationError):
        Poisson.model_validate({"process": "poisson", "rate": rate})
