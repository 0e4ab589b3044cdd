"""A server: its processor, its work, and the sessions it remembers."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from difflib import get_close_matches
from ipaddress import IPv4Address
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

import tls
from sim import identities
from sim.activity import Waiting
from sim.description import Description
from sim.hosts import processor
from sim.hosts.host_names import HostName
from sim.hosts.machine import Machine, profile_of
from sim.hosts.open_connections import OpenConnections
from sim.hosts.ports import Port
from sim.hosts.processor import Processor
from sim.hosts.work import Work
from sim.telemetry import COUNT, TIME, WORD, Column
from sim.units import Capacity, Lifetime, scaled

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
)
"""A row of the table `samples`: a server at one moment.

`accept_queue`: the most connections since the sample before that waited to be accepted, counted
where the backlog is limited. The cache's entries include expired ones that nobody has asked for,
its live entries do not. Its hits, misses and evictions count from the start of recording.
"""


class Sessions(Description):
    """A server's session cache: how much it holds, how long, and what makes room."""

    capacity: Capacity
    """Entries, before scaling: 20000, 0 for none at all, "unlimited". A scaled capacity is rounded,
    and is at least one entry where it was not 0."""
    lifetime: Lifetime
    """How long a session may be resumed: "5 min", "unlimited"."""
    renew: bool = False
    """Whether the lifetime counts from the last use, not from the full handshake."""
    eviction: Literal["lru", "fifo"] = "lru"
    """Who makes room in a full cache: the least recently used or the first stored."""

    def cache(self, scale: float) -> tls.SessionCache:
        """An empty cache of the scaled capacity."""
        capacity = None if self.capacity is None else scaled(self.capacity, scale)
        return tls.SessionCache(capacity, self.lifetime, renew=self.renew, eviction=self.eviction)


class TlsSettings(Description):
    """How a host speaks TLS to those who connect to it."""

    identity: str = "contoso-rsa-1024"
    """The certificate chain and key that it shows; one of those that ship."""
    versions: tuple[str, ...] = tuple(map(tls.version_name, tls.IMPLEMENTED_VERSIONS))
    """Protocol versions it speaks: ["SSL 3.0", "TLS 1.0"]."""
    suites: tuple[str, ...] = tuple(map(tls.suite_name, tls.DEFAULT_SUITES))
    """Cipher suites it takes, the preferred first; all that there are, strongest first."""
    client_certificates: Literal["not asked for", "asked for", "required"] = "not asked for"
    """Whether clients show a certificate of Contoso's authority; a handshake without one fails
    where it is required."""
    split_records: bool = False
    """Whether it splits data 1/n-1 under CBC in SSL 3.0 and TLS 1.0, as servers do since 2011."""
    sessions: Sessions | None = None
    """The session cache; without one no session can be resumed."""

    @field_validator("identity")
    @classmethod
    def _known_identity(cls, name: str) -> str:
        if name not in identities.names():
            raise ValueError(
                f'there is no identity "{name}"; there are {", ".join(identities.names())}'
            )
        return name

    @field_validator("versions")
    @classmethod
    def _known_versions(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return _all_known(names, map(tls.version_name, tls.IMPLEMENTED_VERSIONS), "version")

    @field_validator("suites")
    @classmethod
    def _known_suites(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return _all_known(names, map(tls.suite_name, tls.IMPLEMENTED_SUITES), "cipher suite")


class ServerDescription(TlsSettings):
    """A server: its name and address, its machine, and how it speaks TLS."""

    name: HostName = "www.contoso.com"
    """Its DNS name, or an address: what clients want, what its certificate should name, how tables
    call it. Letters of other scripts are written in ASCII (`xn--`), and a last dot is dropped."""
    address: IPv4Address = IPv4Address("192.0.2.80")
    """Its address, as packet filters and NAT see it."""
    port: Port = 443
    """Where it listens: 443 for https, 465 for smtps, 636 for ldaps, 993 for imaps."""
    backlog: Annotated[int, Field(gt=0, le=10**9)] | None = None
    """How many connections may wait to be accepted; a SYN that finds no room is dropped, and sent
    again by its client. Else any number."""
    machine: Machine
    """The machine profile that prices its work."""
    cores: int = Field(default=1, gt=0, le=100_000)
    """Processor cores, not scaled."""
    security: Literal["tls", "plain"] = "tls"
    """"tls", or "plain" for HTTP without it."""


def _all_known(names: tuple[str, ...], known: Iterable[str], what: str) -> tuple[str, ...]:
    choice = tuple(known)
    if not names:
        raise ValueError(f"at least one {what} is needed; there are {', '.join(choice)}")
    for name in names:
        if name not in choice:
            raise ValueError(f'the {what} "{name}" is unknown; {_nearest(name, choice)}')
    return names


_FEW = 8


def _nearest(name: str, choice: tuple[str, ...]) -> str:
    if len(choice) <= _FEW:
        return f"there are {', '.join(choice)}"
    near = get_close_matches(name, choice, n=3, cutoff=0.0)
    return f"nearest are {', '.join(near)} (`python -m tls serve --help` lists all)"


class Server:
    """One server.

    Attributes:
        processor: its cores and who waits for them.
        work: what it has done.
        sessions: its session cache; `None` when it remembers nothing.

    Args:
        description: the server's.
        sessions: its empty cache, if it has one, which goes by seconds since the start.
        processor: idle.
    """

    def __init__(
        self,
        description: ServerDescription,
        sessions: tls.SessionCache | None,
        processor: Processor,
    ) -> None:
        self.description = description
        self.name = description.name
        self.processor = processor
        self.work = Work(description.name, profile_of(description.machine))
        self.sessions = sessions
        self._open = OpenConnections()
        self._accepted_at: deque[float] = deque()
        self._accepted_later: deque[Waiting] = deque()
        self._most_waiting = 0
        self._counted_before = (0, 0, 0)

    @property
    def settings(self) -> TlsSettings:
        """How it speaks TLS."""
        return self.description

    @property
    def is_plain(self) -> bool:
        """Whether it speaks HTTP without TLS."""
        return self.description.security == "plain"

    @property
    def always_admits(self) -> bool:
        """Whether its backlog has room for everything."""
        return self.description.backlog is None

    def admits(self, now: float) -> bool:
        """Whether there is room in its backlog for a connection whose SYN is here."""
        backlog, accepted_at = self.description.backlog, self._accepted_at
        while accepted_at and accepted_at[0] <= now:
            accepted_at.popleft()
        later = self._accepted_later
        while later and not later[0].waits:
            later.popleft()
        waiting = len(accepted_at) + sum(each.waits for each in later)
        self._most_waiting = max(self._most_waiting, waiting)
        return backlog is None or waiting < backlog

    def accept(self, moment: float | Waiting) -> None:
        """A connection that has something to read is accepted then, no earlier than others.

        Or when that waits no longer.
        """
        if isinstance(moment, float):
            self._accepted_at.append(moment)
        else:
            self._accepted_later.append(moment)

    def open_connection(self) -> None:
        """A client opens a TCP connection now."""
        self._open.open()

    def close_connection(self, moment: float) -> None:
        """One of them will be closed at that moment."""
        self._open.close(moment, self.processor.latest)

    def begin_recording(self, now: float) -> None:
        """Count from here on: the recorded part of the simulation begins."""
        self.processor.sample_utilisation(now)
        self._counted_before = self._cache_counters()

    def sample(self, now: float) -> list[Any]:
        """The row of the table `samples` at `now`."""
        counters = zip(self._cache_counters(), self._counted_before, strict=True)
        return [
            now,
            self.name,
            self.processor.sample_utilisation(now),
            self.processor.queue_length(now),
            self._open.count(now),
            self._sample_accept_queue(),
            len(self.sessions) if self.sessions is not None else 0,
            self._live_entries(now),
            *(count - before for count, before in counters),
        ]

    def _sample_accept_queue(self) -> int:
        most, self._most_waiting = self._most_waiting, 0
        return most

    def _live_entries(self, now: float) -> int:
        return 0 if self.sessions is None else self.sessions.live_entries(now)

    def _cache_counters(self) -> tuple[int, int, int]:
        cache = self.sessions
        return (0, 0, 0) if cache is None else (cache.hits, cache.misses, cache.evictions)
