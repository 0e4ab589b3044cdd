"""Replications of a farm without TLS, and the confidence interval of what they say in the mean.

All that takes time in it is what is queued for: its machines charge nothing, its network takes a
microsecond.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy import stats

import sim
from tests.sim.worlds import simulated

SEED = 2026
REPLICATIONS = 20
SERVICE = 0.010
"""The mean service time of all queues here, in seconds."""

_ROUNDING = 1e-9

FREE: dict[str, Any] = {
    "name": "free",
    "title": "A machine that takes no time",
    "source": "none: for queues on paper",
    "operations": {name: {"each": 0.0} for name in ("accept", "request", "flight", "byte")},
}

EXPONENTIAL = {"distribution": "exponential", "mean": "10 ms"}
LOG_NORMAL = {"distribution": "log-normal", "median": f"{10 * np.exp(-0.32)} ms", "sigma": 0.8}
"""Of mean 10 ms, and a squared coefficient of variation of exp(0.64) - 1."""
CONSTANT = "10 ms"


def farm(
    rate: float, connections: int, warm_up: int, server: dict[str, Any], **changes: Any
) -> sim.Scenario:
    """A pool of servers without TLS, and Poisson arrivals of connections of one request each.

    Args:
        rate: connections a second.
        connections: how many are recorded, in the mean.
        warm_up: how many come before, in the mean.
        server: its table, but for machine and security.
        changes: other tables.
    """
    return sim.Scenario.model_validate(
        {
            "start": "2026-01-01T00:00:00Z",
            "kind": "steady-state",
            "fidelity": "replay",
            "duration": f"{connections / rate} s",
            "warm_up": f"{warm_up / rate} s",
            "sample_interval": "1 h",
            "arrivals": {"process": "poisson", "rate": f"{rate} /s"},
            "population": {"kind": "independent", "clients": 1000},
            "clients": [{"profile": "openssl-3", "machine": FREE}],
            "path": {"round_trip_time": "1 us"},
            "http": {"requests": 1, "request_size": "100 B", "response_size": "100 B"},
            "servers": {"web": {"machine": FREE, "security": "plain", **server}},
            **changes,
        }
    )


class Measure(Enum):
    """What is measured of a farm."""

    WAIT = "mean wait, s"
    SOJOURN = "mean time in the system, s"
    REFUSED = "share refused"

    def of(self, found: pa.Table) -> float:
        """Of the table `connections`; times are those of connections that were served."""
        if self is Measure.REFUSED:
            refused = found.filter(pc.equal(found["reason"], "connection limit"))
            return refused.num_rows / found.num_rows
        wait = _mean(_served(found), "time_cpu_queue")
        return wait if self is Measure.WAIT else wait + _mean(_served(found), "time_server_cpu")


def _served(found: pa.Table) -> pa.Table:
    return found.filter(pc.equal(found["outcome"], "plain"))


def _mean(found: pa.Table, column: str) -> float:
    return float(pc.mean(found[column]).as_py())


@dataclass(frozen=True)
class Interval:
    """A 95 % confidence interval.

    Attributes:
        mean: its middle.
        half_width: half of its width.
    """

    mean: float
    half_width: float

    def has(self, value: float) -> bool:
        """Whether the value lies inside."""
        return abs(self.mean - value) <= self.half_width


def interval(values: np.ndarray, controls: np.ndarray) -> Interval:
    """Of the mean of replications, by control variates (Lavenberg and Welch 1981).

    What chance made of arrivals and service times explains much of what it made of the waits. So a
    replication's mean is corrected by linear regression on how far these were from their known
    means.

    Args:
        values: one a replication.
        controls: what each replication's controls exceed their known means by: a row a replication.
            Those that never vary, as constant service times, explain nothing.
    """
    controls = controls[:, controls.std(axis=0) > _ROUNDING]
    count, number = controls.shape
    design = np.hstack([np.ones((count, 1)), controls])
    found, *_ = np.linalg.lstsq(design, values, rcond=None)
    free = count - number - 1
    residuals = values - design @ found
    spread = np.linalg.inv(design.T @ design)[0, 0]
    error = float(np.sqrt(residuals @ residuals / free * spread))
    return Interval(float(found[0]), float(stats.t.ppf(0.975, free)) * error)


class Replication(NamedTuple):
    """What one replication says.

    Attributes:
        values: of each measure.
        controls: the number of connections and the mean service time, less what is expected.
    """

    values: list[float]
    controls: list[float]


def replicate(world: sim.Scenario, measures: Sequence[Measure], number: int) -> Replication:
    """Simulate the replication of that number."""
    found = simulated(world, seed=SEED, replication=number).table("connections")
    served = _served(found)
    service = _mean(served, "time_server_cpu") + _mean(served, "time_back_end")
    expected = world.arrivals.mean_rate * world.duration
    return Replication(
        [measure.of(found) for measure in measures],
        [found.num_rows / expected - 1, service / SERVICE - 1],
    )
