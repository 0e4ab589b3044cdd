"""Observations of replications, averaged in time bins of equal length."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

ROUNDING = 1e-9
"""A relative difference of means up to this is that of floating-point numbers."""


@dataclass(frozen=True)
class BinnedSeries:
    """What each replication observed in each of equally long time bins.

    Attributes:
        sums: Sum of the observations, replications × bins.
        counts: Number of the observations, of the same shape.
    """

    sums: npt.NDArray[np.float64]
    counts: npt.NDArray[np.float64]

    @classmethod
    def of(cls, frame: pd.DataFrame, bins: int) -> BinnedSeries:
        """Return the series that a table describes.

        Args:
            frame: Columns `replication`, `bin` (from 0), `mean` and `count`, a row for each
                bin that has observations.
            bins: How many bins a replication has.
        """
        replications, row = np.unique(frame["replication"].to_numpy(), return_inverse=True)
        column = frame["bin"].to_numpy(dtype=np.int64)
        counts = np.zeros((len(replications), bins))
        sums = np.zeros_like(counts)
        counts[row, column] = frame["count"].to_numpy(dtype=np.float64)
        sums[row, column] = frame["mean"].to_numpy(dtype=np.float64) * counts[row, column]
        return cls(np.nan_to_num(sums), counts)

    @property
    def bins(self) -> int:
        """How many bins a replication has."""
        return int(self.counts.shape[1])

    def average(self) -> npt.NDArray[np.float64]:
        """Return the mean of each bin over the replications that observed something in it.

        NaN where none did (P. D. Welch, 1983, averages replications so).
        """
        means = _ratio(self.sums, self.counts)
        return _ratio(np.nansum(means, axis=0), (self.counts > 0).sum(axis=0))

    def means(self, start: int, stop: int) -> npt.NDArray[np.float64]:
        """Return each replication's mean over all observations in bins [start, stop).

        NaN for a replication without any.
        """
        within = np.s_[:, start:stop]
        return _ratio(self.sums[within].sum(axis=1), self.counts[within].sum(axis=1))


def _ratio(
    sums: npt.NDArray[np.float64], counts: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    ratio: npt.NDArray[np.float64] = np.full(sums.shape, np.nan)
    np.divide(sums, counts, out=ratio, where=counts > 0)
    return ratio
