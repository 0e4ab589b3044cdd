"""Checks of what the question of capacity says."""

# ruff: noqa: E501 - a sentence's pattern is easiest to compare with the sentence on few lines

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from tests.experiments.worlds.evidence import Evidence, Figure, mean
from tests.experiments.worlds.sentences import (
    NUMBER,
    PLAIN,
    SHARE,
    TIME,
    World,
    moment,
    peak,
    rounded,
    same,
    says,
    seconds,
    within,
)


@says(r"No connection was recorded( at the peak)?: simulate longer, or more of (the load|it)\.")
def _nothing(world: World, found: re.Match[str]) -> None:
    assert all(evidence.connections.empty for evidence in world.evidence.values())


@says(
    r"The load needs (?P<needs>.+) (?P<moment>(?:at|in) (?:[\d.,]+ connections?/s|the .+?)) "
    rf"to keep the cores ({NUMBER}) % busy\."
)
def _needs(world: World, found: re.Match[str]) -> None:
    assert float(found.group(3)) == pytest.approx(100 * world.target)
    moment(world, found["moment"])
    needs, labels = found["needs"], world.costed
    every = {label: mean(world.cores(label)) for label in labels}
    everywhere = re.fullmatch(rf"{PLAIN} cores at every design point", needs)
    if everywhere:
        assert labels == list(world.points)
        for figure in every.values():
            same(everywhere.groups(), figure)
        return
    told = re.findall(rf"{PLAIN} cores(?: at ({world.label}))?", needs)
    told = [(*(word or None for word in one[:3]), one[3] or labels[0]) for one in told]
    for *written, label in told:
        same(tuple(written), every[label])
    if needs.startswith("from "):
        (*_, least), (*_, most) = told
        assert every[least][0] == pytest.approx(min(figure[0] for figure in every.values()))
        assert every[most][0] == pytest.approx(max(figure[0] for figure in every.values()))
    else:
        assert {label for *_, label in told} == set(labels)


@says(
    rf"(?:At (?P<label>LABEL): )?[Tt]he server, with ([\d,]+) cores?, is {SHARE} busy in the mean and "
    rf"{SHARE} in the busiest sample; {SHARE} of the connections resume a session and {SHARE} fail"
    rf"(?P<first>; the first byte comes after {TIME} in the median(?: and {TIME} at p95)?)?\."
)
def _load(world: World, found: re.Match[str]) -> None:
    groups = found.groups()
    evidence, scenario = world.at(groups[0])
    assert int(groups[1].replace(",", "")) == scenario.server.cores
    same(groups[2:5], within(evidence.utilisation("mean")), 100)
    same(groups[5:8], within(evidence.utilisation("max")), 100)
    same(groups[8:11], evidence.share_of("resumed"), 100)
    same(groups[11:14], evidence.share_of("failed"), 100)
    if found["first"] is None:
        assert evidence.connections["first_byte_time"].isna().all()
        return
    same(groups[15:18], evidence.quantile_of("first_byte_time", 0.5), 1000)
    if groups[18] is not None:
        same(groups[18:21], evidence.quantile_of("first_byte_time", 0.95), 1000)


@says(r"The p99 of (?P<what>handshakes|first bytes) is (?P<told>.+)\.")
def _slowest(world: World, found: re.Match[str]) -> None:
    column = {"handshakes": "handshake_time", "first bytes": "first_byte_time"}[found["what"]]
    told = re.findall(rf"{TIME}(?: at ({world.label}))?", found["told"])
    assert told
    every = {label: world.at(label)[0].quantile_of(column, 0.99) for label in world.points}
    for *written, label in told:
        figure = every[label or next(iter(world.points))]
        same(tuple(word or None for word in written), figure, 1000)
    if found["told"].startswith("from "):
        known = [figure[0] for figure in every.values() if figure[0] == figure[0]]
        (*_, least), (*_, most) = told
        assert every[least][0] == pytest.approx(min(known))
        assert every[most][0] == pytest.approx(max(known))


@says(
    r"Simulated at (?P<scales>.+) of the load on (?P<cores>.+), caches and tables scaled alike: .+"
)
def _scale(world: World, found: re.Match[str]) -> None:
    for point in world.points.values():
        scale = point.scenario.scale
        assert ("1" if scale == 1 else f"1/{round(1 / scale):,}") in found["scales"]
        assert str(point.scenario.server.cores) in found["cores"]


@says(
    r"In replay: engines ran for the first ([\d,]+) connections of each class, later ones did "
    r"what those had done \(--set fidelity=live runs engines in every connection\)\."
)
def _replay(world: World, found: re.Match[str]) -> None:
    assert any((one.connections["records_sent"] > 0).any() for one in world.evidence.values())
    for point in world.points.values():
        assert point.scenario.fidelity == "replay"
        assert point.scenario.traces == int(found.group(1))


@says(
    r"What binds first(?: at (?P<where>.+?))? is the (?P<what>processor of|link|connection table "
    r"of|port pool of|backlog of) (?P<name>\S+(?:, to \w+)?): (?P<shares>.+?) (?P<of>in use in the mean|in use in the busiest sample|in use at its fullest|in use at the peak"
    r"|of what it can do is offered(?: at the peak)?)(?:, at the whole load)?(?P<more>, further points in the report)?"
    r"(?P<full>(?:; .+)*)\."
)
def _binds(world: World, found: re.Match[str]) -> None:
    shares = re.findall(rf"{SHARE}(?: at ({world.label}))?", found["shares"])
    assert shares
    kind, name = found["what"].removesuffix(" of"), found["name"]
    for *written, label in shares:
        evidence, scenario = world.at(label or found["where"])
        constant = scenario.arrivals.process == "poisson"
        in_use = resources(evidence, scenario, "mean" if constant else "max")
        overloaded = kind == "processor" and offered(scenario, evidence) >= 1
        demand = in_use[kind, name]
        if kind == "processor" and (overloaded or scenario.scale < 1):
            demand = offered_to(name, scenario, evidence)
        elif found["of"].startswith("in use"):
            assert demand.mean() <= 1 + 1e-9
        same(tuple(word or None for word in written), within(mean(demand)), 100)
        if overloaded:
            assert found["of"].startswith("of what it can do is offered")
        if evidence.lost_at(name)[0] == 0 and not overloaded:
            most = max(values.mean() for values in in_use.values())
            assert in_use[kind, name].mean() == pytest.approx(most)
    told = [label or found["where"] for *_, label in shares]
    for clause in found["full"].split("; ")[1:]:
        ending = re.search(rf" at ((?:{world.label})(?:(?:, | and )(?:{world.label}))*)$", clause)
        labels = re.findall(world.label, ending[1]) if ending else [found["where"]]
        for label in labels:
            _full_from(world, kind, name, label, clause.removesuffix(ending[0] if ending else ""))
            told.remove(label or None)
    for label in told:
        evidence, scenario = world.at(label)
        filled = (
            kind in ("connection table", "port pool") and scenario.arrivals.process == "poisson"
        )
        assert kind == "backlog" or (filled and settled(evidence, scenario, name) is None)


def offered(scenario: object, evidence: Evidence) -> float:
    """The load at the peak as a share of what the server's cores can do."""
    return float(offered_to(scenario.server.name, scenario, evidence).mean())


def offered_to(name: str, scenario: object, evidence: Evidence) -> np.ndarray:
    """The load at the peak as a share of what a processor's cores can do, of the whole load."""
    rate, since, until = peak(scenario)
    if name == scenario.server.name:
        return rate * evidence.mean_of("server_cpu", since, until) / scenario.server.cores
    busy = evidence.work_of(name) / scenario.duration / scenario.scale
    return busy / scenario.middleboxes[name].cores


def settled(evidence: Evidence, scenario: object, name: str) -> np.ndarray | None:
    """A table's share in use since the first entries have gone, if it grows no more then."""
    lasted = np.quantile(evidence.connections["duration"].dropna(), 0.99, method="inverted_cdf")
    closing = getattr(scenario.middleboxes[name], "closing_timeout", 0.0)
    rows = evidence.samples("middleboxes")
    rows = rows[rows["node"].astype(str) == name]
    since, until = closing - scenario.warm_up + lasted, rows["time"].max()
    rows = rows[rows["time"] > since]
    if rows.empty:
        return None
    groups = evidence.by_replication(rows)
    shares = np.array([(one["entries"] / one["capacity"]).mean() for one in groups])
    middle = (since + until) / 2
    growth = np.array(
        [
            one[one["time"] > middle]["entries"].mean()
            - one[one["time"] <= middle]["entries"].mean()
            for one in groups
        ]
    )
    change = mean(growth / rows["capacity"].iloc[0])
    return None if change[1] > 0 and change[0] > 0.05 * shares.mean() else shares


def lost_at_peak(name: str, scenario: object, evidence: Evidence) -> Figure:
    """The share of those that came in the busiest interval and found no room."""
    arrivals = scenario.arrivals
    if arrivals.process == "poisson":
        return evidence.lost_at(name)
    number = math.ceil(scenario.duration / arrivals.interval)
    counts = [arrivals.counts[i % len(arrivals.counts)] for i in range(number)]
    first = counts.index(max(counts)) * arrivals.interval
    return evidence.lost_at(name, first, first + arrivals.interval)


def _full_from(world: World, kind: str, name: str, label: str | None, clause: str) -> None:
    """Check the load at which a resource is or would be full."""
    evidence, scenario = world.at(label)
    rate, since, until = peak(scenario)
    constant = scenario.arrivals.process == "poisson"
    share, low, high = lost_at_peak(name, scenario, evidence)
    most = resources(evidence, scenario, "max")[kind, name].mean()
    if full := re.fullmatch(rf"it (?:would be|is) full from {PLAIN} connections/s on", clause):
        if kind == "processor" and name != scenario.server.name:
            cores = scenario.middleboxes[name].cores
            busy = evidence.work_of(name) / scenario.duration / cores / scenario.scale
            rounded(full.groups(), mean(rate / busy))
        elif kind == "processor":
            cost = evidence.mean_of("server_cpu", since, until)
            rounded(full.groups(), mean(scenario.server.cores / cost))
        else:
            in_use = resources(evidence, scenario, "mean" if constant else "max")[kind, name]
            if constant and kind in ("connection table", "port pool"):
                in_use = settled(evidence, scenario, name)
                assert in_use is not None
            rounded(full.groups(), mean(rate / in_use))
            assert evidence.lost_at(name)[0] == 0
    elif full := re.fullmatch(
        rf"it is full at this load already, ({NUMBER}) connections?/s", clause
    ):
        rounded(full.groups(), (rate,))
        assert most >= 0.995
        assert share == 0
    else:
        full = re.fullmatch(
            rf"it is too small for this load already: of ({NUMBER}) connections?/s {PLAIN} find room",
            clause,
        )
        of, *admitted = full.groups()
        rounded((of,), (rate,))
        assert share > 0
        rounded(tuple(admitted), (rate * (1 - share), rate * (1 - high), rate * (1 - low)))


@says(
    r"How many cores the load needs cannot be said(?: at (?P<where>.+))?: (?P<shares>.+) of the connections "
    r"fail, and what so few others cost the server says nothing of all\."
)
def _unknown(world: World, found: re.Match[str]) -> None:
    unknown = [label for label in world.points if label not in world.costed]
    assert unknown
    assert found["where"] is None or len(unknown) < len(world.points)
    for written, label in zip(re.findall(SHARE, found["shares"]), unknown, strict=False):
        share = world.at(label)[0].share_of("failed")
        same(tuple(word or None for word in written), share, 100)
        assert share[0] >= 0.9 - 1e-12


@says(r"Why connections fail(?: at (?P<label>LABEL))?: (?P<reasons>.+)\.")
def _why(world: World, found: re.Match[str]) -> None:
    evidence, _ = world.at(found["label"])
    every = evidence.reasons()
    told = []
    for words in found["reasons"].split("; "):
        one = re.fullmatch(rf"(.+), {SHARE} of all", words)
        if one is None:
            assert re.fullmatch(rf"{len(every) - len(told)} rarer reasons?", words)
            break
        same(one.groups()[1:], every[one[1]], 100)
        told.append(every[one[1]][0])
    assert told == sorted(told, reverse=True)
    assert max(figure[0] for figure in every.values()) == told[0]


@says(r"Why they fail at (\d+) further points? stands in the report\.")
def _further_failures(world: World, found: re.Match[str]) -> None:
    failing = [one for one in world.evidence.values() if one.share_of("failed")[0] > 0]
    assert len(failing) == 3 + int(found[1])


def resources(evidence: Evidence, scenario: object, how: str) -> dict[tuple[str, str], np.ndarray]:
    """Return each limited resource's share in use in every replication."""
    found: dict[tuple[str, str], np.ndarray] = {}

    def add(kind: str, name: str, rows: object, column: str, over: float = 1.0) -> None:
        values = [getattr(one[column], how)() / over for one in evidence.by_replication(rows)]
        scale = scenario.scale if kind in ("processor", "link") else 1.0
        found[kind, name] = np.array(values) / scale

    samples = evidence.samples()
    add("processor", scenario.server.name, samples, "utilisation")
    if scenario.server.backlog is not None:
        groups = evidence.by_replication(samples)
        most = [one["accept_queue"].max() / scenario.server.backlog for one in groups]
        found["backlog", scenario.server.name] = np.array(most)
    links = evidence.samples("links")
    for (node, direction), rows in links.groupby(["node", "direction"], observed=True):
        add("link", f"{node}, {direction}", rows, "utilisation")
    for node, rows in evidence.samples("middleboxes").groupby("node", observed=True):
        if rows["utilisation"].max() > 0:
            add("processor", str(node), rows, "utilisation")
        if rows["capacity"].notna().any():
            kind = "port pool" if rows["kind"].astype(str).iloc[0] == "nat" else "connection table"
            add(kind, str(node), rows, "entries", rows["capacity"].iloc[0])
    return found


@says(
    rf"(?:At (?P<label>LABEL) a|A)ll cores of (\S+) were busy for {PLAIN} s in whole samples of (.+?), and up to ({NUMBER}) jobs waited at a sample, as simulated\."
)
def _saturated(world: World, found: re.Match[str]) -> None:
    evidence, scenario = world.at(found["label"])
    groups = evidence.by_replication(evidence.samples())
    busy = [(one["utilisation"] > 0.9999).sum() * scenario.sample_interval for one in groups]
    same(found.groups()[2:5], mean(np.array(busy)))
    most = max(one["queue_length"].max() for one in groups)
    assert int(found.groups()[-1].replace(",", "")) == most


@says(r"MSER-5 left (?P<cuts>.+) of the recorded time out, as an initial transient\.")
def _cut(world: World, found: re.Match[str]) -> None:
    with world.result.measurements() as measurements:
        cut = measurements.warm_up.set_index("point")["warm_up_end"]
    told = re.findall(rf"the first ([\d.,]+ \w+)(?: at ({world.label}))?", found["cuts"])
    assert told
    for words, label in told:
        point = world.points[label or next(iter(world.points))]
        assert point.scenario.kind == "steady-state"
        assert seconds(words) == pytest.approx(cut[point.index], rel=1e-3)
        assert world.evidence[point.label].connections["arrival"].min() >= cut[point.index]
