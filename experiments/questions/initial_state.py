"""How far a world's beginning, with empty caches and new clients, reaches into what is recorded.

Only where the answer rests on it: where a server or a proxy resumes sessions, and clients come
again while these live.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

import sim
from experiments.questions.peak import peak_of
from experiments.wording import duration_words, percent

_WORTH_A_WARNING = 0.01
_FIRST_VISITS = 0.05
_FREQUENT = 0.25
"""Clients are frequent who come again within this share of a session's lifetime, in the mean."""


@dataclass(frozen=True)
class _Cache:
    """The session cache that clients meet: its owner, and how long sessions can be resumed."""

    owner: str
    lifetime: float
    renews: bool


def begins_empty(world: sim.Scenario) -> bool:
    """Tell whether a world is recorded from an empty cache on, which its answer rests on."""
    return world.kind == "terminating" and world.warm_up == 0 and bool(_caches(world))


def first_visits_in_the_long_run(world: sim.Scenario) -> float:
    """Return the share of visits that are a client's first however long the world goes on."""
    population = world.population
    return 1 - population.intervals[-1][1] if population.kind == "revisits" else 0.0


def short_warm_ups(world: sim.Scenario) -> Iterator[str]:
    """Yield a sentence for each way in which a warm-up is too short, beginning in lower case."""
    caches = _caches(world)
    for cache in caches:
        if _expires_in_waves(world, cache):
            yield (
                f"sessions that clients make at the beginning expire together at {cache.owner}, "
                f"after {duration_words(cache.lifetime)} and again: full handshakes come in waves, "
                "and their share depends on how many waves are recorded."
            )
    if begins_empty(world):
        return
    warm_up = f"the warm-up ({duration_words(world.warm_up)})"
    for cache in caches:
        if world.warm_up < cache.lifetime < math.inf:
            yield (
                f"{warm_up} is shorter than sessions live at {cache.owner} "
                f"({duration_words(cache.lifetime)}): at first the cache holds fewer sessions "
                "than it will, and fewer have expired."
            )
    if caches:
        yield from _young_clients(world, warm_up, max(cache.lifetime for cache in caches))


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
    popularity, visits = _visits_by_client(world.population, world.scale)
    in_warm_up = -world.arrivals.expected(-world.warm_up) * world.scale
    share = float(np.sum(visits * np.exp(-in_warm_up * popularity)))
    if share > _FIRST_VISITS:
        yield (
            f"{warm_up} is short for the population: by theory {percent(round(share, 2))} of "
            "the first recorded connections are their clients' first visit, and can resume "
            "nothing."
        )


def _caches(world: sim.Scenario) -> list[_Cache]:
    """Return the caches that clients can resume sessions of, and do so in the long run."""
    remembered = max(sim.browser(client.profile).session_lifetime for client in world.clients)
    found = []
    for owner in dict.fromkeys(_ends_of_tls(world)):
        host: Any = world.middleboxes.get(owner, world.server)
        sessions = host.sessions
        if sessions is None or sessions.capacity == 0:
            continue
        limit = math.inf if sessions.lifetime is None else sessions.lifetime
        cache = _Cache(owner, min(limit, remembered), sessions.renew)
        if _back_within(world, cache.lifetime) >= _WORTH_A_WARNING:
            found.append(cache)
    return found


def _ends_of_tls(world: sim.Scenario) -> Iterator[str]:
    """Yield who ends the clients' TLS on each path: a proxy, or the server if it speaks TLS."""
    for client in world.clients:
        name = client.path or world.path
        crosses = world.paths[name].crosses if isinstance(name, str) else ()
        proxies = (
            part
            for part in crosses
            if part in world.middleboxes and world.middleboxes[part].kind == "terminating-proxy"
        )
        proxy = next(proxies, None)
        if proxy is not None:
            yield proxy
        elif world.server.security == "tls":
            yield world.server.name


def _expires_in_waves(world: sim.Scenario, cache: _Cache) -> bool:
    """Tell whether most visits are of clients whose first sessions expire together, and recorded.

    A steady-state world with a warm-up begins with sessions of all ages.
    """
    end = world.warm_up + world.duration
    ages = world.kind == "steady-state" and world.warm_up > 0
    if ages or cache.renews or not cache.lifetime < end or world.population.kind == "revisits":
        return False
    popularity, visits = _visits_by_client(world.population, world.scale)
    rate = peak_of(world).mean_rate * world.scale
    frequent = popularity * rate * cache.lifetime * _FREQUENT >= 1
    return float(visits[frequent].sum()) >= 0.5


def _back_within(world: sim.Scenario, seconds: float) -> float:
    """Return the share of visits, in the long run, whose client was here so lately."""
    population = world.population
    if population.kind == "revisits":
        ages = [0.0, *(age for age, _ in population.intervals)]
        shares = [0.0, *(share for _, share in population.intervals)]
        return float(np.interp(seconds, ages, shares))
    popularity, visits = _visits_by_client(population, world.scale)
    rate = peak_of(world).mean_rate * world.scale
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
