"""Measuring each replication of a study from its merged tables, with DuckDB.

Only the columns a measure needs are read, and nothing is loaded whole: a table may have many
millions of rows.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from types import TracebackType

import duckdb
import pandas as pd

import sim
from experiments.failures import ColumnError
from experiments.results.pooled_quantiles import pooled_quantiles, quantile_curve
from experiments.results.statistics import CONFIDENCE, Interval, PooledQuantile
from experiments.results.subset import ACCEPTED, RESUMED, Subset, Windows
from experiments.results.transients import settling, warm_ups
from experiments.scenario_files.former_names import COLUMNS as FORMER_COLUMNS
from experiments.scenario_files.former_names import is_called
from experiments.scenario_files.suggestions import did_you_mean

_EQUAL_SHARES = tuple(number / 200 for number in range(201))
_BUSY = "utilisation > 0.9999"
_SUCCEEDED = "outcome <> 'failed'"
_WHY = """
    CASE WHEN stopped_by IS NOT NULL OR alert IS NULL THEN CAST(reason AS VARCHAR)
         WHEN reason IS NULL OR CAST(reason AS VARCHAR) = CAST(alert AS VARCHAR)
         THEN CAST(alert AS VARCHAR)
         ELSE concat(alert, ' (', replace(CAST(reason AS VARCHAR), '_', ' '), ')') END"""
_HEADINGS = tuple(name for name in sim.SCHEMAS["connections"].names if name.startswith("time_"))


class Measurements:
    """The merged tables of a study, to be measured replication by replication.

    Every method returns a frame with the columns `point` and `replication`, one row for each
    replication that has a row in the table, sorted. One thread computes, so that sums add up
    in the same order every time.
    """

    def __init__(self, folder: Path, *, steady_points: Collection[int] = ()) -> None:
        self._database = duckdb.connect(config={"threads": 1})
        self._tables = {
            name: f"read_parquet('{str(folder / name).replace(chr(39), 2 * chr(39))}.parquet')"
            for name in sim.SCHEMAS
        }
        self._recorded = f"(SELECT * FROM {self._tables['connections']})"
        self.warm_up: pd.DataFrame | None = None
        if steady_points:
            self._cut_warm_up(steady_points)

    def __enter__(self) -> Measurements:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._database.close()

    def connections(
        self, *, since: float | None = None, until: float | None = None
    ) -> pd.DataFrame:
        """Return means and quantiles over connections, of those that arrived in [since, until).

        Columns: `connections` (how many), `visits` (how many of them are a visit's first),
        `full_share` and `resumed_share` (of all), `offered_sessions` (how many), `hit_rate` (cache
        hits and good tickets among those), `early_share` (resumed with their first request as early
        data) and `retried_share` (asked for another hello) of all, `failed_share`,
        `server_cpu` and `client_cpu` (mean CPU seconds a connection), `tls_connections` (how many
        sent a TLS record), `retransmitted_share` (waited for a packet sent again), and in seconds
        `handshake_p50`, `_p95`, `_p99` and `first_byte_p50`, `_p95`, `_p99`.
        """
        window = _window(since, until)
        quantiles = ", ".join(
            f"quantile_disc({column}, {percent / 100}) AS {name}_p{percent}"
            for name, column in (
                ("handshake", "handshake_time"),
                ("first_byte", "first_byte_time"),
            )
            for percent in (50, 95, 99)
        )
        return self._frame(f"""
            SELECT point, replication,
                   count(*) AS connections,
                   count(*) FILTER (WHERE attempt = 1) AS visits,
                   avg(CASE WHEN outcome = 'full' THEN 1.0 ELSE 0.0 END) AS full_share,
                   avg(CASE WHEN {RESUMED} THEN 1.0 ELSE 0.0 END) AS resumed_share,
                   count({ACCEPTED}) AS offered_sessions,
                   avg(CASE WHEN {ACCEPTED} THEN 1.0 WHEN NOT {ACCEPTED} THEN 0.0 END)
                       AS hit_rate,
                   avg(CASE WHEN outcome = '0-rtt' THEN 1.0 ELSE 0.0 END) AS early_share,
                   avg(CASE WHEN retried THEN 1.0 ELSE 0.0 END) AS retried_share,
                   avg(CASE WHEN outcome = 'failed' THEN 1.0 ELSE 0.0 END) AS failed_share,
                   avg(server_cpu) AS server_cpu,
                   avg(client_cpu) AS client_cpu,
                   count(*) FILTER (WHERE records_sent > 0) AS tls_connections,
                   avg(CASE WHEN time_retransmission > 0 THEN 1.0 ELSE 0.0 END)
                       AS retransmitted_share,
                   {quantiles}
            FROM {self._recorded} WHERE {window}
            GROUP BY point, replication ORDER BY point, replication
        """)

    @property
    def recorded_connections(self) -> Subset:
        """The connections, without the warm-up, of which any part can be measured apart."""
        return Subset(self._database, self._recorded)

    @property
    def all_connections(self) -> Subset:
        """The connections, the warm-up of steady-state worlds included, as operations count."""
        return Subset(self._database, self._tables["connections"])

    @property
    def recorded_visits(self) -> Subset:
        """The visits, without the warm-up, of which any part can be measured apart."""
        return Subset(self._database, self._without_warm_up("visits", "arrival", ">="))

    def visits(self, *, since: float | None = None, until: float | None = None) -> pd.DataFrame:
        """Return what the visits that began in [since, until) cost, over all their connections.

        Columns: `visits` (how many), `server_cpu` (mean CPU seconds of a visit's connections, which
        may have been made behind that time).
        """
        return self._frame(f"""
            WITH begun AS (
                SELECT point, replication, visit FROM {self._recorded}
                WHERE attempt = 1 AND {_window(since, until)}
            )
            SELECT point, replication, count(*) FILTER (WHERE attempt = 1) AS visits,
                   sum(server_cpu) / count(*) FILTER (WHERE attempt = 1) AS server_cpu
            FROM {self._tables["connections"]} JOIN begun USING (point, replication, visit)
            GROUP BY point, replication ORDER BY point, replication
        """)

    def holding(self) -> pd.DataFrame:
        """Return by `server` how long connections held it.

        Columns: `connections` (how many came to it), `refused` (how many found its limit of
        connections reached), and sums of seconds: `place_seconds` (from being accepted to the end),
        `signer_seconds` (that it waited for its signer).
        """
        return self._frame(f"""
            SELECT point, replication, CAST(server AS VARCHAR) AS server,
                   count(*) AS connections,
                   count(*) FILTER (WHERE reason = 'connection limit') AS refused,
                   coalesce(sum(duration - time_backlog)
                       FILTER (WHERE reason IS DISTINCT FROM 'connection limit'), 0)
                       AS place_seconds,
                   sum(time_signer) AS signer_seconds
            FROM {self._recorded} GROUP BY ALL ORDER BY point, replication, server
        """)

    def first_visits(self, points: Collection[int]) -> pd.DataFrame:
        """Return the share `first_visits` of some points' recorded visits.

        Those are the first of their client there; `connections` says of how many connections.
        """
        return self._frame(f"""
            SELECT point, replication, count(*) AS connections,
                   count(DISTINCT client) / count(*) FILTER (WHERE attempt = 1)
                       AS first_visits
            FROM {self._recorded} WHERE point IN {_listed([-1, *points])}
            GROUP BY point, replication ORDER BY point, replication
        """)

    def reachability(self) -> pd.DataFrame:
        """Return what concerns the way to the server.

        Columns: `connections` (how many), `succeeded_share`, `connect_p50` (of all that connected)
        and, of those that succeeded, the means `round_trips`, `bytes_sent`, `bytes_received`,
        `time_middlebox` and `time_retransmission`.
        """
        means = ", ".join(
            f"avg({column}) FILTER (WHERE {_SUCCEEDED}) AS {column}"
            for column in (
                "round_trips",
                "bytes_sent",
                "bytes_received",
                "time_middlebox",
                "time_retransmission",
            )
        )
        return self._frame(f"""
            SELECT point, replication,
                   avg(CASE WHEN {_SUCCEEDED} THEN 1.0 ELSE 0.0 END) AS succeeded_share,
                   quantile_disc(connect_time, 0.5) AS connect_p50, {means}
            FROM {self._recorded} GROUP BY point, replication ORDER BY point, replication
        """)

    def by_profile(self) -> pd.DataFrame:
        """Return each profile's connections at each point, all replications together.

        Columns: `point`, `profile`, `connections`, `succeeded` (share), `versions` and `groups` (in
        words) and, of those that succeeded, the means `round_trips`, `bytes_sent`, `bytes_received`
        and `server_cpu` (seconds), and the medians `handshake` and `first_byte`.
        """
        return self._frame(f"""
            SELECT point, CAST(profile AS VARCHAR) AS profile, count(*) AS connections,
                   avg(CASE WHEN {_SUCCEEDED} THEN 1.0 ELSE 0.0 END) AS succeeded,
                   string_agg(DISTINCT version, ', ' ORDER BY version) AS versions,
                   string_agg(DISTINCT "group", ', ' ORDER BY "group") AS groups,
                   avg(round_trips) FILTER (WHERE {_SUCCEEDED}) AS round_trips,
                   avg(bytes_sent) FILTER (WHERE {_SUCCEEDED}) AS bytes_sent,
                   avg(bytes_received) FILTER (WHERE {_SUCCEEDED}) AS bytes_received,
                   avg(server_cpu) FILTER (WHERE {_SUCCEEDED}) AS server_cpu,
                   quantile_disc(handshake_time, 0.5) FILTER (WHERE {_SUCCEEDED}) AS handshake,
                   quantile_disc(first_byte_time, 0.5) FILTER (WHERE {_SUCCEEDED}) AS first_byte
            FROM {self._recorded} GROUP BY ALL ORDER BY point, profile
        """)

    def failures(self) -> pd.DataFrame:
        """Return why connections failed, at each point and by profile, the commonest first.

        Columns: `point`, `profile`, `symptom`, `stopped_by`, `reason` (the alert's name,
        with what was wrong, where an end gave up), `connections`, `duration` (median).
        """
        return self._frame(f"""
            SELECT point, CAST(profile AS VARCHAR) AS profile, CAST(symptom AS VARCHAR) AS symptom,
                   CAST(stopped_by AS VARCHAR) AS stopped_by,
                   {_WHY} AS reason,
                   count(*) AS connections, quantile_disc(duration, 0.5) AS duration
            FROM {self._recorded} WHERE outcome = 'failed'
            GROUP BY ALL ORDER BY point, connections DESC, profile, symptom, stopped_by, reason
        """)

    def failure_reasons(
        self, *, since: float | None = None, until: float | None = None
    ) -> pd.DataFrame:
        """Return how many connections failed for which reason in each replication.

        It is of those that arrived in [since, until), of all without them.

        Columns: `symptom`, `stopped_by`, `reason` (the alert's name, with what was
        wrong, where an end gave up), `connections`.
        """
        return self._frame(f"""
            SELECT point, replication, CAST(symptom AS VARCHAR) AS symptom,
                   CAST(stopped_by AS VARCHAR) AS stopped_by,
                   {_WHY} AS reason, count(*) AS connections
            FROM {self._recorded} WHERE outcome = 'failed' AND {_window(since, until)}
            GROUP BY ALL ORDER BY point, replication, symptom, stopped_by, reason
        """)

    def boxes(self) -> pd.DataFrame:
        """Return what each middlebox did at each point, all replications together.

        Columns: `point`, `node`, `kind`, `action`, `reason`, `connections`, and the most
        `entries` and `utilisation` of any sample.
        """
        return self._frame(f"""
            SELECT v.point, CAST(v.node AS VARCHAR) AS node, CAST(v.kind AS VARCHAR) AS kind,
                   CAST(action AS VARCHAR) AS action, CAST(reason AS VARCHAR) AS reason,
                   sum(connections)::BIGINT AS connections, any_value(entries) AS entries,
                   any_value(utilisation) AS utilisation
            FROM {self._tables["verdicts"]} v JOIN (
                SELECT point, node, max(entries) AS entries, max(utilisation) AS utilisation
                FROM {self._tables["middleboxes"]} GROUP BY ALL
            ) m ON v.point = m.point AND v.node = m.node
            GROUP BY ALL ORDER BY v.point, node, connections DESC, action, reason
        """)

    def time_budget(self) -> pd.DataFrame:
        """Return the means of the headings `time_...` at each point, of what succeeded."""
        means = ", ".join(f"avg({column}) AS {column}" for column in _HEADINGS)
        return self._frame(
            f"SELECT point, {means} FROM {self._recorded} WHERE {_SUCCEEDED} "
            "GROUP BY point ORDER BY point"
        )

    def servers(self, windows: Windows | None = None) -> pd.DataFrame:
        """Return each server's samples in figures, at some points perhaps of a window alone.

        Columns: `node`, `utilisation` (mean), `utilisation_busiest` (of any sample),
        `queue_most` (jobs that waited for a core), `open_most` (connections), `accept_most`
        (connections that waited to be accepted), `live_entries_most` (of the session
        cache), `memory` (mean) and `memory_most` (bytes; NaN where no profile tells), `open_mean`
        (connections), and of what is no server `offered_load` (mean) and `offered_busiest`.
        """
        return self._frame(f"""
            SELECT point, replication, CAST(node AS VARCHAR) AS node,
                   avg(utilisation) AS utilisation, max(utilisation) AS utilisation_busiest,
                   max(queue_length) AS queue_most, max(open_connections) AS open_most,
                   max(accept_queue) AS accept_most, max(cache_live_entries) AS live_entries_most,
                   avg(memory) AS memory, max(memory) AS memory_most,
                   avg(open_connections) AS open_mean,
                   avg(offered_load) AS offered_load, max(offered_load) AS offered_busiest
            FROM {self._sampled("samples")} WHERE {_within(windows)}
            GROUP BY ALL ORDER BY point, replication, node
        """)

    def saturation(self) -> pd.DataFrame:
        """Return how long each server's cores were all busy, by whole samples.

        Columns: `node`, `seconds` (of the recorded time), `queue_most` (jobs that waited).
        """
        return self._frame(f"""
            SELECT point, replication, CAST(node AS VARCHAR) AS node,
                   coalesce(sum(length) FILTER (WHERE {_BUSY}), 0) AS seconds,
                   max(queue_length) AS queue_most
            FROM {_with_lengths(self._tables["samples"], "node")}
            GROUP BY ALL ORDER BY point, replication, node
        """)

    def links(self, windows: Windows | None = None) -> pd.DataFrame:
        """Return each direction of each link with a rate in figures.

        Columns: `node`, `direction`, `utilisation` (mean), `utilisation_busiest` (of any sample),
        `utilisation_within` (mean within the point's window; of all time at points without one),
        `seconds_busy` (of samples throughout which it was).
        """
        within = _seconds_within(windows)
        return self._frame(f"""
            SELECT point, replication, CAST(node AS VARCHAR) AS node,
                   CAST(direction AS VARCHAR) AS direction,
                   avg(utilisation) AS utilisation, max(utilisation) AS utilisation_busiest,
                   sum(utilisation * {within}) / sum({within}) AS utilisation_within,
                   coalesce(sum(length) FILTER (WHERE {_BUSY}), 0) AS seconds_busy
            FROM {_with_lengths(self._sampled("links"), "node, direction")}
            GROUP BY ALL HAVING max(utilisation) > 0
            ORDER BY point, replication, node, direction
        """)

    def boxes_in_use(self, holding: pd.DataFrame) -> pd.DataFrame:
        """Return what each middlebox has in use, in figures.

        Columns: `node`, `kind`, `capacity` (entries; NaN for any number), `entries` (mean),
        `entries_most`, `entries_settled` (mean, since the first entries went; NaN where no sample
        is so late), `entries_growth` (of that, its second half less its first),
        `utilisation` (of its processor, mean), `utilisation_busiest`.

        Args:
            holding: a row a `point` and `node`: the `seconds` of the recorded time until entries go
                whose connections ended at once. Entries of 99 in 100 connections have gone when
                these lasted, besides.
        """
        self._database.register("holding", holding)
        return self._frame(f"""
            WITH durations AS (
                SELECT point, coalesce(quantile_disc(duration, 0.99), 0) AS lasted
                FROM {self._recorded} GROUP BY point
            ), sampled AS (
                SELECT b.*, seconds + coalesce(lasted, 0) AS since,
                       max(time) OVER (PARTITION BY b.point) AS until
                FROM {self._sampled("middleboxes")} b
                LEFT JOIN holding h
                    ON h.point = b.point AND CAST(h.node AS VARCHAR) = CAST(b.node AS VARCHAR)
                LEFT JOIN durations d ON d.point = b.point
            )
            SELECT point, replication, CAST(node AS VARCHAR) AS node, CAST(kind AS VARCHAR) AS kind,
                   any_value(capacity) AS capacity, avg(entries) AS entries,
                   max(entries) AS entries_most,
                   avg(entries) FILTER (WHERE time > since) AS entries_settled,
                   avg(entries) FILTER (WHERE time > (since + until) / 2)
                       - avg(entries) FILTER (WHERE time > since AND time <= (since + until) / 2)
                       AS entries_growth,
                   avg(utilisation) AS utilisation, max(utilisation) AS utilisation_busiest
            FROM sampled GROUP BY ALL ORDER BY point, replication, node
        """)

    def server_samples(self, point: int) -> pd.DataFrame:
        """Return one point's servers over time, means over replications.

        Columns: `time`, `node`, `utilisation`, `queue_length`, `open_connections`.
        """
        return self._frame(f"""
            SELECT time, CAST(node AS VARCHAR) AS node, avg(utilisation) AS utilisation,
                   avg(queue_length) AS queue_length, avg(open_connections) AS open_connections
            FROM {self._tables["samples"]} WHERE point = {point} GROUP BY ALL ORDER BY time, node
        """)

    def link_samples(self, point: int) -> pd.DataFrame:
        """Return one point's links over time, means over replications, those with a rate.

        Columns: `time`, `node`, `direction`, `utilisation`, `backlog` (bytes).
        """
        return self._frame(f"""
            SELECT time, CAST(node AS VARCHAR) AS node, CAST(direction AS VARCHAR) AS direction,
                   avg(utilisation) AS utilisation, avg(backlog) AS backlog
            FROM {self._tables["links"]} WHERE point = {point} AND utilisation IS NOT NULL
            GROUP BY ALL ORDER BY time, node, direction
        """)

    def quantiles_by_period(
        self, column: str, seconds: float, probabilities: Sequence[float]
    ) -> pd.DataFrame:
        """Return quantiles of a connections' column by period, all replications together.

        Columns: `point`, `period` (from 0), and `p50`, `p99.9` and so on. Periods without a value
        are absent.

        Raises:
            ColumnError: the table has no such column.
        """
        _check_column(column)
        quantiles = ", ".join(
            f'quantile_disc({column}, {probability!r}) AS "p{100 * probability:g}"'
            for probability in probabilities
        )
        return self._frame(f"""
            SELECT point, CAST(floor(arrival / {seconds!r}) AS INTEGER) AS period, {quantiles}
            FROM {self._recorded} WHERE {column} IS NOT NULL AND NOT isnan({column})
            GROUP BY point, period ORDER BY point, period
        """)

    def by_period(self, seconds: float) -> pd.DataFrame:
        """Return `connections` and `server_cpu` (sum) of every period of this length.

        Further columns: `period` (from 0), `resumed_share`. Periods without a connection are
        absent.
        """
        return self._frame(f"""
            SELECT point, replication, CAST(floor(arrival / {seconds!r}) AS INTEGER) AS period,
                   count(*) AS connections, sum(server_cpu) AS server_cpu,
                   avg(CASE WHEN {RESUMED} THEN 1.0 ELSE 0.0 END) AS resumed_share
            FROM {self._recorded}
            GROUP BY point, replication, period ORDER BY point, replication, period
        """)

    def quantile_curve(
        self, column: str, point: int, shares: Sequence[float] = _EQUAL_SHARES
    ) -> pd.DataFrame:
        """Return the empirical distribution of a connections' column at one point.

        All replications together, as quantiles `value` at each `share`; empty when no connection
        has a value.

        Raises:
            ColumnError: the table `connections` has no such column; the message says what it is
                called now, or which is near.
        """
        _check_column(column)
        return quantile_curve(self._database, self._recorded, column, point, shares)

    def work_of_nodes(self) -> pd.DataFrame:
        """Return the `cpu_seconds` that each `node` worked for the recorded connections."""
        return self._frame(f"""
            SELECT point, replication, CAST(node AS VARCHAR) AS node,
                   sum(cpu_seconds) AS cpu_seconds
            FROM {self._tables["operations"]} GROUP BY ALL ORDER BY point, replication, node
        """)

    def settling(self) -> pd.DataFrame:
        """Return for each design point and series whether it has settled, by `halves_test`.

        Columns: `point`, `series` (`duration` or `server_cpu`), `settled` (True, False, or
        None where two replications do not tell), `statistic`, `p`, `change` (seconds, second half
        less first), `reason` (of None).
        """
        return settling(self._database, self._recorded)

    def quantile_intervals(
        self, column: str, probabilities: Sequence[float], confidence: float = CONFIDENCE
    ) -> pd.DataFrame:
        """Return quantiles of a connections' column, all replications together, with intervals.

        Columns: `point`, `probability` and the attributes of an `Interval`: `estimate`, `low`,
        `high`, `replications`, `reason`. It is `quantile_interval`, computed where the rows are.

        Args:
            column: A column of the table `connections`; rows without a value are left out.
            probabilities: Between 0 and 1, exclusive: 0.95 for the 95th percentile.
            confidence: Nominal coverage of each interval.

        Raises:
            ColumnError: The table has no such column.
        """
        found = self.pooled_quantiles(column, probabilities, confidence)
        rows = [(point, probability, *one.interval) for (point, probability), one in found.items()]
        return pd.DataFrame(rows, columns=["point", "probability", *Interval._fields])

    def pooled_quantiles(
        self, column: str, probabilities: Sequence[float], confidence: float = CONFIDENCE
    ) -> dict[tuple[int, float], PooledQuantile]:
        """Return quantiles as `quantile_intervals` has them, by design point and probability.

        With them stands what differences of two of them need (`quantile_difference`).

        Raises:
            ColumnError: The table has no such column.
        """
        _check_column(column)
        return pooled_quantiles(self._database, self._recorded, column, probabilities, confidence)

    def cpu_of_servers(self) -> pd.DataFrame:
        """Return the `cpu_seconds` that each `server` spent on all recorded connections."""
        return self._frame(f"""
            SELECT point, replication, CAST(server AS VARCHAR) AS server,
                   sum(server_cpu) AS cpu_seconds
            FROM {self._tables["connections"]} GROUP BY ALL ORDER BY point, replication, server
        """)

    def server_work(self) -> pd.DataFrame:
        """Return the servers' `cpu_seconds` by `kind`: an operation's name up to its first dot.

        What outages have cut off is a kind of its own, below zero, as in the table `operations`.
        """
        return self._frame(f"""
            SELECT point, replication, split_part(operation, '.', 1) AS kind,
                   sum(cpu_seconds) AS cpu_seconds
            FROM {self._tables["operations"]}
            WHERE node IN (SELECT DISTINCT node FROM {self._tables["samples"]})
            GROUP BY ALL ORDER BY point, replication, kind
        """)

    def _sampled(self, table: str) -> str:
        """Return what a query selects from for the samples after the warm-up."""
        return self._without_warm_up(table, "time", ">")

    def _without_warm_up(self, table: str, moment: str, later: str) -> str:
        """Return what a query selects from for a table's rows of later moments."""
        if self.warm_up is None:
            return self._tables[table]
        return (
            f"(SELECT r.* FROM {self._tables[table]} r LEFT JOIN warm_up w USING (point) "
            f"WHERE w.point IS NULL OR r.{moment} {later} w.warm_up_end)"
        )

    def _frame(self, query: str) -> pd.DataFrame:
        frame: pd.DataFrame = self._database.execute(query).df()
        return frame

    def _cut_warm_up(self, points: Collection[int]) -> None:
        """Leave out the initial transient of these design points, the same in its replications."""
        connections = self._tables["connections"]
        steady = f"(SELECT * FROM {connections} WHERE point IN {_listed(points)})"
        self.warm_up = warm_ups(self._database, steady)
        self._database.register("warm_up", self.warm_up)
        self._recorded = self._without_warm_up("connections", "arrival", ">=")


def _window(since: float | None, until: float | None) -> str:
    if since is None or until is None:
        return "TRUE"
    return f"arrival >= {since!r} AND arrival < {until!r}"


def _within(windows: Windows | None) -> str:
    """Return the condition of samples that end within a window; of all at points without one."""
    apart = [
        f"(point = {point} AND NOT (time > {since!r} AND time <= {until!r}))"
        for point, (since, until) in (windows or {}).items()
    ]
    return f"NOT ({' OR '.join(apart)})" if apart else "TRUE"


def _seconds_within(windows: Windows | None) -> str:
    """Return how many seconds of a sample lie within its point's window; all without one."""
    cases = [
        f"WHEN {point} THEN greatest(0.0, least(time, {until!r}) "
        f"- greatest(time - length, {since!r}))"
        for point, (since, until) in (windows or {}).items()
    ]
    return f"(CASE point {' '.join(cases)} ELSE length END)" if cases else "length"


def _with_lengths(samples: str, whose: str) -> str:
    """Return what a query selects from for samples with the seconds since the one before."""
    return f"""(SELECT *, time - lag(time, 1, 0.0) OVER (
                    PARTITION BY point, replication, {whose} ORDER BY time) AS length
                FROM {samples})"""


def _listed(points: Collection[int]) -> str:
    return f"({', '.join(str(int(point)) for point in sorted(points))})"


def _check_column(column: str) -> None:
    known = sim.SCHEMAS["connections"].names
    if column in known:
        return
    if column in FORMER_COLUMNS:
        raise ColumnError(f"connections: {is_called(column, FORMER_COLUMNS[column])}")
    remedy = did_you_mean(column, known, what="columns")
    raise ColumnError(f'connections: there is no column "{column}"; {remedy}')
