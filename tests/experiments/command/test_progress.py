from __future__ import annotations

from itertools import takewhile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from experiments.scenario_files.overrides import setting
from experiments.scenario_files.scenario_file import parse
from experiments.studies.expected_connections import connections_of, share_of_work
from experiments.studies.job import jobs_of, run_job, share_done
from experiments.studies.progress import StudyProgress
from experiments.studies.study import design
from tests.experiments.small_world import WORLD


def test_lines_tell_the_progress_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with StudyProgress("shop", jobs=8, finished=2, between_lines=0.0) as progress:
        progress.update(finished=3, done=1.5)
    line = capsys.readouterr().err
    assert line.startswith("tlscape: shop: 3 of 8 replications finished, 0 s elapsed, about ")
    assert line.endswith(" s to go\n")


def test_a_short_study_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    with StudyProgress("shop", jobs=8, finished=2) as progress:
        progress.update(finished=3, done=1.5)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("done", "to_go"),
    [(0.0, "400 s"), (0.08, "384 s"), (0.2, "36,000 s"), (1.0, "4,000 s"), (2.0, "0 s")],
)
def test_the_forecast_counts_until_some_of_the_work_is_done(
    done: float, to_go: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter([0.0, 4000.0])
    ticking = SimpleNamespace(monotonic=lambda: next(clock))
    monkeypatch.setattr("experiments.studies.progress.time", ticking)
    progress = StudyProgress("shop", jobs=2, finished=0, forecast=400.0, between_lines=0.0)
    progress.update(finished=0, done=done)
    assert capsys.readouterr().err.endswith(f"4,000 s elapsed, about {to_go} to go\n")


def test_progress_is_the_share_of_connections_and_not_of_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All come in the first tenth of the time."""
    counts = [400.0] + 9 * [0.0]
    front = {"process": "curve", "interval": "10 s", "counts": counts}
    overrides = [setting("arrivals", front), setting("duration", "100 s")]
    study = design(parse("s", "s.toml", WORLD, overrides), seed=1, replications=1)
    told = []

    def replace(scratch: Path, file: Path) -> None:
        scratch.replace(file)
        told.append(share_done(tmp_path))

    monkeypatch.setattr("experiments.studies.job._SECONDS_BETWEEN_REPORTS", 0.0)
    monkeypatch.setattr("experiments.studies.job.os", SimpleNamespace(replace=replace))
    (job,) = jobs_of(study).values()
    run_job(job, tmp_path)
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert sum(share < 1 for share in told) == pytest.approx(len(told) / 10, abs=3)


@pytest.mark.parametrize(
    "arrivals",
    [
        {"process": "poisson", "rate": "20 /s"},
        {"process": "curve", "interval": "20 s", "counts": [900, 30, 120], "requests_per_visit": 2},
    ],
)
def test_the_share_of_work_is_that_of_those_who_have_come(arrivals: dict[str, object]) -> None:
    overrides = [setting("arrivals", arrivals), setting("duration", "70 s")]
    overrides.append(setting("warm_up", "50 s"))
    study = design(parse("s", "s.toml", WORLD, overrides), seed=1, replications=1)
    world = study.points[0].scenario
    moments = world.arrivals.times(np.random.default_rng(5), -50.0, world.scale)
    come = np.array(list(takewhile(lambda moment: moment < 70, moments)))
    assert connections_of(world) == pytest.approx(len(come), rel=0.1)
    share = share_of_work(world)
    assert (share(0.0), share(1.0)) == (0.0, pytest.approx(1.0))
    for of_time in np.linspace(0, 1, 37):
        assert share(of_time) == pytest.approx(np.mean(come < 120 * of_time - 50), abs=0.04)
