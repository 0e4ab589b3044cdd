"""A server: its processor, its work, and the sessions it remembers."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from ipaddress import IPv4Address
from math import nan
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

import tls
from sim.activity import Activity, Moments, Waiting
from sim.description import Description, fault_at
from sim.environment import Environment
from sim.host_names import HostName
from sim.hosts.addresses import Address
from sim.hosts.application import Application
from sim.hosts.connection_limit import ConnectionLimit, Places
from sim.hosts.distant_resources import DistantResources, ResourcesOfWorkers
from sim.hosts.keep_alive import KeepAlive
from sim.hosts.machine import Machine, profile_of
from sim.hosts.open_connections import OpenConnections
from sim.hosts.outages import SERVER_DOWN, Outage, OutageDescription, Outages
from sim.hosts.ports import Port
from sim.hosts.refusal import BACKLOG_FULL, Refusal
from sim.hosts.resources import Resources
from sim.hosts.samples import CacheSamples
from sim.hosts.session_store import Sessions, check_size
from sim.hosts.signer import PrivateKeyHolder
from sim.hosts.ticket_keys import Tickets
from sim.hosts.work import Work
from sim.identities import AnyIdentity
from sim.processors.kinds import AnyProcessor
from sim.processors.virtual_clock import FirstComeFirstServed
from sim.streams import ConnectionEntropy, Streams, connection_draws
from sim.units import PositiveSize, Size, at_most, scaled

_SUITES_OF_TLS_1_3 = frozenset(
    map(tls.suite_name, set(tls.ALL_SUITES) - set(tls.IMPLEMENTED_SUITES))
)


class TlsSettings(Description):
    """How a host speaks TLS to those who connect to it."""

    identity: AnyIdentity = "contoso-rsa-2048"
    """The certificate chain and key that it shows: the name of one of those that ship; or a table
    that describes one, { key = "ecdsa-p256", chain = [{ key = "rsa-2048" }] }, or that names PEM
    files, { certificate_file = "site.pem", key_file = "site.key" }."""
    versions: tuple[str, ...] = tuple(map(tls.version_name, tls.ALL_VERSIONS))
    """Protocol versions it speaks: ["TLS 1.2", "TLS 1.3"]; else all."""
    suites: tuple[str, ...] = tuple(map(tls.suite_name, tls.DEFAULT_SUITES))
    """Cipher suites it takes, the preferred first; all that there are, strongest first. Where none
    of TLS 1.3 is among them and that is spoken, its usual ones stand in front."""
    groups: tuple[str, ...] | None = None
    """Groups of its key exchange, the preferred first: ["X25519MLKEM768", "x25519"]; else the usual
    ones."""
    retry_for_preferred_group: bool = False
    """Whether a client of TLS 1.3 whose key shares are of other groups is asked for one of the
    first of `groups` that it has, by another hello; else the first group that it has sent a share
    of is taken."""
    client_certificates: Literal["not asked for", "asked for", "required"] = "not asked for"
    """Whether clients show a certificate of Contoso's authority; a handshake without one fails
    where it is required."""
    split_records: bool = False
    """Whether it splits data 1/n-1 under CBC in SSL 3.0 and TLS 1.0, as servers do since 2011."""
    sessions: Sessions | None = None
    """The session cache; without one no session can be resumed by its ID."""
    tickets: Tickets = None
    """The session tickets; without them, or with "none", it issues none, and no session can be
    resumed by one."""

    @field_validator("versions")
    @classmethod
    def _known_versions(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return _all_known(names, map(tls.version_name, tls.ALL_VERSIONS), "version")

    @field_validator("suites")
    @classmethod
    def _known_suites(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return _all_known(names, map(tls.suite_name, tls.ALL_SUITES), "cipher suite")

    @field_validator("groups")
    @classmethod
    def _known_groups(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if names is None:
            return None
        return _all_known(names, [*tls.GROUP_NAMES.values(), *tls.HYBRID_NAMES.values()], "group")

    @model_validator(mode="after")
    def _suites_of_its_versions(self) -> Self:
        for number, name in enumerate(self.suites):
            if not self.speaks_tls_1_3 and name in _SUITES_OF_TLS_1_3:
                raise fault_at(
                    ("suites", number),
                    f"{name} is a suite of TLS 1.3, which is not among the versions; add that, or "
                    "remove this",
                )
        return self

    @property
    def speaks_tls_1_3(self) -> bool:
        """Whether it speaks TLS 1.3."""
        return tls.version_name(tls.TLS_1_3) in self.versions


class ServerDescription(TlsSettings):
    """A server: its name and address, its machine, and how it speaks TLS."""

    name: HostName = "www.contoso.com"
    """Its DNS name, or an address: what clients want, what its certificate should name, how tables
    call it. Letters of other scripts are written in ASCII (`xn--`), and a last dot is dropped."""
    address: Address = IPv4Address("192.0.2.80")
    """Its address, as packet filters and NAT see it."""
    port: Port = 443
    """Where it listens: 443 for https, 465 for smtps, 636 for ldaps, 993 for imaps."""
    memory: PositiveSize | None = None
    """How much memory it has: "8 GiB"; connections are not refused for want of it, but reports tell
    where it is exceeded. Where nothing is said it has enough."""
    backlog: Annotated[int, Field(gt=0, le=10**9)] | None = None
    """How many connections may wait to be accepted; a SYN that finds no room is dropped, and sent
    again by its client. Else any number. It is not scaled, as the cores that it waits for are not;
    where connections wait for a place that is ("wait" in `connections`), it is scaled alike."""
    machine: Machine
    """The machine profile that prices its work."""
    cores: int = Field(default=1, gt=0, le=100_000)
    """Processor cores, not scaled."""
    processor: AnyProcessor = FirstComeFirstServed()
    """How they serve what comes: { discipline = "processor-sharing" }."""
    connections: ConnectionLimit | None = None
    """How many connections it serves at a time, and what becomes of more; else any number."""
    keep_alive: KeepAlive | None = None
    """When it closes connections that are idle, or have served enough; else its clients do."""
    private_key: PrivateKeyHolder = None
    """What holds its private key and uses it in its place; else its own processor does."""
    early_data: Annotated[Size, at_most("4294967295 B")] = 0
    """How many bytes of early data (0-RTT) its sessions of TLS 1.3 allow: "16 kB"; else none. Only
    requests may be early that can do no harm when somebody sends them again, which nobody does
    here."""
    application: Application | None = None
    """What a request takes besides TLS and the carrying of its bytes; else nothing."""
    outages: tuple[OutageDescription, ...] = ()
    """When it is down: [{ at = "10 min", lasts = "30 s" }]."""
    abandoned: Literal["done", "dropped"] = "done"
    """What becomes of work whose client has given up: it is "done" in vain; or "dropped" where it
    has not begun when the server hears of that."""
    security: Literal["tls", "plain"] = "tls"
    """"tls", or "plain" for HTTP without it."""

    @property
    def processes(self) -> int:
        """How many processes it has: worker processes, or one."""
        processor = self.processor
        return processor.number_of_loops(self.cores) if processor.has_loops else 1

    def scaled_backlog(self, scale: float) -> int | None:
        """Its backlog in a world of that scale; `None` for any number."""
        limit = self.connections
        if self.backlog is None or limit is None or limit.when_full != "wait":
            return self.backlog
        return scaled(self.backlog, scale)

    @property
    def has_contention(self) -> bool:
        """Whether its machine's threads slow each other down."""
        return profile_of(self.machine).contention_curve is not None

    @property
    def most_threads(self) -> int:
        """How many threads run at once when all that may are busy."""
        processor = self.processor
        return processor.number_of_loops(self.cores) if processor.has_loops else self.cores

    @property
    def speed_when_busy(self) -> float:
        """How fast a thread runs when all cores are busy, where one alone has 1."""
        curve = profile_of(self.machine).contention_curve
        return 1.0 if curve is None else curve.speed(self.most_threads)

    @property
    def idle_memory(self) -> int | None:
        """Bytes that its processes take without connections; `None` where no profile says it."""
        use = profile_of(self.machine).memory_use
        return None if use is None else self.processes * use.process

    @property
    def session_entry_size(self) -> int | None:
        """Bytes of a session in a cache; `None` where neither it nor its machine says them."""
        sessions, profile = self.sessions, profile_of(self.machine)
        if sessions is None or (sessions.entry_size is None and profile.memory_use is None):
            return None
        return sessions.entry_bytes(profile)

    @model_validator(mode="after")
    def _workers_have_cores(self) -> Self:
        loops = self.processor.number_of_loops(self.cores)
        if loops > self.cores:
            raise fault_at(
                ("processor", "count"),
                f"{loops:,} workers would share {_cores(self.cores)}, and each has one of its own; "
                f"write at most {self.cores:,}, or more cores",
            )
        return self

    @model_validator(mode="after")
    def _early_data_has_sessions(self) -> Self:
        if self.early_data and self.sessions is None and self.tickets is None:
            raise fault_at(
                ("early_data",),
                "early data goes with a session that is resumed, and none can be; add sessions or "
                "tickets, or remove this",
            )
        return self

    @model_validator(mode="after")
    def _caches_hold_sessions(self) -> Self:
        check_size(self.sessions, profile_of(self.machine))
        return self

    @model_validator(mode="after")
    def _caches_of_workers_have_workers(self) -> Self:
        sessions = self.sessions
        if sessions is not None and sessions.per == "worker" and not self.processor.has_loops:
            raise fault_at(
                ("sessions", "per"),
                'there are no workers with caches of their own; write per = "server", or '
                'processor = { discipline = "workers" }',
            )
        return self

    @model_validator(mode="after")
    def _tickets_need_tls(self) -> Self:
        if self.tickets is not None and self.security == "plain":
            raise fault_at(
                ("tickets",),
                'HTTP without TLS has no tickets; remove the table, or write tickets = "none" '
                'where security is "plain"',
            )
        return self


def _cores(number: int) -> str:
    return "1 core" if number == 1 else f"{number:,} cores"


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
        places: for its connections, where those wait that find none; else `None`.
        outages: when it is down.
        has_loops: whether each connection has a worker of its own.
        only_takes_turns: whether all that it does for a connection are turns on its processor.
        work: what it has done, with its equals.
        resources: what its ends of TLS ask.

    Args:
        description: the server's.
        name: as tables have it.
        caches: of sessions, in its own memory.
        resources: what its ends of TLS ask, worker by worker where these have their own.
        work: that of its pool.
        environment: where time passes.
        streams: where its connections' draws come from.
        scale: of the world.
        outages: its own.
    """

    def __init__(
        self,
        description: ServerDescription,
        name: str,
        caches: Sequence[tls.SessionCache],
        resources: Sequence[Resources],
        work: Work,
        environment: Environment,
        streams: Streams,
        scale: float,
        outages: Outages,
    ) -> None:
        self.description = description
        self.name = name
        holder = description.private_key
        blocking = holder is not None and holder.blocking
        profile = profile_of(description.machine)
        curve = profile.contention_curve
        contention = {} if curve is None else {"contention": curve}
        self.processor = description.processor.processor(
            environment, description.cores, blocking=blocking, **contention
        )
        self.work = work
        self.places: Places | None = None
        self._turns_away: Refusal | None = None
        limit = description.connections
        if limit is not None:
            self._most = limit.scaled(scale)
            if limit.when_full == "wait":
                self.places = Places(environment, self._most)
            else:
                self._turns_away = Refusal("connection limit", limit.when_full == "reset")
        self.outages = outages
        self.has_loops = description.processor.has_loops
        self.only_takes_turns = (
            self.places is None
            and description.application is None
            and not self.has_loops
            and not outages.all
            and description.abandoned == "done"
        )
        for outage in outages.all:
            Activity(environment, self._go_down(outage))
        self._choices = streams.entropy("workers")
        self._request_times = streams.entropy("application")
        self._cached = caches
        self._caches = CacheSamples(caches)
        self._resources = resources
        self.resources = resources[0] if len(resources) == 1 else ResourcesOfWorkers(resources)
        self._open = OpenConnections()
        self._in_handshake = OpenConnections()
        self._memory = profile.memory_use
        self._processes = description.processes
        sessions = description.sessions
        self._entry_size = 0 if sessions is None else sessions.entry_bytes(profile)
        self._accepted_at: deque[float] = deque()
        self._accepted_later: deque[Waiting] = deque()
        self._most_waiting = 0
        self._backlog = description.scaled_backlog(scale)

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
        """Whether it takes every connection that comes, and has room for it in its backlog."""
        is_open = self._turns_away is None and not self.outages.all
        return is_open and self.description.backlog is None

    def refusal(self, now: float) -> Refusal | None:
        """Why a SYN that is here now opens no connection; `None` where it does."""
        outage = self.outages.at(now) if self.outages.all else None
        if outage is not None:
            return Refusal(SERVER_DOWN, outage.resets)
        if self._turns_away is not None and self._open.count(now) >= self._most:
            return self._turns_away
        return None if self.admits(now) else BACKLOG_FULL

    def draw_of(self, number: int) -> float:
        """A draw from [0, 1) of the connection of that number: which worker takes it."""
        return connection_draws(self._choices.of(number))()

    def resources_at_once(self, number: int) -> Resources:
        """What its end of the connection of that number asks for which no time passes."""
        workers = self._resources
        resources = workers[0]
        if len(workers) > 1:
            resources = workers[int(self.draw_of(number) * len(workers))]
        return resources.at_once if isinstance(resources, DistantResources) else resources

    def entropy_of(self, number: int) -> ConnectionEntropy:
        """What the times of that connection's requests follow from."""
        return self._request_times.of(number)

    def admits(self, now: float) -> bool:
        """Whether there is room in its backlog for a connection whose SYN is here."""
        backlog, accepted_at = self._backlog, self._accepted_at
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
        if self._memory is not None:
            self._in_handshake.open()

    def complete_handshake(self, moment: float) -> None:
        """The TLS handshake of one of them is over at that moment."""
        if self._memory is not None:
            self._in_handshake.close(moment, self.processor.latest)

    def close_connection(self, moment: float) -> None:
        """One of them will be closed at that moment."""
        self._open.close(moment, self.processor.latest)

    def _go_down(self, outage: Outage) -> Moments:
        """What it has in its memory is lost, and every job."""
        now = yield outage.begin
        self.processor.crash(now, outage.end)
        self._accepted_at.clear()
        self._accepted_later.clear()
        if self.places is not None:
            self.places.clear()
        for cache in self._cached:
            cache.clear()

    def begin_recording(self, now: float) -> None:
        """Count from here on: the recorded part of the simulation begins."""
        self.processor.sample_utilisation(now)
        self._caches.begin_recording()

    def sample(self, now: float) -> list[Any]:
        """The row of the table `samples` at `now`."""
        cached = self._caches.sample(now)
        return [
            now,
            self.name,
            self.processor.sample_utilisation(now),
            self.processor.queue_length(now),
            self._open.count(now),
            self._sample_accept_queue(),
            *cached,
            self._memory_in_use(now, cached[0]),
            nan,
        ]

    def _memory_in_use(self, now: float, entries: int) -> float:
        """Bytes, as far as its machine's profile tells; else NaN."""
        use, connections = self._memory, self._open.count(now)
        if use is None:
            return nan
        fixed = self._processes * use.process
        if self.is_plain:
            return fixed + connections * use.connection_plain
        handshakes = self._in_handshake.count(now)
        opened = use.connections(handshakes, connections - handshakes)
        return fixed + opened + entries * self._entry_size

    def _sample_accept_queue(self) -> int:
        most, self._most_waiting = self._most_waiting, 0
        return most
