"""The session cache: lifetime, renewal, capacity, eviction, counters."""

import copy
import pickle
from collections import OrderedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tls
from tests.tls.conversation import VERSIONS, connected


def session(name: str) -> tls.Session:
    return tls.Session(name.encode(), tls.TLS_1_0, 5, b"m" * 48)


def test_fixed_lifetime_counts_from_the_store() -> None:
    cache = tls.SessionCache(lifetime=10)
    cache.store(session("a"), 0)
    assert cache.lookup(b"a", 6) is not None
    assert cache.lookup(b"a", 10) is not None
    assert cache.lookup(b"a", 10.5) is None
    assert len(cache) == 0
    assert (cache.hits, cache.misses, cache.expirations) == (2, 1, 1)


def test_renewed_lifetime_counts_from_the_last_use() -> None:
    cache = tls.SessionCache(lifetime=10, renew=True)
    cache.store(session("a"), 0)
    for now in range(6, 60, 6):
        assert cache.lookup(b"a", now) is not None
    assert cache.lookup(b"a", 65) is None


def test_lru_keeps_what_was_used_and_fifo_what_came_last() -> None:
    for eviction, survivor in (("lru", b"a"), ("fifo", b"b")):
        cache = tls.SessionCache(capacity=2, eviction=eviction)  # type: ignore[arg-type]
        cache.store(session("a"), 0)
        cache.store(session("b"), 1)
        cache.lookup(b"a", 2)
        cache.store(session("c"), 3)
        assert len(cache) == 2
        assert cache.evictions == 1
        assert cache.lookup(survivor, 4) is not None


def test_no_capacity_keeps_nothing_and_says_so() -> None:
    cache = tls.SessionCache(capacity=0)
    assert not cache.accepts()
    assert not cache.store(session("a"), 0)
    assert cache.lookup(b"a", 0) is None


def test_no_bounds() -> None:
    cache = tls.SessionCache(capacity=None, lifetime=None)
    for number in range(1000):
        cache.store(session(str(number)), 0)
    assert cache.lookup(b"0", 1e12) is not None


@given(
    capacity=st.integers(1, 5),
    names=st.lists(st.sampled_from("abcdefgh"), max_size=60),
)
def test_lru_against_a_plain_model(capacity: int, names: list[str]) -> None:
    cache = tls.SessionCache(capacity=capacity, lifetime=None)
    model: OrderedDict[str, None] = OrderedDict()
    for now, name in enumerate(names):
        held = cache.lookup(name.encode(), now) is not None
        assert held == (name in model)
        if held:
            model.move_to_end(name)
        else:
            cache.store(session(name), now)
            model[name] = None
            if len(model) > capacity:
                model.popitem(last=False)
    assert cache.hits + cache.misses == len(names)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_session_that_was_resumed_can_be_copied(version: int) -> None:
    """The keyed PRF that it holds by then is no part of it."""
    sessions = tls.SessionCache()
    first, _ = connected(sessions, versions=[version])
    client, _ = connected(sessions, first.session, versions=[version])
    assert client.resumed
    assert client.session is not None
    for copied in (copy.copy(client.session), pickle.loads(pickle.dumps(client.session))):
        assert copied == client.session
        again, _ = connected(sessions, copied, versions=[version])
        assert again.resumed
