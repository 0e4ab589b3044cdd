from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import experiments
from experiments.questions.estimates import Estimates
from experiments.questions.peak import peak_of
from experiments.questions.question import Answer
from experiments.questions.session_cache import QUESTION
from experiments.results.statistics import replication_interval
from experiments.scenario_files.overrides import parse_override
from experiments.scenario_files.scenario_file import load
from experiments.studies.study import design


def test_the_peak_of_the_world_cup_day() -> None:
    peak = peak_of(load("session-cache").world())
    # 215,241 requests at 21:42, nine a visit.
    assert peak.rate == pytest.approx(215_241 / 9 / 60)
    assert peak.begins == datetime.datetime(1998, 6, 30, 21, 42, tzinfo=datetime.UTC)
    # At 1/300 a minute has some 80 of the 200 connections that the window is widened for.
    middle = 21 * 3600 + 42 * 60 + 30
    assert peak.until - middle == middle - peak.since
    assert 60 < peak.until - peak.since <= 3600


def test_the_peak_of_a_constant_rate(scenario: Path) -> None:
    peak = peak_of(load(scenario).world())
    assert (peak.rate, peak.since, peak.until, peak.begins) == (0.5, 0.0, 300.0, None)
    assert peak.words == "at 0.5 connections/s"


def test_metrics_are_what_pandas_finds(result: experiments.Result) -> None:
    connections = result.connections
    for row in result.values.to_dict("records"):
        of_job = connections[
            (connections["point"] == row["point"])
            & (connections["replication"] == row["replication"])
        ]
        cpu = of_job["server_cpu"].mean()
        assert row["server_cpu"] == pytest.approx(cpu)
        assert row["cores_needed"] == pytest.approx(0.5 * cpu / 0.7)
        if of_job["outcome"].iloc[0] == "plain":
            assert math.isnan(row["resumed_share"])
            assert math.isnan(row["hit_rate"])
            assert math.isnan(row["handshake_p50"])
            continue
        assert row["resumed_share"] == pytest.approx((of_job["outcome"] == "resumed-by-id").mean())
        offers = of_job[of_job["offered_session"]]
        assert row["hit_rate"] == pytest.approx(offers["cache_hit"].astype(bool).mean())
        for percent in (50, 95, 99):
            observed = of_job["handshake_time"].dropna()
            expected = np.quantile(observed, percent / 100, method="inverted_cdf")
            assert row[f"handshake_p{percent}"] == pytest.approx(expected)


def test_the_summary_has_the_interval_of_each_kind_of_metric(result: experiments.Result) -> None:
    summary = pd.read_csv(result.folder / "summary.csv")
    handshakes = result.connections.groupby("point")["handshake_time"]
    for row in summary.to_dict("records"):
        values = result.values.loc[result.values["point"] == row["point"], row["metric"]]
        if row["metric"].startswith("handshake_p"):
            of_point = handshakes.get_group(row["point"]).dropna()
            share = int(row["metric"].removeprefix("handshake_p")) / 100
            expected = (
                np.quantile(of_point, share, method="inverted_cdf") if len(of_point) else math.nan
            )
            assert row["mean"] == pytest.approx(expected, nan_ok=True)
            continue
        mean = values.mean()
        assert row["mean"] == pytest.approx(mean, nan_ok=True)
        if row["metric"] in ("resumed_share", "hit_rate", "failed_share"):
            assert math.isnan(mean) or 0 <= row["low"] <= mean <= row["high"] <= 1
        else:
            interval = replication_interval(values.to_numpy())
            assert [row["low"], row["high"]] == pytest.approx(
                [interval.low, interval.high], nan_ok=True
            )


def conclude(
    scenario: Path,
    cores: Sequence[Sequence[float]],
    failed: Sequence[float] = (0, 0, 0, 0, 0),
    live: float = 800.0,
) -> Answer:
    """Conclude from given cores of the four points and the baseline, a list a replication."""
    file = load(scenario, [parse_override(f"study.replications={len(cores[0])}")])
    study = design(file, seed=1)
    rows = [
        {
            "failed_share": failed[point],
            "connections": 100,
            "live_entries": live,
            "point": point,
            "replication": replication,
            "cores_needed": number,
        }
        for point, of_point in enumerate(cores)
        for replication, number in enumerate(of_point)
    ]
    return QUESTION.conclude(Estimates(pd.DataFrame(rows)), study)


def test_the_frugal_point_wins_when_it_is_shown_to_be_close(scenario: Path) -> None:
    noise = np.array([0.0, 0.3, -0.3, 0.1])
    cores = [12 + noise, 10.2 + noise, 11 + noise, 10 + noise, 6 + noise]
    answer = conclude(scenario, cores)
    assert answer.recommended == 1
    assert answer.sentence.startswith(
        "Remember 1,000 sessions for 10 s: the load at 0.5 connections/s then needs 10.22 (95 % "
        "interval 9.83–10.62) cores at 70 % utilisation, shown to be within 5 % of the fewest "
        "(lifetime 5 min, capacity 1,000: 10.03 (9.63–10.42)); every smaller setting was shown to "
        "need over 5 % more."
    )
    remarks = " ".join(answer.remarks)
    assert (
        "That saves 15.0 % (14.5–15.5) of the cores that lifetime 10 s, capacity 2 needs" in remarks
    )
    assert "Plain HTTP would need 6.03 (5.63–6.42) cores" in remarks


def test_a_close_mean_without_a_close_interval_does_not_win(scenario: Path) -> None:
    base = np.array([10.0, 10.0, 10.0, 10.0])
    wild = np.array([6.2, 14.2, 8.2, 12.2])
    answer = conclude(scenario, [wild, 2 * base, 2 * base, base, base / 2])
    assert answer.recommended == 3
    assert answer.sentence.endswith(
        "the fewest measured; no smaller setting was shown to come within 5 % of that."
    )


def test_the_best_is_no_smaller_than_what_it_is_told_to_beat(scenario: Path) -> None:
    base = np.array([10.0, 10.1, 10.0, 10.1])
    answer = conclude(scenario, [2 * base, 2 * base, 2 * base, base, base / 2])
    assert "every smaller setting was shown to need over 5 % more" in answer.sentence


def test_one_replication_gives_an_answer_without_interval(scenario: Path) -> None:
    answer = conclude(scenario, [[12.0], [10.2], [11.0], [10.0], [6.0]])
    assert answer.recommended == 3
    assert "interval" not in answer.sentence
    assert "shown to need" not in answer.sentence


def test_a_point_at_which_connections_fail_does_not_win(scenario: Path) -> None:
    answer = conclude(
        scenario, [[1.0, 1.1], [8.0, 8.1], [9.0, 9.1], [9.0, 9.1], [6, 6]], (0.5, 0, 0, 0, 0)
    )
    assert answer.recommended == 1
    assert answer.remarks[0].startswith("At lifetime 10 s, capacity 2 50.0 % (")
    assert answer.remarks[0].endswith(") of the connections fail: it is no candidate.")


def test_nothing_was_measured(scenario: Path) -> None:
    answer = conclude(scenario, [[math.nan]] * 5, (math.nan,) * 5)
    assert answer.recommended is None
    assert "No connection was recorded" in answer.sentence


@pytest.mark.parametrize(
    ("live", "words"),
    [
        (800.0, "entries of the cache were live at a time, fewer than the 1,000 that it may hold"),
        (1000.0, "entries of the cache were live at a time, all that it may hold: it evicts"),
    ],
)
def test_the_cache_is_held_against_what_is_live_in_it(
    scenario: Path, live: float, words: str
) -> None:
    cores = [[8.0, 8.1], [7.0, 7.1], [8.0, 8.1], [7.0, 7.1], [6, 6]]
    answer = conclude(scenario, cores, live=live)
    assert answer.recommended == 1
    remarks = " ".join(answer.remarks)
    assert words in remarks
    assert "1,000 entries of 3 kB takes 3 MB" in remarks
