"""Handshakes a second of the engine beside other implementations and the sum of the primitives.

All run in one process in turn, batch by batch, so that whatever else the machine does falls on all
alike; the figures are medians over the batches, client and server together on one core.

    python benchmarks/handshake.py [--seconds S] [--only TEXT] [--primitives]
"""

from __future__ import annotations

import argparse
import platform
import ssl
import sys

import contenders
import cryptography
import floor
from interleaving import interleaved
from kinds import KINDS, Kind
from rich.console import Console
from rich.table import Table

import tls
from tls.groups import X25519, X25519_MLKEM768

CONTENDERS = {
    "tlscape": contenders.engine,
    "stdlib ssl": contenders.standard_library,
    "aioquic": contenders.aioquic,
    "tlslite-ng": contenders.tlslite_ng,
}


def speaks(contender: str, kind: Kind) -> bool:
    """Whether an implementation has that kind of handshake here."""
    if contender == "stdlib ssl":
        # Python's module has no early data, and the OpenSSL below it no ML-KEM.
        return kind.version != tls.SSL_3_0 and not kind.early_data and kind.group != X25519_MLKEM768
    if contender == "aioquic":
        return kind.version == tls.TLS_1_3 and kind.group == X25519
    if contender == "tlslite-ng" and kind.version == tls.TLS_1_3:
        # What it takes for a ticket of TLS 1.3 to arrive is not worth it.
        return not kind.resumed and kind.group == X25519
    return True


def measure(kind: Kind, seconds: float) -> tuple[dict[str, float], dict[str, float]]:
    """Seconds a handshake by contender, and seconds a call by primitive, all of the same run."""
    work = {name: contender(kind) for name, contender in CONTENDERS.items() if speaks(name, kind)}
    primitives = floor.primitives(kind)
    work = {"the primitives in a row": floor.in_a_row(kind), **work}
    times = interleaved({**work, **primitives}, seconds)
    return {name: times[name] for name in work}, {name: times[name] for name in primitives}


def add_rows(table: Table, kind: Kind, times: dict[str, float], floor_time: float) -> None:
    """A kind's rows: the floor, then each contender."""
    for name, time in [("floor: sum of primitives", floor_time), *times.items()]:
        table.add_row(
            kind.name,
            name,
            f"{time * 1e6:.1f}",
            f"{1 / time:,.0f}",
            f"{time / floor_time:.2f}",
            f"{time / times['tlscape']:.2f}",
            end_section=name == list(times)[-1],
        )


def primitive_table(kind: Kind, primitives: dict[str, float]) -> Table:
    """What a kind's floor is made of, one row a primitive."""
    table = Table(title=f"The floor of {kind.name}")
    table.add_column("primitive", no_wrap=True)
    for heading in ("µs a call", "calls", "µs"):
        table.add_column(heading, justify="right")
    calls: dict[str, int] = {}
    for name, count in floor.rows(kind):
        calls[name] = calls.get(name, 0) + count
    for name, count in calls.items():
        time = primitives[name] * 1e6
        table.add_row(name, f"{time:.2f}", str(count), f"{count * time:.1f}")
    return table


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--seconds", type=float, default=1.5, help="for each contender and kind (default 1.5)"
    )
    parser.add_argument("--only", default="", help="kinds whose name has this in it")
    parser.add_argument("--primitives", action="store_true", help="also what the floors consist of")
    options = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 110)
    console.print(
        f"{platform.machine()}, CPython {platform.python_version()}, cryptography "
        f"{cryptography.__version__}, ssl with {ssl.OPENSSL_VERSION}"
    )
    table = Table(title="Handshakes, client and server together on one core")
    for heading in ("handshake", "by"):
        table.add_column(heading, no_wrap=True)
    for heading in ("µs", "a second", "× floor", "× tlscape"):
        table.add_column(heading, justify="right")
    floors = []
    for kind in KINDS:
        if options.only not in kind.name:
            continue
        times, primitives = measure(kind, options.seconds)
        floor_time = sum(count * primitives[name] for name, count in floor.rows(kind))
        add_rows(table, kind, times, floor_time)
        floors.append(primitive_table(kind, primitives))
    console.print(table)
    if options.primitives:
        for each in floors:
            console.print(each)


if __name__ == "__main__":
    main()
