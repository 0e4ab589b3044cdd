"""Where servers remember sessions: a cache of their own, or one that they ask over the network."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

import tls
from sim.activity import Activity, Moments, Until
from sim.costs import MachineProfile
from sim.description import Description, fault_at
from sim.environment import Environment
from sim.hosts.resources import RequestKind, store_session
from sim.processors.virtual_clock import VirtualClock
from sim.units import Capacity, Duration, Lifetime, PositiveDuration, PositiveSize, at_most, scaled

_LOOK_UP = RequestKind.LOOK_UP_SESSION
_TYPICAL_ENTRY = 250


class OverNetwork(Description):
    """The way to a session cache that is not in the server's memory, and how it serves."""

    latency: Annotated[Duration, at_most("1 d")]
    """On the way to it and back, together, besides its work and its queue: "0.5 ms"."""
    service_time: Annotated[Duration, at_most("1 d")] = 0.0
    """What a request takes it."""
    parallelism: int = Field(default=1, gt=0, le=100_000)
    """Requests that it serves at a time, not scaled; others wait, first come, first served."""
    failures: float = Field(default=0.0, ge=0, le=1)
    """Which share of the requests is never answered."""
    time_out: Annotated[PositiveDuration, at_most("1 d")] = 0.1
    """How long a server waits for the answer to a look-up; without one it has found nothing."""

    @model_validator(mode="after")
    def _answers_in_time(self) -> Self:
        takes = self.latency + self.service_time
        if takes > self.time_out:
            named = [name for name in ("time_out", "latency") if name in self.model_fields_set]
            raise fault_at(
                (named[0],),
                f'a look-up takes "{takes:g} s", and servers wait "{self.time_out:g} s" for it: '
                "none would find anything; write a longer time_out",
            )
        return self


class Sessions(Description):
    """A server's session cache: how much it holds, how long, and what makes room."""

    capacity: Capacity = None
    """Entries, before scaling: 20000, 0 for none at all, "unlimited". A scaled capacity is rounded,
    and is at least one entry where it was not 0. Or `size`."""
    size: PositiveSize | None = None
    """How much memory it takes, before scaling: "10 MB"; it holds as many entries as fit. Or
    `capacity`."""
    entry_size: PositiveSize | None = None
    """What an entry takes: "250 B"; else what the profile of the server's machine says. nginx holds
    some 4,000 in a megabyte."""
    lifetime: Lifetime
    """How long a session may be resumed: "5 min", "unlimited"."""
    renew: bool = False
    """Whether the lifetime counts from the last use, not from the full handshake."""
    eviction: Literal["lru", "fifo"] = "lru"
    """Who makes room in a full cache: the least recently used or the first stored."""
    per: Literal["server", "worker", "pool"] = "server"
    """Who has one: each server, each of its worker processes, or all servers of a pool together."""
    over_network: OverNetwork | None = None
    """How a cache is asked that a pool shares; else it answers at once, as one in a server's own
    memory always does."""

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        both = self.size is not None and self.capacity is not None
        if both or (self.size is None and "capacity" not in self.model_fields_set):
            raise ValueError(
                "a session cache has either a `capacity` in entries, such as 20000, or a `size` in "
                'bytes, such as "10 MB"'
            )
        return self

    @property
    def way(self) -> OverNetwork | None:
        """How it is asked; `None` where it answers at once."""
        return self.over_network if self.per == "pool" else None

    def cache(self, scale: float, machine: MachineProfile | None = None) -> tls.SessionCache:
        """An empty cache of the scaled capacity, on that machine."""
        entries = self.entries(machine)
        capacity = None if entries is None else scaled(entries, scale)
        return tls.SessionCache(capacity, self.lifetime, renew=self.renew, eviction=self.eviction)

    def entries(self, machine: MachineProfile | None = None) -> int | None:
        """How many it holds on that machine, before scaling; `None` for any number."""
        return self.capacity if self.size is None else self.size // self.entry_bytes(machine)

    def entry_bytes(self, machine: MachineProfile | None = None) -> int:
        """What an entry takes on that machine: as said here, else as its profile says."""
        if self.entry_size is not None:
            return self.entry_size
        use = None if machine is None else machine.memory_use
        return _TYPICAL_ENTRY if use is None else use.session_entry


def check_size(sessions: Sessions | None, machine: MachineProfile) -> None:
    """Check that a cache with a size has room for a session on that machine.

    Raises `pydantic.ValidationError`, naming the place from its host's description on.
    """
    if sessions is None or sessions.size is None or sessions.size >= sessions.entry_bytes(machine):
        return
    raise fault_at(
        ("sessions", "size"),
        f"a session takes {sessions.entry_bytes(machine):,} B, for which there is no room; write "
        "more, or capacity = 0 for a cache that holds none",
    )


class DistantStore:
    """A session cache that is asked over the network.

    Args:
        way: to it, and how it serves.
        name: as tables have it.
        cache: what it remembers.
        draw: the next draw from [0, 1), in the order in which it is asked.
        environment: where time passes.

    Attributes:
        name, cache: as above.
        processor: what serves its requests.
    """

    def __init__(
        self,
        way: OverNetwork,
        name: str,
        cache: tls.SessionCache,
        draw: Callable[[], float],
        environment: Environment,
    ) -> None:
        self.name = name
        self.cache = cache
        self.processor = VirtualClock(way.parallelism, environment.now)
        self._way = way.latency / 2
        self._service_time = way.service_time
        self._failures = way.failures
        self._time_out = way.time_out
        self._draw = draw
        self._environment = environment

    def look_up(self, key: Any, now: float) -> Generator[Until, float, tuple[Any, float]]:
        """It is asked now for a session: what the server has then, and when."""
        give_up = now + self._time_out
        if self.fails():
            return None, (yield give_up)
        arrival = yield now + self._way
        _, done = self.processor.serve(arrival, self._service_time)
        moment = yield done
        found = self.cache.lookup(key, moment)
        back = moment + self._way
        if back > give_up:
            return None, (yield max(give_up, moment))
        return found, (yield back)

    def tell(self, kind: RequestKind, subject: Any) -> None:
        """It is told now of a session to store or to forget; nobody waits for that."""
        if not self.fails():
            Activity(self._environment, self._told(kind, subject, self._environment.now))

    def _told(self, kind: RequestKind, subject: Any, now: float) -> Moments:
        arrival = yield now + self._way
        _, done = self.processor.serve(arrival, self._service_time)
        moment = yield done
        if kind is RequestKind.STORE_SESSION:
            store_session(self.cache, subject, moment)
        else:
            self.cache.remove(subject)

    def fails(self) -> bool:
        """Whether the next request is never answered."""
        return self._failures > 0 and self._draw() < self._failures
