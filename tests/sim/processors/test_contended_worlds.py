"""Worlds whose machines have a contention curve: where the time goes, live and in replay."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sim.worlds import HEADINGS, rows, scenario, simulated

CURVE = [[1, 1.0], [2, 0.7], [4, 0.5]]
PROCESSORS: dict[str, dict[str, Any]] = {
    "fifo": {"discipline": "fifo"},
    "workers": {"discipline": "workers"},
    "shared queue": {"discipline": "workers", "accept": "shared queue"},
    "sharing": {"discipline": "processor-sharing"},
}


def machine(contention: list[list[float]] | None) -> dict[str, Any]:
    fields = {"name": "four", "title": "t", "source": "s", "base": "pentium-iii-933"}
    return fields if contention is None else fields | {"contention": contention}


def tables(
    processor: str, fidelity: str, contention: list[list[float]] | None = CURVE
) -> dict[str, list[dict[str, Any]]]:
    world = scenario(
        fidelity=fidelity,
        arrivals__rate="30 /s",
        duration="20 s",
        server__cores=4,
        server__identity="contoso-rsa-2048",
        server__processor=PROCESSORS[processor],
        server__machine=machine(contention),
    )
    sink = simulated(world)
    return {name: rows(sink.table(name)) for name in ("connections", "samples", "operations")}


@pytest.mark.parametrize("processor", PROCESSORS)
def test_contention_is_cpu_time_and_all_time_is_booked(processor: str) -> None:
    live, replay = tables(processor, "live"), tables(processor, "replay")
    assert live == replay
    for row in live["connections"]:
        assert sum(row[heading] for heading in HEADINGS) == pytest.approx(row["duration"], abs=1e-9)
        assert row["time_cpu_queue"] > -1e-9
    full_speed = tables(processor, "replay", None)
    taken, at_least = (
        sum(row["server_cpu"] for row in each["connections"]) for each in (live, full_speed)
    )
    priced = sum(row["cpu_seconds"] for row in live["operations"] if row["node"] == "server")
    assert 1.05 * at_least < taken < 2 * at_least
    at_full_speed = (
        row["cpu_seconds"] for row in full_speed["operations"] if row["node"] == "server"
    )
    assert priced == pytest.approx(sum(at_full_speed), rel=0.2)


@pytest.mark.parametrize("processor", PROCESSORS)
def test_a_flat_curve_is_none(processor: str) -> None:
    assert tables(processor, "replay", [[1, 1.0]]) == tables(processor, "replay", None)


@pytest.mark.parametrize("processor", ["fifo", "sharing"])
def test_threads_at_full_speed_each_change_nothing(processor: str) -> None:
    """A curve that never falls is worked out by other steps, with the same figures."""
    flat, none = (tables(processor, "replay", curve) for curve in ([[1, 1.0], [4, 1.0]], None))
    assert flat["operations"] == none["operations"]
    for one, other in zip(flat["connections"], none["connections"], strict=True):
        for heading in HEADINGS:
            assert one[heading] == pytest.approx(other[heading], abs=1e-9)
