"""Clients: their browser, their machine, and the sessions they remember."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from ipaddress import IPv4Network
from itertools import accumulate
from math import nan
from typing import Any, Literal

from pydantic import Field, field_validator

from sim import identities
from sim.description import Description
from sim.hosts.machine import Machine, profile_of
from sim.hosts.work import Work
from sim.workload.browsers import Browser, browser

_ROOM = 256
"""For how many clients room is made at a time."""


class ClientDescription(Description):
    """The clients of one browser: one `[[clients]]` table."""

    profile: str
    """The browser: one of the client profiles, such as "firefox-45"."""
    share: float = Field(default=1.0, gt=0, le=1)
    """Which share of all clients has it; the shares of all tables add up to 1."""
    machine: Machine = "pentium-iii-933"
    """The machine profile that prices its work. A client's processor serves one connection."""
    warnings: Literal["heeded", "overridden"] = "heeded"
    """What its user does when the certificate names another server, is out of date or comes from an
    unknown authority: "heeded" ends the connection with an alert, "overridden" goes on."""

    path: str | None = None
    """The path that they take, a name of `paths`; else the scenario's."""
    network: IPv4Network = IPv4Network("10.0.0.0/8")
    """Where their addresses are from, as packet filters and NAT see them: "192.168.0.0/16"."""
    trusts: tuple[str, ...] = Field(default=("contoso-root",), min_length=1)
    """The authorities whose certificates they trust; of those that ship."""

    certificate: str | None = None
    """The certificate and key that they show when asked for one; of those that ship."""

    @field_validator("certificate")
    @classmethod
    def _known_certificate(cls, name: str | None) -> str | None:
        if name is not None:
            identities.identity(name)
        return name

    @field_validator("trusts")
    @classmethod
    def _known_authorities(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        identities.trust_store(*names)
        return names

    @field_validator("profile")
    @classmethod
    def _known_profile(cls, name: str) -> str:
        return browser(name).name


class SessionMemory:
    """The session that each client remembers, its newest, and since when.

    Clients are numbered from 0. What a session is matters to the endpoints that make it:
    whole sessions stand in a list, mere numbers in an array.
    """

    def __init__(self, sessions: list[Any] | array[int]) -> None:
        self._sessions = sessions
        self._nothing: Any = 0 if isinstance(sessions, array) else None
        # Not a number where nothing is remembered, which is younger than no lifetime.
        self._since = array("d")

    def recall(self, client: int, now: float, lifetime: float) -> Any:
        """The session of this client if it is no older than `lifetime` at `now`; else `None`."""
        if client < len(self._since) and now - self._since[client] <= lifetime:
            return self._sessions[client]
        return None

    def is_blank(self, client: int) -> bool:
        """Whether nothing is remembered of this client, not even what is too old."""
        return client >= len(self._since) or self._since[client] != self._since[client]

    def remember(self, client: int, session: Any, since: float) -> None:
        """Remember what a full handshake has made at `since`; `None` forgets the one before."""
        if session is None:
            if client < len(self._since):
                self._since[client] = nan
                self._sessions[client] = self._nothing
            return
        if client >= len(self._since):
            more = client + _ROOM - len(self._since)
            self._since.extend([nan] * more)
            self._sessions.extend([self._nothing] * more)
        self._since[client] = since
        self._sessions[client] = session


class ClientGroup:
    """All clients of one browser.

    A browser remembers one session of the server, its newest, from the full handshake that made it
    for as long as its profile says.

    Args:
        profile: the browser.
        work: that of the machines it runs on.
        memory: its clients' sessions.
        first_address, addresses: the network that they are in, and how many addresses it has.
        path: the name of the path that they take.
    """

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
        self.remember = memory.remember
        self._recall = memory.recall
        self.is_blank = memory.is_blank
        self._lifetime = self.browser.session_lifetime

    def recall(self, client: int, now: float) -> Any:
        """The session that this client offers at `now`, if it still remembers one."""
        return self._recall(client, now, self._lifetime)

    def address(self, client: int) -> int:
        """This client's address; they come round again where there are more clients."""
        return self._first_address + (client + 1) % self._addresses


class Clients:
    """All clients, of whom only those exist that have come.

    Args:
        descriptions: of the groups.
        path: the path of those that name none.
        sessions: empty, for `SessionMemory`.
    """

    def __init__(
        self,
        descriptions: Sequence[ClientDescription],
        path: str,
        sessions: list[Any] | array[int],
    ) -> None:
        memory = SessionMemory(sessions)
        self.groups = [
            ClientGroup(
                browser(each.profile),
                Work(f"clients/{each.profile}", profile_of(each.machine)),
                memory,
                int(each.network.network_address),
                each.network.num_addresses,
                each.path or path,
            )
            for each in descriptions
        ]
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
