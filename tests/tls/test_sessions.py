"""The session cache: lifetime, renewal, capacity, eviction, counters."""

import copy
import pickle
import tracemalloc
from collections import OrderedDict
from typing import Literal

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


Action = tuple[Literal["store", "lookup", "remove", "backdate"], int, float]

ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["store", "store", "lookup", "lookup", "remove", "backdate"]),
        st.integers(0, 5),
        st.sampled_from([0.0, 0.5, 1.0, 3.0]),
    ),
    max_size=60,
)


def numbered(number: int) -> tls.Session:
    return tls.Session(number.to_bytes(32, "big"), tls.TLS_1_0, 5, bytes(48))


@given(
    whole=st.booleans(),
    actions=ACTIONS,
    capacity=st.sampled_from([None, 0, 1, 3, 8]),
    lifetime=st.sampled_from([None, 2.0, 5.0]),
    renew=st.booleans(),
    eviction=st.sampled_from(["lru", "fifo"]),
)
def test_whole_sessions_and_numbers_against_a_plain_model(
    whole: bool,
    actions: list[Action],
    capacity: int | None,
    lifetime: float | None,
    renew: bool,
    eviction: Literal["lru", "fifo"],
) -> None:
    """Whatever is stored, asked for, aged and removed, in whatever order and at whatever times.

    The model is a list of [number, since], the next one to be evicted first.
    """
    cache = tls.SessionCache(capacity, lifetime, renew=renew, eviction=eviction)
    model: list[tuple[int, float]] = []
    now, hits, misses, expirations, evictions = 0.0, 0, 0, 0, 0
    for action, number, pause in actions:
        now += pause
        session = numbered(number) if whole else number
        key = session.id if isinstance(session, tls.Session) else session
        since = dict(model).get(number)
        others = [entry for entry in model if entry[0] != number]
        if action == "store":
            assert cache.store(session, now) == cache.accepts() == (capacity != 0)
            if capacity != 0:
                model = [*others, (number, now)]
            if capacity is not None and len(model) > capacity:
                model = model[1:]
                evictions += 1
        elif action == "remove":
            cache.remove(key)
            model = others
        elif action == "backdate":
            cache.backdate(key, pause)
            model = [(held, at - pause if held == number else at) for held, at in model]
        else:
            found = cache.lookup(key, now)
            if since is None:
                assert found is None
                misses += 1
            elif lifetime is not None and now - since > lifetime:
                assert found is None
                misses, expirations, model = misses + 1, expirations + 1, others
            else:
                assert found == (session if whole else now if renew else since)
                hits += 1
                since = now if renew else since
                model = [(held, since if held == number else at) for held, at in model]
                if eviction == "lru":
                    model = [*others, (number, since)]
        assert len(cache) == len(model)
        assert cache.live_entries(now) == sum(
            lifetime is None or now - at <= lifetime for _, at in model
        )
        assert (cache.hits, cache.misses) == (hits, misses)
        assert (cache.expirations, cache.evictions) == (expirations, evictions)


def test_the_entry_of_a_number_takes_160_bytes() -> None:
    """A tenth of a whole session's: a world has a million of them."""
    count = 1 << 17
    cache = tls.SessionCache(None, None)
    tracemalloc.start()
    for number in range(count):
        cache.store(number << 8, float(number))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held / count < 200


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
