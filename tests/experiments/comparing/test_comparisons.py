"""Comparisons of two worlds: paired, adding up, and told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import experiments
from experiments.failures import ScenarioError
from experiments.results.statistics import paired_difference

WORLD = """
title = "A site"
kind = "terminating"
start = 2026-01-01T00:00:00Z
duration = "10 s"
sample_interval = "1 s"
fidelity = "replay"
arrivals = { process = "poisson", rate = "150 /s" }
population = { kind = "independent", clients = 500 }
clients = [{ profile = "openssl-3" }]
path = { round_trip_time = { distribution = "log-normal", median = "30 ms", sigma = 0.4 } }
http = { requests = 1, request_size = "400 B", response_size = "9 kB" }

[server]
machine = "nginx-2026"
versions = ["TLS 1.2", "TLS 1.3"]
identity = "contoso-rsa-2048"
sessions = { capacity = 1000, lifetime = "5 min" }

[study]
replications = 3
"""
OTHERS = '[study.factors]\n"server.cores" = [2, 3]\n'
FACTORS = '[study.factors]\n"server.identity" = ["contoso-rsa-2048", "contoso-ecdsa-p256"]\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("comparisons")
    (folder / "rsa.toml").write_text(WORLD)
    ecdsa = WORLD.replace("contoso-rsa-2048", "contoso-ecdsa-p256")
    (folder / "ecdsa.toml").write_text(ecdsa)
    (folder / "both.toml").write_text(WORLD + FACTORS)
    (folder / "neither.toml").write_text(WORLD + OTHERS)
    return folder


@pytest.fixture(scope="module")
def results(folder: Path) -> Path:
    experiments.run(folder / "both.toml", out=folder / "both", workers=1)
    experiments.run(folder / "neither.toml", out=folder / "neither", workers=1, replications=1)
    experiments.run(folder / "rsa.toml", out=folder / "other", workers=1, seed=2)
    experiments.run(folder / "rsa.toml", out=folder / "fewer", workers=1, replications=2)
    return folder


@pytest.fixture(scope="module")
def comparison(folder: Path) -> experiments.Comparison:
    return experiments.compare(
        str(folder / "rsa.toml"), str(folder / "ecdsa.toml"), out=folder / "out", workers=1
    )


def test_parts_add_up_to_the_whole(comparison: experiments.Comparison) -> None:
    rows = comparison.frame().set_index(["of", "name"])
    times = rows.loc["time"]
    for column in ("first", "second", "difference"):
        assert times[column].sum() == pytest.approx(rows.loc[("metric", "duration"), column])
        work = rows.loc["operation"][column].sum()
        assert work == pytest.approx(rows.loc[("metric", "server_cpu"), column], rel=1e-9)


def test_differences_are_paired_by_replication(
    comparison: experiments.Comparison, folder: Path
) -> None:
    values = []
    for name in ("rsa", "ecdsa"):
        rows = experiments.load_result(folder / "out" / name).connections
        values.append(rows.groupby("replication")["server_cpu"].mean().to_numpy())
    expected = paired_difference(values[1], values[0])
    found = comparison.frame().set_index(["of", "name"]).loc[("metric", "server_cpu")]
    assert tuple(found[["difference", "low", "high"]]) == pytest.approx(expected[:3])
    assert found["shown"]
    alone = np.std(values[0], ddof=1) + np.std(values[1], ddof=1)
    assert np.std(values[1] - values[0], ddof=1) <= alone


def test_the_cheaper_key_is_told_with_its_reason(comparison: experiments.Comparison) -> None:
    assert comparison.answer.startswith("ecdsa against rsa: ")
    assert "server CPU falls by" in comparison.answer
    less = next(words for words in comparison.reasons if "CPU time" in words)
    assert less.startswith("A connection costs the servers ")
    assert "less CPU time in the mean: rsa -" in less


def test_a_world_compared_with_itself_differs_in_nothing(folder: Path) -> None:
    result = experiments.run(folder / "rsa.toml", out=folder / "out" / "rsa", workers=1)
    found = experiments.compare(result, result)
    assert "no difference is shown in any metric" in found.answer
    assert found.reasons == []
    assert (found.frame()["difference"] == 0).all()


def test_points_of_a_result_are_compared(
    comparison: experiments.Comparison, results: Path, tlscape_here: Callable[..., Any]
) -> None:
    both = results / "both"
    words = ["compare", f"{both}:0", f"{both}:1", "--out", results / "compared", "--json"]
    outcome = tlscape_here(*words)
    assert outcome.returncode == 0, outcome.stderr
    content = json.loads(outcome.stdout)
    assert content["second"] == "identity contoso-ecdsa-p256"
    expected = comparison.frame()
    for row, other in zip(content["differences"], expected.itertuples(), strict=True):
        assert row["name"] == other.name
        assert row["difference"] == pytest.approx(other.difference)
    written = results / "compared" / "both-0-both-1"
    assert {path.suffix for path in written.iterdir()} == {".csv", ".json", ".html"}
    assert content["answer"] in (written / "comparison.html").read_text()


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ("neither", "both:1", "it has 2 design points; say which with"),
        ("both:7", "both:1", "there is no design point 7; they are 0 to 1"),
        ("out/rsa", "other", "cannot be paired: their seeds are 1 and 2"),
        ("out/rsa", "fewer", "cannot be paired: their replications are 3 and 2"),
        ("nowhere", "out/rsa", 'there is no scenario "nowhere"'),
    ],
)
def test_what_cannot_be_compared_is_one_line(
    first: str,
    second: str,
    message: str,
    results: Path,
    comparison: experiments.Comparison,
) -> None:
    sides = [name if name == "nowhere" else str(results / name) for name in (first, second)]
    with pytest.raises(ScenarioError) as raised:
        experiments.compare(*sides, out=results / "none")
    assert message in str(raised.value)
