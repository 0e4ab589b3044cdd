"""Parts of one's own, as docs/own-middlebox.md and docs/own-parts.md tell them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

import pytest

import experiments
import sim

DOCS = Path(__file__).parents[3] / "docs"


def run_how_to(page: str, scenario: str) -> dict[str, Any]:
    """The names of a notebook that runs the first code of a page, beside its first scenario."""
    text = (DOCS / page).read_text(encoding="utf-8")
    found = {
        language: re.search(rf"```{language}\n(.*?)```", text, re.DOTALL)
        for language in ("toml", "python")
    }
    assert found["toml"]
    assert found["python"]
    Path(scenario).write_text(found["toml"].group(1), encoding="utf-8")
    names: dict[str, Any] = {"__name__": "notebook"}
    exec(compile(found["python"].group(1), "notebook", "exec", dont_inherit=True), names)
    return names


def test_one_of_each_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run_how_to("own-parts.md", "own.toml")["result"]
    found = result.connections.sort_values("connection")
    assert len(found) == 600
    by_server = found["server"].value_counts()
    assert dict(by_server) == {"web-1": 240, "web-2": 300, "web-3": 60}
    assert list(found["client"][:61]) == [*range(60), 0]
    assert set(found["profile"]) == {"crawler"}
    # In a batch who comes last waits least: of each two that came, the later one is served first.
    batch = found[(found["arrival"] < 1) & (found["server"] == "web-1")]
    ended = batch["arrival"] + batch["first_byte_time"]
    assert list(ended.iloc[1:]) == sorted(ended.iloc[1:], reverse=True)
    # Each client comes every twelve seconds, and offers a session for a minute.
    made = found[found["outcome"] == "full"].groupby("client")["arrival"].apply(list)
    for row in found.itertuples():
        since = max((moment for moment in made[row.client] if moment < row.arrival), default=None)
        ago = None if since is None else row.arrival - since
        assert row.offered_session == (ago is not None and ago < 60.5), (ago, row)


def test_the_how_to_of_a_box_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = run_how_to("own-middlebox.md", "metered.toml")
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


class Second(sim.Balancer):
    policy: Literal["random"]


class Unnamed(sim.ProcessorDescription):
    pass


class Bare(sim.OwnBrowser):
    pass


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ([Nameless], 'Nameless has no kind; give it a field such as kind: Literal["my-own"]'),
        ([Vague], "Vague has no kind; give it a field"),
        ([SecondNat], 'SecondNat is the middlebox "nat", as Nat is; give it a name of its own'),
        ([Meter, OtherMeter], 'OtherMeter is the middlebox "meter", as Meter is; give it a name'),
        ([Meter, dict], "dict is no part; give a class derived from one of sim.Middlebox, "),
        ([Meter(kind="meter")], "Meter(latency=0.0, kind='meter') is no part; give a class"),
        ([{}], "{} is no part"),
        ([Second], 'Second is the balancer "random", as RandomChoice is; give it a name'),
        ([Unnamed], "Unnamed has no discipline; give it a field such as discipline: Literal["),
        ([Bare], "Bare has no browser; give it an attribute browser = sim.Browser("),
    ],
)
def test_a_part_that_cannot_be_used(parts: list[Any], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        sim.scenario_with(*parts)
    with pytest.raises(experiments.ScenarioError, match=re.escape(f"parts: {said}")):
        experiments.run("session-cache", parts=parts)


def test_a_part_may_be_given_twice() -> None:
    experiments.load_scenario("session-cache", parts=[Meter, Meter])
