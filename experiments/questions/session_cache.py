"""How long, and how many, TLS sessions should a server remember?

The answer is reported in cores: how many the whole load needs at its peak, so that no more than the
utilisation target of them is busy (`experiments.questions.capacity`). What a longer lifetime and a
larger cache buy is fewer private key operations, and with them fewer cores; what they cost is
memory, and keys that live longer.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

import sim
from experiments.questions import metrics
from experiments.questions.capacity import (
    Capacity,
    CapacitySettings,
    unknown_cores,
    with_load,
)
from experiments.questions.estimates import Estimates
from experiments.questions.figures import figure
from experiments.questions.findings import Findings
from experiments.questions.metric import Metric, Quantity
from experiments.questions.peak import peak_of
from experiments.questions.question import NOTHING_RECORDED, Answer
from experiments.questions.scale import remarks_on_scale
from experiments.results.measures import Measurements
from experiments.results.statistics import Interval, replication_interval, select_within
from experiments.studies.study import DesignPoint, Study
from experiments.wording import counted, level_words, listed, percent, size_words

_TOLERANCE = 0.05
_POINTS_TOLD = 3
_ENTRY_SIZES = (2_000, 4_000)

HIT_RATE = Metric(
    "resumed_share",
    "Hit rate",
    Quantity.SHARE,
    "Hit rate, of all: connections that resumed a session, by its ID or by a ticket, and were "
    "answered, as a share of all recorded connections. A client that has no session to offer "
    "counts as a miss.",
    count="connections",
)
HITS_OF_OFFERS = Metric(
    "hit_rate",
    "… of offers",
    Quantity.SHARE,
    "Hit rate, of offers: sessions found in the cache and tickets accepted, as a share of the "
    "connections that offered a session.",
    count="offered_sessions",
)
LIVE_ENTRIES = Metric(
    "live_entries",
    "Live entries",
    Quantity.COUNT,
    "The most entries that were live (stored, not expired) in the session cache at any sample of "
    "the recorded time, those stored in the warm-up included; for the whole load.",
    decimals=0,
)
_SAVED = Metric("saved", "Saved", Quantity.SHARE, "Share of the cores that is saved.")
_RATIO = Metric("ratio", "Ratio", Quantity.COUNT, "One number over another.", decimals=2)


class SessionCache(Capacity):
    """Lifetime and capacity of the session cache against the cores that the peak needs."""

    asks = "How long, and how many, TLS sessions should the server remember?"
    charts = ("hit_rate", "cores_needed", "work", "latency_cdf", "load", "failures")

    def metrics(self, study: Study) -> tuple[Metric, ...]:
        """Return cores, hit rates, live entries, CPU time and handshake latency."""
        return (
            metrics.cores_needed(study, CapacitySettings.of(study).utilisation_target),
            HIT_RATE,
            HITS_OF_OFFERS,
            LIVE_ENTRIES,
            metrics.FAILED_SHARE,
            metrics.offered_load(study),
            metrics.SERVER_CPU,
            *metrics.HANDSHAKE,
        )

    def compared(self, study: Study) -> dict[str, Metric]:
        """Return the cores needed and the hit rate."""
        target = CapacitySettings.of(study).utilisation_target
        return {"the need for cores": metrics.cores_needed(study, target), "the hit rate": HIT_RATE}

    def measure(self, measurements: Measurements, findings: Findings) -> pd.DataFrame:
        """Measure each replication, and the cost of a connection at the peak."""
        study = findings.study
        values = with_load(findings)
        keys = ["point", "replication"]
        live = findings.servers.groupby(keys, as_index=False)[["live_entries_most"]].sum()
        values = values.merge(live, on=["point", "replication"], how="left")
        worlds = values["point"].map({point.index: point.scenario for point in study.points})
        values["live_entries"] = values["live_entries_most"] / [world.scale for world in worlds]
        cacheless = [_is_plain(world) for world in worlds]
        values.loc[cacheless, ["resumed_share", "hit_rate", "live_entries"]] = math.nan
        counts = ["connections", "offered_sessions"]
        names = [metric.name for metric in self.metrics(study)]
        return values[["point", "replication", *counts, *names]]

    def conclude(self, estimates: Estimates, study: Study) -> Answer:
        """Recommend the shortest lifetime, then the smallest cache, within 5 % of the best.

        Points at which more connections fail than at others are no candidates. "Within" is shown:
        by simultaneous intervals of the paired differences to 1.05 times each of the others.
        """
        cores = metrics.cores_needed(study, CapacitySettings.of(study).utilisation_target)
        needs = {point.index: estimates.interval(point.index, cores) for point in study.points}
        grid = [point for point in study.points if not point.is_baseline]
        measured = [point for point in grid if not math.isnan(needs[point.index].mean)]
        failing = [
            point for point in grid if estimates.is_measured(point.index, metrics.FAILED_SHARE)
        ]
        if not measured:
            return Answer(" ".join(unknown_cores(estimates, study, failing)) or NOTHING_RECORDED)
        failed = {
            point.index: estimates.interval(point.index, metrics.FAILED_SHARE) for point in failing
        }
        fewest = min(failed[point.index].mean for point in measured)
        candidates = [point for point in measured if failed[point.index].mean <= fewest]
        within = select_within(
            {point.index: estimates.replicated(point.index, cores) for point in candidates},
            _TOLERANCE,
        )
        best = min(candidates, key=lambda point: needs[point.index].mean)
        enough = [point for point in candidates if point is best or within[point.index] is True]
        chosen = min(enough, key=_frugality)
        worst = max(candidates, key=lambda point: needs[point.index].mean)
        return Answer(
            sentence=_sentence(study, chosen, best, candidates, within, needs, cores),
            remarks=(
                *_failures(failing, failed),
                *_savings(estimates, study, chosen, worst, needs, cores),
                *_memory(estimates, chosen),
                *remarks_on_scale(study),
            ),
            recommended=chosen.index,
            shown=_shown(study, chosen, best, worst),
        )


def _frugality(point: DesignPoint) -> tuple[float, float, int]:
    """Return the longest that a session lives, in a cache or by a ticket, and the capacity."""
    caches = _caches(point)
    tickets = [pool.tickets for pool in point.scenario.pools.values() if pool.tickets is not None]
    lifetimes = [cache.lifetime for cache in caches]
    lifetimes += [each.lifetime for each in tickets]
    capacity = sum(_or_unlimited(cache.entries) * cache.number for cache in caches)
    return (max(lifetimes, default=0.0), capacity, point.index)


class _Cache(NamedTuple):
    """Equal session caches of a pool's servers.

    Attributes:
        lifetime: how long a session lives there, in seconds; infinite without end.
        entries: that each holds, before scaling; `None` for any number.
        number: how many there are.
    """

    lifetime: float
    entries: int | None
    number: int


def _caches(point: DesignPoint) -> list[_Cache]:
    """Return the session caches that a design point's servers have, pool by pool."""
    return [
        _Cache(_or_unlimited(pool.sessions.lifetime), pool.cache_entries, pool.number_of_caches)
        for pool in point.scenario.pools.values()
        if pool.sessions is not None
    ]


def _is_plain(world: sim.Scenario) -> bool:
    return all(pool.security == "plain" for pool in world.pools.values())


def _or_unlimited(limit: float | None) -> float:
    return math.inf if limit is None else limit


def _sentence(
    study: Study,
    chosen: DesignPoint,
    best: DesignPoint,
    candidates: list[DesignPoint],
    within: Mapping[int, bool | None],
    needs: Mapping[int, Interval],
    cores: Metric,
) -> str:
    target = percent(CapacitySettings.of(study).utilisation_target)
    advice, moment = _advice(study, chosen), peak_of(chosen.scenario).words
    start = f"{advice}: the load {moment} then needs" if advice else f"The load {moment} needs"
    need = figure(needs[chosen.index], cores, named=True)
    sentence = f"{start} {need} cores at {target} utilisation"
    smaller = [point for point in candidates if _frugality(point) < _frugality(chosen)]
    if chosen is not best:
        sentence += (
            f", shown to be within {percent(_TOLERANCE)} of the fewest "
            f"({best.label}: {figure(needs[best.index], cores)})"
        )
    elif len(candidates) > 1:
        sentence += ", the fewest measured"
    beyond = [point for point in smaller if within[point.index] is False]
    if smaller and len(beyond) == len(smaller):
        sentence += f"; every smaller setting was shown to need over {percent(_TOLERANCE)} more"
    elif smaller:
        sentence += f"; no smaller setting was shown to come within {percent(_TOLERANCE)} of that"
    return sentence + "."


def _advice(study: Study, point: DesignPoint) -> str:
    """Return what the design point stands for, every factor of it named; nothing without any."""
    settings = dict(point.settings)
    lifetime = _popped(settings, "sessions.lifetime")
    capacity = _popped(settings, "sessions.capacity")
    others = listed([f"{path} = {level_words(level)}" for path, level in settings.items()])
    words = []
    if capacity is not None:
        many = "any number of" if capacity == "unlimited" else level_words(capacity)
        words.append(f"{many} sessions")
    elif lifetime is not None:
        words.append("sessions")
    if lifetime is not None:
        words.append("for ever" if lifetime == "unlimited" else f"for {lifetime}")
    if not words:
        return f"With {others}" if others else ""
    return f"Remember {' '.join(words)}" + (f", with {others}" if others else "")


def _popped(settings: dict[str, Any], key: str) -> Any:
    """Take the only setting of the servers' caches that ends so, if there is one."""
    having = [
        path
        for path in settings
        if path.endswith(f".{key}") and path.split(".")[0] in ("server", "servers")
    ]
    return settings.pop(having[0]) if len(having) == 1 else None


def _failures(measured: list[DesignPoint], failed: Mapping[int, Interval]) -> Iterator[str]:
    """Tell where connections fail, and which points are no candidates for it."""
    fewest = min(share.mean for share in failed.values())
    failing = [point for point in measured if failed[point.index].mean > 0]
    for point in failing[:_POINTS_TOLD]:
        share = failed[point.index]
        consequence = ": it is no candidate" if share.mean > fewest else ""
        yield (
            f"At {point.label} {figure(share, metrics.FAILED_SHARE)} of the connections fail"
            f"{consequence}."
        )
    if len(failing) > _POINTS_TOLD:
        yield f"Connections fail at {counted(len(failing) - _POINTS_TOLD, 'further point')}."


def _savings(
    estimates: Estimates,
    study: Study,
    chosen: DesignPoint,
    worst: DesignPoint,
    needs: Mapping[int, Interval],
    cores: Metric,
) -> Iterator[str]:
    if worst is not chosen:
        saved = replication_interval(1 - _ratio(estimates, chosen, worst, cores)).within(
            -math.inf, 1.0
        )
        need = figure(needs[worst.index], cores)
        if saved.low <= 0:
            yield f"It was not shown to save cores beside {worst.label}, which needs {need}."
        else:
            yield (
                f"That saves {figure(saved, _SAVED)} of the cores that {worst.label} needs "
                f"({need})."
            )
    baseline = study.baseline
    if baseline is None or math.isnan(needs[baseline.index].mean):
        return
    name = "Plain HTTP" if _is_plain(baseline.scenario) else f"The {baseline.label}"
    ratio = replication_interval(_ratio(estimates, chosen, baseline, cores)).within(0.0, math.inf)
    yield (
        f"{name} would need {figure(needs[baseline.index], cores)} cores: the "
        f"recommendation takes {figure(ratio, _RATIO)} times that."
    )


def _ratio(
    estimates: Estimates, one: DesignPoint, other: DesignPoint, metric: Metric
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return estimates.replicated(one.index, metric) / estimates.replicated(other.index, metric)


def _memory(estimates: Estimates, chosen: DesignPoint) -> Iterator[str]:
    """Tell what a cache as large as is recommended holds, and what it takes."""
    caches = [cache for cache in _caches(chosen) if cache.entries != 0]
    if not caches:
        return
    if len(caches) > 1 or caches[0].number > 1:
        yield from _memory_of_several(estimates, chosen, caches)
        return
    entries = caches[0].entries
    live = estimates.interval(chosen.index, LIVE_ENTRIES)
    if not math.isnan(live.mean):
        held = f"At most {figure(live, LIVE_ENTRIES)} entries of the cache were live at a time"
        if entries is None:
            yield f"{held}."
        elif live.mean < 0.99 * entries:
            yield (
                f"{held}, fewer than the {entries:,} that it may hold: a larger one "
                "would have held no more."
            )
        else:
            yield (
                f"{held}, all that it may hold: it evicts sessions that could still be resumed, or "
                "is about to."
            )
    if entries is not None:
        entry, sizes = _memory_words(chosen, entries)
        yield f"A full cache of {entries:,} entries of {entry} takes {sizes} of memory."


def _memory_of_several(
    estimates: Estimates, chosen: DesignPoint, caches: list[_Cache]
) -> Iterator[str]:
    """Tell what the caches of several servers hold together."""
    live = estimates.interval(chosen.index, LIVE_ENTRIES)
    number = sum(cache.number for cache in caches)
    if not math.isnan(live.mean):
        yield (
            f"At most {figure(live, LIVE_ENTRIES)} entries of the {number:,} caches were "
            "live at a time, each cache at its fullest."
        )
    if all(cache.entries is not None for cache in caches):
        entries = sum((cache.entries or 0) * cache.number for cache in caches)
        entry, sizes = _memory_words(chosen, entries)
        yield f"Full caches of {entries:,} entries of {entry} together take {sizes} of memory."


def _memory_words(chosen: DesignPoint, entries: int) -> tuple[str, str]:
    """Return the size of an entry, as the servers' machines have it, and what so many take."""
    known = {
        pool.session_entry_size
        for pool in chosen.scenario.pools.values()
        if pool.sessions is not None
    }
    size = known.pop() if len(known) == 1 else None
    if size is not None:
        return size_words(size), size_words(size * entries)
    return "2–4 kB", " to ".join(size_words(each * entries) for each in _ENTRY_SIZES)


def _shown(
    study: Study, chosen: DesignPoint, best: DesignPoint, worst: DesignPoint
) -> dict[int, str]:
    shown: dict[int, str] = {}
    for point, word in ((chosen, "recommended"), (best, "fewest cores"), (worst, "most cores")):
        shown.setdefault(point.index, f"{word}: {point.label}")
    if study.baseline is not None:
        shown[study.baseline.index] = study.baseline.label
    return shown


QUESTION = SessionCache()
