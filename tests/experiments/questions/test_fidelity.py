"""What a result says of boxes whose connections run live in a replay."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

import experiments
import sim
from tests.experiments.small_world import WORLD

BOXED = (
    WORLD.replace('[path]\nround_trip_time = "50 ms"\n', "").replace(
        'kind = "terminating"', 'path = "boxed"\nkind = "terminating"', 1
    )
    + """
[links.line]
round_trip_time = "50 ms"

[links.farm]
round_trip_time = "1 ms"

[middleboxes.spotter]
kind = "spotter"

[paths.boxed]
crosses = ["line", "spotter", "farm"]

[study]
question = "reachability"
replications = 3

[study.factors]
fidelity = ["live", "replay"]
"""
)


class Spotter(sim.Middlebox):
    kind: Literal["spotter"]
    reads = "everything"

    def carries(
        self, flow: sim.Flow, now: float, seen: sim.Seen, *, to_server: bool
    ) -> sim.Verdict:
        return sim.PASS


class Reader(Spotter):
    reads = "plaintext"


@pytest.mark.parametrize(("box", "warned"), [(Spotter, True), (Reader, False)])
def test_a_box_whose_connections_run_live_is_named(
    box: type[sim.Middlebox], warned: bool, tmp_path: Path
) -> None:
    """In the result's warnings and the report, for the design points that it concerns."""
    file = tmp_path / "boxed.toml"
    file.write_text(BOXED, encoding="utf-8")
    result = experiments.run(file, out=tmp_path / "out", parts=[box], workers=1)
    said = [warning for warning in result.warnings if "run live" in warning]
    assert len(said) == warned
    report = result.report.read_text(encoding="utf-8")
    # The report has this module's source too.
    words = ", ".join(["spotter reads everything", "which only engines send"])
    assert (words in report) == warned
    if warned:
        assert said[0].startswith("At fidelity replay: connections that pass spotter run live")
    tables = result.connections
    live, replay = (tables[tables["point"] == point] for point in (0, 1))
    assert len(live) > 100
    columns = list(sim.SCHEMAS["connections"].names)
    assert live[columns].reset_index(drop=True).equals(replay[columns].reset_index(drop=True))
