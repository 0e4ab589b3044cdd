"""Checks of what the question of the session cache says."""

# ruff: noqa: E501 - a sentence's pattern is easiest to compare with the sentence on few lines

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from tests.experiments.worlds.evidence import mean
from tests.experiments.worlds.sentences import (
    NUMBER,
    PLAIN,
    SHARE,
    World,
    moment,
    same,
    says,
)


@says(
    rf"(?:(?P<advice>Remember .+?|With .+?): the|The) load (?P<moment>.+?) (?:then )?needs {PLAIN} "
    rf"cores at ({NUMBER}) % utilisation(?:(?P<fewest>, the fewest measured)|, shown to be within 5 % "
    rf"of the fewest \((?P<best>LABEL): {PLAIN}\))?(?P<smaller>; .+)?\."
)
def _recommendation(world: World, found: re.Match[str]) -> None:
    groups = found.groups()
    answer = world.result.answer
    point = world.result.study.points[answer.recommended]
    moment(world, found["moment"], point.label)
    same(groups[2:5], mean(world.cores(point.label)))
    assert float(groups[5]) == pytest.approx(100 * world.target)
    for path, level in point.settings.items():
        words = f"{level:,}" if isinstance(level, int) else str(level)
        assert words in found["advice"], (path, level)
        if not path.startswith("server.sessions."):
            assert f"{path} = {words}" in found["advice"]
    needs = {
        label: world.cores(label) for label, one in world.points.items() if not one.is_baseline
    }
    if found["fewest"]:
        assert world.cores(point.label).mean() == min(cores.mean() for cores in needs.values())
    if found["best"]:
        same(groups[8:11], mean(world.cores(found["best"])))
        assert world.cores(found["best"]).mean() == min(cores.mean() for cores in needs.values())
    claim = found["smaller"] or ""
    assert claim in (
        "",
        "; every smaller setting was shown to need over 5 % more",
        "; no smaller setting was shown to come within 5 % of that",
    )
    if "over 5 % more" in claim:
        for label, cores in needs.items():
            if frugality(world.points[label]) < frugality(point):
                excess = mean(cores - 1.05 * world.cores(point.label))
                assert excess[1] > 0, label


def frugality(point: object) -> tuple[float, ...]:
    """A shorter lifetime first, then fewer entries."""
    sessions = point.scenario.server.sessions
    if sessions is None:
        return 0.0, 0.0, point.index
    limits = (sessions.lifetime, sessions.capacity)
    return (*(math.inf if limit is None else limit for limit in limits), point.index)


@says(rf"At (?P<label>LABEL) {SHARE} of the connections fail(: it is no candidate)?\.")
def _failing(world: World, found: re.Match[str]) -> None:
    same(found.groups()[1:4], world.at(found["label"])[0].share_of("failed"), 100)


@says(rf"That saves {SHARE} of the cores that (?P<label>LABEL) needs \({PLAIN}\)\.")
def _saves(world: World, found: re.Match[str]) -> None:
    groups = found.groups()
    chosen = world.result.study.points[world.result.answer.recommended].label
    same(groups[:3], mean(1 - world.cores(chosen) / world.cores(found["label"])), 100)
    same(groups[4:7], mean(world.cores(found["label"])))


@says(
    rf"(?P<what>Plain HTTP|The (?P<label>LABEL)) would need {PLAIN} cores: the recommendation takes "
    rf"{PLAIN} times that\."
)
def _baseline(world: World, found: re.Match[str]) -> None:
    groups = found.groups()
    baseline = world.result.study.baseline
    assert (found["what"] == "Plain HTTP") == (baseline.scenario.server.security == "plain")
    chosen = world.result.study.points[world.result.answer.recommended].label
    same(groups[2:5], mean(world.cores(baseline.label)))
    same(groups[5:8], mean(world.cores(chosen) / world.cores(baseline.label)))


@says(rf"At most {PLAIN} entries of the cache were live at a time(?P<rest>.*)\.")
def _live(world: World, found: re.Match[str]) -> None:
    point = world.result.study.points[world.result.answer.recommended]
    evidence, scenario = world.at(point.label)
    groups = evidence.by_replication(evidence.samples())
    most = np.array([one["cache_live_entries"].max() for one in groups]) / scenario.scale
    same(found.groups()[:3], mean(most))
    capacity = scenario.server.sessions.capacity
    if capacity is None:
        assert found["rest"] == ""
    elif "fewer than" in found["rest"]:
        assert f"the {capacity:,} that" in found["rest"]
        assert most.mean() < capacity
    else:
        assert most.mean() >= 0.99 * capacity


@says(r"A full cache of ([\d,]+) entries of (.+) takes (.+) of memory\.")
def _memory(world: World, found: re.Match[str]) -> None:
    """By what the machine's profile says of an entry, else by what is typical."""
    entries = int(found.group(1).replace(",", ""))
    chosen = world.result.study.points[world.result.answer.recommended].scenario.server
    use = {"nginx-2026": 250, "pentium-iii-933": 3000}.get(chosen.machine)
    sizes = (2000, 4000) if use is None else (use,)
    assert found.group(2) == ("2–4 kB" if use is None else f"{use} B" if use < 1000 else "3 kB")
    units = {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9}
    for size, words in zip(sizes, found.group(3).split(" to "), strict=True):
        number, unit = words.split()
        assert float(number.replace(",", "")) * units[unit] == pytest.approx(size * entries, 0.01)


@says(rf"It was not shown to save cores beside (?P<label>LABEL), which needs {PLAIN}\.")
def _not_saved(world: World, found: re.Match[str]) -> None:
    chosen = world.result.study.points[world.result.answer.recommended].label
    assert mean(1 - world.cores(chosen) / world.cores(found["label"]))[1] <= 0
    same(found.groups()[1:4], mean(world.cores(found["label"])))
