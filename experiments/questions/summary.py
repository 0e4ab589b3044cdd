"""A study's summary: every metric of every design point with its interval."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from experiments.questions.estimates import Estimates
from experiments.questions.metric import Metric
from experiments.studies.study import Study


def summarise(estimates: Estimates, metrics: Sequence[Metric], study: Study) -> pd.DataFrame:
    """Return the summary of a study's estimates.

    One row a design point and metric, in design order. Columns: `point`, `study.columns`,
    `metric`, `unit` (of a share "1", of a time "s", of memory "B", of a count ""), `mean`, `low`
    and `high` (the 95 % interval; none where the replications do not give one), `replications`
    (that gave a value) and `scale` (of the load at which it was simulated).
    """
    units = {"SHARE": "1", "SECONDS": "s", "COUNT": "", "BYTES": "B"}
    rows = []
    for point in study.points:
        for metric in metrics:
            interval = estimates.interval(point.index, metric)
            rows.append(
                {
                    "point": point.index,
                    **study.levels(point),
                    "metric": metric.name,
                    "unit": units[metric.quantity.name],
                    "mean": interval.estimate,
                    "low": interval.low,
                    "high": interval.high,
                    "replications": interval.replications,
                    "scale": point.scenario.scale,
                }
            )
    summary = pd.DataFrame(rows)
    for column in study.columns:
        if {type(row[column]) for row in rows} <= {int, type(None)}:
            summary[column] = summary[column].astype("Int64")
    return summary
