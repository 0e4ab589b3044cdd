"""What a study will take before it is run: connections, time, and whether that is too much."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import ceil

from experiments.failures import ScenarioError
from experiments.studies.durations import seconds_of_job, seconds_of_run
from experiments.studies.executor import processors
from experiments.studies.expected_connections import connections_of
from experiments.studies.study import Study
from experiments.wording import counted, duration_words, rounded

MOST_WITHOUT_CONSENT = 20_000_000
"""Connections of a study that run without `--yes`."""


def expected_connections(study: Study, missing: Mapping[int, int] | None = None) -> float:
    """Return how many connections the study is expected to simulate, warm-ups included.

    Args:
        study: what would be run.
        missing: how many replications of each design point are to be run, by its index; all of
            them without it.
    """
    left = _all_of(study) if missing is None else missing
    return sum(left.get(point.index, 0) * connections_of(point.scenario) for point in study.points)


def expected_seconds(
    study: Study, workers: int | None = None, missing: Mapping[int, int] | None = None
) -> float:
    """Return about how long the study takes by the clock of a quiet server of 2026.

    From the start of the command to its end: what is imported, simulated, and reported.

    Args:
        study: what would be run.
        workers: processes that simulate; as many as there are processors without it.
        missing: as for `expected_connections`.
    """
    left = _all_of(study) if missing is None else missing
    jobs = {
        point.index: seconds_of_job(point.scenario, connections_of(point.scenario))
        for point in study.points
        if left.get(point.index, 0)
    }
    simulating = sum(left[index] * seconds for index, seconds in jobs.items())
    count = max(1, min(workers or processors(), sum(left.values())))
    at_once = min(count, processors())
    rows = study.replications * sum(connections_of(point.scenario) for point in study.points)
    return seconds_of_run(
        simulating=max(simulating / at_once, max(jobs.values(), default=0.0)),
        processes=ceil(count / at_once) if count > 1 else 0,
        points=len(study.points),
        jobs=len(study.points) * study.replications,
        rows=rows,
    )


def expected_simulation(
    study: Study, workers: int | None = None, missing: Mapping[int, int] | None = None
) -> float:
    """Return how much of `expected_seconds` is simulation: all but the start and the report."""
    return expected_seconds(study, workers, missing) - expected_seconds(study, workers, {})


def check_reach(study: Study, *, yes: bool) -> None:
    """Refuse what is beyond reach, unless it is wanted.

    Raises:
        ScenarioError: more than 20 million connections are expected, and `yes` is not set.
    """
    expected = expected_connections(study)
    if expected > MOST_WITHOUT_CONSENT and not yes:
        raise ScenarioError(
            f"{study.file.source.name}: some {rounded(expected)} connections would be simulated, "
            f"in some {_long(expected_seconds(study))}; lower scale, duration, warm_up or "
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
            f"simulated, {_some_connections(connections_of(world))} a replication"
        )
    yield f"in all {estimate_words(study)}"


def estimate_words(
    study: Study, workers: int | None = None, missing: Mapping[int, int] | None = None
) -> str:
    """Return the estimate in words: "some 12,300 connections, in some 18 s".

    `workers` and `missing` are as for `expected_seconds`.
    """
    seconds = _long(expected_seconds(study, workers, missing))
    if missing is not None and not any(missing.values()):
        return f"all replications are finished; the report takes some {seconds}"
    return f"{_some_connections(expected_connections(study, missing))}, in some {seconds}"


def _all_of(study: Study) -> dict[int, int]:
    return {point.index: study.replications for point in study.points}


def _some_connections(expected: float) -> str:
    if expected < 0.5:
        return "hardly a connection"
    if expected < 1.5:
        return "about one connection"
    return f"some {rounded(expected if expected >= 10 else round(expected))} connections"


def _long(seconds: float) -> str:
    for length, unit in ((86400 * 365.25, "years"), (86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * length:
            return f"{rounded(seconds / length)} {unit}"
    return f"{max(1, round(seconds))} s"
