from __future__ import annotations

from pathlib import Path

import pytest

import experiments
from experiments.scenario_files.overrides import parse_override
from experiments.scenario_files.scenario_file import load, ready_scenarios
from experiments.studies.study import design


def labels(file: experiments.ScenarioFile) -> list[str]:
    return [point.label for point in design(file, seed=1).points]


def test_the_grid_is_in_order_and_the_baseline_last(scenario: Path) -> None:
    assert labels(load(scenario)) == [
        "lifetime 10 s, capacity 2",
        "lifetime 10 s, capacity 1,000",
        "lifetime 5 min, capacity 2",
        "lifetime 5 min, capacity 1,000",
        "baseline (security plain)",
    ]


def test_levels_are_in_the_units_of_the_tables(scenario: Path) -> None:
    study = design(load(scenario), seed=1)
    assert study.columns == (
        "server.sessions.lifetime",
        "server.sessions.capacity",
        "server.security",
    )
    assert list(study.levels(study.points[1]).values()) == [10.0, 1000, "tls"]
    assert list(study.levels(study.points[-1]).values()) == [None, None, "plain"]
    assert study.baseline is study.points[-1]


def test_setting_a_factor_pins_it(scenario: Path) -> None:
    file = load(scenario, [parse_override("server.sessions.lifetime=1 min")])
    assert labels(file) == [
        "lifetime 1 min, capacity 2",
        "lifetime 1 min, capacity 1,000",
        "baseline (security plain)",
    ]
    assert design(file, seed=1).points[0].scenario.server.sessions.lifetime == 60.0


def test_a_file_without_study_is_one_point(scenario: Path, tmp_path: Path) -> None:
    file = tmp_path / "plain.toml"
    file.write_text(scenario.read_text().partition("[study]")[0])
    study = design(load(file), seed=1, replications=3)
    assert [point.label for point in study.points] == ["as described"]
    assert study.replications == 3
    assert study.file.study.question == "capacity"


def test_identity_tells_studies_apart_and_ignores_replications(scenario: Path) -> None:
    file = load(scenario)
    one = design(file, seed=1, replications=2).identity
    assert design(file, seed=1, replications=5).identity == one
    assert design(file, seed=2).identity != one
    longer = load(scenario, [parse_override('duration="6 min"')])
    assert design(longer, seed=1).identity != one
    # The same world in other words is the same study.
    same = load(scenario, [parse_override('duration="300 s"')])
    assert design(same, seed=1).identity == one


def test_overrides_add_up(scenario: Path) -> None:
    file = load(scenario, [parse_override("server.cores=2")])
    both = file.with_overrides([parse_override("path.round_trip_time=10 ms")])
    world = both.world()
    assert (world.server.cores, world.path.round_trip_time) == (2, 0.01)


@pytest.mark.parametrize("name", ready_scenarios())
def test_every_ready_scenario_can_be_planned(name: str) -> None:
    study = design(load(name), seed=1)
    assert study.file.title
    assert study.points
    for assumption in study.file.study.assumptions:
        assert assumption.source
