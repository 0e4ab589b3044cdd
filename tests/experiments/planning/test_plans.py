"""Plans of small worlds: what is found, told, written and kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import experiments
from experiments.failures import ScenarioError

WORLD = """
title = "How many cores?"
kind = "terminating"
start = 2026-01-01T00:00:00Z
duration = "10 s"
sample_interval = "1 s"
fidelity = "replay"
arrivals = { process = "poisson", rate = "200 /s" }
population = { kind = "independent", clients = 5000 }
clients = [{ profile = "openssl-3" }]
path = { round_trip_time = "20 ms" }
http = { requests = 1, request_size = "400 B", response_size = "1 kB" }

[server]
machine = "nginx-2026"
application.cpu = "9 ms"

[study]
replications = 2
objectives = ["p90 first byte < 200 ms", "failed < 1 %"]
"""
PLAN = 'plan = { smallest = "server.cores", from = 1, to = 16, most_replications = 8 }\n'
FACTORS = '[study.factors]\n"arrivals.rate" = ["200 /s", "400 /s"]\n'


def written(folder: Path, text: str) -> Path:
    file = folder / "world.toml"
    file.write_text(text)
    return file


def test_a_plan_is_found_told_and_written(tmp_path: Path) -> None:
    file = written(tmp_path, WORLD + PLAN)
    found = experiments.plan(file, out=tmp_path / "plan", workers=1)
    assert found.value == 3 or found.value == 2
    assert f"is {found.value} (of 1 to 16, with 95 % confidence)" in found.answer
    smaller = found.designs[0].next_smaller
    assert smaller is not None
    assert f"The next smaller one, {smaller.value}, " in found.remarks[0]
    assert "Headroom: p90 first byte is at least" in found.remarks[1]
    assert found.remarks[2].startswith("What binds first is the processor")
    assert found.result is not None
    assert found.result.report.is_file()
    rows = found.evidence
    chosen = rows[(rows["server.cores"] == found.value) & rows["objective"].str.contains("p90")]
    times = found.result.connections["first_byte_time"]
    assert chosen["measured"].item() == times.quantile(0.9, interpolation="inverted_cdf") or (
        abs(chosen["measured"].item() - times.quantile(0.9)) < 1e-3
    )
    assert {"plan.html", "plan.csv", "plan.json", "designs", "jobs"} <= {
        path.name for path in (tmp_path / "plan").iterdir()
    }
    assert found.answer in (tmp_path / "plan" / "plan.html").read_text()


def test_a_plan_again_is_the_same_and_runs_nothing(tmp_path: Path) -> None:
    file = written(tmp_path, WORLD + PLAN)
    first = experiments.plan(file, out=tmp_path / "plan", workers=1)
    jobs = {path: path.stat().st_mtime_ns for path in (tmp_path / "plan" / "jobs").glob("?" * 64)}
    evidence = (tmp_path / "plan" / "plan.csv").read_bytes()
    again = experiments.plan(file, out=tmp_path / "plan", workers=2)
    assert again.answer == first.answer
    assert (tmp_path / "plan" / "plan.csv").read_bytes() == evidence
    assert jobs == {
        path: path.stat().st_mtime_ns for path in (tmp_path / "plan" / "jobs").glob("?" * 64)
    }


def test_each_combination_of_the_factors_has_a_plan_of_its_own(tmp_path: Path) -> None:
    file = written(tmp_path, WORLD + PLAN + FACTORS)
    found = experiments.plan(file, out=tmp_path / "plan", workers=1)
    low, high = (one.value for one in found.designs)
    assert isinstance(low, int)
    assert isinstance(high, int)
    assert low < high
    assert " at rate 400 /s is " in found.answer


def test_a_range_without_a_design_that_meets_says_why_and_ends_with_3(
    tlscape_here: Callable[..., Any], tmp_path: Path
) -> None:
    file = written(tmp_path, WORLD.replace("200 ms", "70 ms"))
    words = ["--smallest", "server.cores", "--between", "8..16", "--out", tmp_path / "plan"]
    outcome = tlscape_here("plan", file, *words, "--workers", "1")
    assert outcome.returncode == 3, outcome.stderr
    flat = " ".join(outcome.stdout.split())
    assert "No server.cores from 8 to 16 is shown to meet the objectives: 16 misses p90" in flat
    assert "no server can meet it: 4 round trips already take 80 ms at p90" in flat


def test_a_plan_as_json(tlscape_here: Callable[..., Any], tmp_path: Path) -> None:
    file = written(tmp_path, WORLD)
    words = ["--smallest", "server.cores", "--between", "4..8", "--out", tmp_path / "plan"]
    outcome = tlscape_here("plan", file, *words, "--workers", "1", "--json")
    assert outcome.returncode == 0, outcome.stderr
    content = json.loads(outcome.stdout)
    assert content["designs"] == [{"settings": {}, "value": 4}]
    assert content["remarks"][0] == "There is no smaller one within the range."


@pytest.mark.parametrize(
    ("text", "words", "message"),
    [
        (WORLD, {}, "what is to be the smallest"),
        (WORLD.replace("objectives", "#"), {"smallest": "server.cores"}, "there are none"),
        (WORLD, {"smallest": "server.cores", "between": (9, 3)}, "swap the ends"),
        (WORLD, {"smallest": "server.core", "between": (1, 3)}, 'did you mean "cores"'),
        (WORLD, {"smallest": "server.cores", "between": (0, 3)}, "server.cores"),
        (WORLD, {"smallest": "path.round_trip_time", "between": (1, 3)}, "round_trip_time"),
        (WORLD + PLAN.replace("to =", "until ="), {}, 'unknown key "until"'),
        (WORLD + PLAN.replace("16", '"16 s"'), {}, "no unit in common"),
    ],
)
def test_what_cannot_be_planned_is_one_line_and_runs_nothing(
    text: str, words: dict[str, Any], message: str, tmp_path: Path
) -> None:
    file = written(tmp_path, text)
    with pytest.raises(ScenarioError) as raised:
        experiments.plan(file, out=tmp_path / "plan", workers=1, **words)
    assert message in str(raised.value)
    assert "world.toml" in str(raised.value)
    assert not (tmp_path / "plan" / "designs").exists()
