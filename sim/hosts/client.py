"""Clients: their browser, their machine, and the sessions they remember."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from math import nan
from typing import Any, Literal

from pydantic import Field, field_validator

from sim.costs import machine_profile
from sim.description import Description
from sim.hosts.machine import Machine
from sim.hosts.work import Work
from sim.workload.browsers import browser


class ClientDescription(Description):
    """The clients of one browser: one `[[clients]]` table."""

    profile: str
    """The browser."""
    share: float = Field(default=1.0, gt=0, le=1)
    """Which share of all clients has it; the shares of all tables add up to 1."""
    machine: Machine = "pentium-iii-933"
    """The machine profile that prices its work. A client's processor serves one connection."""
    warnings: Literal["heeded", "clicked away"] = "heeded"
    """What its user does when the certificate names another server, is out of date or comes from an
    unknown authority: "heeded" ends the connection with an alert, "clicked away" goes on."""

    @field_validator("profile")
    @classmethod
    def _known_profile(cls, name: str) -> str:
        return browser(name).name


class SessionMemory:
    """The session that each client remembers, its newest, and since when.

    Clients are numbered from 0. What a session is matters to the peers that make it: whole
    sessions stand in a list, mere numbers in an array.
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

    def remember(self, client: int, session: Any, since: float) -> None:
        """Remember what a full handshake has made at `since`; `None` forgets the one before."""
        if session is None:
            if client < len(self._since):
                self._since[client] = nan
                self._sessions[client] = self._nothing
            return
        while client >= len(self._since):
            self._since.append(nan)
            self._sessions.append(self._nothing)
        self._since[client] = since
        self._sessions[client] = session


class ClientGroup:
    """All clients of one browser.

    A browser remembers one session of the server, its newest, from the full handshake that made it
    for as long as its profile says.
    """

    def __init__(self, description: ClientDescription, memory: SessionMemory) -> None:
        self.browser = browser(description.profile)
        self.work = Work(f"clients/{description.profile}", machine_profile(description.machine))
        self.remember = memory.remember
        self._recall = memory.recall
        self._lifetime = self.browser.session_lifetime

    def recall(self, client: int, now: float) -> Any:
        """The session that this client offers at `now`, if it still remembers one."""
        return self._recall(client, now, self._lifetime)


class Clients:
    """All clients, of whom only those exist that have come."""

    def __init__(
        self, descriptions: Sequence[ClientDescription], sessions: list[Any] | array[int]
    ) -> None:
        memory = SessionMemory(sessions)
        self.groups = [ClientGroup(description, memory) for description in descriptions]
        self._shares = list(accumulate(description.share for description in descriptions))
        self._group_of = bytearray()

    def group(self, client: int, draw: float) -> ClientGroup:
        """The group of this client: by a draw from [0, 1) when it comes first, then ever the same.

        Clients are numbered from 0.
        """
        groups_of = self._group_of
        if client >= len(groups_of):
            groups_of.extend(b"\0" * (client + 1 - len(groups_of)))
        number = groups_of[client]
        if not number:
            chosen = bisect_right(self._shares, draw * self._shares[-1])
            number = groups_of[client] = min(chosen, len(self.groups) - 1) + 1
        return self.groups[number - 1]
