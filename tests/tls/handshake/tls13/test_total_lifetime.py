"""A session ends a lifetime after its full handshake, however often it was used (RFC 8446 §4.6.1).

Each handshake that resumes gives a new ticket: that makes the session no younger.
"""

from __future__ import annotations

from typing import Any

import pytest

import tls
from tests.tls.conversation import EPOCH
from tests.tls.handshake.tls13.worlds import World

LIFETIME = 600.0
STORED = {"ticket_keys": None, "sessions": lambda: tls.SessionCache(lifetime=LIFETIME)}
SEALED = {"ticket_keys": lambda: tls.TicketKeys(b"of an hour", lifetime=LIFETIME)}
RENEWED = {"ticket_keys": None, "sessions": lambda: tls.SessionCache(lifetime=LIFETIME, renew=True)}


def resumed(server: dict[str, Any], times: list[float], versions: list[int]) -> list[bool]:
    """Which of some connections resume the newest session that there is, seconds from the first."""
    made = {name: value() if callable(value) else value for name, value in server.items()}
    world = World({"versions": versions}, {**made, "versions": versions})
    session: tls.Session | None = None
    found = []
    for time in times:
        world.clock.now = EPOCH + time
        client, _ = world.connected(session)
        found.append(client.resumed)
        session = client.session
    return found


@pytest.mark.parametrize("server", [STORED, SEALED], ids=["stored", "sealed"])
def test_it_ends_a_lifetime_after_the_full_handshake(server: dict[str, Any]) -> None:
    times = [0.0, 250.0, 500.0, 599.0, 602.0, 1000.0, 1201.0, 1203.0]
    full = [False, True, True, True, False, True, True, False]
    assert resumed(server, times, [tls.TLS_1_3]) == full


def test_where_a_use_restarts_the_lifetime_it_goes_on() -> None:
    times = [0.0, 500.0, 1000.0, 1500.0, 2101.0]
    assert resumed(RENEWED, times, [tls.TLS_1_3]) == [False, True, True, True, False]


def test_a_ticket_that_another_key_renews_is_no_younger() -> None:
    """In TLS 1.2, too, where the ticket changes with the key alone."""
    for version in (tls.TLS_1_2, tls.TLS_1_3):
        keys = {"ticket_keys": tls.TicketKeys(b"", lifetime=LIFETIME, rotation_period=100.0)}
        times = [0.0, 150.0, 300.0, 450.0, 599.0, 603.0]
        assert resumed(keys, times, [version]) == [False, True, True, True, True, False]


def test_a_stored_session_is_counted_from_when_it_was_made() -> None:
    cache = tls.SessionCache(lifetime=100.0)
    old = tls.Session(b"old", tls.TLS_1_3, 0x1301, b"")
    cache.store(old, 10.0)
    assert cache.lookup(b"old", 60.0) is old
    assert old.since == 10.0
    cache.store(tls.Session(b"new", tls.TLS_1_3, 0x1301, b"", since=old.since), 60.0)
    assert cache.lookup(b"new", 110.0) is not None
    assert cache.lookup(b"new", 110.5) is None
    cache.store(1, 60.0, since=10.0)
    assert cache.lookup(1, 110.0) == 10.0
    assert cache.lookup(1, 110.5) is None
    cache.store(2, 60.0, since=1e9)  # never younger than now
    assert cache.lookup(2, 160.5) is None
