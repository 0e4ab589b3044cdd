"""The cache of numbers decides as the engine's own cache does."""

from __future__ import annotations

from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

import tls
from sim.hosts.session_cache import SessionCache

Action = tuple[Literal["store", "lookup", "remove"], int, float]

ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["store", "lookup", "lookup", "remove"]),
        st.integers(1, 3),
        st.sampled_from([0.0, 0.5, 1.0, 3.0]),
    ),
    max_size=60,
)


@given(
    actions=ACTIONS,
    capacity=st.sampled_from([None, 0, 1, 3, 8]),
    lifetime=st.sampled_from([None, 2.0, 5.0]),
    renew=st.booleans(),
    eviction=st.sampled_from(["lru", "fifo"]),
)
def test_both_caches_hold_the_same(
    actions: list[Action],
    capacity: int | None,
    lifetime: float | None,
    renew: bool,
    eviction: Literal["lru", "fifo"],
) -> None:
    """Whatever is stored, asked for and removed, in whatever order and at whatever times."""
    numbers = SessionCache(capacity, lifetime, renew=renew, eviction=eviction)
    whole = tls.SessionCache(capacity, lifetime, renew=renew, eviction=eviction)
    now, ids = 0.0, {}
    for action, which, pause in actions:
        now += pause
        if action == "store":
            number = numbers.store(now)
            ids[number] = number.to_bytes(32, "big")
            whole.store(tls.Session(ids[number], tls.TLS_1_0, 5, bytes(48)), now)
        elif action == "remove":
            numbers.remove(which)
            whole.remove(ids.get(which, b""))
        else:
            assert numbers.lookup(which, now) == (
                whole.lookup(ids.get(which, b""), now) is not None
            )
        assert len(numbers) == len(whole)
        assert (numbers.hits, numbers.misses, numbers.evictions) == (
            whole.hits,
            whole.misses,
            whole.evictions,
        )
        assert numbers.accepts() == whole.accepts()
