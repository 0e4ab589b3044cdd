"""The initial transient of each design point, and whether its series settled, with DuckDB.

Connections are averaged in a few hundred time bins there; no table is loaded.
"""

from __future__ import annotations

from typing import NamedTuple

import duckdb
import pandas as pd

from experiments.results.statistics import (
    SETTLING_SIGNIFICANCE,
    BinnedSeries,
    find_warm_up,
    halves_test,
)

SERIES = ("duration", "server_cpu")
"""What shows a transient: queues in a connection's duration, caches in its work at the server."""

_BINS = 250
"""The most time bins that a run is averaged in: 50 batches of MSER-5."""


class _Run(NamedTuple):
    """The time of a design point's connections: `bins` of `width` seconds from `start`."""

    point: int
    start: float
    bins: int
    width: float


def warm_ups(database: duckdb.DuckDBPyConnection, connections: str) -> pd.DataFrame:
    """Return the warm-up of each design point, the longest that one of its series shows.

    Columns: `point`, `warm_up_end` (seconds since the start), `share_cut` (of the run) and
    `trusted` (False where MSER-5 would cut more than half).

    Args:
        database: Where to compute.
        connections: The relation of all recorded connections.
    """
    rows = []
    for run in _runs(database, connections, "0.0"):
        found = [find_warm_up(_binned(database, connections, name, run)) for name in SERIES]
        longest = max(found, key=lambda one: (one.bins, not one.trusted))
        end = run.start + longest.bins * run.width
        rows.append((run.point, end, longest.share, longest.trusted))
    return pd.DataFrame(rows, columns=["point", "warm_up_end", "share_cut", "trusted"])


def settling(database: duckdb.DuckDBPyConnection, connections: str) -> pd.DataFrame:
    """Return for each design point and series whether it has settled, by `halves_test`.

    Columns: `point`, `series` ("duration" or "server_cpu"), `settled` (True, False or None),
    `statistic`, `p`, `change` (seconds, second half less first) and `reason`. All tests
    together err with a probability of 5 % at most in a steady state (Bonferroni).

    Args:
        database: Where to compute.
        connections: The relation of the connections after the warm-up.
    """
    runs = _runs(database, connections, "min(arrival)")
    significance = SETTLING_SIGNIFICANCE / max(1, len(runs) * len(SERIES))
    rows = []
    for run in runs:
        for name in SERIES:
            test = halves_test(_binned(database, connections, name, run), significance=significance)
            rows.append(
                (run.point, name, test.settled, test.statistic, test.p, test.change, test.reason)
            )
    columns = ["point", "series", "settled", "statistic", "p", "change", "reason"]
    return pd.DataFrame(rows, columns=columns).astype({"settled": object})


def _runs(database: duckdb.DuckDBPyConnection, connections: str, start: str) -> list[_Run]:
    """Return every point's run from `start` (SQL) to the last arrival of any replication.

    A bin has about one connection of each replication at least; there is an even number.
    """
    rows = database.execute(f"""
        SELECT point, {start}, max(arrival), count(*) // count(DISTINCT replication)
        FROM {connections} GROUP BY point ORDER BY point
    """).fetchall()
    runs = []
    for point, begin, end, number in rows:
        bins = max(2, min(_BINS, number // 2 * 2))
        runs.append(_Run(point, float(begin), bins, (float(end) - float(begin)) / bins))
    return runs


def _binned(
    database: duckdb.DuckDBPyConnection, connections: str, column: str, run: _Run
) -> BinnedSeries:
    position = f"(arrival - {run.start!r}) / {run.width!r}" if run.width > 0 else "0"
    frame = database.execute(
        f"""
        SELECT replication, CAST(least(floor({position}), {run.bins - 1}) AS INTEGER) AS bin,
               avg({column}) AS mean, count({column}) AS count
        FROM {connections} WHERE point = ? AND {column} IS NOT NULL
        GROUP BY ALL ORDER BY replication, bin
        """,
        [run.point],
    ).df()
    return BinnedSeries.of(frame, run.bins)
