"""One of the two that are compared: a design point of a result."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

import sim
from experiments.questions.capacity import with_load
from experiments.result import Result
from experiments.results.statistics import PooledQuantile
from experiments.studies.study import DesignPoint

HEADINGS = tuple(name for name in sim.SCHEMAS["connections"].names if name.startswith("time_"))
MEANS = ("duration", "round_trips", "bytes_sent", "bytes_received")


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

    def quantiles(
        self, column: str, probabilities: Sequence[float], confidence: float
    ) -> dict[float, PooledQuantile]:
        """Return quantiles of a column of connections, all replications together."""
        with self.result.measurements() as measurements:
            found = measurements.pooled_quantiles(column, probabilities, confidence)
        return {
            probability: one
            for (point, probability), one in found.items()
            if point == self.point.index
        }

    def _own(self, frame: pd.DataFrame) -> pd.DataFrame:
        own = frame[frame["point"] == self.point.index]
        return own.sort_values("replication").reset_index(drop=True)
