from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import experiments


def test_the_public_face() -> None:
    for name in experiments.__all__:
        assert getattr(experiments, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        experiments.nonsense  # noqa: B018


def test_tables_come_as_frames(result: experiments.Result) -> None:
    for frame in (result.connections, result.samples, result.operations, result.summary):
        assert isinstance(frame, pd.DataFrame)
        assert len(frame) > 0
    assert set(result.connections["outcome"]) == {"full", "resumed-by-id", "plain"}


def test_a_result_is_loaded_from_its_folder(result: experiments.Result) -> None:
    loaded = experiments.load_result(result.folder)
    assert loaded.study.identity == result.study.identity
    pd.testing.assert_frame_equal(loaded.values, result.values)
    assert loaded.answer == result.answer
    assert loaded.plot.hit_rate().svg() == result.plot.hit_rate().svg()


def test_settings_are_dotted_paths(scenario: Path, tmp_path: Path) -> None:
    settings = {"server.sessions.lifetime": "20 s", "server.sessions.capacity": 5}
    result = experiments.run(scenario, out=tmp_path / "out", replications=1, workers=1, **settings)
    assert [point.label for point in result.study.points] == [
        "lifetime 20 s, capacity 5",
        "baseline (security plain)",
    ]
    loaded = experiments.load_result(result.folder)
    assert loaded.study.identity == result.study.identity
    with pytest.raises(experiments.ScenarioError, match=r"the setting server\.coers=2"):
        experiments.run(scenario, **{"server.coers": 2})


def test_a_loaded_scenario_can_be_run(scenario: Path, tmp_path: Path) -> None:
    file = experiments.load_scenario(scenario)
    result = experiments.run(
        file, out=tmp_path / "out", replications=1, workers=1, **{"study.question": "capacity"}
    )
    assert result.answer.sentence.startswith("The load needs ")
    assert result.answer.sentence in result._repr_html_()
    assert result.answer.sentence in repr(result)


def test_a_steady_state_study_leaves_its_warm_up_out(scenario: Path, tmp_path: Path) -> None:
    result = experiments.run(
        scenario,
        out=tmp_path / "out",
        replications=2,
        workers=1,
        kind="steady-state",
        **{"study.factors": {}, "study.baseline": {"server.cores": 2}},
    )
    with result.measurements() as measurements:
        warm_up = measurements.warm_up
        counted = measurements.connections()["connections"].sum()
    assert warm_up is not None
    assert (warm_up["warm_up_end"] < 200).all()
    kept = result.connections.merge(warm_up, on="point")
    assert counted == (kept["arrival"] >= kept["warm_up_end"]).sum()


def test_nothing_lies_in_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(experiments.FolderError, match="no finished study"):
        experiments.load_result(tmp_path)
