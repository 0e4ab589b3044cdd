"""How long, and how many, TLS sessions should a server remember?

The answer is reported in cores: how many the unscaled peak minute needs, so that no more than the
utilisation target of them is busy. What a longer lifetime and a larger cache buy is fewer private
key operations, and with them fewer cores; what they cost is memory, and keys that live longer.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pydantic import Field

import sim
from experiments.questions import metrics
from experiments.questions.question import Answer, Metric, Quantity, Question, Settings
from experiments.results.measures import Measurements
from experiments.results.statistics import Interval, paired_difference, replication_interval
from experiments.studies.study import DesignPoint, Study
from experiments.wording import (
    decimals_for,
    fraction,
    level_words,
    percent,
    size_words,
)

_TOLERANCE = 0.05
_PEAK_WINDOW = 3600.0
_ENTRY_SIZES = (2_000, 4_000)

HIT_RATE = Metric(
    "resumed_share",
    "Hit rate",
    Quantity.SHARE,
    "Session-cache hit rate, of all: connections that resumed a session, as a share of all "
    "connections. This is the headline: it is what saves private key operations, and it does not "
    "depend on how long before the day the simulation began (a visitor last seen before that "
    "offers no session; had they offered one, no lifetime of this study would have kept it).",
)
HITS_OF_OFFERS = Metric(
    "hit_rate",
    "… of offers",
    Quantity.SHARE,
    "Session-cache hit rate, of offers: cache hits as a share of the connections that offered a "
    "session.",
)
UNEXPIRED = Metric(
    "unexpired_sessions",
    "Unexpired",
    Quantity.THOUSANDS,
    "The most sessions that were unexpired at once, unscaled: stored within one lifetime of each "
    "other. Beyond that number of entries a cache only fills with expired ones; with fewer it "
    "evicts sessions that could still be resumed.",
    decimals=0,
)
CORES = Metric(
    "cores_needed",
    "Cores",
    Quantity.COUNT,
    "Cores needed in the unscaled peak minute: its arrivals a second, times the mean server CPU "
    "time of the connections that arrived within 30 minutes of it, over the utilisation target.",
    decimals=2,
)

_METRICS = (
    CORES,
    HIT_RATE,
    HITS_OF_OFFERS,
    UNEXPIRED,
    metrics.SERVER_CPU,
    *metrics.HANDSHAKE,
)


@dataclass(frozen=True)
class Peak:
    """The busiest moment of an arrival process.

    `rate` is unscaled, visits a second; `since` and `until` (seconds since the scenario's
    start) bound the window in which a connection's mean cost at the peak is measured; `time` is
    the middle of the busiest interval, `None` when the rate is constant.
    """

    rate: float
    since: float
    until: float
    time: float | None


def peak_of(scenario: sim.Scenario) -> Peak:
    """Return a scenario's peak: of a curve its largest interval, else the constant rate."""
    arrivals = scenario.arrivals
    if arrivals.process != "curve":
        return Peak(arrivals.rate, 0.0, scenario.duration, None)
    recorded = max(1, math.ceil(scenario.duration / arrivals.interval))
    within = arrivals.counts[:recorded]
    busiest = max(range(len(within)), key=within.__getitem__)
    middle = (busiest + 0.5) * arrivals.interval
    since = max(0.0, middle - _PEAK_WINDOW / 2)
    until = min(scenario.duration, middle + _PEAK_WINDOW / 2)
    rate = within[busiest] / arrivals.requests_per_visit / arrivals.interval
    return Peak(rate, since, until, middle)


class CacheSettings(Settings):
    """What a study of the session cache may set."""

    utilisation_target: float = Field(
        default=0.7,
        gt=0,
        le=1,
        strict=True,
        description="share of the cores that may be busy at the peak",
    )


class SessionCache(Question):
    """Lifetime and capacity of the session cache against the cores that the peak needs."""

    asks = "How long, and how many, TLS sessions should the server remember?"
    settings = CacheSettings
    charts = ("hit_rate", "cores_needed", "work", "latency_cdf", "load")

    def metrics(self, study: Study) -> tuple[Metric, ...]:
        """Return cores, hit rates, live entries, CPU time and handshake latency."""
        return _METRICS

    def measure(self, measurements: Measurements, study: Study) -> pd.DataFrame:
        """Measure the day of each replication, and the cost of a connection at its peak."""
        frames = []
        connections = measurements.connections()
        peaks = {point.index: peak_of(point.scenario) for point in study.points}
        at_peak = {
            peak: measurements.connections(since=peak.since, until=peak.until)
            for peak in set(peaks.values())
        }
        for point in study.points:
            peak = peaks[point.index]
            day = _of(connections, point)
            cpu_at_peak = _of(at_peak[peak], point)["server_cpu"].reindex(day.index)
            day["cores_needed"] = (
                peak.rate * cpu_at_peak / CacheSettings.of(study).utilisation_target
            )
            day["unexpired_sessions"] = _unexpired(measurements, point).reindex(day.index)
            if point.scenario.server.security == "plain":
                day[["resumed_share", "hit_rate"]] = math.nan
            frames.append(day.reset_index())
        columns = ["point", "replication", *(metric.name for metric in _METRICS), "failed_share"]
        return pd.concat(frames, ignore_index=True)[columns]

    def conclude(self, values: pd.DataFrame, study: Study) -> Answer:
        """Recommend the shortest lifetime, then the smallest cache, within 5 % of the best.

        Points at which more connections fail than at others are no candidates. "Within" is shown,
        not hoped: the 95 % interval of the paired difference to 1.05 times the best lies below
        zero.
        """
        cores = {
            point.index: _of(values, point)["cores_needed"].to_numpy(dtype=np.float64)
            for point in study.points
        }
        means = {index: replication_interval(of_point) for index, of_point in cores.items()}
        candidates = [point for point in study.points if not point.is_baseline]
        failed = {
            point.index: float(_of(values, point)["failed_share"].mean()) for point in candidates
        }
        measured = [point for point in candidates if not math.isnan(means[point.index].mean)]
        if not measured:
            return Answer("No connection was recorded at the peak: simulate longer, or more of it.")
        fewest_failures = min(failed[point.index] for point in measured)
        candidates = [point for point in measured if failed[point.index] <= fewest_failures]
        best = min(candidates, key=lambda point: means[point.index].mean)
        enough = [
            point
            for point in candidates
            if point is best
            or paired_difference(cores[point.index], (1 + _TOLERANCE) * cores[best.index]).high <= 0
        ]
        chosen = min(enough, key=_frugality)
        worst = max(candidates, key=lambda point: means[point.index].mean)
        return Answer(
            sentence=_sentence(study, chosen, best, means),
            remarks=(
                *_failures(measured, failed, fewest_failures),
                *_remarks(study, chosen, worst, means, _mean_unexpired(values, chosen)),
            ),
            recommended=chosen.index,
            shown=_shown(study, chosen, best, worst),
        )


def _of(frame: pd.DataFrame, point: DesignPoint) -> pd.DataFrame:
    """Return one point's rows, by replication."""
    return frame[frame["point"] == point.index].set_index("replication")


def _unexpired(measurements: Measurements, point: DesignPoint) -> pd.Series[float]:
    """Return the unscaled number by replication, empty where no lifetime from the store counts."""
    sessions = point.scenario.server.sessions
    if sessions is None or sessions.lifetime is None or sessions.renew:
        return pd.Series(dtype=np.float64)
    frame = _of(measurements.unexpired_sessions(point.index, sessions.lifetime), point)
    return frame["unexpired"] / point.scenario.scale


def _frugality(point: DesignPoint) -> tuple[float, float, int]:
    sessions = point.scenario.server.sessions
    if sessions is None:
        return (0.0, 0.0, point.index)
    return (_or_unlimited(sessions.lifetime), _or_unlimited(sessions.capacity), point.index)


def _or_unlimited(limit: float | None) -> float:
    return math.inf if limit is None else limit


def _sentence(
    study: Study, chosen: DesignPoint, best: DesignPoint, means: dict[int, Interval]
) -> str:
    target = CacheSettings.of(study).utilisation_target
    sentence = (
        f"{_advice(chosen)}: the peak minute then needs {_cores(means[chosen.index])} at "
        f"{percent(target)} utilisation"
    )
    if chosen is not best:
        sentence += (
            f", within {percent(_TOLERANCE)} of the best of the grid "
            f"({best.label}: {_number(means[best.index].mean)})"
        )
    elif len(study.points) > 1:
        sentence += (
            f", the fewest of the grid; nothing smaller comes within {percent(_TOLERANCE)} of that"
        )
    return sentence + "."


def _advice(point: DesignPoint) -> str:
    settings = point.settings
    lifetime = settings.get("server.sessions.lifetime")
    capacity = settings.get("server.sessions.capacity")
    words = []
    if capacity is not None:
        many = "any number of" if capacity == "unlimited" else level_words(capacity)
        words.append(f"{many} sessions")
    elif lifetime is not None:
        words.append("sessions")
    if lifetime is not None:
        words.append("for ever" if lifetime == "unlimited" else f"for {lifetime}")
    return f"Remember {' '.join(words)}" if words else f"Take {point.label}"


def _failures(
    measured: list[DesignPoint], failed: dict[int, float], fewest: float
) -> Iterator[str]:
    for point in measured:
        if failed[point.index] > 0:
            consequence = ": it is no candidate" if failed[point.index] > fewest else ""
            yield (
                f"At {point.label} {100 * failed[point.index]:.1f} % of the connections fail"
                f"{consequence}."
            )


def _mean_unexpired(values: pd.DataFrame, point: DesignPoint) -> float:
    return float(_of(values, point)["unexpired_sessions"].mean())


def _cores(interval: Interval) -> str:
    mean = _number(interval.mean)
    if math.isnan(interval.low):
        return f"{mean} cores"
    decimals = decimals_for(interval.mean, CORES.decimals)
    low, high = (f"{bound:.{decimals}f}" for bound in (interval.low, interval.high))
    return f"{mean} cores (95 % interval {low}–{high})"


def _number(cores: float) -> str:
    return f"{cores:.{decimals_for(cores, CORES.decimals)}f}"


def _remarks(
    study: Study,
    chosen: DesignPoint,
    worst: DesignPoint,
    means: dict[int, Interval],
    unexpired: float,
) -> list[str]:
    remarks = []
    if worst is not chosen:
        saved = 1 - means[chosen.index].mean / means[worst.index].mean
        remarks.append(
            f"That saves {percent(saved)} of the cores that {worst.label} needs "
            f"({_number(means[worst.index].mean)})."
        )
    baseline = study.baseline
    if baseline is not None and baseline.scenario.server.security == "plain":
        ratio = means[chosen.index].mean / means[baseline.index].mean
        remarks.append(
            f"Plain HTTP would need {_cores(means[baseline.index])}: with the recommendation TLS "
            f"takes {ratio:.2f} times that."
        )
    sessions = chosen.scenario.server.sessions
    if sessions is not None and sessions.capacity:
        if not math.isnan(unexpired):
            remarks.append(
                f"Some {float(f'{unexpired:.2g}'):,.0f} sessions are unexpired at once at most: "
                + (
                    "a cache larger than that buys nothing."
                    if unexpired <= sessions.capacity
                    else "the cache evicts some that could still be resumed."
                )
            )
        remarks.append(
            f"A full cache of {sessions.capacity:,} entries of 2–4 kB takes "
            + " to ".join(size_words(size * sessions.capacity) for size in _ENTRY_SIZES)
            + " of memory."
        )
    scale = chosen.scenario.scale
    if scale != 1:
        remarks.append(
            f"Latencies hold for the load as simulated: {fraction(scale)} of the day's visits on "
            f"{chosen.scenario.server.cores} core(s) (caches scaled alike), so with next to no "
            "queueing. Hit rate, CPU time and cores hold for the whole load."
        )
    if chosen.scenario.fidelity == "replay":
        remarks.append(
            f"In replay: engines ran for the first {chosen.scenario.traces} connections of each "
            "kind, later ones did what those had done; the tables are those of engines in every "
            "connection (--set fidelity=live)."
        )
    if study.replications < 2:
        remarks.append("One replication gives no interval; run with --replications 4 or more.")
    return remarks


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
