"""Quantiles of all replications together, computed by DuckDB where the rows are."""

from __future__ import annotations

import math
from collections.abc import Sequence

import duckdb
import pandas as pd

from experiments.results.statistics import (
    Interval,
    PooledQuantile,
    quantile_bounds,
    quantile_residuals,
    too_few_for_quantile,
)


def quantile_curve(
    database: duckdb.DuckDBPyConnection,
    recorded: str,
    column: str,
    point: int,
    shares: Sequence[float],
) -> pd.DataFrame:
    """Return the empirical distribution of a column at one design point.

    Columns: `share` and its quantile `value`; empty when no row has a value.

    Args:
        database: has the rows.
        recorded: what a query selects them from.
        column: one of its columns.
        point: the design point.
        shares: from 0 to 1.
    """
    listed = ", ".join(f"{share:.9f}" for share in shares)
    row = database.execute(
        f"SELECT quantile_disc({column}, [{listed}]) FROM {recorded} WHERE point = ?", [point]
    ).fetchone()
    values = row[0] if row else None
    if values is None:
        return pd.DataFrame({"share": [], "value": []})
    return pd.DataFrame({"share": list(shares), "value": values})


def pooled_quantiles(
    database: duckdb.DuckDBPyConnection,
    recorded: str,
    column: str,
    probabilities: Sequence[float],
    confidence: float,
) -> dict[tuple[int, float], PooledQuantile]:
    """Return quantiles of a column with their intervals, by design point and probability.

    Args:
        database: has the rows.
        recorded: what a query selects them from.
        column: one of its columns; rows without a value are left out.
        probabilities: between 0 and 1, exclusive.
        confidence: nominal coverage of each interval.
    """
    listed = database.execute(f"""
        SELECT point, quantile_disc({column}, {list(probabilities)!r})
        FROM {recorded} WHERE {column} IS NOT NULL GROUP BY point ORDER BY point
    """).fetchall()
    return {
        (point, probability): _pooled_quantile(
            database, recorded, column, point, probability, float(estimate), confidence
        )
        for point, estimates in listed
        for probability, estimate in zip(probabilities, estimates, strict=True)
    }


def _pooled_quantile(
    database: duckdb.DuckDBPyConnection,
    recorded: str,
    column: str,
    point: int,
    probability: float,
    estimate: float,
    confidence: float,
) -> PooledQuantile:
    counted = database.execute(
        f"""
        SELECT replication, count({column}),
               count({column}) FILTER (WHERE {column} < $estimate),
               count({column}) FILTER (WHERE {column} <= $estimate)
        FROM {recorded} WHERE point = $point AND {column} IS NOT NULL
        GROUP BY replication ORDER BY replication
        """,
        {"estimate": estimate, "point": point},
    ).fetchall()
    replications, *numbers = zip(*counted, strict=True)
    counts, below, at_or_below = (list(map(float, one)) for one in numbers)
    residuals = quantile_residuals(counts, below, at_or_below)
    shares = dict(zip(map(int, replications), map(float, residuals), strict=True))
    reason = too_few_for_quantile(counts, probability)
    if reason:
        return PooledQuantile(Interval.absent(estimate, len(counts), reason), shares)
    bounds = quantile_bounds(counts, below, at_or_below, probability, confidence)
    row = database.execute(
        f"SELECT quantile_disc({column}, {list(bounds)!r}) FROM {recorded} WHERE point = ?",
        [point],
    ).fetchone()
    low, high = row[0] if row else (math.nan, math.nan)
    return PooledQuantile(Interval(estimate, float(low), float(high), len(counts)), shares)
