"""Checks of warnings."""

# ruff: noqa: E501 - a sentence's pattern is easiest to compare with the sentence on few lines

from __future__ import annotations

import re

import numpy as np
import pytest

from tests.experiments.worlds.evidence import mean
from tests.experiments.worlds.sentences import (
    NUMBER,
    SHARE,
    World,
    peak,
    same,
    says,
)


@says(
    rf"(?:At .+?: )?[Aa]t the peak the load offered to (\S+) is {SHARE}.* of what its cores can do: .+"
)
def _peak_overload(world: World, found: re.Match[str]) -> None:
    evidence, scenario = world.at(None)
    assert scenario.kind == "terminating"
    rate, since, until = peak(scenario)
    cost = evidence.mean_of("server_cpu", since, until)
    offered = rate * scenario.scale * cost / scenario.server.cores
    same(found.groups()[1:4], mean(offered), 100)
    assert offered.mean() >= 1


@says(
    rf"(?:At (?P<label>LABEL).*?: )?{SHARE}.* of the connections fail: what they would cost the server is not in its load, nor in the cores needed\."
)
def _not_counted(world: World, found: re.Match[str]) -> None:
    share = world.at(found["label"])[0].share_of("failed")
    same(found.groups()[1:4], share, 100)
    assert share[0] >= 0.01


@says(r"One replication gives no interval; run with --replications 4 or more\.")
def _one(world: World, found: re.Match[str]) -> None:
    assert world.result.study.replications == 1


@says(
    r"Two replications leave one degree of freedom: an interval is 12\.7 standard errors to either "
    r"side, 3\.2 with four; run with --replications 4 or more\."
)
def _two(world: World, found: re.Match[str]) -> None:
    assert world.result.study.replications == 2


@says(
    rf"(?:At .+?: )?[Tt]here is no steady state: the load offered to (\S+) is {SHARE}.* of what its "
    r"cores can do; .+"
)
def _overload(world: World, found: re.Match[str]) -> None:
    evidence, scenario = world.at(None)
    assert scenario.kind == "steady-state"
    cost = evidence.mean_of("server_cpu")
    offered = scenario.arrivals.rate * scenario.scale * cost / scenario.server.cores
    same(found.groups()[1:4], mean(offered), 100)
    assert offered.mean() >= 1


@says(r"(?:At .+?: )?[Tt]here is no steady state: the link (\w+) (to \w+) is busy all the time; .+")
def _busy_link(world: World, found: re.Match[str]) -> None:
    evidence, _ = world.at(None)
    links = evidence.samples("links")
    rows = links[(links["node"] == found[1]) & (links["direction"] == found[2])]
    assert rows["utilisation"].mean() > 0.99


@says(
    rf"(?:At .+?: )?[Tt]he series has not settled: .+ differs between the halves of the recorded time, "
    rf"by ({NUMBER}) ms.* in the mean \(.+\); simulate longer, with a longer warm-up\."
)
def _unsettled(world: World, found: re.Match[str]) -> None:
    evidence, _ = world.at(None)
    rows = evidence.connections
    middle = (rows["arrival"].min() + rows["arrival"].max()) / 2
    column = "duration" if "duration of" in found[0] else "server_cpu"
    later = rows[rows["arrival"] >= middle][column].mean()
    earlier = rows[rows["arrival"] < middle][column].mean()
    assert (later > earlier) == (not found[1].startswith("-"))


@says(r"(?:At .+?: )?MSER-5 finds an initial transient of more than half of the recorded time: .+")
def _transient(world: World, found: re.Match[str]) -> None:
    with world.result.measurements() as measurements:
        assert not measurements.warm_up["trusted"].all()


@says(r"(?:At .+?: )?[Tt]he warm-up \((.+?)\) is shorter than sessions live \((.+?)\): .+")
def _young_cache(world: World, found: re.Match[str]) -> None:
    scenarios = [point.scenario for point in world.points.values()]
    assert any(
        one.warm_up < one.server.sessions.lifetime for one in scenarios if one.server.sessions
    )


@says(
    rf"(?:At .+?: )?[Tt]he warm-up \(.+?\) is short for the population: by theory {SHARE} of the first "
    r"recorded connections are their clients' first visit, and can resume nothing\."
)
def _new_clients(world: World, found: re.Match[str]) -> None:
    _, scenario = world.at(None)
    population = scenario.population
    exponent = getattr(population, "exponent", 0.0)
    weights = np.arange(1, population.clients + 1) ** -exponent
    rates = scenario.arrivals.rate * weights / weights.sum()
    share = (rates * np.exp(-rates * scenario.warm_up)).sum() / rates.sum()
    assert float(found[1]) / 100 == pytest.approx(share, abs=0.006)


@says(r"(?:At .+?: )?[Nn]o connection was recorded; simulate longer, or more of the load\.")
def _none_recorded(world: World, found: re.Match[str]) -> None:
    assert any(evidence.connections.empty for evidence in world.evidence.values())


@says(
    rf"(?:At (?P<label>LABEL).*?: )?[Tt]he (?:connection table|port pool|backlog) of (?P<name>\S+) is full at times: "
    rf"(?:{SHARE}.* of the connections fail for want of room|no connection fails for it, but those that "
    rf"found no room tried again later \({SHARE}.* of all connections waited for a packet sent again\))\."
)
def _full(world: World, found: re.Match[str]) -> None:
    evidence, _ = world.at(found["label"])
    lost = evidence.lost_at(found["name"])
    groups = found.groups()[2:]
    if groups[0] is not None:
        same(groups[:3], lost, 100)
        return
    assert lost[0] == 0
    same(groups[3:], evidence.share_of("retransmitted"), 100)
