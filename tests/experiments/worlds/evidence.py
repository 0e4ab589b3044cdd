"""What a study's Parquet files say, worked out with pandas and scipy alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

Figure = tuple[float, float, float]
"""An estimate with the ends of its interval; NaN where there is none."""


def mean(values: np.ndarray) -> Figure:
    """Student's t over replications."""
    values = np.asarray(values, dtype=float)
    if len(values) < 2:
        return float(values.mean()), math.nan, math.nan
    low, high = stats.t.interval(0.95, len(values) - 1, values.mean(), stats.sem(values) or 1e-300)
    return float(values.mean()), float(low), float(high)


def share(shares: np.ndarray, trials: np.ndarray) -> Figure:
    """Wilson's interval with the trials that the variance over replications speaks for."""
    shares, total, count = np.asarray(shares, dtype=float), float(sum(trials)), len(shares)
    p = float(shares.mean())
    if count < 2:
        return p, math.nan, math.nan
    if p in (0, 1):
        bound = stats.beta.ppf(0.975, 1, total) if p == 0 else stats.beta.ppf(0.025, total, 1)
        return (p, 0.0, float(bound)) if p == 0 else (p, float(bound), 1.0)
    variance = shares.var(ddof=1) / count
    n = total if np.ptp(shares) == 0 else p * (1 - p) / variance
    t = stats.t.ppf(0.975, count - 1)
    # The roots of (p - x)^2 = t^2 x (1 - x) / n.
    a, b, c = 1 + t**2 / n, -(2 * p + t**2 / n), p**2
    roots = sorted(np.roots([a, b, c]).real)
    return p, max(0.0, float(roots[0])), min(1.0, float(roots[1]))


def quantile(observations: list[np.ndarray], q: float) -> Figure:
    """Woodruff's interval, the replications as clusters."""
    present = [one for one in observations if len(one)]
    if not present:
        return math.nan, math.nan, math.nan
    pooled = np.sort(np.concatenate(present))
    estimate = float(np.quantile(pooled, q, method="inverted_cdf"))
    fewest = min(map(len, present))
    if len(present) < 2 or fewest * min(q, 1 - q) < 10 - 1e-9:
        return estimate, math.nan, math.nan
    counts = np.array([len(one) for one in present], dtype=float)
    variances = []
    for below in (
        np.array([(one < estimate).sum() for one in present]) / counts,
        np.array([(one <= estimate).sum() for one in present]) / counts,
    ):
        pooled_share = (below * counts).sum() / counts.sum()
        residuals = counts / counts.mean() * (below - pooled_share)
        variances.append((residuals**2).sum() / (len(present) - 1))
    t = stats.t.ppf(0.975, len(present) - 1)
    half = t * math.sqrt(max(variances) / len(present))
    ends = max(0.0, q - half), min(1.0, q + half)
    # An order statistic: the rank rounded up, as little as floating point allows above a whole.
    ranks = [max(1, math.ceil(end * len(pooled) - 1e-9)) for end in ends]
    low, high = (float(pooled[rank - 1]) for rank in ranks)
    return estimate, low, high


class Evidence:
    """The recorded rows of one design point, replication by replication."""

    def __init__(self, folder: Path, point: int, replications: int, cut: float | None) -> None:
        self._folder = folder
        self._point = point
        self.replications = replications
        self._cut = cut
        connections = self._rows("connections")
        if cut is not None:
            connections = connections[connections["arrival"] >= cut]
        self.connections = connections

    def samples(self, name: str = "samples") -> pd.DataFrame:
        rows = self._rows(name)
        return rows if self._cut is None else rows[rows["time"] > self._cut]

    def by_replication(self, rows: pd.DataFrame) -> list[pd.DataFrame]:
        return [group for _, group in sorted(rows.groupby("replication"), key=lambda each: each[0])]

    def mean_of(self, column: str, since: float = 0.0, until: float = math.inf) -> np.ndarray:
        rows = self.connections
        rows = rows[(rows["arrival"] >= since) & (rows["arrival"] < until)]
        return np.array([one[column].mean() for one in self.by_replication(rows)])

    def share_of(self, which: str) -> Figure:
        groups = self.by_replication(self.connections)
        tests = {
            "resumed": lambda rows: rows["outcome"].str.startswith("resumed"),
            "failed": lambda rows: rows["outcome"] == "failed",
            "succeeded": lambda rows: rows["outcome"] != "failed",
            "retransmitted": lambda rows: rows["time_retransmission"] > 0,
        }
        shares = [
            tests[which](rows.assign(outcome=rows["outcome"].astype(str))).mean() for rows in groups
        ]
        return share(np.array(shares), np.array([len(rows) for rows in groups]))

    def reasons(self) -> dict[str, Figure]:
        """Each reason of failure in words, with its share of all connections."""
        rows = self.connections.astype({"outcome": str})
        text = rows[["symptom", "stopped_by", "reason", "alert"]].astype(object)

        def words(symptom: str, where: str, why: str, alert: str) -> str:
            if pd.isna(where) and not pd.isna(alert):
                told = pd.isna(why) or why == alert
                why = alert if told else f"{alert} ({why.replace('_', ' ')})"
            if pd.isna(why):
                return symptom if pd.isna(where) else f"{symptom} at {where}"
            return f"{symptom} {why}" if pd.isna(where) else f"{why} at {where} ({symptom})"

        rows = rows.assign(words=[words(*one) for one in text.itertuples(index=False)])
        failed = rows[rows["outcome"] == "failed"]
        return {
            each: self._share(lambda one, each=each: (one["words"] == each).to_numpy(), rows)
            for each in sorted(set(failed["words"]))
        }

    def work_of(self, node: str) -> np.ndarray:
        """CPU seconds of a node's work for the recorded connections, in each replication."""
        rows = self._rows("operations")
        groups = self.by_replication(rows[rows["node"].astype(str) == node])
        return np.array([one["cpu_seconds"].sum() for one in groups])

    def first_visits(self) -> Figure:
        """The share of connections that are the first of their client."""
        return self._share(lambda rows: ~rows["client"].duplicated().to_numpy(), self.connections)

    def lost_at(self, where: str, since: float = -math.inf, until: float = math.inf) -> Figure:
        """The share of connections that found no room somewhere and failed, by their arrival."""
        arrived = self.connections[self.connections["arrival"] >= since]
        no_room = {"no free port", "table full", "backlog full"}
        return self._share(
            lambda rows: (
                (rows["outcome"].astype(str) == "failed")
                & (rows["stopped_by"].astype(object) == where)
                & rows["reason"].astype(object).isin(no_room)
            ).to_numpy(),
            arrived[arrived["arrival"] < until],
        )

    def _share(self, test: Callable[[pd.DataFrame], np.ndarray], rows: pd.DataFrame) -> Figure:
        groups = self.by_replication(rows)
        shares = np.array([test(one).mean() for one in groups])
        return share(shares, np.array([len(one) for one in groups]))

    def quantile_of(self, column: str, q: float) -> Figure:
        groups = self.by_replication(self.connections)
        return quantile([rows[column].dropna().to_numpy() for rows in groups], q)

    def succeeded_mean(self, column: str) -> Figure:
        rows = self.connections[self.connections["outcome"].astype(str) != "failed"]
        return mean(np.array([one[column].mean() for one in self.by_replication(rows)]))

    def utilisation(self, how: str) -> Figure:
        groups = self.by_replication(self.samples())
        return mean(np.array([getattr(one["utilisation"], how)() for one in groups]))

    def _rows(self, name: str) -> pd.DataFrame:
        rows = pd.read_parquet(self._folder / f"{name}.parquet")
        return rows[rows["point"] == self._point]
