"""The question of a file without a question: what happened, in the main figures."""

from __future__ import annotations

import pandas as pd

from experiments.questions import metrics
from experiments.questions.question import Answer, Metric, Question
from experiments.results.measures import Measurements
from experiments.studies.study import Study

_METRICS = (
    metrics.RESUMED_SHARE,
    metrics.HIT_RATE,
    metrics.FAILED_SHARE,
    metrics.SERVER_CPU,
    *metrics.HANDSHAKE,
    metrics.FIRST_BYTE[0],
    metrics.FIRST_BYTE[1],
)


class Overview(Question):
    """Who connects, how fast, and at what cost."""

    asks = "Who connects, how fast, and at what cost?"
    charts = ("latency_cdf", "work", "load")

    def metrics(self, study: Study) -> tuple[Metric, ...]:
        """Return outcomes, CPU time and latencies."""
        return _METRICS

    def measure(self, measurements: Measurements, study: Study) -> pd.DataFrame:
        """Measure all connections of each replication."""
        columns = ["point", "replication", *(metric.name for metric in _METRICS)]
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


QUESTION = Overview()
