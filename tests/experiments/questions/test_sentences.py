"""Every sentence of an answer is true for worlds that nobody had in mind.

Each world's warnings, answer and remarks are taken apart, and every figure and claim is worked out
again from the Parquet files (`tests.experiments.worlds.evidence`). A sentence that no check knows
fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import experiments
from tests.experiments.worlds.checks import World, hold
from tests.experiments.worlds.descriptions import VARIATIONS, scenario_text
from tests.experiments.worlds.table_checks import (
    check_answer_table,
    check_differences_of_quantiles,
    check_resources,
)

FAST = (
    "one-replication",
    "curve",
    "scaled",
    "overloaded",
    "two-machines",
    "few-ports-and-more",
    "waves-of-expiry",
    "keys-and-cache-sizes",
    "cache-and-keys",
    "reached-by-none",
    "nobody-comes",
    "a-storm",
    "a-curve-of-few-ports",
    "ports-that-fill",
    "a-saturated-link-that-ends",
)
"""Worlds that the fast tests run; the slow ones run all others."""


def sentences(world: World) -> Iterator[str]:
    answer = world.result.answer
    if world.result.study.file.study.question == "reachability":
        yield from answer.sentence.removesuffix(".").split("; ")
    else:
        yield from re.split(r"(?<=\.) (?=How many)", answer.sentence)
    yield from answer.remarks
    yield from world.result.warnings


@pytest.mark.parametrize(
    "name",
    [name if name in FAST else pytest.param(name, marks=pytest.mark.slow) for name in VARIATIONS],
)
def test_every_sentence_is_true(name: str, tmp_path: Path) -> None:
    file = tmp_path / f"{name}.toml"
    file.write_text(scenario_text(name), encoding="utf-8")
    world = World(experiments.run(file, out=tmp_path / "out", workers=1))
    written = list(sentences(world))
    for sentence in written:
        hold(world, sentence)
    check_answer_table(world)
    check_differences_of_quantiles(world)
    check_resources(world)
    assert max(map(len, str(world.result.answer).splitlines())) <= 80
    report = world.result.report.read_text(encoding="utf-8")
    assert "nan" not in " ".join(written)
    assert not re.search(r">\s*nan\b", report)


@pytest.mark.slow
def test_warnings_stand_where_they_belong(tmp_path: Path) -> None:
    expected = {
        "plain-minute": (),
        "overloaded": ("no steady state", "connections fail"),
        "warm-up-too-short": ("shorter than sessions live",),
        "many-clients": ("short for the population",),
        "a-restart": ("begins with empty session caches",),
        "nothing-to-resume": (),
        "nobody-returns": (),
        "new-visitors-only": (),
        "revisits-longer-than-the-run": ("begins with empty session caches",),
        "a-short-warm-up-before-an-end": ("shorter than sessions live", "short for the population"),
        "revisits-and-a-short-warm-up": ("shorter than clients take to come back",),
        "waves-of-expiry": ("expire together",),
        "few-ports": ("port pool of nat is full at times", "fail"),
        "a-saturated-link": ("link path to client is busy",),
        "a-saturated-link-that-ends": ("link path to client is busy all the time for",),
        "nobody-comes": ("no connection was recorded",),
    }
    for name, words in expected.items():
        file = tmp_path / f"{name}.toml"
        file.write_text(scenario_text(name), encoding="utf-8")
        warnings = experiments.run(file, out=tmp_path / name, workers=1).warnings
        text = " ".join(warnings).lower()
        assert all(word in text for word in words), (name, warnings)
        assert bool(warnings) == bool(words)


def test_a_port_pool_is_full_where_theory_has_it(tmp_path: Path) -> None:
    # Little's law: 100 ports, each taken for 20 s and as long as its connection lasts.
    file = tmp_path / "ports.toml"
    file.write_text(scenario_text("ports-that-fill"), encoding="utf-8")
    result = experiments.run(file, out=tmp_path / "out", workers=1)
    lasted = result.connections["duration"].mean()
    (words,) = re.findall(r"port pool of nat: .*full from ([\d.]+) ", str(result.answer.remarks))
    assert float(words) == pytest.approx(100 / (20 + lasted), rel=0.15)
