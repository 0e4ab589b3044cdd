"""Requests that the caller answers instead of the connection."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import combinations

import pytest

import tls
from tests.tls.conversation import EPOCH, SERVER_NAME, connected, converse, new_client, new_server
from tests.tls.fixed_identities import identity, trust
from tls.entropy import RandomSource
from tls.exchange.rsa import decrypt_premaster

AES_128 = 0x002F
BY_ID = {tls.LookUpSession, tls.AcceptSession, tls.StoreSession, tls.RemoveSession}
BY_TICKET = {tls.OpenTicket, tls.SealTicket}
KINDS = (
    tls.LookUpSession,
    tls.AcceptSession,
    tls.StoreSession,
    tls.RemoveSession,
    tls.OpenTicket,
    tls.SealTicket,
    tls.PrivateKeyOperation,
)


def test_deferred_requests_are_answered_by_the_caller() -> None:
    sessions = tls.SessionCache()
    client, _ = connected(sessions, suites=[AES_128])
    deferred = frozenset({tls.LookUpSession, tls.StoreSession, tls.PrivateKeyOperation})
    again = new_client(client.session, suites=[AES_128])
    server = new_server(sessions, deferred=deferred)

    (pending,) = server.receive(again.outgoing())
    assert isinstance(pending, tls.RequestPending)
    assert isinstance(pending.request, tls.LookUpSession)
    assert server.outgoing() == b""
    assert server.answer(None) == [tls.SessionLookedUp(client.session.id, found=False)]

    again.receive(server.outgoing())
    (pending,) = server.receive(again.outgoing())
    assert isinstance(pending.request, tls.PrivateKeyOperation)
    request = pending.request
    (pending,) = server.answer(
        decrypt_premaster(request.identity.private_key, request.data, server.meter)
    )
    assert isinstance(pending.request, tls.StoreSession)
    (completed,) = server.answer(None)
    assert isinstance(completed, tls.HandshakeCompleted)
    assert isinstance(again.receive(server.outgoing())[0], tls.HandshakeCompleted)
    with pytest.raises(tls.UsageError):
        server.answer(None)


# -- deferred or not, the same bytes, events and work


class Site:
    """A server's world: its store and its ticket keys, and who answers what was deferred."""

    def __init__(
        self, deferred: frozenset[type[tls.Deferrable]], *, tickets: bool, kept_outside: bool
    ) -> None:
        self.sessions = tls.SessionCache(lifetime=300.0)
        self.keys = tls.TicketKeys(b"secret", lifetime=1e6) if tickets else None
        self.now = EPOCH
        self.requests: list[tls.Deferrable] = []
        self._config = tls.ServerConfig(
            [identity("site"), identity("server-ecdsa")],
            suites=tls.IMPLEMENTED_SUITES,
            sessions=None if kept_outside else self.sessions,
            ticket_keys=self.keys,
            deferred=deferred,
        )

    def server(self, number: int) -> tls.ServerConnection:
        self.entropy = random.Random(f"server {number}").randbytes
        return tls.ServerConnection(self._config, entropy=self.entropy, clock=lambda: self.now)

    def receive(self, server: tls.ServerConnection, data: bytes) -> Iterator[tls.Event]:
        """What `receive` tells, and what the answers do."""
        try:
            events = server.receive(data)
        except tls.PeerError as error:
            events = error.events
        while True:
            yield from (each for each in events if not isinstance(each, tls.RequestPending))
            request = server.pending_request
            if request is None:
                return
            assert events[-1] == tls.RequestPending(request)
            self.requests.append(request)
            events = server.answer(self._answer(request, server.meter))
            assert server.pending_request is not request

    def _answer(self, request: tls.Deferrable, meter: tls.Meter) -> object:
        if isinstance(request, tls.LookUpSession):
            return self.sessions.lookup(request.session_id, self.now)
        if isinstance(request, tls.AcceptSession):
            return self.sessions.accepts()
        if isinstance(request, tls.StoreSession):
            return self.sessions.store(request.session, self.now)
        if isinstance(request, tls.RemoveSession):
            return self.sessions.remove(request.session_id)
        if isinstance(request, tls.PrivateKeyOperation):
            return tls.use_private_key(request, meter, deterministic=True)
        assert self.keys is not None
        if isinstance(request, tls.OpenTicket):
            return self.keys.open(request.ticket, self.now, meter)
        return self.keys.seal(request.session, self.now, RandomSource(self.entropy, meter), meter)


def visits(
    deferred: frozenset[type[tls.Deferrable]], version: int, suite: int, *, tickets: bool
) -> tuple[Site, list[object]]:
    """A client that comes anew, soon, late (or with an old key's ticket), and breaks the last off.

    Returns all flights and what the server told of them, and did.
    """
    site = Site(deferred, tickets=tickets, kept_outside=deferred >= BY_ID)
    story: list[object] = []
    session: tls.Session | None = None
    for number, pause in enumerate([0.0, 60.0, 4_000.0, 10.0]):
        site.now += pause
        config = tls.ClientConfig(trust(), versions=[version], suites=[suite])
        client = tls.ClientConnection(
            config,
            SERVER_NAME,
            session=session,
            entropy=random.Random(number).randbytes,
            clock=lambda: EPOCH,
        )
        server = site.server(number)
        for _ in range(4):
            if number == 3 and client.handshake_completed:
                client.abort(40)
            flight = client.outgoing()
            events = list(site.receive(server, flight))
            answer = server.outgoing()
            story += [flight, events, answer]
            client.receive(answer)
        story += [sorted(server.meter.take()), client.resumed, len(site.sessions)]
        session = client.session or session
    return site, story


@pytest.mark.parametrize("tickets", [False, True], ids=["IDs", "tickets"])
@pytest.mark.parametrize(
    ("version", "suite"),
    [(tls.TLS_1_0, AES_128), (tls.TLS_1_2, AES_128), (tls.TLS_1_2, 0xC02B)],
    ids=["1.0 RSA", "1.2 RSA", "1.2 ECDHE-ECDSA"],
)
def test_deferred_or_not_all_is_the_same(version: int, suite: int, tickets: bool) -> None:
    """Each kind alone, each two, and all of them; also what is resumed, expires and is removed."""
    _, expected = visits(frozenset(), version, suite, tickets=tickets)
    assert {True, False} <= {part for part in expected if isinstance(part, bool)}
    asked: set[type[tls.Deferrable]] = set()
    choices = [*combinations(KINDS, 1), *combinations(KINDS, 2), KINDS[:4], KINDS]
    for deferred in map(frozenset, choices):
        site, story = visits(deferred, version, suite, tickets=tickets)
        assert story == expected, deferred
        assert {type(request) for request in site.requests} <= deferred
        asked.update(type(request) for request in site.requests)
    assert asked == {tls.PrivateKeyOperation, *(BY_TICKET if tickets else BY_ID)}


# -- a removal


def deferring_removal(
    sessions: tls.SessionCache,
) -> tuple[tls.ClientConnection, tls.ServerConnection]:
    client = new_client(suites=[AES_128])
    server = new_server(sessions, deferred=frozenset({tls.RemoveSession}))
    converse(client, server)
    assert len(sessions) == 1
    return client, server


def test_a_removal_waits_for_nothing() -> None:
    """It comes with the alert's events, and a connection that hears no answer is as closed."""
    client, server = deferring_removal(tls.SessionCache())
    session = server.session
    assert session is not None
    client.abort(40)
    alert, pending = server.receive(client.outgoing())
    assert isinstance(alert, tls.AlertReceived)
    assert pending == tls.RequestPending(tls.RemoveSession(session.id))
    assert server.closed
    assert server.session is None
    assert server.receive(b"more") == []
    assert server.pending_request is not None
    assert server.answer(None) == []
    assert server.pending_request is None


def test_a_removal_after_an_alert_of_ones_own() -> None:
    """By what the peer does wrong, and by `abort`."""
    client, server = deferring_removal(tls.SessionCache())
    with pytest.raises(tls.PeerError) as caught:
        server.receive(b"\x17\x03\x03\x00\x20" + bytes(32))
    (pending,) = caught.value.events
    assert isinstance(pending, tls.RequestPending)
    assert isinstance(pending.request, tls.RemoveSession)

    client, server = deferring_removal(tls.SessionCache())
    (pending,) = server.abort(40)
    assert isinstance(pending, tls.RequestPending)
    assert server.pending_request is pending.request
    assert client.abort(40) == server.abort(40) == []


def test_a_request_that_an_abort_leaves_behind() -> None:
    """What was pending is pending no more: nobody needs its answer."""
    client = new_client(connected(tls.SessionCache())[0].session)
    server = new_server(tls.SessionCache(), deferred=frozenset({tls.LookUpSession}))
    server.receive(client.outgoing())
    assert isinstance(server.pending_request, tls.LookUpSession)
    assert server.abort(40) == []
    assert server.pending_request is None
