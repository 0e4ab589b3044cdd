"""Finding chosen connections again: their replications are simulated anew, with engines in all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sim
from experiments.evidence.choice import Choice, chosen_rows, connections_of
from experiments.failures import EvidenceError
from experiments.results.study_tables import StudyTables
from experiments.studies.durations import seconds_of_job
from experiments.studies.expected_connections import connections_of as expected_connections
from experiments.studies.study import DesignPoint, design
from experiments.version import simulation_digest
from experiments.wording import rounded

_WORTH_TELLING = 20.0
"""Seconds from which on it is told how long looking at connections takes."""

_OF_BYTES = ("bytes_sent", "bytes_received")
_OF_TIME = ("arrival", "duration", "client_cpu", "server_cpu")


@dataclass(frozen=True)
class Found:
    """A connection of a study that was found again.

    Attributes:
        row: its number in the table `connections`, from 0.
        point: its design point.
        replication: its replication.
        seen: what it was.
        differences: columns of its row whose values there and in `seen` differ, for lengths that
            replay gives to others; none where its world has engines in every connection.
    """

    row: int
    point: DesignPoint
    replication: int
    seen: sim.SeenConnection
    differences: Mapping[str, tuple[Any, Any]]


def find_connections(
    tables: StudyTables, choice: Choice, announce: Callable[[str], None] | None = None
) -> list[Found]:
    """Return chosen connections of a study, in the order of the choice.

    Args:
        tables: the study's.
        choice: which.
        announce: is told beforehand, where it takes long.

    Raises:
        EvidenceError: one was never run, or does not come out as its row says.
        ScenarioError: a private key of the study is not where it was.
    """
    rows = chosen_rows(choice, tables.folder)
    table = connections_of(tables.folder).take(rows).to_pylist()
    by_replication: dict[tuple[int, int], dict[int, int]] = defaultdict(dict)
    for place, row in enumerate(table):
        by_replication[row["point"], row["replication"]][row["connection"]] = place
    study = tables.study
    points = design(study.file.with_keys(), seed=study.seed, replications=study.replications).points
    if announce is not None:
        seconds = sum(
            _seconds(points[point].scenario, [table[place] for place in places.values()])
            for (point, _), places in by_replication.items()
        )
        if seconds >= _WORTH_TELLING:
            announce(
                "these connections are simulated again, with engines in every connection before "
                f"them: some {rounded(seconds)} s"
            )
    found: dict[int, Found] = {}
    for (point, replication), places in by_replication.items():
        world = points[point].scenario
        seen = sim.witness(world, seed=study.seed, replication=replication, connections=places)
        by_number = {each.row["connection"]: each for each in seen}
        for number, place in places.items():
            again = by_number.get(number)
            differences = _differences(table[place], again, tables, rows[place], world)
            assert again is not None
            found[place] = Found(rows[place], points[point], replication, again, differences)
    return [found[place] for place in range(len(rows))]


def _seconds(world: sim.Scenario, rows: Sequence[Mapping[str, Any]]) -> float:
    """Return about how long it takes to come to the end of the last of these, with engines."""
    live = world.model_copy(update={"fidelity": "live"})
    last = max(row["arrival"] + row["duration"] for row in rows)
    before = world.arrivals.expected
    whole = before(world.duration) - before(-world.warm_up)
    share = (before(min(last, world.duration)) - before(-world.warm_up)) / whole if whole else 1.0
    return seconds_of_job(live, expected_connections(world) * share)


def _differences(
    row: Mapping[str, Any],
    again: sim.SeenConnection | None,
    tables: StudyTables,
    number: int,
    world: sim.Scenario,
) -> dict[str, tuple[Any, Any]]:
    """Return what a row and a connection that was simulated again differ in.

    Raises:
        EvidenceError: they should not.
    """
    told = {column: row[column] for column in sim.SCHEMAS["connections"].names}
    if again is None:
        raise EvidenceError(f"{_place(tables, number)} does not come again; {_remedy(tables)}")
    differences = {
        column: (value, again.row[column])
        for column, value in told.items()
        if value != again.row[column]
    }
    may = world.replays and all(_is_measured(*both) for both in differences.values())
    if differences and not may:
        words = ", ".join(
            f"{column} {value} in the table and {now} now"
            for column, (value, now) in list(differences.items())[:3]
        )
        raise EvidenceError(
            f"{_place(tables, number)} comes out otherwise than its row says ({words}); "
            f"{_remedy(tables, replays=world.replays)}"
        )
    return differences


def _is_measured(value: Any, now: Any) -> bool:
    """Tell whether a value is one that may be a bit more or less: a number, no name or outcome."""
    return all(
        isinstance(each, int | float) and not isinstance(each, bool) for each in (value, now)
    )


def _place(tables: StudyTables, number: int) -> str:
    return f"{tables.folder}: connection {number:,}"


def _remedy(tables: StudyTables, *, replays: bool = False) -> str:
    if tables.manifest.get("simulation_digest") != simulation_digest():
        return (
            "another tlscape has simulated it: run the study again with this one, and another --out"
        )
    if replays:
        return "run the study with --set fidelity=live, as its messages vary in length"
    return "run the study again into another folder with --out"
