"""How much slower each of several processes is that work at once on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from statistics import mean
from time import perf_counter, process_time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

_SIGN = ec.ECDSA(hashes.SHA256())
_barrier: Barrier


def contention(seconds: float = 1.0) -> list[list[float]]:
    """Points of a contention curve: [processes at once, speed of each], one alone at 1.0.

    Each signs with a key of its own for about `seconds`; its speed is signatures a CPU second, so
    that other work on the machine makes it less precise, not slower by itself. Measured for one
    process, two, four and so on, up to as many as the machine has cores.
    """
    measured = [(number, _rate(number, seconds)) for number in _numbers(os.cpu_count() or 1)]
    return descending(measured)


def descending(measured: Iterable[tuple[int, float]]) -> list[list[float]]:
    """Points of a curve through rates by numbers of processes: relative, and never rising."""
    points: list[list[float]] = []
    speed, alone = 1.0, 0.0
    for number, rate in measured:
        alone = alone or rate
        speed = min(speed, float(f"{rate / alone:.3g}"))
        points.append([number, speed])
    return points


def _numbers(cores: int) -> list[int]:
    powers = [1 << place for place in range(cores.bit_length())]
    return sorted({*(each for each in powers if each < cores), cores})


def _rate(processes: int, seconds: float) -> float:
    """Signatures a CPU second of each of so many processes at once."""
    context = get_context("spawn")
    barrier = context.Barrier(processes)
    with ProcessPoolExecutor(
        processes, mp_context=context, initializer=_share, initargs=(barrier,)
    ) as pool:
        return mean(pool.map(_sign_for, [seconds] * processes))


def _share(barrier: Barrier) -> None:
    global _barrier
    _barrier = barrier


def _sign_for(seconds: float) -> float:
    key = ec.generate_private_key(ec.SECP256R1())
    _barrier.wait()
    began, end, count = process_time(), perf_counter() + seconds, 0
    while perf_counter() < end:
        for _ in range(100):
            key.sign(b"contention", _SIGN)
        count += 100
    return count / (process_time() - began)
