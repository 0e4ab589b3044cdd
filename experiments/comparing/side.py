"""One of the two that are compared: a design point of a result."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

import sim
from experiments.questions import metrics, reachability
from experiments.questions.capacity import with_load
from experiments.questions.estimates import Estimates
from experiments.questions.metric import Metric, Quantity
from experiments.result import Result
from experiments.results.statistics import Interval, PooledQuantile
from experiments.studies.study import DesignPoint

HEADINGS = tuple(name for name in sim.SCHEMAS["connections"].names if name.startswith("time_"))
MEANS = ("duration", "round_trips", "bytes_sent", "bytes_received")

DURATION = Metric(
    "duration",
    "Duration",
    Quantity.SECONDS,
    "Time from the SYN until a connection is over, mean of all connections.",
    decimals=2,
)
COMPARED = (
    *metrics.HANDSHAKE,
    *metrics.FIRST_BYTE,
    DURATION,
    metrics.FAILED_SHARE,
    metrics.FULL_SHARE,
    metrics.RESUMED_SHARE,
    metrics.HIT_RATE,
    reachability.ROUND_TRIPS,
    reachability.SENT,
    reachability.RECEIVED,
    metrics.SERVER_CPU,
    metrics.UTILISATION,
    Metric("cores_needed", "Cores needed", Quantity.COUNT, "", decimals=2),
    metrics.MEMORY,
)
"""The metrics that are compared, where both sides have them."""

_QUANTILES = tuple(metric for metric in COMPARED if metric.quantile is not None)


@dataclass(frozen=True)
class Side:
    """One of two that are compared.

    Attributes:
        name: what it is called.
        result: whose design point it is.
        point: which.
    """

    name: str
    result: Result
    point: DesignPoint

    @functools.cached_property
    def values(self) -> pd.DataFrame:
        """Means and shares, a row a replication; shares from 0 to 1, times in seconds.

        Besides those of `with_load` the means `duration`, `round_trips`, `bytes_sent`,
        `bytes_received` and those of the headings `time_...`, over all connections.
        """
        found = with_load(self.result.analysis.findings)
        with self.result.measurements() as measurements:
            means = measurements.recorded_connections.means_of((*MEANS, *HEADINGS))
        return self._own(found.merge(means, on=["point", "replication"]))

    @functools.cached_property
    def work(self) -> pd.DataFrame:
        """CPU seconds that each kind of operation costs the servers a connection.

        A row a replication, a column a kind.
        """
        with self.result.measurements() as measurements:
            work = self._own(measurements.server_work())
            connections = self._own(measurements.all_connections.counts())
        table = work.pivot_table(index="replication", columns="kind", values="cpu_seconds")
        counts = connections.set_index("replication")["rows"]
        return table.reindex(counts.index).fillna(0.0).div(counts, axis=0)

    @functools.cached_property
    def quantiles(self) -> dict[str, PooledQuantile]:
        """The quantiles among `COMPARED`, all replications together, by the metrics' names."""
        found: dict[str, PooledQuantile] = {}
        with self.result.measurements() as measurements:
            for column in dict.fromkeys(one.column for one in _QUANTILES):
                named = {one.quantile: one.name for one in _QUANTILES if one.column == column}
                pooled = measurements.pooled_quantiles(column, [*filter(None, named)])
                found |= {
                    named[probability]: quantile
                    for (point, probability), quantile in pooled.items()
                    if point == self.point.index
                }
        return found

    def replicated(self, metric: Metric) -> npt.NDArray[np.float64]:
        """Return a mean or share of every replication, in their order; NaN where there is none."""
        if metric.name not in self.values:
            return np.full(len(self.values), np.nan)
        return self._estimates.replicated(self.point.index, metric)

    def interval(self, metric: Metric) -> Interval:
        """Return a mean or share with its interval."""
        return self._estimates.interval(self.point.index, metric)

    @functools.cached_property
    def _estimates(self) -> Estimates:
        return Estimates(self.values)

    def _own(self, frame: pd.DataFrame) -> pd.DataFrame:
        own = frame[frame["point"] == self.point.index]
        return own.sort_values("replication").reset_index(drop=True)
