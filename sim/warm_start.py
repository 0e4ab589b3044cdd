"""A warm start: the sessions that a steady-state world finds are of all ages."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, expm1, log1p
from typing import Any, NamedTuple

from sim.hosts.client import ClientGroup
from sim.streams import EntropySource
from sim.workload.population import Visitors

_UNIT = 2.0**-64


class Ageing(NamedTuple):
    """What makes clients' sessions of all ages.

    Attributes:
        lifetime: how long the server resumes a session, in seconds.
        found: the share of those who come back within it that meet a server which knows it.
    """

    lifetime: float
    found: float


class WarmStart:
    """Makes the first session of a client as old as the one that it would have had.

    A world begins without sessions. If all that it makes began at no age, those of frequent clients
    would expire together a lifetime later, and so again for many lifetimes on. In the steady state
    a client that makes visits at rate r to sessions of lifetime T has a live one at any moment with
    probability rT / (1 + rT) (its cycle is a lifetime, and the wait for the next visit), of any age
    up to T, equally likely.

    Of several servers that do not know each other's sessions, a share m of those who come back meet
    one that has not made theirs, and get another session. A session then outlives age a with
    probability e^(-r m a): as likely are its ages up to T, and a cycle is their integral and, with
    probability e^(-r m T), the wait for the next visit.

    By that a client has had a session when the world began, or not. Who first comes while it would
    have been alive, which is still a full handshake here, gets a session of that age where it would
    have met who made it; everybody else's is new.

    Args:
        cached: of sessions that are resumed by their ID; `None` where they live for ever, or there
            are none.
        ticketed: the same of tickets.
        would_resume: whether the server would resume a session that is so old at some moment.
        backdate: makes a session older for the server by so many seconds.
        draws: a source of random bytes for each client.
        visitors: who comes how often.
        rate: visits of all clients a second, in the mean.
        begin: when the world begins.
    """

    def __init__(
        self,
        cached: Ageing | None,
        ticketed: Ageing | None,
        would_resume: Callable[[Any, float, float], bool],
        backdate: Callable[[Any, float], None],
        draws: EntropySource,
        visitors: Visitors,
        rate: float,
        begin: float,
    ) -> None:
        self._cached = cached
        self._ticketed = ticketed
        self._would_resume = would_resume
        self._backdate = backdate
        self._draws = draws
        self._visitors = visitors
        self._rate = rate
        self._begin = begin

    def age(
        self, group: ClientGroup, client: int, session: Any, arrival: float, *, by_ticket: bool
    ) -> float:
        """Make a client's first session older for the server; by how many seconds.

        Args:
            group: the client's.
            client: its number.
            session: what its first visit has made, or several tickets of TLS 1.3.
            arrival: when that visit began.
            by_ticket: whether it has a ticket.
        """
        # Those of TLS 1.3 are tickets, whoever keeps what they stand for.
        ageing = self._ticketed if by_ticket and self._ticketed else self._cached
        if ageing is None:
            return 0.0
        lifetime = min(ageing.lifetime, group.browser.session_lifetime)
        since = arrival - self._begin
        rate = self._visitors.rate_of(client, self._rate)
        missing = rate * (1.0 - ageing.found)
        # Ages that it can have had when the world began, and would still be alive.
        young = max(0.0, lifetime - since)
        cycle = _survival(missing, lifetime) + exp(-missing * lifetime) / rate
        likely = ageing.found * _survival(missing, young) / cycle
        likely *= self._visitors.share_seen_before(since)
        draw = int.from_bytes(self._draws.of(client)(8), "little") * _UNIT
        if draw >= likely:
            return 0.0
        age = since + _age_at(draw / likely, missing, young)
        if not self._would_resume(session, age, arrival):
            # The key of a ticket of then is gone: it is one that the client would not have.
            return 0.0
        self._backdate(session, age)
        return age


def _survival(rate: float, until: float) -> float:
    """The integral from 0 of the share e^(-rate a) that outlives age a."""
    return -expm1(-rate * until) / rate if rate else until


def _age_at(share: float, rate: float, most: float) -> float:
    """The age that this share of all up to `most` stays below."""
    return -log1p(share * expm1(-rate * most)) / rate if rate else share * most
