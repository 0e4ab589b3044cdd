"""Objectives of a study: measured, met, missed or undecided, and what nothing can meet."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import experiments
from experiments.failures import ScenarioError
from experiments.results.statistics import replication_interval, share_interval

WORLD = """
start = "2026-06-30T00:00:00Z"
kind = "terminating"
duration = "20 s"
sample_interval = "1 s"
arrivals = { process = "poisson", rate = "150 /s" }
population = { kind = "independent", clients = 500 }
path = { round_trip_time = "60 ms" }
http = { requests = 1, request_size = "400 B", response_size = "3.7 kB" }
fidelity = "replay"

[[clients]]
profile = "openssl-3"
share = 0.5

[[clients]]
profile = "openssl-3.0"
share = 0.5

[servers.web]
count = 2
machine = "nginx-2026"
versions = ["TLS 1.2", "TLS 1.3"]

[study]
replications = 3
objectives = [
    "p95 handshake < 130 ms",
    { require = "p95 handshake < 100 ms", profile = "openssl-3.0" },
    { require = "p50 handshake < 100 ms", profile = "openssl-3" },
    { require = "utilisation < 60 %", server = "web-1" },
    { require = "mean first byte > 100 ms", busiest = "2 s" },
    { require = "failed < 0.5 %", server = "web" },
    "failed visits <= 0.5 %",
    "utilisation < 2.4 %",
]
"""


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> experiments.Result:
    folder = tmp_path_factory.mktemp("objectives")
    (folder / "world.toml").write_text(WORLD)
    return experiments.run(folder / "world.toml", out=folder / "out", workers=1)


def test_what_is_measured_is_what_the_tables_have(result: experiments.Result) -> None:
    rows = result.connections
    measured = result.objectives.set_index("objective")["measured"]
    of_profile = rows[rows["profile"] == "openssl-3.0"]["handshake_time"]
    found = measured["p95 handshake < 100 ms of openssl-3.0"]
    assert found == np.sort(of_profile)[int(np.ceil(0.95 * len(of_profile))) - 1]
    samples = result.samples[result.samples["node"] == "web-1"]
    means = samples.groupby("replication")["utilisation"].mean()
    interval = replication_interval(means.to_numpy())
    row = result.objectives.set_index("objective").loc["utilisation < 60 % of web-1"]
    assert (row["measured"], row["low"], row["high"]) == pytest.approx(interval[:3])
    periods = (rows["arrival"] // 2).value_counts()
    busiest = min(periods[periods == periods.max()].index)
    inside = rows[rows["arrival"] // 2 == busiest]
    means = inside.groupby("replication")["first_byte_time"].mean()
    name = "mean first byte > 100 ms in the busiest 2 s"
    assert measured[name] == pytest.approx(means.mean())
    counts = rows.groupby("replication")["outcome"].agg(lambda one: (one == "failed").mean())
    trials = rows.groupby("replication")["outcome"].count()
    share = share_interval(counts.to_numpy(), trials.to_numpy())
    high = result.objectives.set_index("objective").loc["failed < 0.5 % of web", "high"]
    assert high == pytest.approx(share.high)


def test_verdicts_are_by_the_whole_interval(result: experiments.Result) -> None:
    for row in result.objectives.itertuples():
        sign = 1 if " < " in row.objective or " <= " in row.objective else -1
        below, above = sign * (row.low - row.limit), sign * (row.high - row.limit)
        expected = "met" if max(below, above) < 0 else "missed" if min(below, above) > 0 else ""
        assert row.state == (expected or "undecided"), row.objective


def test_what_round_trips_alone_take_is_told(result: experiments.Result) -> None:
    found = result.objectives.set_index("objective")
    missed = found.loc["p50 handshake < 100 ms of openssl-3"]
    assert missed["state"] == "missed"
    assert missed["why"] == "no server can meet it: 2 round trips already take 120 ms at p50"
    assert found.loc["p95 handshake < 100 ms of openssl-3.0", "state"] == "met"


def test_the_answer_says_each_objective(result: experiments.Result) -> None:
    remarks = [remark for remark in result.answer.remarks if remark.startswith("Objective ")]
    assert len(remarks) == len(result.objectives)
    assert result.misses_an_objective
    assert "Objectives" in result.report.read_text()


def test_a_world_without_objectives_misses_none(tmp_path: Path) -> None:
    file = tmp_path / "world.toml"
    file.write_text(WORLD.partition("[study]")[0])
    result = experiments.run(file, out=tmp_path / "out", workers=1, replications=1)
    assert result.objectives.empty
    assert not result.misses_an_objective


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ('"p99 handshak < 1 s"', 'did you mean "handshake"'),
        ('{ require = "failed < 1 %", profile = "openssl-9" }', 'the profile "openssl-9"'),
        ('{ require = "failed < 1 %", server = "wob" }', 'did you mean "web"'),
        ('{ require = "utilisation < 1 %", profile = "openssl-3" }', "remove `profile`"),
        ('{ require = "failed < 1 %", busiest = "1 min" }', "longer than the recorded time"),
        ('{ requires = "failed < 1 %" }', 'did you mean "require"'),
        ("7", "objectives"),
    ],
)
def test_a_wrong_objective_is_one_line(written: str, words: str, tmp_path: Path) -> None:
    file = tmp_path / "world.toml"
    file.write_text(WORLD.partition("objectives")[0] + f"objectives = [{written}]\n")
    with pytest.raises(ScenarioError) as raised:
        experiments.load_scenario(file)
    assert words in str(raised.value)
    assert "objectives[0]" in str(raised.value)
    assert "world.toml:" in str(raised.value)


def test_the_command_ends_with_3_where_the_described_point_misses_one(
    tlscape_here: Callable[..., Any], tmp_path: Path
) -> None:
    file = tmp_path / "world.toml"
    file.write_text(WORLD.partition("[study]")[0])
    text = '[study]\nreplications = 2\nobjectives = ["p50 handshake < {limit} ms"]\n'
    for limit, code in ((1, 3), (900, 0)):
        file.write_text(WORLD.partition("[study]")[0] + text.format(limit=limit))
        outcome = tlscape_here("run", str(file), "--out", str(tmp_path / f"out{limit}"), "--json")
        assert outcome.returncode == code, outcome.stderr
        (objective,) = json.loads(outcome.stdout)["objectives"]
        assert objective["state"] == ("missed" if code else "met")
