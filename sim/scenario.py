"""The scenario: the schema of a world, assembled from the descriptions of its parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache, cached_property
from math import ceil, floor
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AwareDatetime,
    Discriminator,
    Field,
    Tag,
    create_model,
    field_validator,
    model_validator,
)

from sim.balancers.kinds import AnyBalancer
from sim.credentials import EndOfTls, check_identities, check_trust, roots_of
from sim.description import Description, fault_at
from sim.hosts.client import ClientDescription
from sim.hosts.pool import ServerPool
from sim.hosts.ready_session import check_resumption
from sim.hosts.server import ServerDescription, TlsSettings
from sim.identities import Authority, RootDescription, has_key
from sim.middleboxes.kinds import AnyMiddlebox
from sim.middleboxes.middlebox import Middlebox
from sim.middleboxes.terminating_proxy import TerminatingProxy
from sim.network.link import Link
from sim.network.path import ONLY, Path, check_path
from sim.network.tcp import Tcp
from sim.parts import Part, check_parts, fields_with
from sim.site import Entrance, Place, check_site, check_waits, entrance_of
from sim.topology import (
    check_addresses,
    check_buffers,
    check_terminations,
    links_behind,
    path_to_servers,
    place_of_box,
    terminations,
)
from sim.units import Duration, PositiveDuration, Scale, at_most, rounded_up
from sim.workload.arrivals import Arrivals
from sim.workload.http import Http
from sim.workload.populations import Population


def _which_path(value: Any) -> str:
    return "(name)" if isinstance(value, str) else "(link)"


MOST_SAMPLES = 1_000_000
MOST_CLIENTS = 50_000_000
_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2106, 1, 1, tzinfo=UTC)
_LEAST_CONNECTIONS = 1e-3
_ROUNDING = 1 + 1e-9


class Scenario(Description):
    """A world to simulate.

    Limits keep what is out of reach from being begun. Wherever a quantity stands, durations are at
    most 100 years and, where they must be above 0, at least 1 ns; sizes at most 1 PB; bit rates
    from 1 bit/s to 1 Pbit/s; frequencies from 10^-12 to 10^9 /s.

    Raises `pydantic.ValidationError` for what cannot be a world.
    """

    title: str = ""
    """What the scenario is, in one line, for reports."""
    start: AwareDatetime
    """When recording starts, by the calendar, with its time zone: 1998-06-30T00:00:00Z. From
    1970 to 2105, as a hello has Unix time in 32 bits."""
    kind: Literal["terminating", "steady-state"]
    """"terminating": a day or a storm that ends; connections that are open at the end are still
    served. "steady-state": a piece of something endless; arrivals go on, unrecorded, until the last
    recorded connection has ended."""
    duration: Annotated[PositiveDuration, at_most("3653 d")]
    """How long is recorded: "24 h", at most ten years. A connection belongs to it that begins in
    it."""
    warm_up: Annotated[Duration, at_most("3653 d")] = 0.0
    """How long is simulated before the start, unrecorded, to fill caches: "10 h", at most ten
    years. In a steady state the sessions of clients who come first in it are of all ages, as they
    are after long."""
    fast_forward: Duration = 0.0
    """How much of the warm-up, from its beginning on, only books sessions: "9 h". Visits come,
    make sessions and resume them, and caches, tickets and clients remember them as ever; but
    networks, boxes and processors are left out until what follows is simulated whole."""
    scale: Scale = 1.0
    """Divides arrivals and numbers of clients, and alike what holds a number for each of them:
    capacities of caches, most connections, tables, pools of ports, rates of load shedders, budgets
    of retries. Never servers, cores, workers, rates of links, nor what queues for them: backlogs,
    signers, shared caches' parallelism. "1/2000"; at least 1e-9, and enough for a thousandth of a
    connection."""
    sample_interval: Annotated[Duration, Field(gt=0)] = 60.0
    """Time between two samples: "5 min"; at most a million samples in the duration."""
    fidelity: Literal["live", "replay"] = "live"
    """"live": every connection runs two engines. "replay": the first connections of each kind do,
    later ones follow their traces; some twenty times faster where a path only delays, two and a
    half to four times over busy networks, and the same tables where engines send as much each
    time."""
    traces: int = Field(default=8, gt=0, le=1024, strict=True)
    """How many connections of each kind run engines under "replay" and record a trace, which later
    ones follow."""
    arrivals: Arrivals
    """When visits begin."""
    population: Population
    """Which of the clients comes at each arrival."""
    clients: tuple[ClientDescription, ...]
    """The clients' browsers, machines and networks, with the share of each."""
    path: Annotated[
        Annotated[Link, Tag("(link)")] | Annotated[str, Tag("(name)")],
        Discriminator(_which_path),
    ]
    """What lies between them and the servers: a link, or the name of one of `paths`, which clients
    take unless they say something else."""
    links: dict[str, Link] = Field(default={})
    """The links of the network, by name."""
    middleboxes: dict[str, AnyMiddlebox] = Field(default={})
    """Firewalls, proxies and other boxes, by name."""
    paths: dict[str, Path] = Field(default={})
    """The ways from clients to the server, by name."""
    tcp: Tcp = Tcp()
    """How both speak TCP."""
    http: Http
    """What a visit asks for: its requests and responses."""
    server: ServerDescription | None = None
    """The only server; or `servers`."""
    servers: dict[str, ServerPool] = Field(default={})
    """The servers of a site, pool by pool: `[servers.web]` with `count = 4`."""
    balancers: dict[str, AnyBalancer] = Field(default={})
    """What gives each connection one of the servers, by name; servers that no balancer is in front
    of are given connections in turn."""

    @field_validator("path", mode="before")
    @classmethod
    def _link_or_name(cls, path: Any) -> Any:
        if not isinstance(path, str | Mapping | Link):
            raise ValueError(
                f"{path!r} is neither a link nor a name; write a table [path] with a "
                f"round_trip_time, or the name of one of the paths"
            )
        return path

    @field_validator("clients")
    @classmethod
    def _shares_of_all(
        cls, clients: tuple[ClientDescription, ...]
    ) -> tuple[ClientDescription, ...]:
        if not clients:
            raise ValueError("at least one table [[clients]] is needed")
        profiles = [client.browser.name for client in clients]
        for profile in profiles:
            if profiles.count(profile) > 1:
                raise ValueError(
                    f'the profile "{profile}" stands in two tables; join them, or '
                    "rename one's file"
                )
        total = sum(client.share for client in clients)
        if abs(total - 1) > 1e-6:
            raise ValueError(f"the shares of all clients must add up to 1, not {total:g}")
        return clients

    @property
    def replays(self) -> bool:
        """Whether connections replay traces, and sessions are mere numbers."""
        ends_tls = any(isinstance(box, TerminatingProxy) for box in self.all_boxes.values())
        speaks_tls = any(pool.security != "plain" for pool in self.pools.values())
        return self.fidelity == "replay" and (speaks_tls or ends_tls)

    @cached_property
    def pools(self) -> dict[str, ServerPool]:
        """The servers by pool; a `server` is a pool of one, by its own name."""
        if self.server is None:
            return self.servers
        return {self.server.name: ServerPool.model_construct(**dict(self.server))}

    @property
    def cores(self) -> int:
        """The cores of all servers together."""
        return sum(pool.count * pool.cores for pool in self.pools.values())

    def entrance(self, path: Path) -> Entrance:
        """What a path leads to: the servers at its end, and what gives connections to them."""
        return entrance_of(path, self.pools, self.balancers)

    @property
    def issues_tickets(self) -> bool:
        """Whether a server, or a proxy that ends TLS, issues session tickets."""
        ends = *self.pools.values(), *self.all_boxes.values()
        return any(isinstance(end, TlsSettings) and end.tickets is not None for end in ends)

    @property
    def all_links(self) -> dict[str, Link]:
        """All links by name, that of `path` included where it is one, and those of balancers."""
        only = {} if isinstance(self.path, str) else {ONLY: self.path}
        return self.links | only | links_behind(self.balancers)

    @property
    def all_boxes(self) -> dict[str, Middlebox]:
        """All boxes by name: the `middleboxes`, and balancers that end TLS."""
        return {**self.middleboxes, **terminations(self.balancers)}

    @property
    def all_paths(self) -> dict[str, Path]:
        """All paths by name, `path` included where it is a link, to the servers."""
        only = {} if isinstance(self.path, str) else {ONLY: Path(crosses=(ONLY,))}
        return {
            name: path_to_servers(path, self.pools, self.balancers)
            for name, path in {**self.paths, **only}.items()
        }

    def place_of_box(self, name: str) -> Place:
        """Where one of `all_boxes` is described."""
        return place_of_box(name, self.middleboxes)

    @property
    def default_path(self) -> str:
        """The path of clients that name none."""
        return self.path if isinstance(self.path, str) else ONLY

    @property
    def paths_taken(self) -> list[Path]:
        """The paths that some clients take, in the order of the clients."""
        names = dict.fromkeys(client.path or self.default_path for client in self.clients)
        return [self.all_paths[name] for name in names]

    @property
    def roots(self) -> tuple[RootDescription, ...]:
        """The roots of the world's described chains, each once."""
        return roots_of(self._ends_of_tls)

    @property
    def missing_keys(self) -> list[Place]:
        """Where identities from files are whose private keys are not here, as in a result's world.

        Such a world can be looked at and not be simulated.
        """
        return [end.place for end in self._ends_of_tls if not has_key(end.identity)]

    @property
    def connections_per_visit(self) -> float:
        """Connections that a visit makes in the mean, those apart that are made again."""
        at_once = self.http.mean_at_once
        return sum(
            client.share
            * (at_once(client.connections) if client.keep_alive else self.http.mean_requests)
            for client in self.clients
        )

    @model_validator(mode="after")
    def _within_reach(self) -> Self:
        end = self.duration + self.warm_up
        since, until = self.start - _FIRST, _LAST - self.start
        if since.total_seconds() < self.warm_up or until.total_seconds() < self.duration:
            raise fault_at(
                ("start",),
                f"{self.start.isoformat()} with {end:g} s of warm-up and duration is not within "
                "the years 1970 to 2105; choose a start and a duration that are",
            )
        if self.duration > self.sample_interval * MOST_SAMPLES * _ROUNDING:
            raise fault_at(
                ("sample_interval",),
                f'"{self.sample_interval:g} s" makes more than {MOST_SAMPLES:,} samples in the '
                f'duration; write at least "{rounded_up(self.duration / MOST_SAMPLES)} s"',
            )
        self._check_clients()
        if self.fast_forward > self.warm_up:
            raise fault_at(
                ("warm_up",),
                f'"{self.warm_up:.15g} s" is less than the fast_forward, which is its beginning; '
                f'write at least "{self.fast_forward:.15g} s", or a shorter fast_forward',
            )
        expected = self.arrivals.mean_rate * end
        if self.scale < 1 and expected * self.scale * _ROUNDING < _LEAST_CONNECTIONS:
            least = min(1.0, _LEAST_CONNECTIONS / expected)
            raise fault_at(
                ("scale",),
                f"at scale {self.scale:g} only {expected * self.scale:.2g} connections are "
                f"expected; write a scale of at least {rounded_up(least)}",
            )
        return self

    def _check_clients(self) -> None:
        """Refuse more clients than fit into memory; a scale that fits them is a remedy, if any."""
        clients = getattr(self.population, "clients", 0)
        if clients <= MOST_CLIENTS / self.scale * _ROUNDING:
            return
        remedy = f"write at most {floor(MOST_CLIENTS / self.scale)}"
        scale = ceil(clients / MOST_CLIENTS) if clients < MOST_CLIENTS * 10**9 else 0
        expected = self.arrivals.mean_rate * (self.duration + self.warm_up)
        if scale and expected / scale >= _LEAST_CONNECTIONS:
            remedy += f', or a scale of at most "1/{scale}"'
        raise fault_at(
            ("population", "clients"),
            f"so many clients at scale {self.scale:g} would not fit into memory; {remedy}",
        )

    @model_validator(mode="after")
    def _servers_of_some_kind(self) -> Self:
        if self.server is not None and self.servers:
            raise fault_at(
                ("servers",),
                "there are both a table [server] and tables [servers.NAME]; move the first into "
                "one of those",
            )
        if not self.pools:
            raise fault_at(
                ("server",), "a table [server], or at least one [servers.NAME], is needed"
            )
        return self

    @model_validator(mode="after")
    def _identities_and_authorities_exist(self) -> Self:
        check_identities(self._ends_of_tls)
        trusting: dict[Place, tuple[Authority, ...]] = {
            ("clients", number): client.trusts for number, client in enumerate(self.clients)
        }
        for name, box in self._terminating_proxies():
            trusting[self.place_of_box(name)] = box.trusts
        check_trust(trusting, self.roots)
        return self

    @property
    def _ends_of_tls(self) -> list[EndOfTls]:
        """Who ends TLS: servers by their own name, proxies by those of all servers."""
        hosts = tuple(dict.fromkeys(pool.name for pool in self.pools.values()))
        servers = [
            EndOfTls(self._place_of_pool(name), pool, (pool.name,))
            for name, pool in self.pools.items()
        ]
        return servers + [
            EndOfTls(self.place_of_box(name), box, hosts)
            for name, box in self._terminating_proxies()
        ]

    def _terminating_proxies(self) -> Iterator[tuple[str, TerminatingProxy]]:
        for name, box in self.all_boxes.items():
            if isinstance(box, TerminatingProxy):
                yield name, box

    @model_validator(mode="after")
    def _paths_lead_somewhere(self) -> Self:
        check_terminations(self.balancers, self.middleboxes, self.links)
        for name, path in self.paths.items():
            check_path(name, path, self.links, self.middleboxes)
        for place, name in self._paths_taken():
            if name not in self.paths:
                known = ", ".join(sorted(self.paths))
                remedy = f"there are: {known}" if known else f'describe it in [paths."{name}"]'
                raise fault_at(place, f'there is no path "{name}"; {remedy}')
        return self

    @model_validator(mode="after")
    def _paths_lead_to_servers(self) -> Self:
        names = dict.fromkeys(client.path or self.default_path for client in self.clients)
        paths = {name: (self._place_of_end(name), self.all_paths[name]) for name in names}
        check_site(paths, self.pools, self.balancers)
        placed = {self._place_of_pool(name): pool for name, pool in self.pools.items()}
        check_waits(placed, self.tcp.user_timeout)
        return self

    def _place_of_pool(self, name: str) -> Place:
        """Where servers are described."""
        return ("servers", name) if self.server is None else ("server",)

    def _place_of_end(self, name: str) -> Place:
        """Where it is said what a path leads to."""
        if name not in self.paths:
            return ("path",)
        path = ("paths", name)
        return path if self.paths[name].leads_to is None else (*path, "leads_to")

    @model_validator(mode="after")
    def _shares_of_resumption_are_possible(self) -> Self:
        for number, client in enumerate(self.clients):
            if client.resumption:
                path = self.all_paths[client.path or self.default_path]
                for name, end in self._first_ends_of_tls(path).items():
                    check_resumption(("clients", number), client.browser, name, end)
        return self

    def _first_ends_of_tls(self, path: Path) -> Mapping[str, TlsSettings]:
        """What clients on a path speak TLS with, by name: a proxy, or servers of some pools."""
        for name in path.crosses:
            box = self.all_boxes.get(name)
            if isinstance(box, TerminatingProxy):
                return {name: box}
        return self.entrance(path).pools

    @model_validator(mode="after")
    def _addresses_of_their_own(self) -> Self:
        crossed = {part for path in self.all_paths.values() for part in path.crosses}
        boxes = {name: box for name, box in self.all_boxes.items() if name in crossed}
        check_addresses(boxes, self.place_of_box)
        return self

    @model_validator(mode="after")
    def _buffers_have_rates(self) -> Self:
        placed: dict[Place, Link] = {("links", name): link for name, link in self.links.items()}
        if isinstance(self.path, Link):
            placed[("path",)] = self.path
        check_buffers(placed)
        return self

    def _paths_taken(self) -> Iterator[tuple[Place, str]]:
        """Where a path is named, and which."""
        if isinstance(self.path, str):
            yield ("path",), self.path
        for number, client in enumerate(self.clients):
            if client.path is not None:
                yield ("clients", number, "path"), client.path


def scenario_with(*parts: Part) -> type[Scenario]:
    """The schema of worlds that may have further parts: boxes, balancers, browsers and so on.

    Raises `ValueError` for a part that is of no sort there is, or has no name of its own.
    """
    check_parts(parts)
    return _scenario_with(*parts) if parts else Scenario


@cache
def _scenario_with(*parts: Part) -> type[Scenario]:
    return create_model("Scenario", __base__=Scenario, **fields_with(parts))
