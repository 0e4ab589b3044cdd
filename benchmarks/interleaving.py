"""Measuring several pieces of work in turn, so that the machine's moods fall on all alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter

BATCHES = 15


def interleaved(work: Mapping[str, Callable[[], object]], seconds: float) -> dict[str, float]:
    """Seconds a call of each piece of work, all measured for about `seconds` in turn.

    The figures are medians over the batches.
    """
    calls = {}
    for name, call in work.items():
        call()
        start = perf_counter()
        call()
        call()
        calls[name] = max(1, round(seconds / BATCHES / ((perf_counter() - start) / 2)))
    batches: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(BATCHES):
        for name, call in work.items():
            start = perf_counter()
            for _ in range(calls[name]):
                call()
            batches[name].append((perf_counter() - start) / calls[name])
    return {name: median(times) for name, times in batches.items()}
