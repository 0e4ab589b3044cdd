"""`tlscape explain` and `tlscape new`: a scenario in words, and one of one's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import experiments
from experiments.presentation.explained import explained


@pytest.mark.parametrize("name", experiments.ready_scenarios())
def test_every_ready_scenario_is_told_in_words(name: str) -> None:
    file = experiments.load_scenario(name)
    world = file.world()
    parts = dict(explained(file))
    assert list(parts) == [
        "When",
        "Who comes",
        "What is between",
        "What answers",
        "What is asked",
    ]
    comes, answers = " ".join(parts["Who comes"]), " ".join(parts["What answers"])
    for client in world.clients:
        assert client.browser.name in comes
    for server, pool in world.pools.items():
        assert server in answers
        assert f"{pool.cores:,} core" in answers
    for path in file.study.factors:
        assert path in " ".join(parts["What is asked"])


def test_what_is_set_beside_the_file_is_told(tlscape_here: Callable[..., Any]) -> None:
    outcome = tlscape_here("explain", "web-farm", "--set", "servers.web.count=7")
    assert outcome.returncode == 0, outcome.stderr
    assert "web: 7 servers of 8 cores (nginx-2026)" in outcome.stdout
    outcome = tlscape_here("explain", "mobile-network")
    assert "By line: line (round_trip_time " in outcome.stdout


def test_a_new_scenario_is_a_ready_one_with_its_comments(
    tlscape_here: Callable[..., Any], tmp_path: Path
) -> None:
    file = tmp_path / "mine.toml"
    outcome = tlscape_here("new", "web-farm", file)
    assert outcome.returncode == 0, outcome.stderr
    assert file.read_text().startswith("# How many 8-core servers")
    assert tlscape_here("check", file).returncode == 0
    again = tlscape_here("new", "web-farm", file)
    assert again.returncode == 2
    assert again.stderr == f"tlscape: {file}: it is there already; give the name of a new file\n"


@pytest.mark.parametrize(
    ("name", "file", "words"),
    [
        ("web-fram", "mine.toml", 'did you mean "web-farm"?'),
        ("web-farm", "mine.txt", 'ends in ".toml"'),
        ("web-farm", "nowhere/mine.toml", "cannot be written"),
    ],
)
def test_what_cannot_be_started_is_one_line(
    name: str, file: str, words: str, tlscape_here: Callable[..., Any], tmp_path: Path
) -> None:
    outcome = tlscape_here("new", name, tmp_path / file)
    assert outcome.returncode == 2
    assert words in outcome.stderr
    assert outcome.stderr.count("\n") == 1
