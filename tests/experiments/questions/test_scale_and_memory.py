"""What holds for the scaled load only, and memory at the whole load."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import experiments
from experiments.questions.scale import remarks_on_scale
from experiments.scenario_files.overrides import setting
from experiments.studies.study import design

WORLD = """
start = "1998-06-30T00:00:00Z"
kind = "steady-state"
duration = "20 s"
sample_interval = "1 s"
arrivals = { process = "poisson", rate = "100 /s" }
population = { kind = "independent", clients = 5000 }
clients = [{ profile = "internet-explorer-6" }]
path = { round_trip_time = "100 ms" }
http = { requests = 2, think_time = "1 s", request_size = "400 B", response_size = "3.7 kB" }
fidelity = "replay"
[server]
machine = "nginx-2026"
sessions = { capacity = 1000, lifetime = "5 min" }
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "world.toml"
    path.write_text(WORLD)
    return path


def remarks(file: Path, **settings: Any) -> str:
    overrides = [setting(path, value) for path, value in settings.items()]
    return " ".join(remarks_on_scale(design(experiments.load_scenario(file, overrides), seed=1)))


def test_the_whole_load_needs_no_remark(file: Path) -> None:
    assert remarks(file, **{"server.backlog": 100}) == ""


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"server.backlog": 100}, "the backlog of www.contoso.com (100)"),
        (
            {"server.private_key": {"service_time": "1 ms", "parallelism": 3}},
            "the signer of www.contoso.com (3 at a time)",
        ),
        (
            {"server.sessions.per": "pool", "server.sessions.over_network": {"latency": "1 ms"}},
            "the session cache that www.contoso.com asks (1 at a time)",
        ),
        (
            {"balancers": {"front": {"policy": "random", "forwarding": {"service_time": "1 ms"}}}},
            "the balancer front (1 core)",
        ),
    ],
)
def test_what_is_not_scaled_is_named_where_it_is(
    file: Path, settings: dict[str, Any], words: str
) -> None:
    assert words in remarks(file, scale="1/10", **settings)
    assert "Not scaled" not in remarks(file, scale="1/10")


def test_a_backlog_that_is_scaled_is_not_named(file: Path) -> None:
    waiting = {"server.backlog": 100, "server.connections": {"most": 50, "when_full": "wait"}}
    assert "Not scaled" not in remarks(file, scale="1/10", **waiting)


@pytest.mark.slow
def test_memory_at_the_whole_load_is_that_of_the_whole_load(file: Path, tmp_path: Path) -> None:
    """Within what chance makes of the busiest sample of a fifth of the clients."""
    most = {}
    for scale in ("1/5", "1"):
        result = experiments.run(
            file, replications=4, out=tmp_path / scale.replace("/", "_"), scale=scale
        )
        summary = result.summary.set_index("metric")
        assert summary.loc["memory", "unit"] == "B"
        most[scale] = float(summary.loc["memory", "mean"])
        assert not any("memory" in warning for warning in result.warnings)
    assert most["1/5"] == pytest.approx(most["1"], rel=0.25)
    assert most["1"] > 3.9e6 + 100 * 14.5e3


@pytest.mark.slow
def test_a_server_with_too_little_memory_is_warned_of(file: Path, tmp_path: Path) -> None:
    result = experiments.run(
        file, replications=2, out=tmp_path / "out", **{"server.memory": "4 MB", "scale": "1/10"}
    )
    assert any("of the memory that it has" in warning for warning in result.warnings)
    assert "What binds first is the memory of www.contoso.com" in " ".join(result.answer.remarks)


def test_a_limit_that_binds_in_a_scaled_world_is_warned_of(file: Path, tmp_path: Path) -> None:
    def warnings(most: int) -> str:
        result = experiments.run(
            file,
            replications=1,
            out=tmp_path / str(most),
            **{"server.connections.most": most, "scale": "1/10"},
        )
        return " ".join(result.warnings)

    assert "are 10 at 1/10 of the load, and were all taken" in warnings(100)
    assert "all taken" not in warnings(1_000)
