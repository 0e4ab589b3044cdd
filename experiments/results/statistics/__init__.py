"""Statistics of replications: warm-up, intervals of means, shares and quantiles, comparisons.

Each replication is one independent observation of everything here: what is correlated within a
run (waiting times, cache hits) needs no model. Terms as in A. M. Law, *Simulation Modeling and
Analysis*, 5th edition, chapters 9 and 10; what covers how often stands in docs/statistics.md.
"""

from experiments.results.statistics.intervals import (
    CONFIDENCE,
    Interval,
    Values,
    differences,
    paired_difference,
    replication_interval,
)
from experiments.results.statistics.quantiles import (
    TAIL_OBSERVATIONS,
    PooledQuantile,
    quantile_bounds,
    quantile_difference,
    quantile_interval,
    quantile_residuals,
    too_few_for_quantile,
)
from experiments.results.statistics.selection import (
    select_within,
    simultaneous_differences,
)
from experiments.results.statistics.series import BinnedSeries
from experiments.results.statistics.settling import (
    SETTLING_SIGNIFICANCE,
    Settling,
    halves_test,
)
from experiments.results.statistics.shares import share_interval
from experiments.results.statistics.warm_up import (
    WarmUp,
    find_warm_up,
    mser5,
)

__all__ = [
    "CONFIDENCE",
    "SETTLING_SIGNIFICANCE",
    "TAIL_OBSERVATIONS",
    "BinnedSeries",
    "Interval",
    "PooledQuantile",
    "Settling",
    "Values",
    "WarmUp",
    "differences",
    "find_warm_up",
    "halves_test",
    "mser5",
    "paired_difference",
    "quantile_bounds",
    "quantile_difference",
    "quantile_interval",
    "quantile_residuals",
    "replication_interval",
    "select_within",
    "share_interval",
    "simultaneous_differences",
    "too_few_for_quantile",
]
