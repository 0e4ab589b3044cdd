"""The simulated world: built from a scenario and a seed, run, and written down."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Collection, Generator, Iterator
from itertools import chain, islice

import pyarrow as pa

from sim.activity import Activity, Moments
from sim.client_connection import ConnectionContext
from sim.client_connection_factories import ClientConnectionFactories
from sim.environment import Environment
from sim.fast_forward import FastForward
from sim.fidelity import session_list
from sim.hosts.client import ClientGroup, Clients
from sim.hosts.pool import PlacedPool
from sim.network.network import Network
from sim.scenario import Scenario
from sim.streams import Streams
from sim.tables import COLUMNS
from sim.telemetry import Sink, Table
from sim.visit import Visit, visit_context
from sim.witness.seen import SeenConnection
from sim.witness.witness import AllSeen, Witness
from sim.workload.http import Requests

NumberedVisit = tuple[int, tuple[float, int, ClientGroup]]
"""A visit's number, when it begins, the client's number and group."""

_REPORTS = 200
_VISITS_AT_ONCE = 256


class World:
    """One replication of a scenario.

    Simulated time is in seconds since the scenario's start, and begins at minus its warm-up.
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        seed: int,
        replication: int = 0,
        sink: Sink,
        witness: Witness | None = None,
    ) -> None:
        self._scenario = scenario
        self._streams = Streams(seed, replication)
        self._tables = {name: Table(name, columns, sink) for name, columns in COLUMNS.items()}
        self._environment = Environment(initial_time=-scenario.warm_up)
        now, start = -scenario.warm_up, scenario.start.timestamp()
        self._clients = Clients(
            scenario.clients, scenario.default_path, session_list(scenario), scenario.scale
        )
        pools = {
            name: PlacedPool(name, pool, self._environment, self._streams, scenario.scale, start)
            for name, pool in scenario.pools.items()
        }
        self._sampled = [each for pool in pools.values() for each in pool.sampled]
        self._works = [work for pool in pools.values() for work in pool.works]
        self._network = Network(scenario.all_links, scenario.all_boxes, now, scenario.scale)
        self._visitors = scenario.population.visitors(scenario.scale)
        connections = self._tables["connections"]
        factories = ClientConnectionFactories(
            scenario,
            self._streams,
            self._network,
            {name: pool.servers for name, pool in pools.items()},
            ConnectionContext(
                connections if witness is None else witness.table(connections), witness
            ),
            self._tables["bridged"],
            self._visitors,
        )
        taken = {group.path for group in self._clients.groups}
        self._factories = {
            name: factories.factory(path)
            for name, path in scenario.all_paths.items()
            if name in taken
        }
        self._sampled += factories.sampled
        self._requests = Requests(scenario.http, self._streams)
        self._visit_context = visit_context(
            self._environment, self._requests, self._tables["visits"], self._streams
        )
        self._unfinished = 0

    def run(self, progress: Callable[[float], None] | None = None) -> None:
        """Simulate everything and hand all rows to the sink."""
        with _rare_garbage_collection():
            self._simulate(progress)
        tables = self._tables
        works = [*self._works]
        works += [group.work for group in self._clients.groups]
        works += [proxy.work for proxy in self._network.proxies]
        for work in works:
            for row in work.rows():
                tables["operations"].append(row)
        for verdict in self._network.verdicts.rows():
            tables["verdicts"].append(verdict)
        for table in tables.values():
            table.close()
        if progress is not None:
            progress(1.0)

    def _simulate(self, progress: Callable[[float], None] | None) -> None:
        environment, network, tables = self._environment, self._network, self._tables
        visits = enumerate(self._visits(environment.now))
        Activity(environment, self._arrivals(self._fast_forwarded(visits, progress)))
        self._advance(0.0, progress)
        for each in self._sampled:
            each.begin_recording(0.0)
        network.begin_recording(0.0)
        for moment in self._moments_of_samples():
            self._advance(moment, progress)
            for each in self._sampled:
                tables["samples"].append(each.sample(moment))
            for row in network.link_rows(moment):
                tables["links"].append(row)
            for row in network.box_rows(moment):
                tables["middleboxes"].append(row)
        while self._unfinished:
            environment.step()

    def _fast_forwarded(
        self, visits: Iterator[NumberedVisit], progress: Callable[[float], None] | None
    ) -> Iterator[NumberedVisit]:
        """Book the sessions of the visits up to the end of the fast-forward; return the others."""
        length, environment = self._scenario.fast_forward, self._environment
        until = environment.now + length
        if not length:
            return visits
        fast_forward = FastForward(self._requests, self._factories)
        for number, (time, client, group) in visits:
            if time >= until:
                visits = chain([(number, (time, client, group))], visits)
                break
            if environment.peek() <= time:
                self._advance(time, progress)
            fast_forward.book(number, client, group, time)
        self._advance(until, progress)
        return visits

    def _arrivals(self, visits: Iterator[NumberedVisit]) -> Moments:
        """Each visit: its life begins."""
        context, factories = self._visit_context, self._factories
        duration = self._scenario.duration
        endless = self._scenario.kind == "steady-state"
        now = self._environment.now
        for number, (time, client, group) in visits:
            if time >= duration and not endless:
                return
            # Rounding may have put the clock a bit past an arrival that follows at once.
            now = yield time if time > now else now
            recorded = 0 <= time < duration
            self._unfinished += recorded
            Visit(
                context,
                factories[group.path],
                number,
                client,
                group,
                self._recorded_one_ended if recorded else None,
                recorded=recorded,
            ).begin(now)

    def _visits(self, start: float) -> Iterator[tuple[float, int, ClientGroup]]:
        """When who comes, and of which group, from `start` on without end.

        Nothing that happens in the world plays a part in it, so that it is worked out some hundred
        visits at a time: that takes half as long as one visit between other work.
        """
        scenario, streams = self._scenario, self._streams
        visitor = self._visitors.visitor
        group_of = self._clients.group
        draws_of_visitor = streams.uniforms("population")
        draws_of_profile = streams.uniforms("profiles")
        times = scenario.arrivals.times(streams.generator("arrivals"), start, scenario.scale)
        while block := list(islice(times, _VISITS_AT_ONCE)):
            visitors = list(map(visitor, block, islice(draws_of_visitor, len(block))))
            groups = map(group_of, visitors, islice(draws_of_profile, len(block)))
            yield from zip(block, visitors, groups, strict=True)

    def _recorded_one_ended(self) -> None:
        self._unfinished -= 1

    def _moments_of_samples(self) -> Generator[float, None, None]:
        """Every sample interval, and the end."""
        interval, duration = self._scenario.sample_interval, self._scenario.duration
        number = 1
        while (moment := number * interval) < duration:
            yield moment
            number += 1
        yield duration

    def _advance(self, moment: float, progress: Callable[[float], None] | None) -> None:
        """Simulate what comes before `moment`, and tell how much of everything that makes."""
        environment, begin = self._environment, -self._scenario.warm_up
        whole = self._scenario.duration - begin
        while environment.now < moment:
            environment.run(until=min(moment, environment.now + whole / _REPORTS))
            if progress is not None:
                progress((environment.now - begin) / whole)


@contextlib.contextmanager
def _rare_garbage_collection() -> Iterator[None]:
    """Look for cyclic garbage rarely: a collection takes long where many connections are alive.

    Hardly anything leaves cycles, and those of 50,000 objects fit in some ten megabytes.
    """
    thresholds = gc.get_threshold()
    gc.set_threshold(50_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)


def simulate(
    scenario: Scenario,
    *,
    seed: int,
    replication: int = 0,
    sink: Sink,
    progress: Callable[[float], None] | None = None,
) -> None:
    """Simulate one replication of a scenario.

    The same scenario, seed and replication give the same row groups to the last bit, in any
    process.

    Args:
        scenario: the world.
        seed: at least 0.
        replication: at least 0; replications of one seed are independent.
        sink: takes the tables, a row group at a time.
        progress: called now and then with the share of simulated time that has passed.

    Raises `ValueError` for a negative seed or replication, and `LookupError` when a machine profile
    has no price for an operation that a connection does.
    """
    World(scenario, seed=seed, replication=replication, sink=sink).run(progress)


def witness(
    scenario: Scenario, *, seed: int, replication: int = 0, connections: Collection[int]
) -> list[SeenConnection]:
    """Simulate one replication again, with engines in every connection, and look at some.

    It ends when the last of them has ended. All that happens is what `simulate` has written down,
    to the last bit, where the scenario's fidelity is live, or its messages have fixed lengths.

    Args:
        scenario: the world.
        seed, replication: as for `simulate`.
        connections: which, by their numbers in the table `connections`.

    Returns those that there were, in the order of their numbers.
    """
    seen = Witness(connections)
    live = scenario.model_copy(update={"fidelity": "live"})
    world = World(live, seed=seed, replication=replication, sink=_Nowhere(), witness=seen)
    with contextlib.suppress(AllSeen):
        world.run()
    return seen.connections()


class _Nowhere:
    """A `Sink` that keeps nothing."""

    def write(self, table: str, batch: pa.RecordBatch) -> None:
        """Let go of it."""
