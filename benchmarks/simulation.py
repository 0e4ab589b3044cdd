"""Sessions a second of the simulator, live and in replay, beside what bounds it and beside a peer.

Each table is measured in one run, its rows in turn, so that whatever else the machine does falls on
all alike. The world is the ready scenario `session-cache` (its first point, without warm-up), at a
scale that gives the sessions wanted.

    python benchmarks/simulation.py [--quick] [TABLE ...]

Tables: sessions, networks, growth, alive, workers, start. `--quick` measures each with few
sessions.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import ciw
import pyarrow as pa
import simpy
from rich.console import Console
from rich.table import Table

import experiments
import sim
import tls
from experiments.scenario_files.overrides import setting
from experiments.studies.job import ParquetSink
from experiments.studies.study import design
from sim.endpoints.engine_configuration import client_configs, server_config
from sim.endpoints.engine_pair import EnginePair
from sim.streams import Streams
from sim.world import World

ROUNDS = 5
VISITS_OF_THE_DAY = 8_356_406
"""Of the scenario at scale 1."""


class Counted:
    """A sink that keeps nothing but the number of connections."""

    def __init__(self) -> None:
        self.connections = 0

    def write(self, table: str, batch: pa.RecordBatch) -> None:
        """Count the rows of a batch."""
        self.connections += batch.num_rows if table == "connections" else 0


def world(sessions: float, **settings: Any) -> sim.Scenario:
    """The scenario with about so many sessions; more visits have fewer requests each."""
    scale = sessions / VISITS_OF_THE_DAY
    overrides: dict[str, Any] = {"scale": min(scale, 1.0), "warm_up": "0 s"}
    if scale > 1:
        overrides["arrivals.requests_per_visit"] = 9 / scale
    overrides |= settings
    file = experiments.load_scenario(
        "session-cache", [setting(path, value) for path, value in overrides.items()]
    )
    return design(file, seed=1).points[0].scenario


def simulated(scenario: sim.Scenario, seed: int = 1) -> tuple[float, int, int]:
    """CPU seconds, sessions and events of one simulation."""
    sink = Counted()
    one = World(scenario, seed=seed, sink=sink)
    start = process_time()
    one.run()
    seconds = process_time() - start
    return seconds, sink.connections, next(one._environment._eid)


def timed(scenario: sim.Scenario) -> tuple[float, int]:
    """CPU seconds and sessions of one simulation."""
    seconds, count, _ = simulated(scenario)
    return seconds, count


def bare_simpy(sessions: int, waits: float) -> tuple[float, int]:
    """SimPy alone: a process a session with as many timeouts, 120 of them alive."""
    environment = simpy.Environment()
    whole, part = divmod(waits, 1)

    def session(number: int) -> Iterator[simpy.Event]:
        for _ in range(int(whole) + (number * part % 1 < part)):
            yield environment.timeout(0.1)

    def arrivals() -> Iterator[simpy.Event]:
        for number in range(sessions):
            yield environment.timeout(0.1 * waits / 120)
            environment.process(session(number))

    environment.process(arrivals())
    start = process_time()
    environment.run()
    return process_time() - start, sessions


def ciw_queue(customers: int) -> tuple[float, int]:
    """Ciw: an M/M/4 queue of so many customers at 70 % load."""
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(rate=2.8)],
        service_distributions=[ciw.dists.Exponential(rate=1.0)],
        number_of_servers=[4],
    )
    ciw.seed(1)
    queue = ciw.Simulation(network)
    start = process_time()
    queue.simulate_until_max_customers(customers, method="Finish")
    return process_time() - start, customers


def queue_world(customers: int) -> sim.Scenario:
    """The same load on four cores without TLS: one request a connection, no network delay."""
    return world(
        customers,
        **{
            "server.security": "plain",
            "http.requests": 1,
            "server.cores": 4,
            "path.round_trip_time": "0 ms",
        },
    )


def engines_alone(scenario: sim.Scenario) -> Callable[[], tuple[float, int]]:
    """The engines' work of a live simulation without the simulation around it.

    The same browsers make as many full and resumed handshakes with the same requests, in the same
    order.
    """
    sink = sim.MemorySink()
    sim.simulate(scenario, seed=1, sink=sink)
    found = sink.table("connections").select(["profile", "outcome"]).to_pylist()
    resumed_by = [(row["profile"], row["outcome"] == "resumed-by-id") for row in found]
    streams, start = Streams(1), scenario.start.timestamp()
    cache = tls.SessionCache()
    server = server_config(scenario.server, scenario.server.name, cache)
    clients = client_configs(scenario.clients, scenario.roots)
    entropy = streams.entropy("client"), streams.entropy("server")

    def connect(number: int, profile: str, session: tls.Session | None) -> tls.Session | None:
        pair = EnginePair(
            clients[profile],
            server,
            server_name=scenario.server.name,
            session=session,
            entropy=(entropy[0].of(number), entropy[1].of(number)),
            clock=lambda: start,
        )
        while not pair.completed:
            pair.client_receives(pair.server_answers(pair.client_sends(0).data, 0).data)
        for _ in range(scenario.http.requests):
            request = pair.client_sends(scenario.http.request_size)
            pair.client_receives(
                pair.server_answers(request.data, scenario.http.response_size).data
            )
        pair.client_receives(pair.server_answers(pair.client_closes().data, 0).data)
        return pair.session

    sessions = {profile: connect(-1 % 2**63, profile, None) for profile in clients}

    def run() -> tuple[float, int]:
        begun = process_time()
        for number, (profile, resumed) in enumerate(resumed_by):
            connect(number, profile, sessions[profile] if resumed else None)
        return process_time() - begun, len(resumed_by)

    return run


def sessions(quick: bool) -> Table:
    """Sessions a second, and how that compares."""
    live, replayed = (200, 2_000) if quick else (2_000, 200_000)
    contenders: dict[str, Callable[[], tuple[float, int]]] = {}
    events = {}
    for requests in (1, 9):
        settings = {"http.requests": requests, "server.cores": 4}
        replay = world(replayed, fidelity="replay", **settings)
        _, count, scheduled = simulated(replay)
        events[requests] = scheduled / count
        engines = world(live, fidelity="live", **settings)
        contenders |= {
            f"bare SimPy, {requests}": partial(bare_simpy, count // 4, scheduled / count - 1),
            f"replay, {requests}": partial(timed, replay),
            f"engines alone, {requests}": engines_alone(engines),
            f"live, {requests}": partial(timed, engines),
        }
    contenders["Ciw, M/M/4"] = partial(ciw_queue, replayed // 8)
    contenders["tlscape without TLS, 4 cores"] = partial(timed, queue_world(replayed // 8))

    each: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(1 if quick else ROUNDS):
        for name, run in contenders.items():
            seconds, count = run()
            each[name].append(seconds / count)
    times = {name: median(values) for name, values in each.items()}

    table = headed(
        "Sessions a second, one core", "", "µs a session", "sessions/s", "events", "ratio"
    )
    for requests in (1, 9):
        for what, than in (
            ("bare SimPy", "bare SimPy"),
            ("replay", "bare SimPy"),
            ("engines alone", "engines alone"),
            ("live", "engines alone"),
        ):
            time = times[f"{what}, {requests}"]
            table.add_row(
                *figures(f"{what}, {requests} requests a session", time),
                "" if what == "engines alone" else f"{events[requests]:.1f}",
                f"{time / times[f'{than}, {requests}']:.2f} x {than}",
                end_section=what == "live",
            )
    queue = times["tlscape without TLS, 4 cores"]
    for name in ("tlscape without TLS, 4 cores", "Ciw, M/M/4"):
        table.add_row(*figures(name, times[name]), "", f"{times[name] / queue:.2f} x tlscape")
    return table


def networks(quick: bool) -> Table:
    """Replay where the network has something to do, beside the same where it has not."""
    minutes = 2 if quick else 60
    duration = f"{minutes} min"
    visits = minutes * 300
    wide = {"round_trip_time": "100 ms", "rate": "100 Gbit/s"}
    late = {"delayed_acknowledgement": "200 ms"}
    contenders = {}
    for requests in (1, 9):
        for what, changes in (
            ("calm", {}),
            ("a link of 100 Gbit/s", {"path": wide}),
            ("late acknowledgements", {"tcp": late}),
        ):
            contenders[f"{what}, {requests} request{'s' * (requests > 1)}"] = world(
                visits, fidelity="replay", **{"http.requests": requests, **changes}
            )
    for name in ("contoso-2003", "mobile-network"):
        file = experiments.load_scenario(name, [setting("duration", duration)])
        points = {each.label: each.scenario for each in design(file, seed=1).points}
        contenders |= {
            f"{name}: {label}": scenario.model_copy(update={"fidelity": "replay"})
            for label, scenario in points.items()
        }
    each: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(1 if quick else ROUNDS):
        for name, scenario in contenders.items():
            seconds, count = timed(scenario)
            each[name].append(seconds / count)
    calm = median(each["calm, 1 request"])
    table = headed("Replay over a network, one core", "", "µs a session", "sessions/s", "ratio")
    for name, times in each.items():
        table.add_row(*figures(name, median(times)), f"{median(times) / calm:.1f} x calm")
    return table


def growth(quick: bool) -> Table:
    """Time and peak memory by the number of sessions, each in a process of its own, to Parquet."""
    table = headed(
        "Growth of one run in replay, 100 sessions a second of 9 requests, to Parquet",
        "sessions",
        "µs a session",
        "seconds",
        "peak MiB",
        "ratio",
    )
    first = 0.0
    for size in (1_000, 10_000) if quick else (10_000, 100_000, 1_000_000, 10_000_000):
        count, seconds, memory = in_a_process("grow", size)
        each = seconds / count
        first = each if size == 100_000 else first
        ratio = f"{each / first:.2f} x 100,000" if first else ""
        table.add_row(f"{count:,}", f"{each * 1e6:.1f}", f"{seconds:.1f}", f"{memory:.0f}", ratio)
    return table


def grow(size: int) -> tuple[int, float]:
    """One run of so many sessions, 100 a second: how many it had, and CPU seconds."""
    scenario = world(
        VISITS_OF_THE_DAY,
        fidelity="replay",
        arrivals={"process": "poisson", "rate": "100 /s"},
        duration=f"{size / 100} s",
        **{"server.cores": 64},
    )
    with tempfile.TemporaryDirectory() as folder:
        start = process_time()
        with ParquetSink(Path(folder)) as sink:
            sim.simulate(scenario, seed=1, sink=sink)
        return sink.rows["connections"], process_time() - start


def alive(quick: bool) -> Table:
    """Many connections alive at once: two requests with a long pause between them."""
    table = headed(
        "Connections alive at once, replay, 2 requests",
        "alive",
        "µs a session",
        "sessions/s",
        "peak MiB",
    )
    for size in (100, 1_000) if quick else (100, 10_000, 100_000):
        count, seconds, memory = in_a_process("keep_alive", size)
        table.add_row(*figures(f"{size:,}", seconds / count), f"{memory:.0f}")
    return table


def keep_alive(size: int) -> tuple[int, float]:
    """Sessions of 100 s, `size` of them alive: how many there were, and CPU seconds."""
    duration = 300.0 if size >= 10_000 else 30_000.0
    scenario = world(
        1,
        fidelity="replay",
        arrivals={"process": "poisson", "rate": f"{size / 100} /s"},
        scale=1,
        duration=f"{duration} s",
        sample_interval="100 s",
        http={
            "requests": 2,
            "request_size": "400 B",
            "response_size": "3.7 kB",
            "think_time": "99 s",
        },
        **{"server.cores": 256},
    )
    seconds, count, _ = simulated(scenario)
    return count, seconds


def workers(quick: bool) -> Table:
    """One study of four replications, by one worker and by two, start of processes included."""
    table = headed("A study of 4 replications in replay", "workers", "seconds", "ratio")
    seconds = {}
    for count in (1, 2):
        with tempfile.TemporaryDirectory() as folder:
            start = perf_counter()
            experiments.run(
                "session-cache",
                out=Path(folder) / "out",
                workers=count,
                replications=4,
                **{
                    "fidelity": "replay",
                    "warm_up": "0 s",
                    "scale": (2_000 if quick else 250_000) / VISITS_OF_THE_DAY,
                    "study.factors": {},
                    "server.cores": 4,
                },
            )
            seconds[count] = perf_counter() - start
        table.add_row(str(count), f"{seconds[count]:.1f}", f"{seconds[1] / seconds[count]:.2f}")
    return table


def start(quick: bool) -> Table:
    """From the command to its first output or event."""
    table = headed("Start-up", "command", "seconds")
    program = (
        "import sim.world, os, time;"
        "sim.world.World._simulate = lambda *_: os._exit(0);"
        "from experiments.command import main; import sys;"
        "sys.argv = ['tlscape', 'run', 'session-cache', '--workers', '1', '--out', '{out}'];"
        "main()"
    )
    with tempfile.TemporaryDirectory() as folder:
        for name, command in (
            ("tlscape --help", ["-m", "experiments.command", "--help"]),
            (
                "tlscape run session-cache, to its first event",
                ["-c", program.format(out=f"{folder}/out")],
            ),
        ):
            times = []
            for _ in range(1 if quick else 5):
                begun = perf_counter()
                subprocess.run([sys.executable, *command], capture_output=True, check=True)
                times.append(perf_counter() - begun)
            table.add_row(name, f"{median(times):.2f}")
    return table


def in_a_process(function: str, size: int) -> tuple[int, float, float]:
    """Run one of the functions above: its sessions, CPU seconds and peak memory in MiB."""
    command = [sys.executable, __file__, "--only", function, str(size)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    count, seconds, memory = json.loads(run.stdout)
    return count, seconds, memory


def peak_memory() -> float:
    """Peak of this process, in MiB; `getrusage` tells its parent's where that is larger."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (peak,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(peak) / 1024


def headed(title: str, first: str, *others: str) -> Table:
    """An empty table: names on the left, figures on the right."""
    table = Table(title=title)
    table.add_column(first, no_wrap=True)
    for heading in others:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def figures(name: str, seconds: float) -> tuple[str, str, str]:
    """A name, its microseconds and how many make a second."""
    return name, f"{seconds * 1e6:.1f}", f"{1 / seconds:,.0f}"


TABLES = {
    "sessions": sessions,
    "networks": networks,
    "growth": growth,
    "alive": alive,
    "workers": workers,
    "start": start,
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=f"of {', '.join(TABLES)}")
    parser.add_argument("--quick", action="store_true", help="with few sessions")
    parser.add_argument("--only", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        function, size = options.only
        count, seconds = {"grow": grow, "keep_alive": keep_alive}[function](int(size))
        print(json.dumps((count, seconds, peak_memory())))
        return
    if unknown := set(options.tables) - set(TABLES):
        parser.error(f"there is no table {', '.join(sorted(unknown))}")
    console = Console(width=None if sys.stdout.isatty() else 110)
    console.print(
        f"{os.cpu_count()} cores, {platform.machine()}, CPython {platform.python_version()}, SimPy "
        f"{simpy.__version__}, Ciw {ciw.__version__}"
    )
    for name in options.tables or TABLES:
        console.print(TABLES[name](options.quick))


if __name__ == "__main__":
    main()
