"""A middlebox of one's own, as docs/own-middlebox.md tells it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

import pytest

import experiments
import sim

TEXT = (Path(__file__).parents[3] / "docs" / "own-middlebox.md").read_text(encoding="utf-8")


def code(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)
    assert found
    return found.group(1)


def test_the_how_to_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("metered.toml").write_text(code("toml"), encoding="utf-8")
    names: dict[str, Any] = {"__name__": "notebook"}
    exec(compile(code("python"), "notebook", "exec", dont_inherit=True), names)
    result = names["result"]
    reasons = result.connections["reason"].value_counts()
    assert reasons["quota used up"] > 50
    assert (result.connections["outcome"] == "full").sum() > 50
    again = experiments.load_result("out/metered", parts=[names["Meter"]])
    assert again.answer == result.answer
    with pytest.raises(experiments.ScenarioError, match="meter"):
        experiments.load_result("out/metered")


class Nameless(sim.Middlebox):
    pass


class Vague(sim.Middlebox):
    kind: str = "vague"


class SecondNat(sim.Middlebox):
    kind: Literal["nat"]


class Meter(sim.Middlebox):
    kind: Literal["meter"]


class OtherMeter(sim.Middlebox):
    kind: Literal["meter"]


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ([Nameless], 'Nameless has no kind; give it a field such as kind: Literal["my-box"]'),
        ([Vague], "Vague has no kind; give it a field"),
        ([SecondNat], 'SecondNat has the kind "nat", which is Nat\'s; give it one of its own'),
        ([Meter, OtherMeter], 'OtherMeter has the kind "meter", which is Meter\'s; give it one'),
        ([Meter, dict], "dict is no middlebox; give a class derived from sim.Middlebox"),
        ([Meter(kind="meter")], "Meter(latency=0.0, kind='meter') is no middlebox; give a class"),
        ([{}], "{} is no middlebox"),
    ],
)
def test_a_part_that_cannot_be_used(parts: list[Any], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        sim.scenario_with(*parts)
    with pytest.raises(experiments.ScenarioError, match=re.escape(f"parts: {said}")):
        experiments.run("session-cache", parts=parts)


def test_a_part_may_be_given_twice() -> None:
    experiments.load_scenario("session-cache", parts=[Meter, Meter])
