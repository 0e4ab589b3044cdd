"""The scenario: the schema of a world, assembled from the descriptions of its parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from ipaddress import IPv4Address
from math import ceil, floor
from types import GenericAlias
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

from sim.description import Description, fault_at
from sim.hosts.client import ClientDescription
from sim.hosts.server import ServerDescription
from sim.middleboxes.kinds import AnyMiddlebox, any_middlebox_or
from sim.middleboxes.middlebox import Middlebox
from sim.middleboxes.nat import Nat
from sim.middleboxes.proxy import Proxy
from sim.middleboxes.terminating_proxy import TerminatingProxy
from sim.network.link import Link
from sim.network.path import ONLY, Path, check_path
from sim.network.tcp import Tcp
from sim.parts import check_parts
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
    scale: Scale = 1.0
    """Divides arrivals, cache capacities and numbers of clients alike: "1/2000"; at least 1e-9, and
    enough for a thousandth of a connection."""
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
    """When connections begin."""
    population: Population
    """Which of the clients comes at each arrival."""
    clients: tuple[ClientDescription, ...]
    """The clients' browsers, machines and networks, with the share of each."""
    path: Annotated[
        Annotated[Link, Tag("(link)")] | Annotated[str, Tag("(name)")],
        Discriminator(_which_path),
    ]
    """What lies between them and the server: a link, or the name of one of `paths`, which clients
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
    """What a connection asks for: its requests and responses."""
    server: ServerDescription
    """The server that they connect to."""

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
        profiles = [client.profile for client in clients]
        for profile in profiles:
            if profiles.count(profile) > 1:
                raise ValueError(f'the profile "{profile}" stands in two tables; join them')
        total = sum(client.share for client in clients)
        if abs(total - 1) > 1e-6:
            raise ValueError(f"the shares of all clients must add up to 1, not {total:g}")
        return clients

    @property
    def replays(self) -> bool:
        """Whether connections replay traces, and sessions are mere numbers."""
        ends_tls = any(isinstance(box, TerminatingProxy) for box in self.middleboxes.values())
        return self.fidelity == "replay" and (self.server.security != "plain" or ends_tls)

    @property
    def all_links(self) -> dict[str, Link]:
        """All links by name, that of `path` included where it is one."""
        return self.links | ({} if isinstance(self.path, str) else {ONLY: self.path})

    @property
    def all_paths(self) -> dict[str, Path]:
        """All paths by name, `path` included where it is a link."""
        only = {} if isinstance(self.path, str) else {ONLY: Path(crosses=(ONLY,))}
        return self.paths | only

    @property
    def default_path(self) -> str:
        """The path of clients that name none."""
        return self.path if isinstance(self.path, str) else ONLY

    @property
    def paths_taken(self) -> list[Path]:
        """The paths that some clients take, in the order of the clients."""
        names = dict.fromkeys(client.path or self.default_path for client in self.clients)
        return [self.all_paths[name] for name in names]

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
    def _paths_lead_somewhere(self) -> Self:
        for name, path in self.paths.items():
            check_path(name, path, self.links, self.middleboxes)
        for place, name in self._paths_taken():
            if name not in self.paths:
                known = ", ".join(sorted(self.paths))
                remedy = f"there are: {known}" if known else f'describe it in [paths."{name}"]'
                raise fault_at(place, f'there is no path "{name}"; {remedy}')
        return self

    @model_validator(mode="after")
    def _addresses_of_their_own(self) -> Self:
        """Connections from equal addresses and ports would be one and the same to a box behind."""
        crossed = {part for path in self.all_paths.values() for part in path.crosses}
        having: dict[IPv4Address, tuple[str, Middlebox]] = {}
        for name, box in self.middleboxes.items():
            if name not in crossed or not isinstance(box, Nat | Proxy):
                continue
            other, before = having.setdefault(box.address, (name, box))
            if before is not box:
                raise fault_at(
                    ("middleboxes", name, "address"),
                    f'the {before.kind_name} "{other}" and the '
                    f'{box.kind_name} "{name}" both have the address {box.address}; give one of '
                    "them another",
                )
        return self

    @model_validator(mode="after")
    def _buffers_have_rates(self) -> Self:
        for place, link in self._placed_links():
            for key in _unused_buffers(link):
                raise fault_at(
                    (*place, *key),
                    "a buffer has no effect without a rate; add a rate or remove the buffer",
                )
        return self

    def _placed_links(self) -> Iterator[tuple[tuple[str, ...], Link]]:
        """All links, and where they are described."""
        if isinstance(self.path, Link):
            yield ("path",), self.path
        for name, link in self.links.items():
            yield ("links", name), link

    def _paths_taken(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Where a path is named, and which."""
        if isinstance(self.path, str):
            yield ("path",), self.path
        for number, client in enumerate(self.clients):
            if client.path is not None:
                yield ("clients", number, "path"), client.path


def _unused_buffers(link: Link) -> Iterator[tuple[str, ...]]:
    """Where a buffer is given for a direction that sends at once whatever comes."""
    to_server = link.direction(to_server=True).rate is not None
    to_client = link.direction(to_server=False).rate is not None
    if link.buffer is not None and not (to_server or to_client):
        yield ("buffer",)
    if link.to_server.buffer is not None and not to_server:
        yield "to_server", "buffer"
    if link.to_client.buffer is not None and not to_client:
        yield "to_client", "buffer"


def scenario_with(*parts: type[Middlebox]) -> type[Scenario]:
    """The schema of worlds that may have further kinds of middleboxes.

    Raises `ValueError` for a part that is no middlebox or has no `kind` of its own.
    """
    check_parts(parts)
    return _scenario_with(*parts) if parts else Scenario


@cache
def _scenario_with(*parts: type[Middlebox]) -> type[Scenario]:
    boxes = GenericAlias(dict, (str, any_middlebox_or(parts)))
    fields: dict[str, Any] = {"middleboxes": (boxes, Field(default={}))}
    return create_model("Scenario", __base__=Scenario, **fields)
