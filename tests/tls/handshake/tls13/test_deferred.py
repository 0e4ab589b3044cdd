"""What a handshake of TLS 1.3 asks of the world outside can be answered later."""

from __future__ import annotations

from typing import Any

import pytest

import tls
from tests.tls.conversation import EPOCH, converse, data_in
from tests.tls.fixed_identities import identity
from tests.tls.handshake.tls13.worlds import EARLY, KEYS, World

ALL = frozenset(
    {
        tls.LookUpSession,
        tls.AcceptSession,
        tls.StoreSession,
        tls.RemoveSession,
        tls.OpenTicket,
        tls.SealTicket,
        tls.AcceptEarlyData,
        tls.PrivateKeyOperation,
    }
)


class Answers:
    """Answers requests as a server would itself, after a turn in which nothing may happen."""

    def __init__(self, sessions: tls.SessionCache | None = None) -> None:
        self.sessions = sessions or tls.SessionCache()
        self.asked: list[str] = []

    def give(self, side: tls.ClientConnection | tls.ServerConnection) -> list[tls.Event]:
        """Answer until nothing is pending; all events."""
        events: list[tls.Event] = []
        while (request := side.pending_request) is not None:
            assert side.receive(b"") == []
            self.asked.append(type(request).__name__)
            events += side.answer(self._answer(request, side))
        return events

    def _answer(self, request: Any, side: Any) -> Any:
        random = tls.RandomSource(None, side.meter)
        answers: dict[type, Any] = {
            tls.LookUpSession: lambda: self.sessions.lookup(request.session_id, EPOCH),
            tls.AcceptSession: lambda: True,
            tls.StoreSession: lambda: self.sessions.store(request.session, EPOCH),
            tls.RemoveSession: lambda: self.sessions.remove(request.session_id),
            tls.OpenTicket: lambda: KEYS.open(request.ticket, EPOCH, side.meter),
            tls.SealTicket: lambda: KEYS.seal(request.session, EPOCH, random, side.meter),
            tls.AcceptEarlyData: lambda: request.age_error < 1,
            tls.PrivateKeyOperation: lambda: tls.use_private_key(request, side.meter),
        }
        return answers[type(request)]()


def talk(
    client: tls.ClientConnection, server: tls.ServerConnection, answers: Answers
) -> tuple[list[tls.Event], list[tls.Event]]:
    client_events: list[tls.Event] = []
    server_events: list[tls.Event] = []
    for _ in range(6):
        server_events += server.receive(client.outgoing())
        server_events += answers.give(server)
        client_events += client.receive(server.outgoing())
        client_events += answers.give(client)
    assert client.handshake_completed
    assert server.handshake_completed
    return client_events, server_events


@pytest.mark.parametrize("stored", [False, True])
def test_everything_is_answered_later(stored: bool) -> None:
    answers = Answers()
    world = World(
        {
            "deferred": frozenset({tls.PrivateKeyOperation}),
            "identities": [identity("client-ecdsa")],
            "early_data": True,
        },
        {
            "deferred": ALL,
            "ticket_keys": None if stored else KEYS,
            "client_authentication": tls.ClientAuthentication.REQUEST,
            "max_early_data": EARLY,
        },
    )
    client, server = world.ends()
    talk(client, server, answers)
    keeping = ["AcceptSession", *["StoreSession"] * 2] if stored else ["SealTicket"] * 2
    assert answers.asked == ["PrivateKeyOperation", "PrivateKeyOperation", *keeping]
    answers.asked.clear()
    client, server = world.ends(client.session)
    client.send(b"early")
    _, events = talk(client, server, answers)
    assert client.resumed
    assert data_in(events) == b"early"
    found = ["LookUpSession", "RemoveSession"] if stored else ["OpenTicket", "AcceptEarlyData"]
    assert answers.asked == [*found, *(keeping[:2] if stored else keeping[:1])]


def test_what_is_not_found_makes_a_full_handshake() -> None:
    world = World({}, {"deferred": ALL})
    answers = Answers()
    client, server = world.ends()
    talk(client, server, answers)
    client, server = world.ends(client.session)
    server.receive(client.outgoing())
    assert isinstance(server.pending_request, tls.OpenTicket)
    server.answer(None)
    talk(client, server, answers)
    assert not client.resumed


def test_early_data_waits_with_the_request() -> None:
    world = World(
        {"early_data": True}, {"deferred": {tls.AcceptEarlyData}, "max_early_data": EARLY}
    )
    for accepted in (True, False):
        client, server = world.ends(world.session())
        client.send(b"early")
        assert tls.EarlyData(b"early") not in server.receive(client.outgoing())
        events = server.answer(accepted)
        assert (tls.EarlyData(b"early") in events) is accepted
        client_events, _ = converse(client, server)
        kind = tls.EarlyDataAccepted if accepted else tls.EarlyDataRejected
        assert isinstance(client_events[0], kind)


def test_data_sent_while_the_clients_key_signs_waits() -> None:
    """A client whose early data has ended sends nothing before its Finished."""
    world = World(
        {
            "early_data": True,
            "deferred": frozenset({tls.PrivateKeyOperation}),
            "identities": [identity("client-ecdsa")],
            "post_handshake_authentication": True,
        },
        {
            "client_authentication": tls.ClientAuthentication.REQUEST,
            "deferred": {tls.AcceptEarlyData},
            "max_early_data": EARLY,
        },
    )
    answers = Answers()
    client, server = world.ends()
    talk(client, server, answers)
    server.request_client_certificate()
    client.receive(server.outgoing())
    assert isinstance(client.pending_request, tls.PrivateKeyOperation)
    client.send(b"meanwhile")
    answers.give(client)
    events = server.receive(client.outgoing())
    assert data_in(events) == b"meanwhile"
    assert any(isinstance(event, tls.ClientAuthenticated) for event in events)
