"""A client's memory of sessions gives each ticket of TLS 1.3 once."""

from __future__ import annotations

import tls


def ticket(name: str, made: float = 0.0, version: int = tls.TLS_1_3) -> tls.Session:
    return tls.Session(
        b"", version, 0x1301, b"", name, ticket=b"t", ticket_lifetime_hint=100, made=made
    )


def test_tickets_are_given_once_and_the_newest_first() -> None:
    sessions = tls.ClientSessions()
    first, second = ticket("a", 1.0), ticket("a", 2.0)
    for each in (first, second):
        sessions.keep(each)
    assert sessions.take("b", 3.0) is None
    assert [sessions.take("a", 3.0) for _ in range(3)] == [second, first, None]
    assert len(sessions) == 0


def test_tickets_have_their_time() -> None:
    sessions = tls.ClientSessions()
    sessions.keep(ticket("a", 1.0))
    assert sessions.take("a", 101.5) is None
    assert len(sessions) == 0


def test_a_session_of_a_version_before_is_given_until_there_is_another() -> None:
    sessions = tls.ClientSessions()
    old = ticket("a", version=tls.TLS_1_2)
    sessions.keep(ticket("a"))
    sessions.keep(old)
    assert [sessions.take("a", 1e9) for _ in range(2)] == [old, old]
    new = ticket("a", 5.0)
    sessions.keep(new)
    assert [sessions.take("a", 5.0) for _ in range(2)] == [new, None]


def test_the_memory_is_bounded() -> None:
    sessions = tls.ClientSessions(names=2, tickets=3)
    for name in ("a", "b", "a", "c"):
        for made in range(5):
            sessions.keep(ticket(name, float(made)))
    assert len(sessions) == 6
    assert sessions.take("b", 5.0) is None
    taken = sessions.take("a", 5.0)
    assert taken is not None
    assert taken.made == 4.0
    sessions.forget("a")
    assert sessions.take("a", 5.0) is None
