"""Hit rates on paper of clients who come back to one of several servers.

A client comes by a Poisson process of rate r, and offers its newest session. Full handshakes are
renewals: the hit rate is 1 - 1 / (r times the mean time from one to the next).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import exp

import numpy as np
from scipy.optimize import brentq


def found_within(rate: float, lifetime: float, found: float) -> float:
    """Of sessions that live so long; a share `found` of the visits meets the server that knows it.

    While a session lives, visits that miss it come at m = r (1 - found).
    """
    missing = rate * (1 - found)
    lasts = exp(-missing * lifetime)
    alive = (1 - lasts) / missing if missing else lifetime
    return 1 - 1 / (rate * (alive + lasts / rate))


def found_by_weight(rate: float, lifetime: float, shares: Sequence[float]) -> float:
    """The same of servers that get different shares of the visits, as a semi-Markov chain.

    Its states are who made the newest session.
    """
    share = np.array(shares)
    missing = rate * (1 - share)
    lasts = np.exp(-missing * lifetime)
    cycles = (1 - lasts) / missing + lasts / rate
    next_maker = np.outer((1 - lasts) / (1 - share), share) * (1 - np.eye(len(share)))
    next_maker += np.outer(lasts, share)
    return 1 - 1 / (rate * float(_stationary(next_maker) @ cycles))


def least_recently_used(rates: np.ndarray, capacity: int, servers: int) -> float:
    """Of clients of these rates, at servers with caches of so many entries (Che's approximation).

    An entry stays for t after its last use. A visit hits where it meets its server (1/N) within t
    of the visit before. Each other one makes an entry, which stays for t and, for each hit, for
    the time between two visits of which one follows the other within t.
    """

    def hits(time: float) -> np.ndarray:
        share: np.ndarray = -np.expm1(-rates * time) / servers
        return share

    def entries(time: float) -> float:
        load, hit = rates * time, hits(time)
        between = 1 / rates - time * np.exp(-load) / -np.expm1(-load)
        return float(np.sum(rates / servers * ((1 - hit) * time + hit * between)))

    time = brentq(lambda time: entries(time) - capacity, 1e-3, 1e7)
    return float(rates @ hits(time) / rates.sum())


def first_in_first_out(rates: np.ndarray, capacity: int, servers: int) -> float:
    """The same where an entry stays for t after it was made: t is as a lifetime."""

    def hits(time: float) -> np.ndarray:
        return np.array([found_within(rate, time, 1 / servers) for rate in rates])

    def entries(time: float) -> float:
        return float(np.sum(rates / servers * (1 - hits(time)) * time))

    time = brentq(lambda time: entries(time) - capacity, 1e-3, 1e7)
    return float(rates @ hits(time) / rates.sum())


def out_of_step(
    rate: float,
    lifetime: float,
    rotation: float,
    delays: Sequence[float],
    kept: int = 0,
    steps: int = 120,
) -> float:
    """Of tickets whose shared keys each server rotates later than the others, by its delay.

    Visits meet any server equally likely. A ticket is opened where its key's period is that of the
    server, or one of so many before. From the moment and the server of one full handshake follows
    where and when the next comes, a Markov chain over phases of the rotation, by integration.
    """
    step = rotation / steps
    servers = len(delays)
    ages = (np.arange(int((lifetime + 12 / rate) / step)) + 0.5) * step
    phases = (np.arange(steps) + 0.5) * step
    chain = np.zeros((servers * steps, servers * steps))
    cycles = np.zeros(servers * steps)
    ahead = np.arange(1, len(ages) + 1)

    def period(moment: np.ndarray, delay: float) -> np.ndarray:
        return np.floor((moment - delay) / rotation)

    for maker in range(servers):
        for place, phase in enumerate(phases):
            sealed = period(np.array(phase), delays[maker])
            missing = np.empty((servers, len(ages)))
            for other in range(servers):
                behind = period(phase + ages, delays[other]) - sealed
                good = (behind >= 0) & (behind <= kept) & (ages <= lifetime)
                missing[other] = np.where(good, 0.0, rate / servers)
            total = missing.sum(axis=0)
            after = np.cumsum(total) * step
            survival = np.exp(-(after - total * step))
            within = survival * -np.expm1(-total * step)
            row = maker * steps + place
            cycles[row] = np.divide(within, total, out=survival * step, where=total > 0).sum()
            share = np.divide(missing, total, out=np.zeros_like(missing), where=total > 0)
            # The middle of a step behind the middle of another is where two steps meet.
            for other in range(servers):
                for columns in ((place + ahead) % steps, (place + ahead - 1) % steps):
                    found = np.bincount(columns, within * share[other] / 2, steps)
                    chain[row, other * steps : (other + 1) * steps] += found
    chain /= chain.sum(axis=1, keepdims=True)
    return 1 - 1 / (rate * float(_stationary(chain) @ cycles))


def _stationary(chain: np.ndarray) -> np.ndarray:
    balance = chain.T - np.eye(len(chain))
    balance[-1] = 1.0
    found: np.ndarray = np.linalg.solve(balance, np.eye(len(chain))[-1])
    return found


Theory = Callable[[int], float]
"""The right hit rate of the replication of a number."""
