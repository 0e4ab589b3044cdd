"""Outages: when a server is down, and what becomes of who is connected to it."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from sim.description import Description
from sim.units import Duration, PositiveDuration, at_most


class OutageDescription(Description):
    """A time for which a server is down: what it had in its memory is lost, and every connection.

    One table of `outages`.
    """

    server: int = Field(default=1, gt=0, le=10_000)
    """Which server of the pool, from 1."""
    at: Annotated[Duration, at_most("3653 d")]
    """When it goes down, from the scenario's start: "10 min"."""
    lasts: Annotated[PositiveDuration, at_most("3653 d")]
    """How long until it is back: "30 s"."""
    kind: Literal["process", "machine"] = "process"
    """What is down. "process": the operating system resets connections at once, and answers SYNs
    with RSTs; "machine": nothing answers, and connections are reset by whoever sends on them once
    it is back."""


class Outage(NamedTuple):
    """One outage of a server.

    Attributes:
        begin, end: from when until when it is down.
        resets: whether connections are reset at once, and SYNs answered by RSTs.
    """

    begin: float
    end: float
    resets: bool


SERVER_DOWN = "server down"
"""Why a connection fails whose server is down, or has been."""


class Outages:
    """The outages of one server.

    Args:
        outages: in order, none within another.
    """

    def __init__(self, outages: Sequence[Outage]) -> None:
        self.all = tuple(outages)

    def at(self, now: float) -> Outage | None:
        """The one that goes on now."""
        return next((each for each in self.all if each.begin <= now < each.end), None)

    def between(self, since: float, until: float) -> Outage | None:
        """The first that begins behind `since`, and no later than `until`."""
        if not self.all:
            return None
        return next((each for each in self.all if since < each.begin <= until), None)


def outages_of(descriptions: Sequence[OutageDescription], server: int) -> Outages:
    """Those of the server of that number in its pool, from 1."""
    own = sorted(
        Outage(each.at, each.at + each.lasts, each.kind == "process")
        for each in descriptions
        if each.server == server
    )
    return Outages(own)


def check_outages(
    descriptions: Sequence[OutageDescription], servers: int
) -> tuple[int, str] | None:
    """The number of a description that cannot be, and why; `None` where all can.

    Args:
        descriptions: of the outages of a pool.
        servers: how many it has.
    """
    ends: dict[int, float] = {}
    for number, each in sorted(enumerate(descriptions), key=lambda pair: pair[1].at):
        if each.server > servers:
            there = f"1 to {servers:,}" if servers > 1 else "1"
            return number, f"there is no server {each.server:,}; write {there}"
        if each.at < ends.get(each.server, -inf):
            return number, (
                f"server {each.server:,} is down then already; write a later `at`, or one outage "
                "that lasts longer"
            )
        ends[each.server] = each.at + each.lasts
    return None
