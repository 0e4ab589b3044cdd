"""The question of a file without a question: what happened, in the main figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from experiments.questions import metrics
from experiments.questions.question import Answer, Question

if TYPE_CHECKING:
    import pandas as pd

    from experiments.presentation.chart import Chart
    from experiments.results.measures import Measurements
    from experiments.results.result import Result
    from experiments.studies.study import Study


class Overview(Question):
    """Who connects, how fast, and at what cost."""

    asks = "Who connects, how fast, and at what cost?"
    metrics = (
        metrics.RESUMED_SHARE,
        metrics.HIT_RATE,
        metrics.FAILED_SHARE,
        metrics.SERVER_CPU,
        *metrics.HANDSHAKE,
        metrics.FIRST_BYTE[0],
        metrics.FIRST_BYTE[1],
    )

    def measure(self, measurements: Measurements, study: Study) -> pd.DataFrame:
        """Measure all connections of each replication."""
        columns = ["point", "replication", *(metric.name for metric in self.metrics)]
        return measurements.connections()[columns]

    def conclude(self, values: pd.DataFrame, study: Study) -> Answer:
        """Tell the first design point's figures."""
        mean = values[values["point"] == study.points[0].index].mean()
        sentence = (
            f"{100 * mean['resumed_share']:.1f} % of the connections resume a session; one costs "
            f"the server {1e3 * mean['server_cpu']:.2f} ms of CPU time and "
            f"{100 * mean['failed_share']:.1f} % fail."
        )
        if sum(not point.is_baseline for point in study.points) > 1:
            sentence = f"At {study.points[0].label}: {sentence}"
        return Answer(sentence, shown={point.index: point.label for point in study.points[:5]})

    def charts(self, result: Result) -> list[Chart]:
        """Return the handshakes' distribution, the servers' work, and the load over time."""
        return [result.plot.latency_cdf(), result.plot.work(), result.plot.load()]


QUESTION = Overview()
