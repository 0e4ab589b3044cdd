"""Every ready scenario: replay gives what live engines give."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

import experiments
import sim
from experiments.scenario_files.overrides import setting
from experiments.studies.study import design

SMALLER: dict[str, dict[str, str]] = {
    "session-cache": {"scale": "1/40000"},
    "web-farm": {"scale": "1/20"},
    "accelerator": {"scale": "1/20"},
    "post-quantum-migration": {"duration": "20 s"},
}
"""What makes a scenario small enough for live engines; one that is not listed runs whole."""


def tables(world: sim.Scenario) -> dict[str, list[dict[str, Any]]]:
    sink = sim.MemorySink()
    sim.simulate(world, seed=1, sink=sink)
    found: dict[str, pa.Table] = {name: sink.table(name) for name in sim.SCHEMAS}
    return {name: table.to_pylist() for name, table in found.items()}


@pytest.mark.slow
@pytest.mark.parametrize("name", experiments.ready_scenarios())
def test_replay_gives_the_tables_of_live_engines(name: str) -> None:
    """At the first, the middle and the last point of its design, to the last bit.

    Of points whose signatures have one length: those of ECDSA have not.
    """
    overrides = [setting(path, value) for path, value in SMALLER.get(name, {}).items()]
    points = [
        point
        for point in design(experiments.load_scenario(name, overrides), seed=1).points
        if not any("ecdsa" in str(pool.identity) for pool in point.scenario.pools.values())
    ]
    for point in (points[index] for index in sorted({0, len(points) // 2, len(points) - 1})):
        live, replay = (
            tables(point.scenario.model_copy(update={"fidelity": fidelity}))
            for fidelity in ("live", "replay")
        )
        assert len(live["connections"]) > 100
        assert replay == live
