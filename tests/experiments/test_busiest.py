"""The busiest part of a load: when it is, and that it is the same part at its real size."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.busiest import busiest_part
from experiments.failures import ScenarioError
from experiments.loading import load_scenario

_WORLD = """
start = 2026-06-30T00:00:00Z
kind = "terminating"
duration = "4 min"
warm_up = "2 min"
scale = "1/10"
sample_interval = "30 s"

[arrivals]
process = "curve"
counts = [600, 1200, 6000, 60]
interval = "1 min"

[population]
kind = "independent"
clients = 4000

[[clients]]
profile = "openssl-3.0"

[path]
round_trip_time = "40 ms"

[http]
requests = 1
request_size = "400 B"
response_size = "3 kB"

[server]
machine = "nginx-2026"
identity = "contoso-ecdsa-p256"
sessions = { capacity = "unlimited", lifetime = "2 min" }
"""


def _file(folder: Path, text: str = _WORLD) -> Path:
    path = folder / "world.toml"
    path.write_text(text)
    return path


def test_the_busiest_minute_is_the_same_minute_at_its_real_size(tmp_path: Path) -> None:
    file = load_scenario(_file(tmp_path))
    part = busiest_part(file, "1 min").world()
    whole = file.world()
    assert (part.start - whole.start).total_seconds() == 120
    assert (part.duration, part.scale) == (60, 1)
    # All that came before, of which the last minute is simulated whole.
    assert (part.warm_up, part.fast_forward) == (240, 180)
    # A curve repeats, and every moment has the rate that it had.
    for moment in (-240, -119, -60, 0, 30, 60):
        ours = part.arrivals.expected(moment)
        assert ours == pytest.approx(whole.arrivals.expected(moment + 120) - 1800)


def test_a_part_may_lie_across_intervals(tmp_path: Path) -> None:
    part = busiest_part(load_scenario(_file(tmp_path)), "2 min").world()
    assert part.arrivals.expected(120) == pytest.approx(7200)


def test_of_equal_arrivals_none_is_busier(tmp_path: Path) -> None:
    text = _WORLD.replace("[600, 1200, 6000, 60]", "[600, 600]")
    with pytest.raises(ScenarioError, match="no 1 min of its arrivals is busier"):
        busiest_part(load_scenario(_file(tmp_path, text)), "1 min")


@pytest.mark.parametrize("length", ["5 min", "0 s", "a minute"])
def test_a_length_that_it_has_not_is_refused(tmp_path: Path, length: str) -> None:
    with pytest.raises(ScenarioError, match="busiest part"):
        busiest_part(load_scenario(_file(tmp_path)), length)


def test_what_happens_at_times_of_its_own_is_refused(tmp_path: Path) -> None:
    text = _WORLD + 'outages = [{ at = "1 min", lasts = "5 s" }]\n'
    with pytest.raises(ScenarioError, match=r"server\.outages counts its times"):
        busiest_part(load_scenario(_file(tmp_path, text)), "1 min")
