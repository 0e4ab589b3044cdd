"""Tickets, early data, KeyUpdate and certificates that are asked for later (RFC 8446 §4.6)."""

from __future__ import annotations

import pytest

import tls
from tests.tls.conversation import converse, data_in
from tests.tls.fixed_identities import identity
from tests.tls.handshake.tls13.worlds import EARLY, KEYS, PSK, World
from tls.alerts import CERTIFICATE_REQUIRED, UNEXPECTED_MESSAGE
from tls.groups import SECP256R1, X25519
from tls.handshake.protocol import MAX_LATER_MESSAGES
from tls.tls13.messages import KeyUpdate


def tickets(events: list[tls.Event]) -> list[tls.Session]:
    return [event.session for event in events if isinstance(event, tls.TicketReceived)]


def kinds(events: list[tls.Event]) -> list[type[tls.Event]]:
    return [type(event) for event in events]


# -- tickets


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_a_full_handshake_gives_several_tickets_and_a_resumed_one_gives_one(count: int) -> None:
    world = World({}, {"tickets": count})
    client, server = world.ends()
    given = tickets(converse(client, server)[0])
    assert len(given) == len({each.ticket for each in given}) == count
    assert len({each.master_secret for each in given}) == count
    for session in given:
        client, server = world.ends(session)
        assert len(tickets(converse(client, server)[0])) == 1
        assert client.resumed


@pytest.mark.parametrize("stored", [False, True])
def test_a_ticket_has_its_time(stored: bool) -> None:
    server = (
        {"ticket_keys": None, "sessions": tls.SessionCache(lifetime=100.0)}
        if stored
        else {"ticket_keys": tls.TicketKeys(b"short", lifetime=100.0)}
    )
    world = World({}, server)
    session = world.session()
    assert session.ticket_lifetime_hint == 100
    world.clock.now += 101.0
    assert not world.connected(session)[0].resumed


def test_no_ticket_lives_longer_than_a_week() -> None:
    world = World({}, {"ticket_keys": tls.TicketKeys(b"long", lifetime=1e9, rotation_period=1e9)})
    session = world.session()
    assert session.ticket_lifetime_hint == 604_800
    world.clock.now += 604_801.0
    assert not world.connected(session)[0].resumed
    session.ticket_lifetime_hint = 1 << 31  # what a client believes does not matter
    assert not world.connected(session)[0].resumed


def test_what_a_store_keeps_is_found_once() -> None:
    world = World({}, {"ticket_keys": None, "sessions": tls.SessionCache()})
    session = world.session()
    assert world.connected(session)[0].resumed
    assert not world.connected(session)[0].resumed


def test_a_session_goes_with_its_hash_and_its_server() -> None:
    world = World({"suites": [0x1301]})
    session = world.session()
    client, _ = World({"suites": [0x1303]}).connected(session)
    assert (client.resumed, client.suite) == (True, 0x1303)
    client, _ = World({"suites": [0x1302]}).connected(session)
    assert not client.resumed
    session.server_name = "mail.contoso.com"
    assert not World().connected(session)[0].resumed


def test_the_age_is_obscured() -> None:
    world = World()
    session = world.session()
    world.clock.now += 60.0
    client, _ = world.ends(session)
    hello = client.outgoing()
    assert (60_000).to_bytes(4, "big") not in hello
    assert ((60_000 + session.age_add) % (1 << 32)).to_bytes(4, "big") in hello


def test_a_client_without_modes_gets_no_ticket() -> None:
    client, server = World({"psk_modes": []}).ends()
    assert not tickets(converse(client, server)[0])


def test_a_session_with_a_clients_certificate() -> None:
    world = World(
        {"identities": [identity("client-ecdsa")]},
        {"client_authentication": tls.ClientAuthentication.REQUIRE},
    )
    client, server = world.connected()
    chain = server.peer_certificates
    assert chain
    resumed, server = world.connected(client.session)
    assert resumed.resumed
    assert server.peer_certificates == chain


# -- early data


def early_world(**settings: object) -> World:
    server = {"max_early_data": EARLY, "early_data_guard": tls.ReplayWindow(), **settings}
    return World({"early_data": True}, server)


def test_a_request_in_the_first_flight_and_its_answer_in_the_second() -> None:
    world = early_world()
    client, server = world.ends(world.session())
    assert (client.state, client.early_data_left) == (tls.State.EARLY, EARLY)
    client.send(b"request")
    events = server.receive(client.outgoing())
    assert kinds(events) == [tls.SessionLookedUp, tls.EarlyData]
    assert data_in(events) == b"request"
    server.send(b"answer")
    events = client.receive(server.outgoing())
    assert kinds(events) == [tls.EarlyDataAccepted, tls.HandshakeCompleted, tls.ApplicationData]
    assert data_in(events) == b"answer"
    assert (
        client.export_keying_material("l", 32, early=True)
        == (
            server.export_keying_material("l", 32, early=True)
            if server.handshake_completed
            else b""
        )
        or not server.handshake_completed
    )
    server.receive(client.outgoing())
    assert client.export_keying_material("l", 32, early=True) == (
        server.export_keying_material("l", 32, early=True)
    )
    assert client.export_keying_material("l", 32, early=True) != (
        client.export_keying_material("l", 32)
    )


def test_no_more_than_the_ticket_allows() -> None:
    world = early_world()
    client, server = world.ends(world.session())
    client.send(bytes(EARLY - 1))
    with pytest.raises(tls.UsageError, match="no more than 1 byte"):
        client.send(b"ab")
    client.send(b"a")
    assert len(data_in(server.receive(client.outgoing()))) == EARLY
    client, server = world.ends(world.session())
    client._channel.early_data_to_send = 10 * EARLY
    client.send(bytes(EARLY + 1))
    with pytest.raises(tls.PeerError) as caught:
        server.receive(client.outgoing())
    assert (caught.value.alert, caught.value.reason) == (
        UNEXPECTED_MESSAGE,
        tls.Reason.TOO_MUCH_EARLY_DATA,
    )


def test_empty_early_data_without_end() -> None:
    world = early_world()
    client, server = world.ends(world.session())
    client.send(b"something")
    for _ in range(40):
        client._records._write_record(23, b"")
    with pytest.raises(tls.PeerError) as caught:
        server.receive(client.outgoing())
    assert caught.value.reason is tls.Reason.TOO_MANY_EMPTY_RECORDS


def test_a_copy_of_the_first_flight_is_refused() -> None:
    world = early_world()
    client, first = world.ends(world.session())
    client.send(b"pay")
    flight = client.outgoing()
    assert data_in(first.receive(flight)) == b"pay"
    for wait in (0.0, 30.0, 3_000.0):
        world.clock.now += wait
        _, other = world.ends()
        assert data_in(other.receive(flight)) == b""
        assert not other.closed


@pytest.mark.parametrize(("error", "accepted"), [(0.0, True), (9.0, True), (11.0, False)])
def test_early_data_is_fresh(error: float, accepted: bool) -> None:
    world = early_world()
    session = world.session()
    world.clock.now += 100.0
    session.made += error  # the client's clock is wrong by so much
    client, server = world.ends(session)
    client.send(b"early")
    assert data_in(server.receive(client.outgoing())) == (b"early" if accepted else b"")


def test_what_is_refused_is_skipped_and_may_be_sent_again() -> None:
    world = early_world(early_data_guard=tls.ReplayWindow(capacity=0))
    client, server = world.ends(world.session())
    for _ in range(10):
        client.send(bytes(100))
    events = server.receive(client.outgoing())
    assert data_in(events) == b""
    events = client.receive(server.outgoing())
    assert kinds(events)[:2] == [tls.EarlyDataRejected, tls.HandshakeCompleted]
    client.send(b"again")
    assert data_in(server.receive(client.outgoing())) == b"again"


def test_what_is_skipped_has_a_bound() -> None:
    world = early_world(early_data_guard=tls.ReplayWindow(capacity=0))
    client, server = world.ends(world.session())
    client._channel.early_data_to_send = 1 << 20
    client.send(bytes(20_000))
    with pytest.raises(tls.PeerError) as caught:
        server.receive(client.outgoing())
    assert caught.value.reason is tls.Reason.RECORD_NOT_AUTHENTIC


@pytest.mark.parametrize("cookie", [None, bytes(32)])
def test_a_retry_refuses_early_data(cookie: bytes | None) -> None:
    world = early_world()
    session = world.session()
    world = World(
        {"early_data": True, "key_shares": [SECP256R1]},
        {"groups": [X25519], "max_early_data": EARLY, "retry_cookie_key": cookie},
    )
    client, server = world.ends(session)
    client.send(b"early")
    client_events, server_events = converse(client, server)
    assert tls.EarlyDataRejected in kinds(client_events)
    assert data_in(server_events) == b""
    assert client.resumed
    client.send(b"late")
    assert data_in(server.receive(client.outgoing())) == b"late"


def test_another_application_protocol_refuses_it() -> None:
    keys = {"ticket_keys": KEYS, "max_early_data": EARLY, "early_data_guard": tls.ReplayWindow()}
    both = {"alpn": ["a", "b"]}
    session = World(both, {**keys, **both}).session()
    assert session.application_protocol == "a"
    client, server = World({**both, "early_data": True}, {**keys, "alpn": ["b", "a"]}).ends(session)
    client.send(b"early")
    client_events, server_events = converse(client, server)
    assert tls.EarlyDataRejected in kinds(client_events)
    assert data_in(server_events) == b""


def test_tickets_allow_none_where_nothing_keeps_copies_out() -> None:
    assert World({}, {"max_early_data": EARLY}).session().max_early_data == 0
    stored = {"max_early_data": EARLY, "ticket_keys": None, "sessions": tls.SessionCache()}
    assert World({}, stored).session().max_early_data == EARLY


def test_a_key_from_outside_allows_early_data() -> None:
    psk = tls.ExternalPsk(PSK.identity, PSK.key, max_early_data=10)
    server = {"psks": [psk], "max_early_data": 100, "early_data_guard": tls.ReplayWindow()}
    client, connection = World({"psks": [psk], "early_data": True}, server).ends()
    assert client.early_data_left == 10
    client.send(b"early")
    assert data_in(connection.receive(client.outgoing())) == b"early"


def test_a_close_behind_early_data_waits_for_the_handshake() -> None:
    world = early_world()
    client, server = world.ends(world.session())
    client.send(b"all")
    client.close()
    events = converse(client, server)[1]
    assert data_in(events) == b"all"
    assert server.peer_closed
    assert server.handshake_completed


def test_early_data_needs_a_server_of_tls_1_3() -> None:
    session = early_world().session()
    client, _ = World({"early_data": True, "versions": [tls.TLS_1_2, tls.TLS_1_3]}).ends(session)
    _, server = World({}, {"versions": [tls.TLS_1_2]}).ends()
    flight = client.outgoing()
    assert flight[:3] == b"\x16\x03\x01"
    hello = 5 + int.from_bytes(flight[3:5], "big")
    assert flight[hello : hello + 6] == b"\x14\x03\x03\0\1\1"
    server.receive(flight[:hello])
    with pytest.raises(tls.PeerError) as caught:
        client.receive(server.outgoing())
    assert caught.value.reason is tls.Reason.EARLY_DATA_TO_AN_OLD_SERVER


# -- new keys


@pytest.mark.parametrize("requested", [False, True])
def test_keys_are_updated(requested: bool) -> None:
    client, server = World().connected()
    for sender, receiver in ((client, server), (server, client)) * 3:
        sender.update_keys(update_requested=requested)
        sender.send(b"under new keys")
        events = receiver.receive(sender.outgoing())
        assert kinds(events) == [tls.KeysUpdated, tls.ApplicationData]
        events = sender.receive(receiver.outgoing())
        assert kinds(events) == ([tls.KeysUpdated] if requested else [])


def test_key_updates_without_end() -> None:
    client, server = World().connected()
    for _ in range(MAX_LATER_MESSAGES):
        client.update_keys()
    server.receive(client.outgoing())
    client.update_keys()
    with pytest.raises(tls.PeerError) as caught:
        server.receive(client.outgoing())
    assert caught.value.reason is tls.Reason.TOO_MANY_LATER_MESSAGES
    client, server = World().connected()
    for _ in range(3 * MAX_LATER_MESSAGES):
        client.update_keys()
        client.send(b"between")
        server.receive(client.outgoing())


def test_nothing_follows_a_key_update_in_its_record() -> None:
    client, server = World().connected()
    client.outgoing()
    client._records.send(22, b"\x18\0\0\x01\0" * 2)
    with pytest.raises(tls.PeerError) as caught:
        server.receive(client.outgoing())
    assert caught.value.reason is tls.Reason.MESSAGE_BEFORE_KEY_CHANGE


def test_there_is_nothing_to_update_before() -> None:
    client, _ = World().ends()
    with pytest.raises(tls.UsageError, match="no completed handshake"):
        client.update_keys()
    old, _ = World({"versions": [tls.TLS_1_2]}, {"versions": [tls.TLS_1_2]}).connected()
    with pytest.raises(tls.UsageError, match=r"TLS 1\.3"):
        old.update_keys()
    assert KeyUpdate(True).encode(tls.TLS_1_3) == b"\x01"


def test_there_is_no_renegotiation() -> None:
    client, server = World().connected()
    for side in (client, server):
        with pytest.raises(tls.UsageError):
            side.renegotiate()


# -- certificates that are asked for later


REQUIRES = {"client_authentication": tls.ClientAuthentication.REQUIRE}


def later_world(**client: object) -> World:
    """The first request is in the handshake only where the client shows nothing yet."""
    settings = {"client_authentication": tls.ClientAuthentication.REQUEST}
    return World({"post_handshake_authentication": True, **client}, settings)


def test_a_certificate_later() -> None:
    world = later_world()
    client, server = world.connected()
    later = client._handshake.after
    later._config = later_world(identities=[identity("client-rsa")]).client_config
    server.request_client_certificate()
    with pytest.raises(tls.UsageError, match="waits already"):
        server.request_client_certificate()
    server.update_keys(update_requested=True)
    client.send(b"between")
    client_events, server_events = converse(client, server)
    assert tls.KeysUpdated in kinds(client_events)
    assert tls.ClientAuthenticated in kinds(server_events)
    assert data_in(server_events) == b"between"
    assert server.peer_certificates == identity("client-rsa").chain
    server.request_client_certificate()
    assert tls.ClientAuthenticated in kinds(converse(client, server)[1])


def test_a_certificate_that_the_handshake_does_not_ask_for() -> None:
    own = {"identities": [identity("client-rsa")], "post_handshake_authentication": True}
    client, server = World(own).connected()
    assert not server.peer_certificates
    server.request_client_certificate()
    assert tls.ClientAuthenticated in kinds(converse(client, server)[1])
    assert server.peer_certificates == identity("client-rsa").chain
    client, server = World({"post_handshake_authentication": True}).connected()
    server.request_client_certificate()
    assert not converse(client, server)[1]


def test_a_client_without_one_may_go_on_or_not() -> None:
    client, server = later_world().connected()
    server.request_client_certificate()
    assert not converse(client, server)[1]
    object.__setattr__(
        server._handshake.after._config,
        "client_authentication",
        tls.ClientAuthentication.REQUIRE,
    )
    server.request_client_certificate()
    client.receive(server.outgoing())
    with pytest.raises(tls.PeerError) as caught:
        server.receive(client.outgoing())
    assert caught.value.alert == CERTIFICATE_REQUIRED


def test_who_has_not_said_so_is_not_asked() -> None:
    client, server = World(
        {}, {"client_authentication": tls.ClientAuthentication.REQUEST}
    ).connected()
    with pytest.raises(tls.UsageError, match="has not said"):
        server.request_client_certificate()
    assert not client.closed
