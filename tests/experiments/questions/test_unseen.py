"""What is described and never happens in the recorded time is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import experiments
from experiments.command.application import application
from experiments.questions.unseen import never_seen
from experiments.scenario_files.scenario_file import parse
from tests.experiments.command.test_bad_farms import FARM

OUTAGES = "cores = 2\noutages = "
CHECK = 'policy = "random"\nhealth_check = '


def told(*replacements: tuple[str, str]) -> list[str]:
    """What the recorded minute of that farm never sees."""
    text = FARM
    for was, becomes in replacements:
        assert text.count(was) == 1
        text = text.replace(was, becomes)
    return list(never_seen(parse("farm", "farm.toml", text).world()))


def outage(*, at: str, lasts: str) -> tuple[str, str]:
    return "cores = 2\n", f'{OUTAGES}[{{ server = 3, at = "{at}", lasts = "{lasts}" }}]\n'


def check(**settings: Any) -> tuple[str, str]:
    words = ", ".join(f"{name} = {value!r}" for name, value in settings.items())
    return 'policy = "random"\n', f"{CHECK}{{ {words} }}\n"


def test_a_farm_that_sees_all() -> None:
    seen = outage(at="10 s", lasts="30 s")
    draining = ('policy = "random"\n', 'policy = "random"\ndraining = { web-2 = "59 s" }\n')
    assert told(seen) == told(seen, check(interval="2 s")) == told(draining) == []
    assert told(check(interval="1 h")) == []


@pytest.mark.parametrize("at", ["60 s", "2 min"])
def test_an_outage_behind_the_end(at: str) -> None:
    (sentence,) = told(outage(at=at, lasts="1 s"), check(interval="2 s"))
    assert sentence.startswith("the outage of web-3 at ")
    assert "begins behind the 1 min that are recorded" in sentence


def test_draining_behind_the_end() -> None:
    draining = ('policy = "random"\n', 'policy = "random"\ndraining = { web-2 = "1 h" }\n')
    (sentence,) = told(draining)
    assert sentence.startswith("web-2 drains from 1 h on, behind the 1 min that are recorded")


@pytest.mark.parametrize(
    ("interval", "lasts", "unseen"),
    [("1 h", "40 s", True), ("25 s", "49 s", True), ("2 s", "3 s", True), ("2 s", "7 s", False)],
)
def test_health_checks_that_come_too_seldom(interval: str, lasts: str, unseen: bool) -> None:
    """Three in a row have to fail, within the outage and the recorded minute."""
    sentences = told(outage(at="10 s", lasts=lasts), check(interval=interval))
    assert [sentence.startswith("front notices no outage") for sentence in sentences] == (
        [True] if unseen else []
    )


def test_the_result_warns_of_it(written: Callable[..., Path], tmp_path: Path) -> None:
    """At the design points that it concerns."""
    outages = 'cores = 1\noutages = [{ at = "90 s", lasts = "1 s" }]'
    study = '\n[study]\nreplications = 1\n[study.factors]\nduration = ["1 min", "2 min"]\n'
    file = written(("cores = 1", outages), study=study)
    result = experiments.run(file, out=tmp_path / "out", workers=1)
    (warning,) = [each for each in result.warnings if "outage" in each]
    assert warning.startswith("At duration 1 min: the outage of www.contoso.com at 1.5 min begins")


def test_check_tells_it_before_a_run(tmp_path: Path) -> None:
    was, becomes = outage(at="2 min", lasts="1 s")
    file = tmp_path / "farm.toml"
    file.write_text(FARM.replace(was, becomes))
    outcome = CliRunner().invoke(application, ["check", str(file)])
    assert outcome.exit_code == 0
    assert "tlscape: The outage of web-3 at 2 min begins behind the 1 min" in outcome.output
