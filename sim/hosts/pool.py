"""Pools: equal servers of a site, under one name, and what they share."""

from __future__ import annotations

from math import nan
from typing import Self

from pydantic import Field, model_validator

import tls
from sim.description import fault_at
from sim.environment import Environment
from sim.hosts.distant_resources import DistantResources
from sim.hosts.machine import profile_of
from sim.hosts.outages import check_outages, outages_of
from sim.hosts.resources import LocalResources, Resources
from sim.hosts.samples import Sampled, SampledAside
from sim.hosts.server import Server, ServerDescription
from sim.hosts.session_store import DistantStore
from sim.hosts.signer import Signer
from sim.hosts.ticket_keys import TicketFarm, TicketKeyRing
from sim.hosts.work import Work
from sim.streams import Streams


class ServerPool(ServerDescription):
    """Equal servers, as many as `count` says: one `[servers.NAME]` table.

    Tables call them by the name of their table: `web` where there is one, else `web-1`, `web-2` and
    so on. Their work is counted together, under the name of the table. What they ask elsewhere
    stands beside them: `web/sessions`, and `web/signer` or `web-1/signer`.
    """

    count: int = Field(default=1, gt=0, le=10_000)
    """How many there are, not scaled."""

    @model_validator(mode="after")
    def _outages_can_be(self) -> Self:
        fault = check_outages(self.outages, self.count)
        if fault is not None:
            number, why = fault
            raise fault_at(("outages", number), why)
        return self

    @property
    def waits_for_signer(self) -> bool:
        """Whether its cores do nothing while they wait for a signer."""
        holder = self.private_key
        return holder is not None and holder.blocking and self.processor.keeps_cores

    @property
    def number_of_caches(self) -> int:
        """How many session caches its servers have together."""
        sessions = self.sessions
        if sessions is None:
            return 0
        if sessions.per == "pool":
            return 1
        workers = self.processor.number_of_loops(self.cores) if sessions.per == "worker" else 1
        return self.count * workers

    @property
    def cache_entries(self) -> int | None:
        """Sessions that each of them holds, before scaling; `None` for any number."""
        sessions = self.sessions
        return 0 if sessions is None else sessions.entries(profile_of(self.machine))

    def nodes(self, name: str) -> tuple[str, ...]:
        """The names of its servers in tables; `name` is that of the pool."""
        if self.count == 1:
            return (name,)
        return tuple(f"{name}-{number}" for number in range(1, self.count + 1))


class PlacedPool:
    """The servers of a pool in their world.

    Args:
        name: the pool's.
        description: of it.
        environment: where time passes.
        streams: random numbers.
        scale: of the world.
        start: Unix time of the scenario's start.

    Attributes:
        servers: in order.
        sampled: they, and what they ask.
        works: what they, and their signers, have done.
    """

    def __init__(
        self,
        name: str,
        description: ServerPool,
        environment: Environment,
        streams: Streams,
        scale: float,
        start: float,
    ) -> None:
        self._name = name
        self._description = description
        self._environment = environment
        self._streams = streams
        self._scale = scale
        self._machine = profile_of(description.machine)
        sessions, self._entry_size = description.sessions, nan
        if sessions is not None and self._machine.memory_use is not None:
            self._entry_size = sessions.entry_bytes(self._machine)
        name_of_farm = f"(server).{description.name}"
        self._farm = TicketFarm(name_of_farm, streams, start, begins=environment.now)
        self._aside: list[SampledAside] = []
        self._signers: list[Signer] = []
        work = Work(name, self._machine)
        described = description.sessions
        shared = described is not None and described.per == "pool"
        cache = self._cache() if shared else None
        store = self._store(f"{name}/sessions", cache) if shared else None
        if cache is not None and store is None:
            self._aside.append(SampledAside(f"{name}/sessions", None, [cache], self._entry_size))
        holder = description.private_key
        signer = None
        if holder is not None and holder.per == "pool":
            signer = self._signer(f"{name}/signer")
        self.servers = [
            self._server(number, node, work, cache, store, signer)
            for number, node in enumerate(description.nodes(name), 1)
        ]
        self.sampled: list[Sampled] = [*self.servers, *self._aside]
        self.works = [work, *(each.work for each in self._signers if each.work is not None)]

    def _server(
        self,
        place: int,
        node: str,
        work: Work,
        cache: tls.SessionCache | None,
        store: DistantStore | None,
        signer: Signer | None,
    ) -> Server:
        """One of the servers, with what it does not share."""
        description = self._description
        if description.private_key is not None and signer is None:
            signer = self._signer(f"{node}/signer")

        outages = outages_of(description.outages, place)
        tickets = None
        if description.tickets is not None:
            tickets = TicketKeyRing(description.tickets, node, self._farm, outages)

        number = 1
        sessions = description.sessions
        if sessions is not None and sessions.per == "worker":
            number = description.processor.number_of_loops(description.cores)
        near = [self._cache() for _ in range(number)] if cache is None else [cache]
        resources: list[Resources] = []
        for each in near:
            local = LocalResources(each, tickets)
            if store is None and signer is None:
                resources.append(local)
            else:
                resources.append(DistantResources(local, store, signer))
        return Server(
            description,
            node,
            [] if cache is not None else [each for each in near if each is not None],
            resources,
            work,
            self._environment,
            self._streams,
            self._scale,
            outages,
        )

    def _cache(self) -> tls.SessionCache | None:
        described = self._description.sessions
        return None if described is None else described.cache(self._scale, self._machine)

    def _store(self, name: str, cache: tls.SessionCache | None) -> DistantStore | None:
        """What asks a cache over the network that all servers share."""
        described = self._description.sessions
        way = None if described is None else described.way
        if way is None or cache is None:
            return None
        draws = self._streams.uniforms(f"session store.{name}")
        store = DistantStore(way, name, cache, draws.__next__, self._environment)
        self._aside.append(SampledAside(name, store.processor, [cache], self._entry_size))
        return store

    def _signer(self, name: str) -> Signer:
        described = self._description.private_key
        assert described is not None
        draws = self._streams.uniforms(f"signer.{name}")
        signer = Signer(described, name, draws.__next__, self._environment.now)
        self._signers.append(signer)
        self._aside.append(SampledAside(name, signer.processor))
        return signer
