"""How far a world's beginning, without sessions, reaches into what is recorded.

Only where the answer rests on it: where a server or a proxy resumes sessions, and clients come
again while these live.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

import numpy as np
import numpy.typing as npt

import sim
from experiments.questions.peak import peak_of
from experiments.wording import duration_words, percent

_WORTH_A_WARNING = 0.01
_FIRST_VISITS = 0.05
_BY_THEORY = ("independent", "zipf")
"""Populations whose clients come by Poisson processes of their own."""
_FREQUENT = 0.25
"""Clients are frequent who come again within this share of a session's lifetime, in the mean."""


class _Way(Enum):
    """How a client resumes sessions, if its host lets it."""

    ID = auto()
    TICKET = auto()
    TLS_1_3 = auto()
    """By tickets, sealed or names of what its host's cache holds, and new ones each time."""


@dataclass(frozen=True)
class _Resumption:
    """How sessions are resumed that clients make: at which host, and how long they can be.

    By their IDs, from its cache, or by its tickets.
    """

    owner: str
    lifetime: float
    renews: bool
    by_ticket: bool


def begins_empty(world: sim.Scenario) -> bool:
    """Tell whether a world is recorded from no session on, which its answer rests on."""
    return world.kind == "terminating" and world.warm_up == 0 and bool(_resumptions(world))


def beginning_words(world: sim.Scenario) -> str:
    """Return what a world begins with that is recorded from no session on."""
    by_ticket = {each.by_ticket for each in _resumptions(world)}
    if by_ticket == {True}:
        return "clients that have no tickets"
    return "empty session caches" + (" and clients that have no tickets" if any(by_ticket) else "")


def first_visits_in_the_long_run(world: sim.Scenario) -> float:
    """Return the share of visits that are a client's first however long the world goes on."""
    population = world.population
    return 1 - population.intervals[-1][1] if population.kind == "revisits" else 0.0


def short_warm_ups(world: sim.Scenario) -> Iterator[str]:
    """Yield a sentence for each way in which a warm-up is too short, beginning in lower case."""
    resumptions = _resumptions(world)
    for each in resumptions:
        if _expires_in_waves(world, each):
            yield (
                f"sessions that clients make at the beginning expire together at {each.owner}, "
                f"after {duration_words(each.lifetime)} and again: full handshakes come in waves, "
                "and their share depends on how many waves are recorded."
            )
    if begins_empty(world):
        return
    warm_up = f"the warm-up ({duration_words(world.warm_up)})"
    for each in resumptions:
        if world.warm_up < each.lifetime < math.inf and not _begins_with_all(world, each):
            yield (
                f"{warm_up} is shorter than sessions live at {each.owner} "
                f"({duration_words(each.lifetime)}): at first {_holders(each)} than "
                f"{'they' if each.by_ticket else 'it'} will, and fewer have expired."
            )
    if resumptions:
        longest = max(each.lifetime for each in resumptions)
        yield from _young_clients(world, warm_up, longest)


def _begins_with_all(world: sim.Scenario, resumption: _Resumption) -> bool:
    """Tell whether whoever may come back has a session from the start, of whatever age it would be.

    So it is where the warm-up is as long as clients take to come back; or where sessions begin at
    all ages, and nearly all clients have come in the warm-up.
    """
    if world.population.kind == "revisits":
        return bool(world.warm_up >= world.population.intervals[-1][0])
    if world.kind != "steady-state" or world.warm_up == 0 or resumption.renews:
        return False
    return world.population.kind in _BY_THEORY and _unseen(world) <= _FIRST_VISITS


def _unseen(world: sim.Scenario) -> float:
    """Return the share of the first recorded connections whose client was not here before."""
    popularity, visits = _visits_by_client(world.population, world.scale)
    in_warm_up = -world.arrivals.expected(-world.warm_up) * world.scale
    return float(np.sum(visits * np.exp(-in_warm_up * popularity)))


def _holders(resumption: _Resumption) -> str:
    if resumption.by_ticket:
        return "clients hold fewer tickets"
    return "the cache holds fewer sessions"


def _young_clients(world: sim.Scenario, warm_up: str, lifetime: float) -> Iterator[str]:
    """Clients who have not been here in the warm-up, but would have been in the long run."""
    if world.population.kind == "revisits":
        reach = min(world.population.intervals[-1][0], lifetime)
        if world.warm_up < reach:
            yield (
                f"{warm_up} is shorter than clients take to come back ({duration_words(reach)} "
                "within a session's lifetime): some who would come back are taken for new ones."
            )
        return
    if world.population.kind not in _BY_THEORY:
        return
    share = _unseen(world)
    if share > _FIRST_VISITS:
        yield (
            f"{warm_up} is short for the population: by theory {percent(round(share, 2))} of "
            "the first recorded connections are their clients' first visit, and can resume "
            "nothing."
        )


def _resumptions(world: sim.Scenario) -> list[_Resumption]:
    """Return how clients can resume sessions, and do so in the long run."""
    remembered = max((each.browser.session_lifetime for each in _who_remember(world)), default=0.0)
    found = []
    for owner, way in dict.fromkeys(_ends_of_tls(world)):
        host = _host(world, owner)
        sessions, tickets = host.sessions, host.tickets
        # Who resumes a session of TLS 1.3 gets a new ticket.
        renews = way is _Way.TLS_1_3
        if tickets is not None and way is not _Way.ID:
            lives = min(tickets.lifetime, remembered)
            one = _Resumption(owner, lives, renews=renews, by_ticket=True)
        elif sessions is None or sessions.entries() == 0:
            continue
        else:
            limit = math.inf if sessions.lifetime is None else sessions.lifetime
            renews |= sessions.renew
            one = _Resumption(owner, min(limit, remembered), renews, by_ticket=False)
        if one not in found and _back_within(world, one.lifetime) >= _WORTH_A_WARNING:
            found.append(one)
    return found


def _host(world: sim.Scenario, owner: str) -> Any:
    return world.all_boxes[owner] if owner in world.all_boxes else world.pools[owner]


def _ends_of_tls(world: sim.Scenario) -> Iterator[tuple[str, _Way]]:
    """Yield who ends the clients' TLS on each path, and how some of them resume sessions there.

    It is a proxy, or the servers that speak TLS.
    """
    for path in world.paths_taken:
        proxies = (
            part
            for part in path.crosses
            if part in world.all_boxes and world.all_boxes[part].kind_name == "terminating-proxy"
        )
        owners = [*itertools.islice(proxies, 1)]
        if not owners:
            pools = world.entrance(path).pools
            owners = [name for name, pool in pools.items() if pool.security == "tls"]
        browsers = [
            client.browser
            for client in _who_remember(world)
            if world.all_paths[client.path or world.default_path] == path
        ]
        for owner in owners:
            ways = {_way(browser, _host(world, owner)) for browser in browsers}
            yield from ((owner, way) for way in _Way if way in ways)


def _way(browser: Any, host: Any) -> _Way | None:
    """Return how the client's sessions are resumed; `None` for one that resumes none."""
    if browser.offers_tls_1_3 and host.speaks_tls_1_3:
        return _Way.TLS_1_3 if browser.resumes_tls_1_3 else None
    return _Way.TICKET if browser.session_tickets else _Way.ID


def _who_remember(world: sim.Scenario) -> list[Any]:
    """Return the clients whose resumption is no input: it rests on what they remember."""
    return [client for client in world.clients if client.resumption is None]


def _expires_in_waves(world: sim.Scenario, resumption: _Resumption) -> bool:
    """Tell whether most visits are of clients whose first sessions expire together, and recorded.

    A steady-state world with a warm-up begins with sessions of all ages.
    """
    end = world.warm_up + world.duration
    ages = world.kind == "steady-state" and world.warm_up > 0
    lives = resumption.lifetime
    if ages or resumption.renews or not lives < end:
        return False
    if world.population.kind not in _BY_THEORY:
        return False
    popularity, visits = _visits_by_client(world.population, world.scale)
    rate = peak_of(world).mean_rate / world.connections_per_visit * world.scale
    frequent = popularity * rate * lives * _FREQUENT >= 1
    return float(visits[frequent].sum()) >= 0.5


def _back_within(world: sim.Scenario, seconds: float) -> float:
    """Return the share of visits, in the long run, whose client was here so lately.

    All, where the population is one of the user's own.
    """
    population = world.population
    if population.kind == "revisits":
        ages = [0.0, *(age for age, _ in population.intervals)]
        shares = [0.0, *(share for _, share in population.intervals)]
        return float(np.interp(seconds, ages, shares))
    if population.kind not in _BY_THEORY:
        return 1.0
    popularity, visits = _visits_by_client(population, world.scale)
    rate = peak_of(world).mean_rate / world.connections_per_visit * world.scale
    return float(np.sum(visits * -np.expm1(-rate * popularity * seconds)))


@functools.lru_cache(maxsize=8)
def _visits_by_client(
    population: Any, scale: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the popularity of each class of equal clients, and the class's share of the visits."""
    if population.kind == "zipf":
        popularity = np.asarray(population.popularity(scale))
        return popularity, popularity
    return np.array([1 / max(1, round(population.clients * scale))]), np.ones(1)
