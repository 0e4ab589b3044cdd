"""CPU time of small operations: medians of batches, and straight lines through sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from statistics import median
from time import perf_counter, process_time

import numpy as np

_BATCHES = 7
_CLOCK_RESOLUTION = 1e-5
"""A batch shorter than this says more about the clock than about the operation, seconds."""


def seconds_each(
    operation: Callable[[], object],
    seconds: float,
    clock: Callable[[], float] = process_time,
) -> float:
    """CPU seconds of one call, measured for about `seconds`: the median of seven batches.

    `clock` tells CPU seconds; by default those of this process.
    """
    operation()
    calls = 1
    while (elapsed := _batch(operation, calls, perf_counter)) < seconds / _BATCHES / 2:
        calls = 2 * calls if elapsed < _CLOCK_RESOLUTION else _calls_for(seconds, calls, elapsed)
    idle = median(_batch(_nothing, calls, clock) for _ in range(_BATCHES))
    busy = median(_batch(operation, calls, clock) for _ in range(_BATCHES))
    return max(0.0, busy - idle) / calls


def line_through(measured: Iterable[tuple[int, float]]) -> tuple[float, float]:
    """(seconds an operation, seconds a byte) that fit (bytes, seconds) with least relative error.

    Neither is below 0.
    """
    points = np.array(list(measured), dtype=float)
    sizes, seconds = points.T
    per_byte, each = np.polyfit(sizes, seconds, 1, w=1 / np.maximum(seconds, 1e-12))
    if each < 0:
        return 0.0, float(np.sum(sizes / seconds) / np.sum((sizes / seconds) ** 2))
    if per_byte < 0:
        return float(np.sum(1 / seconds) / np.sum(1 / seconds**2)), 0.0
    return float(each), float(per_byte)


def _calls_for(seconds: float, calls: int, elapsed: float) -> int:
    wanted = seconds / _BATCHES / elapsed * calls
    return max(calls + 1, min(int(wanted), 10 * calls))


def _batch(operation: Callable[[], object], calls: int, clock: Callable[[], float]) -> float:
    start = clock()
    for _ in range(calls):
        operation()
    return clock() - start


def _nothing() -> None:
    """What a batch costs without the operation."""
