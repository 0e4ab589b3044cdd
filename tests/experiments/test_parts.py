"""A middlebox of one's own, as docs/own-middlebox.md tells it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import experiments
import sim

TEXT = (Path(__file__).parents[2] / "docs" / "own-middlebox.md").read_text(encoding="utf-8")


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


def test_a_part_needs_a_kind() -> None:
    class Nameless(sim.Middlebox):
        pass

    with pytest.raises(ValueError, match=r"Nameless has no kind.*my-box"):
        sim.scenario_with(Nameless)
