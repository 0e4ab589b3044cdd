"""What the replications say of a metric: the estimate with its interval, by the kind of metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.questions.metric import Metric, Quantity
from experiments.results.measures import Measurements
from experiments.results.statistics import Interval, replication_interval, share_interval


class Estimates:
    """The values of a study's replications, and the interval of any metric at any point.

    Means have Student's t over replications, shares an interval within 0 and 1, and quantiles one
    of the observations of all replications together, or none where there are too few.

    Args:
        values: one row a replication: `point`, `replication`, and a column for each metric.
        quantiles: the intervals of quantiles by design point and name of the metric.
    """

    def __init__(
        self, values: pd.DataFrame, quantiles: Mapping[tuple[int, str], Interval] | None = None
    ) -> None:
        self.values = values
        self._quantiles = dict(quantiles or {})

    @classmethod
    def of(
        cls, values: pd.DataFrame, metrics: Sequence[Metric], measurements: Measurements
    ) -> Estimates:
        """Return the estimates of these metrics, the quantiles measured from the tables."""
        quantiles: dict[tuple[int, str], Interval] = {}
        columns = dict.fromkeys(metric.column for metric in metrics if metric.quantile is not None)
        for column in columns:
            named = {metric.quantile: metric.name for metric in metrics if metric.column == column}
            probabilities = [one for one in named if one is not None]
            frame = measurements.quantile_intervals(column, probabilities)
            for row in frame.itertuples(index=False):
                point, probability, *interval = row
                quantiles[point, named[probability]] = Interval(*interval)
        return cls(values, quantiles)

    def replicated(self, point: int, metric: Metric) -> npt.NDArray[np.float64]:
        """Return a metric's value in each replication of a design point, in their order."""
        return self._column(point, metric.name)

    def interval(self, point: int, metric: Metric) -> Interval:
        """Return the estimate of a metric at a design point, with its 95 % interval."""
        if metric.quantile is not None:
            missing = Interval.absent(float("nan"), 0, "no replication gave a value")
            return self._quantiles.get((point, metric.name), missing)
        values = self.replicated(point, metric)
        if metric.quantity is Quantity.SHARE and metric.count and len(values):
            return share_interval(values, self._column(point, metric.count))
        return replication_interval(values).within(0.0, metric.largest)

    def is_measured(self, point: int, metric: Metric) -> bool:
        """Tell whether any replication of a design point gave a value."""
        return bool(np.isfinite(self.replicated(point, metric)).any())

    def _column(self, point: int, name: str) -> npt.NDArray[np.float64]:
        of_point = self.values[self.values["point"] == point].sort_values("replication")
        return of_point[name].to_numpy(dtype=np.float64)
