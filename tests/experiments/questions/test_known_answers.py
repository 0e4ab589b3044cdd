"""Worlds whose right answer is known from theory or by inspection."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest

import experiments

_WORLD = """\
title = "{title}"
kind = "{kind}"
start = 2026-11-27T19:00:00Z
duration = "{duration}"
warm_up = "{warm_up}"
sample_interval = "{sample}"
scale = "{scale}"
fidelity = "replay"
arrivals = {arrivals}
population = {{ kind = "independent", clients = {clients} }}
clients = [{{ profile = "openssl-3", machine = "nginx-2026" }}]
path = {{ round_trip_time = "40 ms" }}
http = {{ request_size = "700 B", response_size = "5 kB" }}
tcp = {{ user_timeout = "{patience}" }}
[server]
identity = "{identity}"
machine = "{machine}"
cores = {cores}
{sessions}
[study]
{study}
"""
_DEFAULTS = {
    "title": "A world",
    "kind": "steady-state",
    "duration": "1 min",
    "warm_up": "1 min",
    "sample": "10 s",
    "scale": "1",
    "arrivals": '{ process = "poisson", rate = "20 /s" }',
    "clients": "2000",
    "patience": "1 h",
    "identity": "contoso-rsa-2048",
    "machine": "nginx-2026",
    "cores": "1",
    "sessions": "",
    "study": "replications = 4",
}


def run(tmp_path: Path, **changes: str) -> experiments.Result:
    file = tmp_path / "world.toml"
    file.write_text(_WORLD.format(**{**_DEFAULTS, **changes}), encoding="utf-8")
    return experiments.run(file, out=tmp_path / "out", workers=2)


@pytest.mark.slow
def test_a_shop_s_hit_rate_is_that_of_a_fixed_lifetime(tmp_path: Path) -> None:
    """λT/(1+λT) of 300,000 clients who come every 250 s, a lifetime of an hour: 93.5 %."""
    result = run(
        tmp_path,
        duration="10 min",
        warm_up="1 h",
        scale="1/300",
        arrivals='{ process = "poisson", rate = "1200 /s" }',
        clients="300000",
        sessions='sessions = { capacity = 500000, lifetime = "1 h" }',
        study='question = "session-cache"\nreplications = 8',
    )
    visits = 1200 / 300_000 * 3600
    expected = visits / (1 + visits)
    interval = result.analysis.estimates.interval(0, result.analysis.metrics[1])
    assert interval.low - 0.01 <= expected <= interval.high + 0.01
    assert interval.high - interval.low < 0.06
    live = result.values["live_entries"]
    assert live.mean() == pytest.approx(expected * 300_000, rel=0.03)
    assert not any("settled" in warning for warning in result.warnings)


@pytest.mark.slow
def test_live_entries_are_compared_with_what_the_cache_holds(tmp_path: Path) -> None:
    """2,000 users, each back every 100 s, sessions of an hour: all of them are live at once."""
    result = run(
        tmp_path,
        warm_up="5 min",
        sessions='sessions = { capacity = 2000, lifetime = "1 h" }',
        study='question = "session-cache"\nreplications = 4\n'
        'factors = { "server.sessions.capacity" = [45, 1000, 2000] }',
    )
    assert result.answer.recommended == 2
    (remark,) = [words for words in result.answer.remarks if "were live at a time" in words]
    live = float(re.search(r"At most ([\d,]+)", remark)[1].replace(",", ""))
    assert 1850 <= live <= 2000


@pytest.mark.slow
def test_overload_has_no_steady_state(tmp_path: Path) -> None:
    result = run(
        tmp_path,
        machine="pentium-iii-933",
        arrivals='{ process = "poisson", rate = "40 /s" }',
        duration="20 s",
        warm_up="0 s",
    )
    cost = result.connections["server_cpu"].mean()
    (warning,) = [words for words in result.warnings if "no steady state" in words]
    written = float(re.search(r"is ([\d.]+) %", warning)[1])
    assert written == pytest.approx(100 * 40 * cost, abs=0.06)
    assert written > 100
    report = result.report.read_text(encoding="utf-8")
    assert "there is no steady state" in report.lower()
    assert "no steady state" in str(result.answer)


@pytest.mark.slow
def test_cores_busy_are_drawn_from_samples(tmp_path: Path) -> None:
    """A storm keeps all cores busy until the queue is empty, and never more than there are."""
    result = run(
        tmp_path,
        kind="terminating",
        duration="1 min",
        warm_up="0 s",
        sample="1 s",
        machine="pentium-iii-933",
        arrivals='{ process = "curve", interval = "10 s", counts = [600, 20, 20, 20, 20, 20] }',
        cores="2",
        study="replications = 2",
    )
    chart = result.plot.load()
    _, cores = chart.axes
    (busy,) = [patch.get_data().values for patch in cores.patches]
    assert busy.max() <= 2 + 1e-9
    full = np.flatnonzero(busy > 1.999)
    assert len(full) >= 10
    assert (np.diff(full) == 1).all()
    work = result.connections["server_cpu"].sum() / 2
    assert busy.sum() == pytest.approx(work, rel=0.02)


def test_a_factor_on_a_named_part_is_a_column_with_its_levels(tmp_path: Path) -> None:
    text = """\
start = 2026-01-15T10:00:00Z
kind = "terminating"
duration = "10 s"
arrivals = { process = "poisson", rate = "2 /s" }
population = { kind = "independent", clients = 10 }
clients = [{ profile = "openssl-3" }]
path = "way"
paths.way.crosses = ["7", "wall", "wan"]
links.7.round_trip_time = "1 ms"
links.wan.round_trip_time = "10 ms"
middleboxes.wall = { kind = "stateful-firewall", table_size = 100, idle_timeout = "1 h" }
http = { request_size = "500 B", response_size = "2 kB" }
server = { machine = "nginx-2026" }
[study]
replications = 1
baseline = { "middleboxes.wall.table_size" = 1 }
[study.factors]
"links.wan.round_trip_time" = ["10 ms", "20 ms"]
"links.7.round_trip_time" = ["1 ms", "2 ms"]
"middleboxes.wall.idle_timeout" = ["1 min", "2 min"]
"""
    file = tmp_path / "named.toml"
    file.write_text(text, encoding="utf-8")
    result = experiments.run(file, out=tmp_path / "out", workers=1)
    levels = result.connections.groupby("point")[
        ["links.7.round_trip_time", "middleboxes.wall.idle_timeout", "middleboxes.wall.table_size"]
    ].first()
    assert levels["middleboxes.wall.idle_timeout"].iloc[:2].tolist() == [60.0, 120.0]
    assert levels["middleboxes.wall.table_size"].iloc[-1] == 1
    first_byte = result.summary[result.summary["metric"] == "first_byte_p50"]["mean"]
    assert math.isfinite(first_byte.iloc[0])
    assert first_byte.iloc[4] > first_byte.iloc[0]


@pytest.mark.slow
def test_all_connections_of_a_visit_are_offered(tmp_path: Path) -> None:
    """What the cores are busy with is what the visits offer, however many connections they make."""
    text = _WORLD.format(
        **{**_DEFAULTS, "kind": "terminating", "warm_up": "0 s", "cores": "4"}
        | {"study": 'question = "capacity"\nreplications = 4'}
    )
    text = text.replace('machine = "nginx-2026" }]', 'machine = "nginx-2026", connections = 6 }]')
    text = text.replace(
        "http = {", 'http = { requests = { distribution = "geometric", mean = 4.0 },'
    )
    file = tmp_path / "world.toml"
    file.write_text(text, encoding="utf-8")
    result = experiments.run(file, out=tmp_path / "out", workers=2)
    visits = len(result.visits)
    assert len(result.connections) > 2.5 * visits
    measured = result.values
    offered, busy = (measured[name].mean() for name in ("offered_load", "utilisation"))
    assert offered == pytest.approx(busy, rel=0.1)
