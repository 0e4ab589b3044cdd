"""The question who gets through: its tables tell what the rows say."""

from __future__ import annotations

from pathlib import Path

import pytest

import experiments
from experiments.questions.question import Table


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> experiments.Result:
    out = tmp_path_factory.mktemp("passage") / "out"
    settings = {"duration": "2 min", "sample_interval": "30 s"}
    return experiments.run("contoso-2003", replications=1, workers=1, out=out, **settings)


def table(result: experiments.Result, title: str) -> Table:
    (found,) = (one for one in result.analysis.word_tables if one.title == title)
    return found


def test_who_connects_counts_every_connection(result: experiments.Result) -> None:
    rows = table(result, "Who connects").rows
    assert sum(int(row[2].replace(",", "")) for row in rows) == len(result.connections)
    through = {(row[0], row[1]): row[3] for row in rows}
    assert through["path open port", "internet-explorer-8-windows-7"] == "none"
    assert through["path open port", "internet-explorer-6"] == "all"
    assert through["path tunnelling", "internet-explorer-8-windows-7"] == "all"


def test_why_the_others_fail(result: experiments.Result) -> None:
    rows = table(result, "Why the others fail").rows
    failed = result.connections["outcome"] == "failed"
    assert sum(int(row[5].replace(",", "")) for row in rows) == failed.sum()
    assert ("timeout", "filter", "port 443 closed") in {row[2:5] for row in rows}


def test_what_each_box_saw(result: experiments.Result) -> None:
    rows = table(result, "What each box saw").rows
    assert {(row[0], row[1]) for row in rows} >= {
        ("path open port", "perimeter (stateful-firewall)"),
        ("path tunnelling", "proxy (connect-proxy)"),
        ("path bridging", "bridge (terminating-proxy)"),
        ("path bridging in the clear", "offloader (terminating-proxy)"),
    }
    assert any(row[2] == "dropped: port 443 closed" for row in rows)


def test_a_tunnel_costs_a_round_trip_and_a_clear_leg_saves_the_server_work(
    result: experiments.Result,
) -> None:
    mean = result.values.set_index("point")
    assert mean.loc[1, "round_trips"] == pytest.approx(mean.loc[0, "round_trips"] + 1, abs=0.1)
    assert mean.loc[3, "server_cpu"] < mean.loc[2, "server_cpu"] < mean.loc[1, "server_cpu"]


def test_the_report_shows_the_tables(result: experiments.Result) -> None:
    report = Path(result.report).read_text(encoding="utf-8")
    for title in ("Who connects", "Why the others fail", "What each box saw"):
        assert title in report
    assert "In boxes" in report


def test_the_server_s_work_is_not_that_of_proxies(result: experiments.Result) -> None:
    with result.measurements() as measurements:
        work = measurements.server_work().groupby("point")["cpu_seconds"].sum()
    connections = result.connections.groupby("point")["server_cpu"].sum()
    for point in connections.index:
        # A bridge closes its own connection when the client's has ended.
        closing = 0.1 if point >= 2 else 1e-6
        assert connections[point] <= work[point] * (1 + 1e-9)
        assert work[point] == pytest.approx(connections[point], rel=closing)
