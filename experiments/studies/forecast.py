"""What a study will take before it is run: connections, time, and whether that is too much."""

from __future__ import annotations

from collections.abc import Iterator

import sim
from experiments.failures import ScenarioError
from experiments.studies.study import Study
from experiments.wording import counted, duration_words, rounded

MOST_WITHOUT_CONSENT = 20_000_000
"""Connections of a study that run without `--yes`."""

_LIVE_SECONDS = 1.5e-3
_REPLAY_SECONDS = 3e-5
_REQUEST_SECONDS = 3e-6
_NETWORK_SECONDS = 4e-4
"""What a connection takes on one core of a server of 2026 (`docs/performance.md`): with engines, in
replay, each further request, and over links that lose, queue or have boxes."""


def expected_connections(study: Study) -> float:
    """Return how many connections the study is expected to simulate, warm-ups included."""
    return study.replications * sum(_connections(point.scenario) for point in study.points)


def expected_seconds(study: Study) -> float:
    """Return about how long one core of a server of 2026 simulates."""
    return study.replications * sum(
        _connections(point.scenario) * _seconds_each(point.scenario) for point in study.points
    )


def check_reach(study: Study, *, yes: bool) -> None:
    """Refuse what is beyond reach, unless it is wanted.

    Raises:
        ScenarioError: more than 20 million connections are expected, and `yes` is not set.
    """
    expected = expected_connections(study)
    if expected > MOST_WITHOUT_CONSENT and not yes:
        raise ScenarioError(
            f"{study.file.source.name}: some {rounded(expected)} connections would be simulated, "
            f"{_long(expected_seconds(study))} on one core; lower scale, duration, warm_up or "
            "replications, or say --yes"
        )


def outlook(study: Study) -> Iterator[str]:
    """Yield lines that say what would be run."""
    table = study.file.study
    yield f"{study.file.source.name}: {study.file.title}"
    yield f"question: {table.question}"
    yield (
        f"{counted(len(study.points), 'design point')} x "
        f"{counted(study.replications, 'replication')}:"
    )
    for point in study.points:
        world = point.scenario
        yield (
            f"  {point.label}: {world.fidelity}, {duration_words(world.warm_up + world.duration)} "
            f"simulated, some {rounded(_connections(world))} connections a replication"
        )
    yield f"in all {estimate_words(study)}"


def estimate_words(study: Study) -> str:
    """Return the estimate in words: "some 12,300 connections, about 18 s on one core"."""
    return (
        f"some {rounded(expected_connections(study))} connections, "
        f"about {_long(expected_seconds(study))} on one core"
    )


def _connections(world: sim.Scenario) -> float:
    arrivals = world.arrivals
    if arrivals.process != "curve":
        return arrivals.rate * world.scale * (world.duration + world.warm_up)
    expected = _until(arrivals.counts, arrivals.interval, world.duration) + _until(
        arrivals.counts[::-1], arrivals.interval, world.warm_up
    )
    return expected / arrivals.requests_per_visit * world.scale


def _until(counts: tuple[float, ...], interval: float, seconds: float) -> float:
    """Return the counts of a repeating curve from its beginning on."""
    whole, rest = divmod(seconds / interval, len(counts))
    part = int(rest)
    beyond = counts[part] * (rest - part) if part < len(counts) else 0.0
    return whole * sum(counts) + sum(counts[:part]) + beyond


def _seconds_each(world: sim.Scenario) -> float:
    each = _LIVE_SECONDS if world.fidelity == "live" else _REPLAY_SECONDS
    if world.server.security == "plain":
        each = _REPLAY_SECONDS
    each += _REQUEST_SECONDS * (world.http.requests - 1)
    crossed = {name for path in world.all_paths.values() for name in path.crosses}
    simple = all(name in world.all_links and world.all_links[name].only_delays for name in crossed)
    simple = simple and world.server.backlog is None
    return each if simple else each + _NETWORK_SECONDS * world.http.requests


def _long(seconds: float) -> str:
    for length, unit in ((86400 * 365.25, "years"), (86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * length:
            return f"{rounded(seconds / length)} {unit}"
    return f"{rounded(seconds)} s"
