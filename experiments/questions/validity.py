"""Where an answer does not hold: what a study's worlds, lengths and replications cannot tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import pandas as pd

import sim
from experiments.questions import metrics
from experiments.questions.estimates import Estimates
from experiments.questions.farm import servers_together
from experiments.questions.figures import figure
from experiments.questions.findings import Findings
from experiments.questions.initial_state import (
    beginning_words,
    begins_empty,
    first_visits_in_the_long_run,
    short_warm_ups,
)
from experiments.questions.load import processors
from experiments.questions.metric import Metric, Quantity
from experiments.questions.question import NOTHING_RECORDED
from experiments.questions.resources import MEMORY, PLACES
from experiments.questions.scale import full_limits
from experiments.questions.unseen import never_seen
from experiments.results.statistics import Interval, replication_interval
from experiments.studies.study import DesignPoint, Study
from experiments.wording import listed, rounded

_SATURATED = 0.995
_WORTH_A_WARNING = 0.01
_POINTS_NAMED = 3
_SERIES = {
    "duration": "the duration of a connection",
    "server_cpu": "the server CPU time of a connection",
}
_OFFERED = Metric("offered", "Offered load", Quantity.SHARE, "Work offered to a processor.")


_FIRST_VISITS = Metric(
    "first_visits",
    "First visits",
    Quantity.SHARE,
    "Recorded connections that are their client's first, as a share of all.",
    count="connections",
)
_RETRANSMITTED = Metric(
    "retransmitted_share",
    "Sent again",
    Quantity.SHARE,
    "Connections that waited for a packet sent again, as a share of all.",
    count="connections",
)


def warnings_of(findings: Findings) -> Iterator[str]:
    """Yield a sentence for each reason why a figure of the study does not hold, the worst first."""
    study = findings.study
    yield from _nothing_recorded(findings)
    yield from _no_steady_state(findings)
    yield from _exhausted(findings)
    yield from _memory_exceeded(findings)
    yield from _scaled_limits(findings)
    yield from _failures(findings)
    yield from _not_settled(findings)
    yield from _long_transient(findings)
    yield from _begins_empty(findings)
    yield from _short_warm_up(study)
    yield from warnings_before_a_run(study)
    yield from _engines_in_replay(study)
    yield from _few_replications(study)


def _at(points: Sequence[DesignPoint], study: Study) -> str:
    """Return "At A and B: ", or nothing where it is all of the study."""
    if len(points) == len(study.points):
        return ""
    words = [point.label for point in points[:_POINTS_NAMED]]
    if len(points) > _POINTS_NAMED:
        words = [*words[:-1], f"{len(points) - _POINTS_NAMED + 1} further points"]
    return f"At {listed(words)}: "


def _figures(words: Sequence[str]) -> str:
    """Return the figures of several points as a list; one where all are equal."""
    return listed(list(words) if len(set(words)) > 1 else list(words[:1]))


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


# ------------------------------------------------------------------ load


def _nothing_recorded(findings: Findings) -> Iterator[str]:
    study = findings.study
    recorded = set(findings.connections["point"])
    empty = [point for point in study.points if point.index not in recorded]
    if len(empty) == len(study.points):
        yield NOTHING_RECORDED
    elif empty:
        yield _sentence(
            f"{_at(empty, study)}no connection was recorded; simulate longer, or more of the load."
        )


def _no_steady_state(findings: Findings) -> Iterator[str]:
    """Processors and links of steady-state worlds to which more comes than they can do."""
    study = findings.study
    steady = [point for point in study.points if point.scenario.kind == "steady-state"]
    offered = findings.offered
    for node in dict.fromkeys(offered["node"]):
        over, near = [], []
        for point in steady:
            of_node = offered[(offered["node"] == node) & (offered["point"] == point.index)]
            loads = of_node.sort_values("replication")["offered_load"].to_numpy(float)
            load = replication_interval(loads)
            if load.estimate >= 1:
                over.append((point, load))
            elif load.high >= 1:
                near.append((point, load))
        if over:
            yield _sentence(
                f"{_at([point for point, _ in over], study)}there is no steady state: the load "
                f"offered to {node} is {_loads(over)} of what {_who(node, over)} can do; its "
                "queue, and with it every latency, grows as long as the simulation goes on."
            )
        if near:
            yield _sentence(
                f"{_at([point for point, _ in near], study)}there may be no steady state: the load "
                f"offered to {node} is {_loads(near)} of what {_who(node, near)} can do, and "
                "100 % lies within its interval."
            )
    yield from _queue_in_a_world_that_ends(offered, study)
    yield from _too_few_places(findings, steady)
    yield from _saturated_links(findings, steady)
    yield from _links_busy_for_a_time(findings)


def _queue_in_a_world_that_ends(offered: pd.DataFrame, study: Study) -> Iterator[str]:
    """More work at the peak than the cores can do: latencies follow from how long it lasts."""
    for node in dict.fromkeys(offered["node"]):
        over = []
        for point in study.points:
            of_node = offered[(offered["node"] == node) & (offered["point"] == point.index)]
            loads = of_node.sort_values("replication")["offered_at_peak"].to_numpy(float)
            load = replication_interval(loads)
            if point.scenario.kind == "terminating" and load.estimate >= 1:
                over.append((point, load))
        if over:
            yield _sentence(
                f"{_at([point for point, _ in over], study)}at the peak the load offered to {node} "
                f"is {_loads(over)} of what {_who(node, over)} can do: a queue builds up, and "
                "latencies depend on how long the peak lasts."
            )


def _who(node: str, having: Sequence[tuple[DesignPoint, Interval]]) -> str:
    """Return who does the work of a node: its cores, or itself where it is asked aside."""
    return "its cores" if any(node in processors(point.scenario) for point, _ in having) else "it"


def _exhausted(findings: Findings) -> Iterator[str]:
    """Tables, pools and backlogs without room for all who come."""
    study = findings.study
    waited = Estimates(findings.connections)
    full: dict[str, list[tuple[DesignPoint, Interval]]] = {}
    for point in study.points:
        for resource in findings.resources[point.index]:
            if resource.lost is not None and resource.is_full:
                full.setdefault(resource.words, []).append((point, resource.lost))
    for words, having in full.items():
        points = [point for point, _ in having]
        if any(lost.estimate > 0 for _, lost in having):
            shares = [figure(lost, metrics.FAILED_SHARE) for _, lost in having[:_POINTS_NAMED]]
            consequence = f"{_figures(shares)} of the connections fail for want of room"
        else:
            shares = [
                figure(waited.interval(point.index, _RETRANSMITTED), _RETRANSMITTED)
                for point in points[:_POINTS_NAMED]
            ]
            consequence = (
                "no connection fails for it, but those that found no room tried again later "
                f"({_figures(shares)} of all connections waited for a packet sent again)"
            )
        yield _sentence(f"{_at(points, study)}{words} is full at times: {consequence}.")


def _memory_exceeded(findings: Findings) -> Iterator[str]:
    """Servers that need more memory than they have: nothing in the simulation fails for it."""
    study = findings.study
    over: dict[str, list[tuple[DesignPoint, Interval]]] = {}
    for point in study.points:
        for resource in findings.resources[point.index]:
            if resource.kind == MEMORY and resource.demand.estimate > 1:
                over.setdefault(resource.name, []).append((point, resource.demand))
    for name, having in over.items():
        yield _sentence(
            f"{_at([point for point, _ in having], study)}a server of {name} needs "
            f"{_loads(having)} of the memory that it has: no connection is refused for that here, "
            "a real server would swap, or fail."
        )


def _scaled_limits(findings: Findings) -> Iterator[str]:
    """Limits of connections that bind in a scaled world: few places fill more easily than many."""
    study = findings.study
    pools = servers_together(findings.servers, study, ["point", "replication", "pool"])
    for words, points in full_limits(study, pools, findings.failures).items():
        yield _sentence(
            f"{_at(points, study)}{words}, and were all taken: few fill by chance more often than "
            "many; who is turned away, or waits, is more than of the whole load."
        )


def _failures(findings: Findings) -> Iterator[str]:
    """Connections that fail cost less than they would: cores needed are those of the others."""
    study = findings.study
    values = Estimates(findings.connections)
    failing = [
        (point, values.interval(point.index, metrics.FAILED_SHARE)) for point in study.points
    ]
    failing = [(point, share) for point, share in failing if share.estimate >= _WORTH_A_WARNING]
    if failing:
        shares = _figures(
            [figure(share, metrics.FAILED_SHARE) for _, share in failing[:_POINTS_NAMED]]
        )
        yield _sentence(
            f"{_at([point for point, _ in failing], study)}{shares} of the connections fail: the "
            "load and the cores needed count what the server did for them, not what they would "
            "have cost."
        )


def _loads(having: Sequence[tuple[DesignPoint, Interval]]) -> str:
    return _figures([figure(load, _OFFERED) for _, load in having[:_POINTS_NAMED]])


def _too_few_places(findings: Findings, steady: Sequence[DesignPoint]) -> Iterator[str]:
    """Limits of connections at which more wait for a place than find one."""
    over: dict[str, list[tuple[DesignPoint, Interval]]] = {}
    for point in steady:
        for resource in findings.resources[point.index]:
            if resource.kind == PLACES and resource.is_overloaded:
                over.setdefault(resource.words, []).append((point, resource.demand))
    for words, having in over.items():
        yield _sentence(
            f"{_at([point for point, _ in having], findings.study)}there is no steady state: at "
            f"{words}, {_loads(having)} of the places that there are is asked for; who waits for "
            "one waits the longer, the longer the simulation goes on."
        )


def _saturated_links(findings: Findings, steady: Sequence[DesignPoint]) -> Iterator[str]:
    links = findings.links
    named = links.assign(words="the link " + links["node"] + " " + links["direction"])
    for link, points in _busy_all_the_time(named, steady).items():
        yield _sentence(
            f"{_at(points, findings.study)}there is no steady state: {link} is busy all the time; "
            "what waits for it grows until its buffer or its senders' patience ends it."
        )


def _busy_all_the_time(
    named: pd.DataFrame, steady: Sequence[DesignPoint]
) -> dict[str, list[DesignPoint]]:
    """Return the points at which what is called by its `words` has no time to spare."""
    full: dict[str, list[DesignPoint]] = {}
    for point in steady:
        of_point = named[named["point"] == point.index].groupby("words")["utilisation"].mean()
        for words in of_point[of_point >= _SATURATED].index:
            full.setdefault(str(words), []).append(point)
    return full


def _links_busy_for_a_time(findings: Findings) -> Iterator[str]:
    """Links of worlds that end, busy throughout a sample: latencies follow from how long it lasts.

    One sample alone may be a single long response.
    """
    study, links = findings.study, findings.links
    links = links.assign(words=links["node"] + " " + links["direction"])
    full: dict[str, list[tuple[DesignPoint, Interval]]] = {}
    for point in study.points:
        if point.scenario.kind != "terminating":
            continue
        for words, of_link in links[links["point"] == point.index].groupby("words"):
            busy = of_link.sort_values("replication")["seconds_busy"].to_numpy(float)
            if busy.mean() >= 2 * point.scenario.sample_interval:
                full.setdefault(str(words), []).append((point, replication_interval(busy)))
    for words, having in full.items():
        seconds = _figures([figure(busy, metrics.SECONDS) for _, busy in having[:_POINTS_NAMED]])
        yield _sentence(
            f"{_at([point for point, _ in having], study)}the link {words} is busy all the time "
            f"for {seconds} s in whole samples: what waits for it grows, and latencies depend on "
            "how long that lasts."
        )


# ------------------------------------------------------------------ time


def _not_settled(findings: Findings) -> Iterator[str]:
    """Series that still rise or fall, by comparing the halves of the recorded time."""
    study = findings.study
    steady = [point for point in study.points if point.scenario.kind == "steady-state"]
    if not steady:
        return
    tests = findings.settling
    moving = tests[tests["settled"].map(lambda settled: settled is False)]
    for series, words in _SERIES.items():
        of_series = moving[moving["series"] == series].set_index("point")
        points = [point for point in steady if point.index in of_series.index]
        if not points:
            continue
        changes = of_series.loc[[point.index for point in points[:_POINTS_NAMED]]]
        by = listed([_signed_milliseconds(change) for change in changes["change"]])
        most = of_series.loc[[point.index for point in points], "p"].max()
        yield _sentence(
            f"{_at(points, study)}the series has not settled: {words} differs between the halves "
            f"of the recorded time, by {by} in the mean (paired t-test over replications, "
            f"p ≤ {most:.1g}, Bonferroni-corrected); simulate longer, with a longer warm-up."
        )


def _signed_milliseconds(seconds: float) -> str:
    return f"{'+' if seconds > 0 else ''}{rounded(1e3 * seconds)} ms"


def _long_transient(findings: Findings) -> Iterator[str]:
    """Warm-ups that MSER-5 finds longer than half of the run."""
    study = findings.study
    if findings.warm_up is None:
        return
    trusted = findings.warm_up.set_index("point")["trusted"]
    long = [point for point in study.points if not trusted.get(point.index, True)]
    if long:
        yield _sentence(
            f"{_at(long, study)}MSER-5 finds an initial transient of more than half of the "
            "recorded time: what is left is too short to trust; simulate longer."
        )


def _begins_empty(findings: Findings) -> Iterator[str]:
    """Worlds that are recorded from an empty cache on: a restart, or a warm-up left out."""
    study, values = findings.study, Estimates(findings.first_visits)
    having: dict[str, list[tuple[DesignPoint, Interval]]] = {}
    for point in study.points:
        share = values.interval(point.index, _FIRST_VISITS)
        in_the_long_run = first_visits_in_the_long_run(point.scenario)
        if begins_empty(point.scenario) and share.estimate - in_the_long_run >= _WORTH_A_WARNING:
            having.setdefault(beginning_words(point.scenario), []).append((point, share))
    for words, those in having.items():
        shares = [figure(share, _FIRST_VISITS) for _, share in those[:_POINTS_NAMED]]
        yield _sentence(
            f"{_at([point for point, _ in those], study)}the world begins with {words}, without a "
            f"warm-up: {_figures(shares)} of the recorded visits are their "
            "client's first, and can resume nothing; shares resumed, CPU time and cores are those "
            "of the time after such a start."
        )


def _short_warm_up(study: Study) -> Iterator[str]:
    """Worlds whose caches and clients are younger than they will be."""
    yield from _said_of_worlds(study, short_warm_ups)


def warnings_before_a_run(study: Study) -> Iterator[str]:
    """Yield a sentence for each outage or the like that begins too late to be in any figure."""
    yield from _said_of_worlds(study, never_seen)


def _said_of_worlds(study: Study, said: Callable[[sim.Scenario], Iterable[str]]) -> Iterator[str]:
    """What is said of worlds, each once, with the points that it is said of."""
    points_of: dict[str, list[DesignPoint]] = {}
    for point in study.points:
        for words in said(point.scenario):
            points_of.setdefault(words, []).append(point)
    for words, points in points_of.items():
        yield _sentence(f"{_at(points, study)}{words}")


# ------------------------------------------------------------------ fidelity


def _engines_in_replay(study: Study) -> Iterator[str]:
    """Boxes whose connections run live where others replay traces."""
    reading: dict[tuple[str, ...], list[DesignPoint]] = {}
    for point in study.points:
        boxes = sim.boxes_that_need_engines(point.scenario)
        if boxes:
            reading.setdefault(boxes, []).append(point)
    for boxes, points in reading.items():
        words, does = listed(list(boxes)), "reads" if len(boxes) == 1 else "read"
        yield _sentence(
            f"{_at(points, study)}connections that pass {words} run live, and take as long, though "
            f"fidelity is replay: {words} {does} everything, which only engines send."
        )


# ------------------------------------------------------------------ replications


def _few_replications(study: Study) -> Iterator[str]:
    if study.replications == 1:
        yield "One replication gives no interval; run with --replications 4 or more."
    elif study.replications == 2:
        yield (
            "Two replications leave one degree of freedom: an interval is 12.7 standard errors to "
            "either side, 3.2 with four; run with --replications 4 or more."
        )
