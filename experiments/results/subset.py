"""A part of a study's connections or visits, to be measured apart: a profile's, a server's."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import duckdb
import pandas as pd

from experiments.results.pooled_quantiles import pooled_quantiles
from experiments.results.statistics import Interval, replication_interval, share_interval

RESUMED = "(outcome LIKE 'resumed%' OR outcome = '0-rtt')"
ACCEPTED = "coalesce(cache_hit, ticket_accepted)"

SHARES = {
    "failed_share": "outcome = 'failed'",
    "full_share": "outcome = 'full'",
    "resumed_share": RESUMED,
    "early_share": "outcome = '0-rtt'",
    "retried_share": "coalesce(retried, FALSE)",
    "hit_rate": ACCEPTED,
    "retransmitted_share": "time_retransmission > 0",
    "failed_visits": "outcome = 'failed'",
}
"""What rows are counted of a share; those where it is neither true nor false are not in it."""

Windows = Mapping[int, tuple[float, float]]
"""From when until when (seconds, the end exclusive) at each design point."""


class Subset:
    """Rows of a study's connections or visits, all replications of every design point.

    Args:
        database: has the rows.
        rows: what a query selects them from.
    """

    def __init__(self, database: duckdb.DuckDBPyConnection, rows: str) -> None:
        self._database = database
        self._rows = rows

    def of(
        self,
        *,
        profile: str | None = None,
        servers: Mapping[int, Collection[str]] | None = None,
        windows: Windows | None = None,
    ) -> Subset:
        """Return those of one profile, of a design point's servers, that arrived in a window."""
        conditions = []
        if profile is not None:
            conditions.append(f"CAST(profile AS VARCHAR) = {_quoted(profile)}")
        if servers is not None:
            conditions.append(
                _any_of(
                    f"(point = {point} AND CAST(server AS VARCHAR) IN "
                    f"({', '.join(map(_quoted, sorted(names)))}))"
                    for point, names in servers.items()
                    if names
                )
            )
        if windows is not None:
            conditions.append(
                _any_of(
                    f"(point = {point} AND arrival >= {since!r} AND arrival < {until!r})"
                    for point, (since, until) in windows.items()
                )
            )
        if not conditions:
            return self
        return Subset(
            self._database, f"(SELECT * FROM {self._rows} WHERE {' AND '.join(conditions)})"
        )

    def busiest(self, length: float) -> dict[int, tuple[float, float]]:
        """Return when most rows begin at each design point, in intervals of `length` seconds.

        All replications together; of equal ones the first.
        """
        found = self._frame(f"""
            SELECT point, period FROM (
                SELECT point, floor(arrival / {length!r}) AS period, count(*) AS number
                FROM {self._rows} GROUP BY ALL
            ) QUALIFY row_number() OVER (PARTITION BY point ORDER BY number DESC, period) = 1
            ORDER BY point
        """)
        return {
            int(point): (period * length, (period + 1) * length)
            for point, period in found.itertuples(index=False)
        }

    def quantiles(self, column: str, probability: float, confidence: float) -> dict[int, Interval]:
        """Return a column's quantile at each design point, as `pooled_quantiles` has it."""
        found = pooled_quantiles(self._database, self._rows, column, [probability], confidence)
        return {point: one.interval for (point, _), one in found.items()}

    def means(self, column: str, confidence: float) -> dict[int, Interval]:
        """Return the mean of a column over rows at each design point, over its replications."""
        values = self._frame(f"""
            SELECT point, replication, avg({column}) AS value FROM {self._rows}
            GROUP BY ALL ORDER BY point, replication
        """)
        return {
            # Times, bytes and CPU seconds, none of which is below 0.
            point: replication_interval(group["value"].to_numpy(float), confidence).within(
                0.0, math.inf
            )
            for point, group in by_point(values)
        }

    def means_of(self, columns: Sequence[str]) -> pd.DataFrame:
        """Return the means of columns over the rows of every replication, sorted.

        Columns: `point`, `replication` and the columns themselves.
        """
        means = ", ".join(f"avg({column}) AS {column}" for column in columns)
        return self._frame(f"""
            SELECT point, replication, {means} FROM {self._rows}
            GROUP BY ALL ORDER BY point, replication
        """)

    def counts(self) -> pd.DataFrame:
        """Return how many rows each replication has: `point`, `replication`, `rows`."""
        return self._frame(f"""
            SELECT point, replication, count(*) AS rows FROM {self._rows}
            GROUP BY ALL ORDER BY point, replication
        """)

    def shares(self, name: str, confidence: float) -> dict[int, Interval]:
        """Return a share of `SHARES` at each design point, over its replications."""
        counted = SHARES[name]
        values = self._frame(f"""
            SELECT point, replication, count({counted}) AS trials,
                   avg(CASE WHEN {counted} THEN 1.0 WHEN NOT ({counted}) THEN 0.0 END) AS value
            FROM {self._rows} GROUP BY ALL ORDER BY point, replication
        """)
        return {
            point: share_interval(
                group["value"].to_numpy(float), group["trials"].to_numpy(float), confidence
            )
            for point, group in by_point(values)
        }

    def least_latencies(self, trips: str, probability: float) -> dict[int, tuple[float, float]]:
        """Return what round trips alone take at each design point, and how many those are.

        It is the quantile of the round trips' time (seconds) over connections that met nothing else
        on their way to being connected: of them the time to connect is one round trip.

        Args:
            trips: how many a connection takes, by its columns.
            probability: which quantile.
        """
        found = self._frame(f"""
            SELECT point, any_value(seconds) AS seconds,
                   arg_min(trips, abs(took - seconds)) AS trips
            FROM (
                SELECT *, quantile_disc(took, {probability!r}) OVER (PARTITION BY point) AS seconds
                FROM (
                    SELECT point, {trips} AS trips, ({trips}) * connect_time AS took
                    FROM {self._rows}
                    WHERE connect_time IS NOT NULL AND round_trips > 0 AND time_retransmission = 0
                          AND time_backlog = 0 AND time_middlebox = 0 AND time_link_queue = 0
                )
            ) GROUP BY point ORDER BY point
        """)
        return {
            int(point): (float(seconds), float(number))
            for point, seconds, number in found.itertuples(index=False)
            if not math.isnan(seconds)
        }

    def _frame(self, query: str) -> pd.DataFrame:
        frame: pd.DataFrame = self._database.execute(query).df()
        return frame


def by_point(values: pd.DataFrame) -> Iterator[tuple[int, pd.DataFrame]]:
    """Yield each design point of a frame with its rows."""
    for point in sorted(set(values["point"].tolist())):
        yield int(point), values[values["point"] == point]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _any_of(conditions: Iterable[str]) -> str:
    joined = " OR ".join(conditions)
    return f"({joined or 'FALSE'})"
