"""What a study is said to take, before it is run."""

from __future__ import annotations

import pytest

import experiments
from experiments.scenario_files.overrides import setting
from experiments.scenario_files.scenario_file import parse
from experiments.studies.forecast import estimate_words, expected_connections, expected_seconds
from experiments.studies.study import Study, design
from tests.experiments.small_world import WORLD

CURVE = {
    "process": "curve",
    "interval": "1 min",
    "counts": [600.0, 30.0, 120.0],
    "requests_per_visit": 1.5,
}


def study(replications: int = 1, **settings: object) -> Study:
    overrides = [setting(path, value) for path, value in settings.items()]
    return design(parse("s", "s.toml", WORLD, overrides), seed=1, replications=replications)


@pytest.mark.parametrize(
    ("settings", "right"),
    [
        ({"arrivals.rate": "10 /s"}, 3000),
        ({"arrivals.rate": "10 /s", "scale": "1/3"}, 1000),
        ({"arrivals": CURVE}, 920),
        ({"arrivals": CURVE, "duration": "1 min"}, 400),
        ({"arrivals": CURVE, "duration": "90 s", "warm_up": "90 s"}, 410 + 90),
        ({"arrivals": CURVE, "server.backlog": 1, "duration": "3 min"}, 500),
    ],
)
def test_connections_follow_from_the_law_of_arrivals(
    settings: dict[str, object], right: float
) -> None:
    assert expected_connections(study(**settings)) == pytest.approx(right, rel=0.01)
    assert expected_connections(study(3, **settings)) == pytest.approx(3 * right, rel=0.01)


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        ("0.00001 /s", "hardly a connection, in some "),
        ("0.003 /s", "about one connection, in some "),
        ("0.03 /s", "some 9 connections, in some "),
        ("0.5 /s", "some 150 connections, in some "),
    ],
)
def test_words_for_a_few(rate: str, words: str) -> None:
    assert estimate_words(study(**{"arrivals.rate": rate})).startswith(words)


def test_what_takes_longer_is_said_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("experiments.studies.forecast.processors", lambda: 4)
    busy = {"arrivals.rate": "100 /s"}
    one = expected_seconds(study(4, **busy), workers=1)
    assert expected_seconds(study(4), workers=1) < one / 5
    assert one / 4 < expected_seconds(study(4, **busy), workers=4) < one / 2
    assert expected_seconds(study(4, **busy), workers=8) == pytest.approx(
        expected_seconds(study(4, **busy), workers=4)
    )
    assert expected_seconds(study(4, **busy, fidelity="replay"), workers=1) < one / 5
    slow = {"fidelity": "replay", "path.loss": 0.01}
    assert expected_seconds(study(4, **busy, **slow), workers=1) > 60


def test_what_is_finished_takes_no_time(
    scenario: object, result: experiments.Result, capfd: pytest.CaptureFixture[str]
) -> None:
    said: list[str] = []
    experiments.run(scenario, out=result.folder, workers=1, announce=said.append)  # type: ignore[arg-type]
    assert said[0].startswith("small: all replications are finished; the report takes some ")
    whole = expected_seconds(result.study, workers=1)
    assert expected_seconds(result.study, 1, {0: 1}) < whole
