"""Handshakes a second of the engine beside other implementations and the sum of the primitives.

All run in one process in turn, batch by batch, so that whatever else the machine does falls on all
alike; the figures are medians over the batches, client and server together on one core.

    python benchmarks/handshake.py [--seconds S] [--primitives]
"""

from __future__ import annotations

import argparse
import platform
import ssl
import sys
from collections.abc import Callable
from statistics import median
from time import perf_counter

import contenders
import cryptography
import floor
from rich.console import Console
from rich.table import Table

import tls

BATCHES = 15
CONTENDERS = {
    "tlscape": contenders.engine,
    "stdlib ssl": contenders.standard_library,
    "tlslite-ng": contenders.tlslite_ng,
}
KINDS = tuple(
    (version, resumed) for version in (tls.TLS_1_0, tls.SSL_3_0) for resumed in (False, True)
)


def speaks(contender: str, version: int) -> bool:
    """Whether an implementation has that version."""
    return contender != "stdlib ssl" or version == tls.TLS_1_0


def interleaved(work: dict[str, Callable[[], object]], seconds: float) -> dict[str, float]:
    """Seconds a call of each piece of work, all measured for about `seconds` in turn."""
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


def measure_kind(version: int, resumed: bool, seconds: float) -> tuple[dict[str, float], float]:
    """Seconds a handshake by contender, and of the floor, measured in the same run."""
    work = {
        name: contender(version, resumed=resumed)
        for name, contender in CONTENDERS.items()
        if speaks(name, version)
    }
    rows = floor.rows(version, resumed=resumed)
    primitives = floor.primitives(contenders.IDENTITY.private_key)
    called = {name: primitives[name] for name, _ in rows}
    times = interleaved({**work, **called}, seconds)
    return {name: times[name] for name in work}, sum(n * times[name] for name, n in rows)


def results(seconds: float) -> Table:
    """The table of all kinds of handshakes."""
    table = Table(title="Client and server together, one core")
    for heading in ("handshake", "by"):
        table.add_column(heading, no_wrap=True)
    for heading in ("µs", "handshakes/s", "× floor", "× tlscape"):
        table.add_column(heading, justify="right")
    for version, resumed in KINDS:
        kind = f"{tls.version_name(version)} {'resumed' if resumed else 'full'}"
        times, floor_time = measure_kind(version, resumed, seconds)
        for name, time in [("floor: the primitives", floor_time), *times.items()]:
            table.add_row(
                kind,
                name,
                f"{time * 1e6:.1f}",
                f"{1 / time:,.0f}",
                f"{time / floor_time:.2f}",
                f"{time / times['tlscape']:.2f}",
                end_section=name == list(times)[-1],
            )
    return table


def primitive_results(seconds: float) -> Table:
    """What the floor is made of, one row a primitive."""
    table = Table(title="The floor's primitives")
    table.add_column("primitive", no_wrap=True)
    table.add_column("µs", justify="right")
    kinds = [calls_by_primitive(floor.rows(version, resumed=resumed)) for version, resumed in KINDS]
    for version, resumed in KINDS:
        word = "resumed" if resumed else "full"
        table.add_column(f"calls, {tls.version_name(version)} {word}", justify="right")
    primitives = floor.primitives(contenders.IDENTITY.private_key)
    for name, time in interleaved(primitives, seconds).items():
        calls = (str(rows[name]) if name in rows else "" for rows in kinds)
        table.add_row(name, f"{time * 1e6:.2f}", *calls)
    return table


def calls_by_primitive(rows: tuple[floor.Row, ...]) -> dict[str, int]:
    """Calls by primitive; one that stands in several rows is added up."""
    calls: dict[str, int] = {}
    for name, count in rows:
        calls[name] = calls.get(name, 0) + count
    return calls


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--seconds", type=float, default=1.5, help="for each contender and kind (default 1.5)"
    )
    parser.add_argument("--primitives", action="store_true", help="also what the floor is made of")
    options = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 110)
    console.print(
        f"TLS_RSA_WITH_AES_128_CBC_SHA, RSA-2048, two certificates; {platform.machine()}, CPython "
        f"{platform.python_version()}, cryptography {cryptography.__version__}, ssl with "
        f"{ssl.OPENSSL_VERSION}"
    )
    console.print(results(options.seconds))
    if options.primitives:
        console.print(primitive_results(options.seconds))


if __name__ == "__main__":
    main()
