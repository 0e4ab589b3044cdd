"""Clients: their browser, their machine, and the sessions they remember."""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from itertools import accumulate
from typing import Literal

from pydantic import Field, field_validator

import tls
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


class ClientGroup:
    """All clients of one browser.

    A browser remembers one session of the server, its newest, from the full handshake that made it
    for as long as its profile says.
    """

    def __init__(self, description: ClientDescription) -> None:
        self.browser = browser(description.profile)
        self.work = Work(f"clients/{description.profile}", machine_profile(description.machine))
        # In order of the full handshakes, so that what nobody asks for again leaves at the front.
        self._sessions: OrderedDict[int, tuple[tls.Session, float]] = OrderedDict()

    def recall(self, client: int, now: float) -> tls.Session | None:
        """The session that this client offers at `now`, if it still remembers one."""
        remembered = self._sessions.get(client)
        if remembered is None or now - remembered[1] > self.browser.session_lifetime:
            return None
        return remembered[0]

    def remember(self, client: int, session: tls.Session | None, since: float) -> None:
        """Remember what a full handshake has made at `since`; `None` forgets the one before."""
        sessions = self._sessions
        sessions.pop(client, None)
        if session is None:
            return
        sessions[client] = session, since
        forgotten = since - self.browser.session_lifetime
        while sessions[oldest := next(iter(sessions))][1] < forgotten:
            del sessions[oldest]


class Clients:
    """All clients, of whom only those exist that have come."""

    def __init__(self, descriptions: Sequence[ClientDescription]) -> None:
        self.groups = [ClientGroup(description) for description in descriptions]
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
