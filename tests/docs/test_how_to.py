"""The ten how-to pages: their commands run, print what stands there, and are right by theory.

`pytest tests/docs --write-how-to` writes anew what the commands print.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from math import ceil, exp, log, log2

import pandas as pd
import pytest

import sim
import tls
from experiments.scenario_files.scenario_file import load
from tests.docs.conftest import HOW_TOS, PAGES, Answered

Run = Callable[[int], Answered]

NGINX_TLS_1_3_RSA_2048 = 487e-6
"""CPU seconds of one worker of nginx (OpenSSL 3.0) for a full handshake, as measured."""
RSA_2048, RSA_4096 = 300e-6, 3800e-6
CONNECTION = NGINX_TLS_1_3_RSA_2048 - RSA_2048 + RSA_4096


def test_every_question_has_its_page_and_file() -> None:
    assert sorted(HOW_TOS) == list(range(1, 11))
    for page in HOW_TOS.values():
        headings = re.findall(r"^#+ (.+)$", page.text, re.MULTILINE)
        assert headings[1:] == ["The answer", "The check", "For a world of your own"]
        assert page.scenario.name in page.command
        assert f"]({page.scenario.name})" in page.text
    known = {page.scenario for page in HOW_TOS.values()}
    assert set(PAGES.glob("*.toml")) == known


@pytest.mark.parametrize("number", sorted(HOW_TOS))
def test_the_file_of_a_page_can_be_run(number: int) -> None:
    file = load(HOW_TOS[number].scenario)
    assert file.title.endswith("?")
    assert file.world().scale == 1


@pytest.mark.slow
@pytest.mark.parametrize("number", sorted(HOW_TOS))
def test_the_page_shows_what_the_command_prints(
    number: int, answered: Run, request: pytest.FixtureRequest
) -> None:
    page, printed = HOW_TOS[number], answered(number).printed
    if request.config.getoption("--write-how-to"):
        page.path.write_text(page.with_printed(printed), encoding="utf-8")
    assert page.printed == printed


@pytest.mark.slow
def test_1_as_many_servers_as_their_work_divided_by_the_target(answered: Run) -> None:
    plan = json.loads((answered(1).out / "plan.json").read_text(encoding="utf-8"))
    assert [design["value"] for design in plan["designs"]] == [ceil(600 * CONNECTION / 0.7)] == [4]
    for row in plan["evidence"]:
        servers = row["servers.web.count"]
        if row["objective"].startswith("utilisation"):
            assert row["low"] <= 600 * CONNECTION / servers <= row["high"]
        elif servers == 4:
            rate, arrive = 1 / CONNECTION, 600 / servers
            waits = log(arrive / rate / 0.01) / (rate - arrive)
            assert row["low"] * 1.01 >= 0.040 + CONNECTION
            assert row["high"] <= 0.040 + CONNECTION + waits


@pytest.mark.slow
def test_2_a_limit_is_safe_whose_connections_are_served_in_time(answered: Run) -> None:
    result = answered(2).result
    limits = {0: 100_000, 1: 1500, 2: 600, 3: 200}
    patience, round_trip = 4.0, 0.040
    connections, per = result.connections, result.study.replications
    for point, limit in limits.items():
        own = connections[connections["point"] == point]
        gave_up = (own["symptom"] == "gave up").sum()
        assert (gave_up == 0) == (limit * CONNECTION + 3 * round_trip < patience)
        refused = (own["reason"] == "connection limit").sum() / per
        if limit <= 1000:
            assert own["handshake_time"].max() <= round_trip + (limit + 1) * CONNECTION
            least = 2000 - limit - 1 / CONNECTION
            # 2,000 are the mean of a Poisson process: five standard deviations.
            allowed = 5 * (2000 / per) ** 0.5
            most = 2000 - limit + 50 * 2 * limit * CONNECTION
            assert least - allowed <= refused <= most + allowed
    warning = next(words for words in result.warnings if "of what its cores" in words)
    offered = float(re.findall(r"([\d.]+) %", warning)[0]) / 100
    assert offered == pytest.approx(2000 * CONNECTION, rel=0.01)


@pytest.mark.slow
def test_3_hit_rates_are_those_of_renewal_theory(answered: Run) -> None:
    run = answered(3)
    visits, servers = 5.0, 4
    shared = visits / (1 + visits)
    in_a_cycle = (1 - exp(-visits * (servers - 1) / servers)) / (servers - 1)
    apart = in_a_cycle / (1 + in_a_cycle)
    for point, expected in enumerate([apart, shared, shared, shared]):
        low, high = run.interval(point, "resumed_share")
        assert low <= expected <= high
        assert high - low < 0.05
    samples = run.result.samples
    for point, expected in ((0, 10 * (1 - apart) * 300), (2, 10 * (1 - shared) * 300)):
        own = samples[samples["point"] == point]
        live = own.groupby(["replication", "time"])["cache_live_entries"].sum().mean()
        assert live == pytest.approx(expected, rel=0.04)


@pytest.mark.slow
def test_4_differences_are_those_of_the_operations(answered: Run) -> None:
    means = answered(4).result.connections.groupby("point")[["server_cpu", "bytes_received"]].mean()
    machine = sim.machine_profile("nginx-2026")
    rsa, long, ecdsa, ml_dsa, rsa_hybrid = (means.loc[point] for point in range(5))

    def price(name: str, bits: int) -> float:
        return machine.price(tls.Operation(name, bits, count=1, bytes=0))

    signing = price("mldsa.sign", 65)
    assert long["server_cpu"] - rsa["server_cpu"] == pytest.approx(RSA_4096 - RSA_2048, rel=1e-3)
    assert ecdsa["server_cpu"] - rsa["server_cpu"] == pytest.approx(
        price("ecdsa.sign", 256) - RSA_2048, abs=3e-6
    )
    assert ml_dsa["server_cpu"] - rsa["server_cpu"] == pytest.approx(signing - RSA_2048, rel=0.03)
    assert long["bytes_received"] - rsa["bytes_received"] == pytest.approx(512, abs=2)
    assert rsa_hybrid["bytes_received"] - rsa["bytes_received"] == pytest.approx(1088, abs=2)
    assert ml_dsa["bytes_received"] - rsa["bytes_received"] == pytest.approx(4735, abs=16)


@pytest.mark.slow
def test_5_each_box_breaks_whom_it_must(answered: Run) -> None:
    run = answered(5)
    for point, share in enumerate([0.0, 0.5, 0.2, 0.3]):
        low, high = run.interval(point, "succeeded_share")
        assert low <= 1 - share <= high
    connections = run.result.connections
    by_profile = connections.groupby(["point", "profile"], observed=True)
    failing = by_profile["outcome"].apply(lambda outcomes: (outcomes == "failed").mean()).unstack()
    broken = {1: "chromium-156", 2: "internet-explorer-6", 3: "firefox-91"}
    for point in range(4):
        for profile in failing.columns:
            assert failing.loc[point, profile] == float(broken.get(point) == profile)
    medians = by_profile["first_byte_time"].median().unstack()
    passed = {(1, "firefox-91"): 3, (1, "internet-explorer-6"): 4, (2, "firefox-91"): 3}
    for (point, profile), round_trips in passed.items():
        added = medians.loc[point, profile] - medians.loc[0, profile]
        assert added == pytest.approx(0.004 * round_trips, abs=1e-5)


@pytest.mark.slow
def test_6_those_fail_whose_pause_is_longer_than_the_memory(answered: Run) -> None:
    run = answered(6)
    for point, expected in enumerate([exp(-1.5), 0.0, exp(-1.5), 0.0, exp(-6), 0.0, exp(-6), 0.0]):
        low, high = run.interval(point, "succeeded_share")
        assert low - 1e-9 <= 1 - expected <= high + 1e-9
    connections = run.result.connections.set_index("connection")
    failed = connections[connections["outcome"] == "failed"]
    keys = ["replication"]
    reset = failed[failed["point"] == 0].set_index(keys, append=True)["duration"]
    dropped = failed[failed["point"] == 2].set_index(keys, append=True)["duration"]
    later = (dropped - reset).dropna()
    assert len(later) == len(reset)
    assert later.between(59.9, 60.0).all()


@pytest.mark.slow
def test_7_a_ticket_opens_if_its_key_is_there(answered: Run) -> None:
    run = answered(7)
    once = exp(-1)
    kept = 1 - exp(-1) * (1 - 2 * exp(-1)) - exp(-2)
    ages = 120 / 121
    expected = [ages, once, kept, once, ages, once, kept, once / 2]
    for point, share in enumerate(expected):
        low, high = run.interval(point, "resumed_share")
        assert low <= share <= high, point
        assert high - low < 0.05


@pytest.mark.slow
def test_8_memory_is_that_of_little_s_law(answered: Run) -> None:
    run = answered(8)
    samples = run.result.samples
    idle = 20 * (60 + 4 * 0.040)
    expected = 3.9e6 + idle * 14.5e3 + 4000 * 250
    assert samples["open_connections"].mean() == pytest.approx(idle, rel=0.03)
    assert samples["cache_entries"].min() == samples["cache_entries"].max() == 4000
    assert samples["memory"].mean() == pytest.approx(expected, rel=0.02)
    _, high = run.interval(0, "memory")
    assert expected < high < 32e6


@pytest.mark.slow
def test_9_the_first_byte_comes_after_so_many_round_trips(answered: Run) -> None:
    result = answered(9).result
    points = {point.index: point.settings for point in result.study.points}
    connections = result.connections
    for index, settings in points.items():
        own = connections[connections["point"] == index]
        is_1_3, resumed = (
            settings["server.versions"] == ["TLS 1.3"],
            settings["clients.0.resumption"],
        )
        before = {(False, 0.0): 3, (False, 1.0): 2, (True, 0.0): 2, (True, 1.0): 1}[is_1_3, resumed]
        if not resumed:
            flight = own["bytes_received"].median() - 2000
            before += ceil(log2(flight / (settings["tcp.initial_window"] * 1460) + 1)) - 1
        assert own["round_trips"].median() == before
        assert 0 < own["first_byte_time"].median() - 0.1 * (before + 1) < 1e-3
        again = own["connect_time"] > 0.9
        error = (0.0396 * (1 - 0.0396) / len(own)) ** 0.5
        lost = 1 - (1 - settings["path.loss"]) ** 2
        assert again.mean() == pytest.approx(lost, abs=4 * error)


@pytest.mark.slow
def test_10_the_line_is_full_where_its_bytes_are(answered: Run) -> None:
    run = answered(10)
    counts = pd.read_csv(PAGES / "10-access-log.csv")["requests"]
    rate = counts.max() / 4 / 60
    bits = 8 * (run.result.connections["bytes_received"].mean() + 38 * 40)
    (remark,) = [words for words in run.result.answer.remarks if "binds first" in words]
    assert "the link path, to client" in remark
    low, high = map(float, re.findall(r"full from [\d.]+ \(([\d.]+)–([\d.]+)\)", remark)[0])
    assert low <= 10e6 / bits <= high
    objective = run.result.objectives.iloc[0]
    assert objective["low"] <= rate * (CONNECTION + 1e-4) <= objective["high"]
