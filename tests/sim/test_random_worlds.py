"""Live and replay are equal in worlds that nobody has thought of."""

from __future__ import annotations

from collections import Counter

import pytest

import sim
from tests.sim.endpoints.readers import tables
from tests.sim.random_worlds import BOXES, random_world

WORLDS = range(200)
FAST = {*range(0, 200, 10), 93}
"""In 93 the clock is a rounding past the moment at which a retry of parallel connections is due."""


@pytest.mark.parametrize(
    "number",
    [each if each in FAST else pytest.param(each, marks=pytest.mark.slow) for each in WORLDS],
)
def test_live_and_replay_are_equal(number: int) -> None:
    """Every value of every table, to the last bit."""
    live = tables(random_world(number), seed=number)
    assert live["connections"]
    traces = 1 + number % 3
    assert tables(random_world(number, fidelity="replay", traces=traces), seed=number) == live


def test_the_worlds_are_of_all_kinds() -> None:
    """Each kind of box in ten of them and more, read and unread; each browser, all of a server."""
    worlds = [random_world(number, fidelity="replay") for number in WORLDS]
    kinds: Counter[str] = Counter()
    for each in worlds:
        crossed = {name for path in each.paths_taken for name in path.crosses}
        boxes = {each.middleboxes[name].kind_name for name in crossed & set(each.middleboxes)}
        kinds.update(boxes)
    assert set(kinds) == set(BOXES)
    assert min(kinds.values()) >= 10
    profiles = Counter(client.profile for each in worlds for client in each.clients)
    assert set(profiles) == set(sim.browsers())
    assert sum(bool(sim.boxes_that_need_engines(each)) for each in worlds) >= 10
    assert sum(len(each.paths_taken) > 1 for each in worlds) >= 20
    described = [
        each.server.identity for each in worlds if not isinstance(each.server.identity, str)
    ]
    assert len(described) >= 15
    caches = [each.server.sessions for each in worlds]
    assert sum(cache is None for cache in caches) >= 10
    assert sum(cache is not None and cache.renew for cache in caches) >= 20
    tickets = [each.server.tickets for each in worlds if each.server is not None]
    assert sum(each is not None for each in tickets) >= 60
    assert sum(each is not None and each.rotation is not None for each in tickets) >= 20
    assert sum(each is not None and each.restart_interval is not None for each in tickets) >= 10
    assert sum(each.kind == "steady-state" and each.warm_up > 0 for each in worlds) >= 10
    shares = [client.resumption for each in worlds for client in each.clients]
    assert sum(each is not None for each in shares) >= 40
    assert sum(client.fallback is not None for each in worlds for client in each.clients) >= 40
