"""Clients: their browser, their machine, and the sessions they remember."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from heapq import heappop, heappush
from ipaddress import IPv4Network
from itertools import accumulate
from math import nan
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Self

from pydantic import Field, field_validator, model_validator

import tls
from sim import identities
from sim.description import Description, fault_at
from sim.distributions import Distribution, PositiveRandomDuration
from sim.hosts.addresses import AddressRange
from sim.hosts.machine import Machine, profile_of
from sim.hosts.server import Server
from sim.hosts.work import Work
from sim.identities import Authority
from sim.workload.browsers import Browser, Profile, offered_by
from sim.workload.client_profile import ClientProfile
from sim.workload.fallback import Fallback
from sim.workload.retries import Retries, RetryPolicy

_ROOM = 256
"""For how many clients room is made at a time."""


class ClientDescription(Description):
    """The clients of one browser: one `[[clients]]` table."""

    profile: Profile
    """The browser: one of the client profiles, such as "firefox-45", or in a scenario file the name
    of a file of one's own, relative to it: "my-client.toml"."""
    share: float = Field(default=1.0, gt=0, le=1)
    """Which share of all clients has it; the shares of all tables add up to 1."""
    machine: Machine = "pentium-iii-933"
    """The machine profile that prices its work. A client's processor serves one connection."""
    warnings: Literal["heeded", "overridden"] = "heeded"
    """What its user does when the certificate names another server, is out of date or comes from an
    unknown authority: "heeded" ends the connection with an alert, "overridden" goes on."""

    path: str | None = None
    """The path that they take, a name of `paths`; else the scenario's."""
    network: AddressRange = IPv4Network("10.0.0.0/8")
    """Where their addresses are from, as packet filters and NAT see them: "192.168.0.0/16"."""
    trusts: tuple[Authority, ...] = Field(default=("contoso-root",), min_length=1)
    """The authorities whose certificates they trust: of those that ship, of those of described
    chains, and PEM files with certificates of others. "contoso-root" is of both of the former."""

    certificate: str | None = None
    """The certificate and key that they show when asked for one; of those that ship."""

    connections: Annotated[int, Field(gt=0, le=256)] = 1
    """How many connections a visit makes at once: 6 with browsers since 2008, 2 before (RFC 2616
    §8.1.4); no more than it has requests. Each takes the next request when it is free."""
    keep_alive: bool = True
    """Whether a connection carries one request after another; else each request has one of its
    own."""
    patience: PositiveRandomDuration | None = None
    """How long a user waits from the visit's beginning, or from the end of his last pause, before
    he goes: "8 s"; else for ever."""
    resumption: Annotated[float, Field(ge=0, le=1)] | None = None
    """The share of their connections that resume a session, where that is an input: 0.6. Each draws
    whether it does, and then offers a session of before the world began, which the server knows
    whatever its cache and its ticket keys remember; the others offer none. Else it follows from
    what clients and servers remember."""
    early_data: bool = False
    """Whether they send a connection's first request with the hello (0-RTT), where they have a
    session of TLS 1.3 that allows so many bytes; what the server does not take is sent again."""
    retries: Retries | None = None
    """Which failed connections are made again, and when; else none is."""
    fallback: Fallback | None = None
    """Which failed handshakes are tried again with a lower version: {} or { scsv = true }; else
    none is."""

    @field_validator("certificate")
    @classmethod
    def _known_certificate(cls, name: str | None) -> str | None:
        if name is not None:
            identities.identity(name)
        return name

    @model_validator(mode="after")
    def _can_fall_back(self) -> Self:
        if self.fallback is not None and not self.fallback.steps(self.browser.versions):
            highest = tls.version_name(self.browser.versions[-1])
            raise fault_at(
                ("fallback",),
                f'"{self.browser.name}" speaks no version below {highest} that it may fall back '
                "to; remove this, or write a lower `lowest`",
            )
        return self

    @model_validator(mode="after")
    def _may_be_early(self) -> Self:
        if self.early_data and tls.TLS_1_3 not in self.browser.versions:
            raise fault_at(
                ("early_data",),
                f'"{self.browser.name}" does not speak TLS 1.3, which early data needs; remove '
                "this, or choose another profile",
            )
        return self

    own_browsers: ClassVar[Mapping[str, Browser]] = {}
    """Those that a world has besides the ones that ship, by name."""

    @field_validator("profile")
    @classmethod
    def _known_profile(cls, profile: str | ClientProfile) -> str | ClientProfile:
        if isinstance(profile, ClientProfile) or profile not in cls.own_browsers:
            offered_by(profile)
        return profile

    @property
    def browser(self) -> Browser:
        """The browser that the profile names."""
        own = self.own_browsers.get(self.profile) if isinstance(self.profile, str) else None
        return own or offered_by(self.profile)


class Tickets(tuple[Any, ...]):
    """Sessions of TLS 1.3, the newest last: each is offered once (RFC 8446 appendix C.4).

    Attributes:
        kept: how many their client keeps of one server, those of former connections included.
        made: the moment of the full handshake that they go back to.
    """

    kept: int = 1
    made: float = nan


class _Kept(NamedTuple):
    """A ticket that a client remembers.

    Attributes:
        since: the moment that it is as old as.
        made: the moment of the full handshake that it goes back to.
        ticket: itself.
    """

    since: float
    made: float
    ticket: Any


class _KeptTickets(tuple[_Kept, ...]):
    """Tickets that a client remembers."""


class SessionMemory:
    """The session that each client remembers, its newest, since when, and who made it.

    What a connection makes of it is often known before it happens: it counts from its moment on,
    in the order of moments, whoever came to know it first.

    Clients are numbered from 0. What a session is matters to the endpoints that make it:
    whole sessions stand in a list, mere numbers in an array.

    Attributes:
        made: the moment of the full handshake that the ticket of TLS 1.3 goes back to which was
            recalled last.
    """

    made = nan

    def __init__(self, sessions: list[Any] | array[int]) -> None:
        self._sessions = sessions
        self._nothing: Any = 0 if isinstance(sessions, array) else None
        # Not a number where nothing is remembered, which is younger than no lifetime.
        self._since = array("d")
        self._maker = array("h")
        self._makers: list[Server | None] = []
        self._number_of: dict[Server | None, int] = {}
        # By moment, then by the connection's number, then as they were told.
        self._coming: list[tuple[float, int, int, int, Any, float | None, Server | None]] = []
        self._told = 0

    def recall(self, client: int, now: float, lifetime: float) -> Any:
        """The session of this client if it is no older than `lifetime` at `now`; else `None`.

        A ticket of TLS 1.3 is forgotten with that. `now` is no earlier than at any call before.
        """
        coming = self._coming
        while coming and coming[0][0] <= now:
            self._change(*heappop(coming)[3:])
        if client < len(self._since) and now - self._since[client] <= lifetime:
            session = self._sessions[client]
            return self._use(client, session) if type(session) is _KeptTickets else session
        return None

    def _use(self, client: int, tickets: _KeptTickets) -> Any:
        """The newest of some tickets, which is remembered no more."""
        *others, newest = tickets
        self._keep(client, _KeptTickets(others))
        self.made = newest.made
        return newest.ticket

    def _keep(self, client: int, tickets: _KeptTickets) -> None:
        """Remember these tickets of a client, and how old the newest is."""
        sessions: Any = self._sessions
        sessions[client] = tickets or self._nothing
        self._since[client] = tickets[-1].since if tickets else nan

    def is_blank(self, client: int) -> bool:
        """Whether nothing is remembered of this client, not even what is too old.

        As of the last `recall`.
        """
        return client >= len(self._since) or self._since[client] != self._since[client]

    def maker(self, client: int) -> Server | None:
        """The server that made the session which this client remembers; `None` for a proxy."""
        return self._makers[self._maker[client]]

    def renew(self, client: int, session: Any, moment: float, connection: int) -> None:
        """Put a session in the place of the one that is remembered at `moment`, if any.

        It is as old as that.
        """
        self._come(moment, connection, client, session, nan, None)

    def remember(
        self,
        client: int,
        session: Any,
        moment: float,
        connection: int,
        maker: Server | None,
        since: float,
    ) -> None:
        """Remember from `moment` on what a connection's handshake has made, as old as `since`.

        `maker`: the server that it was with; `None` for a proxy.
        """
        self._come(moment, connection, client, session, since, maker)

    def forget(self, client: int, session: Any, moment: float, connection: int) -> None:
        """Forget this session at `moment`, unless another one is remembered then."""
        self._come(moment, connection, client, session, None, None)

    def _come(
        self,
        moment: float,
        connection: int,
        client: int,
        session: Any,
        since: float | None,
        maker: Server | None,
    ) -> None:
        self._told += 1
        heappush(self._coming, (moment, connection, self._told, client, session, since, maker))

    def _change(self, client: int, session: Any, since: float | None, maker: Server | None) -> None:
        """Remember a session since then; forget it where there is none; or renew it, for NaN."""
        if since is None:
            if client < len(self._since) and self._sessions[client] == session:
                self._since[client] = nan
                self._sessions[client] = self._nothing
            return
        if since != since:
            if not self.is_blank(client):
                self._sessions[client] = session
            return
        if client >= len(self._since):
            more = client + _ROOM - len(self._since)
            self._since.extend([nan] * more)
            self._sessions.extend([self._nothing] * more)
            self._maker.extend([0] * more)
        number = self._number_of.get(maker)
        if number is None:
            number = self._number_of[maker] = len(self._makers)
            self._makers.append(maker)
        self._maker[client] = number
        if type(session) is Tickets:
            before: Any = self._sessions[client]
            former = before if type(before) is _KeptTickets else ()
            new = (_Kept(since, session.made, ticket) for ticket in session)
            all_of_them = (*former, *new)
            self._keep(client, _KeptTickets(all_of_them[-session.kept :]))
            return
        self._since[client] = since
        self._sessions[client] = session


class ClientGroup:
    """All clients of one browser.

    A browser remembers one session of the server, its newest, from the full handshake that made it
    for as long as its profile says, and no longer than the hint of its ticket does.

    Args:
        profile: the browser.
        work: that of the machines it runs on.
        memory: its clients' sessions.
        first_address, addresses: the network that they are in, and how many addresses it has.
        path: the name of the path that they take.

    Attributes:
        connections: how many a visit makes at once.
        keep_alive: whether one carries several requests.
        patience: how long a user waits (seconds), or what that is drawn from; `None` without end.
        retries: which failed connections are made again; `None` for none.
        fallback: which failed handshakes are tried again with a lower version; `None` for none.
        resumption: which share of connections resumes a session, where that is an input, and
            nobody remembers any.
    """

    connections = 1
    keep_alive = True
    patience: float | Distribution | None = None
    retries: RetryPolicy | None = None
    fallback: Fallback | None = None
    resumption: float | None = None

    def __init__(
        self,
        profile: Browser,
        work: Work,
        memory: SessionMemory,
        first_address: int,
        addresses: int,
        path: str,
    ) -> None:
        self.browser = profile
        self.work = work
        self.path = path
        self._first_address = first_address
        self._addresses = addresses
        self._remember = memory.remember
        self.renew = memory.renew
        self.forget = memory.forget
        self._maker = memory.maker
        self._recall = memory.recall
        self._memory = memory
        self.is_blank = memory.is_blank
        self._lifetime = self.browser.session_lifetime

    def behave(self, described: ClientDescription, scale: float) -> None:
        """Take on how these clients visit; the scale divides a budget of retries."""
        self.connections = described.connections
        self.keep_alive = described.keep_alive
        self.patience = described.patience
        self.resumption = described.resumption
        self.fallback = described.fallback
        if described.retries is not None:
            self.retries = RetryPolicy(described.retries, scale)

    def falls_back(self, symptom: str, alert: int | None, lowered: int) -> bool:
        """Whether a client tries again with a lower version after a handshake that has failed.

        Args:
            symptom: what it has noticed.
            alert: the code of the alert, if it is one.
            lowered: by how many versions it has fallen back before.
        """
        fallback = self.fallback
        return (
            fallback is not None
            and fallback.follows(symptom, alert)
            and lowered < fallback.steps(self.browser.versions)
        )

    def recall(self, client: int, now: float) -> Any:
        """The session that this client offers at `now`, if it still remembers one."""
        return self._recall(client, now, self._lifetime)

    @property
    def made(self) -> float:
        """When the full handshake was of the ticket of TLS 1.3 that was recalled last."""
        return self._memory.made

    def maker(self, client: int, offered: Any) -> Server | None:
        """The server that made the session which this client offers, if it offers one."""
        return None if offered is None else self._maker(client)

    def remember(
        self,
        client: int,
        session: Any,
        moment: float,
        connection: int,
        maker: Server | None,
        age: float = 0.0,
        lifetime_hint: int = 0,
        made: float | None = None,
    ) -> None:
        """Remember what a handshake has made, from `moment` on.

        Args:
            client: the client's number.
            session: what is remembered.
            moment: seconds since the scenario's start.
            connection: the number of the one that has made it.
            maker: the server that the session has to go to again; `None` for any, or for a proxy.
            age: how much older than new it is, in seconds.
            lifetime_hint: seconds that the server says it is good for; 0 where it says nothing.
            made: when the full handshake was that a ticket of a resumed session goes back to.
        """
        since = moment - age
        if lifetime_hint:
            # What is to be forgotten earlier is as much older.
            since -= max(0.0, self._lifetime - lifetime_hint)
        if type(session) is Tickets:
            session.kept = self.browser.tickets_kept
            session.made = moment - age if made is None else made
            since = min(since, session.made)
        self._remember(client, session, moment, connection, maker, since)

    def address(self, client: int) -> int:
        """This client's address; they come round again where there are more clients."""
        return self._first_address + (client + 1) % self._addresses


class Clients:
    """All clients, of whom only those exist that have come.

    Args:
        descriptions: of the groups.
        path: the path of those that name none.
        sessions: empty, for `SessionMemory`.
        scale: the world's.
    """

    def __init__(
        self,
        descriptions: Sequence[ClientDescription],
        path: str,
        sessions: list[Any] | array[int],
        scale: float = 1.0,
    ) -> None:
        memory = SessionMemory(sessions)
        self.groups = [
            ClientGroup(
                each.browser,
                Work(f"clients/{each.browser.name}", profile_of(each.machine)),
                memory,
                int(each.network.network_address),
                each.network.num_addresses,
                each.path or path,
            )
            for each in descriptions
        ]
        for group, each in zip(self.groups, descriptions, strict=True):
            group.behave(each, scale)
        self._shares = list(accumulate(description.share for description in descriptions))
        self._group_of = bytearray()

    def group(self, client: int, draw: float) -> ClientGroup:
        """The group of this client: by a draw from [0, 1) when it comes first, then ever the same.

        Clients are numbered from 0.
        """
        groups_of = self._group_of
        if client >= len(groups_of):
            groups_of.extend(bytes(client + _ROOM - len(groups_of)))
        number = groups_of[client]
        if not number:
            chosen = bisect_right(self._shares, draw * self._shares[-1])
            number = groups_of[client] = min(chosen, len(self.groups) - 1) + 1
        return self.groups[number - 1]
