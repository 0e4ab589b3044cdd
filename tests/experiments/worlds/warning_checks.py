"""Checks of warnings."""

# ruff: noqa: E501 - a sentence's pattern is easiest to compare with the sentence on few lines

from __future__ import annotations

import math
import re

import numpy as np
import pytest

import sim
from tests.experiments.worlds.evidence import mean
from tests.experiments.worlds.sentences import (
    NUMBER,
    PLAIN,
    SHARE,
    World,
    peak,
    same,
    says,
    seconds,
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
    rf"(?:At (?P<label>LABEL).*?: )?{SHARE}.* of the connections fail: the load and the cores needed count what the server did for them, not what they would have cost\."
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
    rf"(?:At (?P<label>LABEL).*?: )?[Tt]he link (?P<name>\w+) (?P<way>to \w+) is busy all the time for {PLAIN} s in whole "
    r"samples: what waits for it grows, and latencies depend on how long that lasts\."
)
def _link_busy_for_a_time(world: World, found: re.Match[str]) -> None:
    evidence, scenario = world.at(found["label"])
    assert scenario.kind == "terminating"
    links = evidence.samples("links")
    rows = links[(links["node"] == found["name"]) & (links["direction"] == found["way"])]
    busy = [
        (one["utilisation"] > 0.9999).sum() * scenario.sample_interval
        for one in evidence.by_replication(rows)
    ]
    same(found.groups()[3:], mean(np.array(busy)))
    assert np.mean(busy) >= 2 * scenario.sample_interval


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


def lives(scenario: object, owner: str) -> float:
    """How long a session can be resumed at the server or a proxy."""
    host = scenario.middleboxes.get(owner, scenario.server)
    remembered = max(sim.browser(one.profile).session_lifetime for one in scenario.clients)
    return min(remembered, math.inf if host.sessions.lifetime is None else host.sessions.lifetime)


def named(world: World, label: str | None) -> list[object]:
    return [world.points[label].scenario] if label else [p.scenario for p in world.points.values()]


@says(
    r"(?:At (?P<label>LABEL).*?: )?[Tt]he warm-up \((?P<warm>.+?)\) is shorter than sessions live at (?P<owner>\S+) "
    r"\((?P<life>.+?)\): at first the cache holds fewer sessions than it will, and fewer have expired\."
)
def _young_cache(world: World, found: re.Match[str]) -> None:
    for scenario in named(world, found["label"]):
        assert scenario.warm_up == seconds(found["warm"])
        assert lives(scenario, found["owner"]) == seconds(found["life"]) > scenario.warm_up


@says(
    r"(?:At (?P<label>LABEL).*?: )?[Tt]he warm-up \((?P<warm>.+?)\) is shorter than clients take to come back "
    r"\((?P<reach>.+?) within a session's lifetime\): some who would come back are taken for new ones\."
)
def _young_clients(world: World, found: re.Match[str]) -> None:
    for scenario in named(world, found["label"]):
        longest = scenario.population.intervals[-1][0]
        reach = seconds(found["reach"])
        assert reach in (longest, lives(scenario, scenario.server.name))
        assert scenario.warm_up == seconds(found["warm"]) < reach <= longest


@says(
    rf"(?:At (?P<label>LABEL).*?: )?[Tt]he warm-up \(.+?\) is short for the population: by theory {SHARE} of the first "
    r"recorded connections are their clients' first visit, and can resume nothing\."
)
def _new_clients(world: World, found: re.Match[str]) -> None:
    _, scenario = world.at(found["label"])
    population = scenario.population
    exponent = getattr(population, "exponent", 0.0)
    weights = np.arange(1, population.clients + 1) ** -exponent
    share = expected_first(scenario, weights / weights.sum())
    assert float(found[2]) / 100 == pytest.approx(share, abs=0.006)


def expected_first(scenario: object, popularity: np.ndarray) -> float:
    """The share of first visits when the warm-up ends, by adding up the curve's seconds."""
    arrivals = scenario.arrivals
    if arrivals.process == "poisson":
        visits = arrivals.rate * scenario.warm_up
    else:
        places = np.arange(-scenario.warm_up, 0, 0.01) + 0.005
        index = np.floor(places / arrivals.interval).astype(int) % len(arrivals.counts)
        rates = np.array(arrivals.counts)[index] / arrivals.interval / arrivals.requests_per_visit
        visits = rates.sum() * 0.01
    return float((popularity * np.exp(-visits * popularity)).sum())


@says(
    rf"(?:At (?P<label>LABEL).*?: )?[Tt]he world begins with empty session caches, without a warm-up: {SHARE}.* of the "
    r"recorded visits are their client's first, and can resume nothing; shares resumed, CPU time and "
    r"cores are those of the time after such a start\."
)
def _empty(world: World, found: re.Match[str]) -> None:
    evidence, scenario = world.at(found["label"])
    assert scenario.kind == "terminating"
    assert scenario.warm_up == 0
    same(found.groups()[1:4], evidence.first_visits(), 100)
    first = evidence.connections.sort_values("arrival").drop_duplicates(["replication", "client"])
    assert not first["outcome"].astype(str).str.startswith("resumed").any()


@says(
    r"(?:At (?P<label>LABEL).*?: )?[Ss]essions that clients make at the beginning expire together at (?P<owner>\S+), "
    r"after (?P<life>.+?) and again: full handshakes come in waves, and their share depends on how many waves "
    r"are recorded\."
)
def _waves(world: World, found: re.Match[str]) -> None:
    evidence, scenario = world.at(found["label"])
    life = seconds(found["life"])
    assert life == lives(scenario, found["owner"]) < scenario.warm_up + scenario.duration
    # In the first quarter of a lifetime after sessions expire more handshakes are full than in the
    # last quarter before.
    rows = evidence.connections
    age = (rows["arrival"] + scenario.warm_up) % life / life
    later = rows["arrival"] + scenario.warm_up > life / 2
    full = rows["outcome"].astype(str) == "full"
    assert full[later & (age < 0.25)].mean() > full[later & (age > 0.75)].mean()


@says(r"At .+?: no connection was recorded; simulate longer, or more of the load\.")
def _none_recorded(world: World, found: re.Match[str]) -> None:
    empty = [evidence.connections.empty for evidence in world.evidence.values()]
    assert any(empty)
    assert not all(empty)


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
