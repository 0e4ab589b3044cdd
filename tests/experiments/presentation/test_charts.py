"""What charts draw is what the tables say, and it can be told apart in grey."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

import experiments
from experiments.presentation.charts_of_load import knee
from experiments.presentation.colours import of_causes, of_operations, of_times
from experiments.presentation.report import charts_of
from experiments.questions.peak import peak_of
from tests.experiments.small_world import WORLD

RATES = [0.5, 1.0, 4.0]


@pytest.fixture(scope="module")
def loads(tmp_path_factory: pytest.TempPathFactory) -> experiments.Result:
    """The small world under three loads, with a link that is busy and a table that is too small."""
    text = WORLD.replace('duration = "5 min"', 'duration = "2 min"').replace(
        'round_trip_time = "50 ms"', 'round_trip_time = "50 ms"\nrate = "64 kbit/s"'
    )
    text = text.replace("cores = 1", 'cores = 1\nconnections = { most = 2, when_full = "reset" }')
    study = (
        '[study]\nreplications = 2\n[study.factors]\n"arrivals.rate" = '
        f"{[f'{rate} /s' for rate in RATES]}\n"
    )
    folder = tmp_path_factory.mktemp("loads")
    (folder / "loads.toml").write_text(text + study, encoding="utf-8")
    return experiments.run(folder / "loads.toml", out=folder / "out", workers=1)


def line(axes: Axes, label: str) -> tuple[list[float], list[float]]:
    """The data of the line with that label."""
    (bars,) = [one for one in axes.containers if one.get_label() == label]
    drawn = bars.lines[0]
    return list(drawn.get_xdata()), list(drawn.get_ydata())


def steps(axes: Axes, label: str) -> np.ndarray:
    """The values of the stairs with that label."""
    (drawn,) = [one for one in axes.patches if one.get_label() == label]
    return np.asarray(drawn.get_data().values)


def quantile(values: pd.Series, share: float) -> float:
    return float(np.quantile(values.dropna(), share, method="inverted_cdf"))


def test_latency_is_drawn_against_the_load(loads: experiments.Result) -> None:
    (axes,) = loads.plot.latency_against_load().axes
    by_point = loads.connections.groupby("point")["handshake_time"]
    for share in (0.5, 0.95, 0.99):
        rates, drawn = line(axes, f"p{100 * share:g}")
        assert rates == [peak_of(point.scenario).rate for point in loads.study.points]
        assert drawn == pytest.approx([1e3 * quantile(times, share) for _, times in by_point])


def test_the_knee_is_where_latency_has_doubled() -> None:
    assert knee([10, 20, 30], [5.0, 6.0, 14.0]) == pytest.approx(25.0)
    assert knee([10, 20], [5.0, 10.0]) == pytest.approx(20.0)
    assert math.isnan(knee([10, 20], [5.0, 9.9]))


def test_cores_are_drawn_against_the_rate(loads: experiments.Result) -> None:
    (axes,) = loads.plot.cores_against_rate().axes
    rates, cores = line(axes, "needed")
    summary = loads.summary[loads.summary["metric"] == "cores_needed"]
    assert rates == pytest.approx(RATES)
    assert cores == pytest.approx(summary["mean"].tolist())


def test_a_study_of_one_load_has_no_chart_against_it(result: experiments.Result) -> None:
    assert not result.plot.latency_against_load().has_data()


def test_percentiles_are_those_of_who_arrived_then(loads: experiments.Result) -> None:
    chart = loads.plot.percentiles_over_time([2, 0], column="first_byte_time", period=30.0)
    for axes, point in zip(chart.axes, (2, 0), strict=True):
        own = loads.connections[loads.connections["point"] == point]
        by_period = own.groupby(own["arrival"] // 30)["first_byte_time"]
        for share in (0.5, 0.95, 0.99):
            expected = [1e3 * quantile(times, share) for _, times in by_period]
            assert steps(axes, f"p{100 * share:g}") == pytest.approx(expected)


def test_every_server_and_link_is_drawn_over_time(loads: experiments.Result) -> None:
    busy, waiting, bytes_waiting = loads.plot.in_use_over_time(2).axes
    samples, links = loads.samples, loads.links
    servers = samples[samples["point"] == 2].groupby("time")
    node = "www.contoso.com"
    assert steps(busy, node) == pytest.approx(servers["utilisation"].mean().to_numpy())
    assert steps(waiting, node) == pytest.approx(servers["queue_length"].mean().to_numpy())
    for direction in ("to client", "to server"):
        own = links[(links["point"] == 2) & (links["direction"].astype(str) == direction)]
        means = own.groupby("time")[["utilisation", "backlog"]].mean()
        name = f"path, {direction}"
        assert steps(busy, name) == pytest.approx(means["utilisation"].to_numpy())
        assert steps(bytes_waiting, name) == pytest.approx(means["backlog"].to_numpy() / 1e3)


def test_failures_are_drawn_by_their_cause(loads: experiments.Result) -> None:
    (axes,) = loads.plot.failures().axes
    connections = loads.connections
    failed = connections[connections["outcome"] == "failed"]
    assert set(failed["reason"]) == {"connection limit"}
    of_all = connections.groupby(["point", "replication"]).size()
    counts = failed.groupby(["point", "replication"]).size().reindex(of_all.index, fill_value=0)
    shares = (counts / of_all).groupby("point").mean()
    widths = [bar.get_width() for bar in axes.patches]
    assert widths == pytest.approx(shares[shares > 0].tolist())
    (legend,) = axes.figure.legends  # type: ignore[union-attr]
    (label,) = legend.get_texts()
    assert label.get_text() == "connection limit at www.contoso.com (reset)"


def test_a_connection_s_time_is_drawn_as_it_is_booked(loads: experiments.Result) -> None:
    (axes,) = loads.plot.time_budget([0, 1, 2]).axes
    connections = loads.connections
    succeeded = connections[connections["outcome"] != "failed"].groupby("point")
    for bars in axes.containers:
        column = "time_" + bars.get_label().replace(" ", "_")
        widths = [bar.get_width() for bar in bars]  # type: ignore[attr-defined]
        assert widths == pytest.approx((1e3 * succeeded[column].mean()).tolist())
    assert {bars.get_label() for bars in axes.containers} >= {"propagation", "transmission"}


def test_the_report_has_the_charts_that_say_something(loads: experiments.Result) -> None:
    assert [chart.name for chart in charts_of(loads.analysis)] == [
        *("latency-against-load", "cores-against-rate", "load", "latency-cdf"),
        *("percentiles-over-time", "in-use-over-time", "time-budget", "work", "failures"),
    ]


def test_parts_of_a_bar_stay_apart_in_grey() -> None:
    times = ["propagation", "transmission", "link queue", "retransmission", "middlebox"]
    times += ["cpu queue", "server cpu", "client cpu"]
    assert len({hatch for _, hatch in of_times(times)}) == len(times)
    operations = [
        "rsa",
        "ecdsa",
        "ecdh",
        "dh",
        "request",
        "byte",
        "accept",
        "flight",
        "prf",
        "hmac",
    ]
    assert len(set(of_operations(operations))) == len(operations)
    causes = of_causes(6)
    assert len(set(causes)) == 6
    assert all(one[1] != other[1] for one, other in itertools.pairwise(causes))


def test_charts_of_new_kinds_are_the_same_bytes_every_time(
    loads: experiments.Result, tmp_path: Path
) -> None:
    again = experiments.load_result(loads.folder)
    for one, other in zip(charts_of(loads.analysis), charts_of(again.analysis), strict=True):
        assert one.svg() == other.svg()
