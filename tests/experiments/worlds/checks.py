"""Checks of sentences: what is written, worked out again from the evidence.

A check is registered for a pattern; a sentence that no check knows fails.
"""

# ruff: noqa: E501 - a sentence's pattern is easiest to compare with the sentence on few lines

from __future__ import annotations

import math
import re
from collections.abc import Callable

import numpy as np
import pytest

import experiments
from tests.experiments.worlds.evidence import Evidence, Figure, mean

NUMBER = r"[-+]?[\d,]+(?:\.\d+)?"
SHARE = rf"({NUMBER}) %(?: \((?:95 % interval )?({NUMBER})–({NUMBER})\))?"
TIME = rf"({NUMBER}) ms(?: \((?:95 % interval )?({NUMBER})–({NUMBER})\))?"
PLAIN = rf"({NUMBER})(?: \((?:95 % interval )?({NUMBER})–({NUMBER})\))?"


class World:
    """A study that was run, with the evidence at each of its design points."""

    def __init__(self, result: experiments.Result) -> None:
        self.result = result
        self.points = {point.label: point for point in result.study.points}
        with result.measurements() as measurements:
            warm_up = measurements.warm_up
        cuts = {} if warm_up is None else warm_up.set_index("point")["warm_up_end"].to_dict()
        self.evidence = {
            label: Evidence(
                result.folder, point.index, result.study.replications, cuts.get(point.index)
            )
            for label, point in self.points.items()
        }
        self.target = (result.study.file.study.model_extra or {}).get("utilisation_target", 0.7)

    def at(self, label: str | None) -> tuple[Evidence, object]:
        label = label or next(iter(self.points))
        return self.evidence[label], self.points[label].scenario

    @property
    def label(self) -> str:
        """A pattern of any design point's label, the longest first."""
        return "|".join(re.escape(label) for label in sorted(self.points, key=len, reverse=True))

    def cores(self, label: str | None) -> np.ndarray:
        """The peak rate times the mean cost near it, over the target, of each replication."""
        evidence, scenario = self.at(label)
        rate, since, until = peak(scenario)
        return rate * evidence.mean_of("server_cpu", since, until) / self.target


def peak(scenario: object) -> tuple[float, float, float]:
    """The busiest rate of the whole load, and the window in which its cost is measured."""
    arrivals = scenario.arrivals
    if arrivals.process == "poisson":
        return arrivals.rate, 0.0, math.inf
    number = math.ceil(scenario.duration / arrivals.interval)
    counts = [arrivals.counts[i % len(arrivals.counts)] for i in range(number)]
    first = last = counts.index(max(counts))
    while (
        sum(counts[first : last + 1]) * scenario.scale / arrivals.requests_per_visit < 200
        and (last - first + 3) * arrivals.interval <= max(3600.0, arrivals.interval)
        and (first > 0 or last < number - 1)
    ):
        first, last = max(0, first - 1), min(number - 1, last + 1)
    rate = max(counts) / arrivals.requests_per_visit / arrivals.interval
    return rate, first * arrivals.interval, (last + 1) * arrivals.interval


def same(written: tuple[str | None, ...], figure: Figure, factor: float = 1.0) -> None:
    """Check that written numbers are those of a figure, to the decimals that are written."""
    for text, value in zip(written, figure, strict=True):
        if text is None:
            assert math.isnan(value), (written, figure)
            continue
        decimals = len(text.partition(".")[2])
        assert abs(float(text.replace(",", "")) - factor * value) <= 0.501 * 10.0**-decimals, (
            written,
            figure,
        )


def within(figure: Figure) -> Figure:
    """A share's interval, within 0 and 1 where the share is."""
    share, low, high = figure
    if share > 1 or math.isnan(low):
        return figure
    return share, max(0.0, low), min(1.0, high)


def rounded(written: tuple[str | None, ...], figure: Figure) -> None:
    """Check numbers of three significant digits."""
    for text, value in zip(written, figure, strict=True):
        if text is not None:
            assert float(text.replace(",", "")) == pytest.approx(value, rel=0.006, abs=1e-12)


# ------------------------------------------------------------------ sentences

Check = Callable[[World, re.Match[str]], None]
CHECKS: list[tuple[str, Check]] = []


def says(pattern: str) -> Callable[[Check], Check]:
    """Register a check of the sentences of this pattern; LABEL stands for a design point's."""

    def register(check: Check) -> Check:
        CHECKS.append((pattern, check))
        return check

    return register


def hold(world: World, sentence: str) -> None:
    """Check a sentence; one that no check knows fails."""
    for pattern, check in CHECKS:
        found = re.fullmatch(pattern.replace("LABEL", f"(?:{world.label})"), sentence)
        if found:
            check(world, found)
            return
    pytest.fail(f"no check knows this sentence: {sentence}")


def moment(world: World, words: str, label: str | None = None) -> None:
    """Check a peak in words."""
    _, scenario = world.at(label)
    rate, _, _ = peak(scenario)
    numbers = re.findall(rf"({NUMBER}) connections?/s", words)
    if numbers:
        rounded((numbers[-1], None, None), (rate, math.nan, math.nan))
    assert words.startswith(("at the peak", "at ", "in the busiest "))
    assert words.startswith("in the busiest") == (
        scenario.arrivals.process == "curve" and words != "at the peak"
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
    needs, labels = found["needs"], list(world.points)
    every = {label: mean(world.cores(label)) for label in labels}
    everywhere = re.fullmatch(rf"{PLAIN} cores at every design point", needs)
    if everywhere:
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
    for point in world.points.values():
        assert point.scenario.fidelity == "replay"
        assert point.scenario.traces == int(found.group(1))


@says(
    rf"What binds first(?: at (?P<where>.+?))? is the (?P<what>processor of|link|connection table "
    rf"of|port pool of|backlog of) (?P<name>\S+(?:, to \w+)?): (?P<shares>.+?) in use(?: in the mean| in the busiest sample| at its "
    rf"fullest)(?:, at the whole load)?(?P<more>, further points in the table)?"
    rf"(?:; it (?:would be|is) full from {PLAIN} connections/s on)?\."
)
def _binds(world: World, found: re.Match[str]) -> None:
    shares = re.findall(rf"{SHARE}(?: at ({world.label}))?", found["shares"])
    assert shares
    for *written, label in shares:
        evidence, scenario = world.at(label or found["where"])
        constant = scenario.arrivals.process == "poisson"
        in_use = resources(evidence, scenario, "mean" if constant else "max")
        kind = found["what"].removesuffix(" of")
        same(
            tuple(word or None for word in written), within(mean(in_use[kind, found["name"]])), 100
        )
        most = max(values.mean() for values in in_use.values())
        assert in_use[kind, found["name"]].mean() == pytest.approx(most)
    full = found.groups()[-3:]
    if full[0] is not None:
        rate, since, until = peak(scenario)
        if kind == "processor":
            cost = evidence.mean_of("server_cpu", since, until)
            rounded(full, mean(scenario.server.cores / cost))
        else:
            rounded(full, mean(rate / in_use[kind, found["name"]]))


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
        if rows["capacity"].notna().any():
            add("connection table", str(node), rows, "entries", rows["capacity"].iloc[0])
    return found


@says(
    rf"(?P<advice>Remember .+?|With .+?|As described): the load (?P<moment>.+?) then needs {PLAIN} "
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


@says(r"A full cache of ([\d,]+) entries of 2–4 kB takes (.+) to (.+) of memory\.")
def _memory(world: World, found: re.Match[str]) -> None:
    entries = int(found.group(1).replace(",", ""))
    units = {"kB": 1e3, "MB": 1e6, "GB": 1e9}
    for size, words in zip((2000, 4000), found.groups()[1:], strict=True):
        number, unit = words.split()
        assert float(number.replace(",", "")) * units[unit] == pytest.approx(size * entries, 0.01)


@says(
    rf"(?:[Aa]t (?P<label>LABEL): )?(?:{SHARE} of the connections succeed(?:, in {PLAIN} round trips, "
    rf"first byte after {TIME} in the median)?|[Nn]o connection succeeds)"
)
def _reached(world: World, found: re.Match[str]) -> None:
    groups = found.groups()
    evidence, _ = world.at(found["label"])
    if groups[1] is None:
        assert evidence.share_of("succeeded")[0] == 0
        return
    same(groups[1:4], evidence.share_of("succeeded"), 100)
    if groups[4] is not None:
        same(groups[4:7], evidence.succeeded_mean("round_trips"))
        same(groups[7:10], evidence.quantile_of("first_byte_time", 0.5), 1000)


@says(
    rf"(?:At (?P<label>LABEL): w|W)aiting for lost packets takes a connection that succeeds {TIME} in "
    r"the mean\."
)
def _lost(world: World, found: re.Match[str]) -> None:
    evidence, _ = world.at(found["label"])
    same(found.groups()[1:4], evidence.succeeded_mean("time_retransmission"), 1000)


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


@says(rf"It was not shown to save cores beside (?P<label>LABEL), which needs {PLAIN}\.")
def _not_saved(world: World, found: re.Match[str]) -> None:
    chosen = world.result.study.points[world.result.answer.recommended].label
    assert mean(1 - world.cores(chosen) / world.cores(found["label"]))[1] <= 0
    same(found.groups()[1:4], mean(world.cores(found["label"])))


# ------------------------------------------------------------------ warnings


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
