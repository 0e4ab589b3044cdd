"""Queues and loss systems on paper: means that simulations are held against.

Everywhere a is the offered load (arrival rate times mean service time, in erlangs), c the number of
servers, and rho = a / c.
"""

from __future__ import annotations

from math import exp, lgamma, log

import numpy as np


def erlang_b(servers: int, offered: float) -> float:
    """The share of arrivals that an M/G/c/c system turns away."""
    blocked = 1.0
    for number in range(1, servers + 1):
        blocked = offered * blocked / (number + offered * blocked)
    return blocked


def erlang_c(servers: int, offered: float) -> float:
    """The share of arrivals that wait in an M/M/c queue."""
    blocked = erlang_b(servers, offered)
    return servers * blocked / (servers - offered * (1 - blocked))


def mm_c(servers: int, offered: float, service: float) -> float:
    """The mean wait (seconds) in an M/M/c queue."""
    return erlang_c(servers, offered) * service / (servers - offered)


def mg_1(load: float, service: float, variation: float) -> float:
    """The mean wait in an M/G/1 queue (Pollaczek-Khinchine).

    `variation` is the squared coefficient of variation of service times.
    """
    return load * service * (1 + variation) / (2 * (1 - load))


def md_c(servers: int, offered: float, service: float) -> float:
    """The mean wait in an M/D/c queue, by the number in the system (Crommelin 1932).

    Who is served at a moment is gone one service time later, and nobody else:
    N(t + D) = max(N(t) - c, 0) + arrivals in D. The stationary distribution of that chain is the
    one at any moment; Little's law gives the wait.
    """
    states = servers + int(60 / (1 - offered / servers))
    arrivals = np.exp(
        [n * log(offered) - offered - lgamma(n + 1) for n in range(states)], dtype=float
    )
    chain = np.zeros((states, states))
    for number in range(states):
        left = max(number - servers, 0)
        chain[number, left:] = arrivals[: states - left]
        chain[number, -1] += 1 - chain[number].sum()
    balance = chain.T - np.eye(states)
    balance[-1] = 1.0
    shares = np.linalg.solve(balance, np.eye(states)[-1])
    waiting = float(shares @ np.maximum(np.arange(states) - servers, 0))
    return waiting * service / offered


def md_c_by_series(servers: int, offered: float, service: float) -> float:
    """The same by Crommelin's series of Poisson tails (1934)."""

    def tail(mean: float, least: int) -> float:
        """P(Poisson(mean) >= least), for a `least` above the mean."""
        term = exp(least * log(mean) - mean - lgamma(least + 1))
        total, number = 0.0, least
        while term > 1e-18 * total:
            total += term
            number += 1
            term *= mean / number
        return total

    total = 0.0
    for periods in range(1, 5000):
        mean, least = periods * offered, periods * servers
        part = tail(mean, least) - servers / offered * tail(mean, least + 1)
        total += part
        if part < 1e-14 * total:
            break
    return total * service


def mm_ck(servers: int, places: int, offered: float, service: float) -> tuple[float, float]:
    """Of an M/M/c/K queue: the share of arrivals turned away, the mean wait of the others."""
    weights = [1.0]
    for number in range(1, places + 1):
        weights.append(weights[-1] * offered / min(number, servers))
    shares = [weight / sum(weights) for weight in weights]
    waiting = sum((number - servers) * shares[number] for number in range(servers, places + 1))
    return shares[places], waiting * service / (offered * (1 - shares[places]))


def erlang_a(cores: int, rate: float, service: float, patience: float) -> float:
    """The share that gives up in M/M/c+M: birth and death, each who waits gives up at a rate."""
    weights, weight = [1.0], 1.0
    for number in range(1, 400):
        weight *= rate / (min(number, cores) * service + max(0, number - cores) * patience)
        weights.append(weight)
    giving_up = sum(max(0, n - cores) * patience * weight for n, weight in enumerate(weights))
    return giving_up / (rate * sum(weights))
