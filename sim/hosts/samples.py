"""Samples: how busy a server is, or what it asks, and what is in its caches, at one moment."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan
from typing import Any, Protocol

import tls
from sim.processors import processor
from sim.processors.virtual_clock import VirtualClock
from sim.telemetry import COUNT, OPTIONAL_TIME, TIME, WORD, Column

COLUMNS = (
    Column("time", TIME),
    Column("node", WORD),
    *processor.COLUMNS,
    Column("open_connections", COUNT),
    Column("accept_queue", COUNT),
    Column("cache_entries", COUNT),
    Column("cache_live_entries", COUNT),
    Column("cache_hits", COUNT),
    Column("cache_misses", COUNT),
    Column("cache_evictions", COUNT),
    Column("memory", OPTIONAL_TIME),
    Column("offered_load", OPTIONAL_TIME),
)
"""A row of the table `samples`: a server at one moment, a session cache or a signer that servers
ask (`web/sessions`, `web/signer`), or a balancer that has a processor.

`accept_queue`: the most connections since the sample before that waited to be accepted, counted
where the backlog is limited or connections wait for a place. The cache's entries include expired
ones that nobody has asked for, its live entries do not. Its hits, misses and evictions count from
the start of recording. They stand in the row of whoever has it in its memory. `memory`: bytes that
its processes, open connections and cached sessions take, as its machine's profile says
(`sim.costs.MemoryUse`); null where that says nothing. `offered_load`: what has been asked for since
the sample before, as a share of what all cores can do, of those that are no server.
"""


class Sampled(Protocol):
    """What has a row in each sample."""

    def begin_recording(self, now: float) -> None:
        """Count from here on: the recorded part of the simulation begins."""

    def sample(self, now: float) -> list[Any]:
        """The row of the table `samples` at `now`."""


class CacheSamples:
    """Session caches in one memory, in samples.

    Args:
        caches: they.
    """

    def __init__(self, caches: Sequence[tls.SessionCache]) -> None:
        self._caches = caches
        self._before = (0, 0, 0)

    def begin_recording(self) -> None:
        """Count from here on."""
        self._before = self._counters()

    def sample(self, now: float) -> list[int]:
        """Entries, live ones, hits, misses and evictions of all of them together."""
        counted = zip(self._counters(), self._before, strict=True)
        return [
            sum(len(cache) for cache in self._caches),
            sum(cache.live_entries(now) for cache in self._caches),
            *(count - before for count, before in counted),
        ]

    def _counters(self) -> tuple[int, int, int]:
        return (
            sum(cache.hits for cache in self._caches),
            sum(cache.misses for cache in self._caches),
            sum(cache.evictions for cache in self._caches),
        )


class SampledAside:
    """What servers ask, in samples: a session cache, a signer, or a cache in shared memory.

    Args:
        name: its own.
        asked: what serves its requests; `None` where that takes no time.
        caches: in its memory.
        entry_size: bytes of a session in them; NaN where that is not known.
    """

    def __init__(
        self,
        name: str,
        asked: VirtualClock | None,
        caches: Sequence[tls.SessionCache] = (),
        entry_size: float = nan,
    ) -> None:
        self._name = name
        self._processor = asked
        self._caches = CacheSamples(caches)
        self._entry_size = entry_size
        self._sampled_at = nan

    def begin_recording(self, now: float) -> None:
        """Count from here on."""
        self._sampled_at = now
        if self._processor is not None:
            self._processor.sample_utilisation(now)
            self._processor.sample_offered_load(0.0)
        self._caches.begin_recording()

    def sample(self, now: float) -> list[Any]:
        """Its row at `now`."""
        asked = self._processor
        busy, offered = (0.0, 0), 0.0
        if asked is not None:
            busy = asked.sample_utilisation(now), asked.queue_length(now)
            offered = asked.sample_offered_load(now - self._sampled_at)
        self._sampled_at = now
        cached = self._caches.sample(now)
        return [now, self._name, *busy, 0, 0, *cached, cached[0] * self._entry_size, offered]
