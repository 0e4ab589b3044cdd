"""Session tickets (RFC 5077)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tls
from tests.tls.authority import client_identity
from tests.tls.conversation import EPOCH, VERSIONS, converse, new_client, new_server
from tls.entropy import RandomSource
from tls.meter import Meter
from tls.tickets import TicketKeys

METER = Meter()
RANDOM = RandomSource(None, METER)


def session(**fields: object) -> tls.Session:
    return tls.Session(b"", tls.TLS_1_2, 0xC02F, b"m" * 48, "www.contoso.com", **fields)


def opened(keys: TicketKeys, ticket: bytes, now: float) -> tuple[tls.Session, bool] | None:
    return keys.open(ticket, now, METER)


def test_a_ticket_brings_its_session_back() -> None:
    keys = TicketKeys(b"secret")
    original = session(certificates=(b"leaf", b"authority"), extended_master_secret=True)
    ticket = keys.seal(original, EPOCH, RANDOM, METER)
    assert opened(keys, ticket, EPOCH + 1) == (original, False)
    assert original.master_secret not in ticket


def test_servers_that_share_the_secret_share_the_tickets() -> None:
    ticket = TicketKeys(b"secret").seal(session(), EPOCH, RANDOM, METER)
    assert opened(TicketKeys(b"secret"), ticket, EPOCH) is not None
    assert opened(TicketKeys(b"another"), ticket, EPOCH) is None


def test_lifetime_and_rotation() -> None:
    keys = TicketKeys(b"secret", lifetime=10_000, rotation_period=3_600, kept=1)
    start = 3_600.0 * 250_000
    ticket = keys.seal(session(), start, RANDOM, METER)
    assert opened(keys, ticket, start + 3_599) == (session(), False)
    assert opened(keys, ticket, start + 3_601) == (session(), True)
    assert opened(keys, ticket, start + 7_199) == (session(), True)
    assert opened(keys, ticket, start + 7_201) is None
    short = TicketKeys(b"secret", lifetime=100, rotation_period=3_600)
    assert opened(short, ticket, start + 101) is None


@given(data=st.data())
def test_no_changed_ticket_opens(data: st.DataObject) -> None:
    keys = TicketKeys(b"secret")
    ticket = bytearray(keys.seal(session(), EPOCH, RANDOM, METER))
    position = data.draw(st.integers(0, len(ticket) - 1))
    ticket[position] ^= data.draw(st.integers(1, 255))
    assert opened(keys, bytes(ticket), EPOCH) is None


@given(ticket=st.binary(max_size=200))
def test_garbage_is_no_ticket(ticket: bytes) -> None:
    assert opened(TicketKeys(b"secret"), ticket, EPOCH) is None


@pytest.mark.parametrize("version", VERSIONS)
def test_resumption_by_ticket_needs_no_cache(version: int) -> None:
    keys = TicketKeys(b"secret")
    client = new_client(versions=[version])
    converse(client, new_server(ticket_keys=keys))
    if version == tls.SSL_3_0:
        assert client.session is None
        return
    assert client.session is not None
    assert client.session.ticket
    assert client.session.ticket_lifetime_hint == 7_200
    again, server = new_client(client.session, versions=[version]), new_server(ticket_keys=keys)
    _, events = converse(again, server)
    assert again.resumed
    assert server.resumed
    assert tls.SessionLookedUp(client.session.ticket, found=True, by_ticket=True) in events


def test_an_old_key_s_ticket_is_renewed() -> None:
    keys = TicketKeys(b"secret", lifetime=1e6)
    client = new_client()
    server = new_server(ticket_keys=keys)
    converse(client, server)
    assert client.session is not None
    late = tls.ServerConnection(server._config, clock=lambda: EPOCH + 3_700)
    again = new_client(client.session)
    converse(again, late)
    assert again.resumed
    assert again.session is not None
    assert again.session.ticket != client.session.ticket


def test_an_unknown_ticket_gets_a_full_handshake_and_a_new_ticket() -> None:
    client = new_client()
    converse(client, new_server(ticket_keys=TicketKeys(b"secret")))
    again = new_client(client.session)
    converse(again, new_server(ticket_keys=TicketKeys(b"another")))
    assert again.handshake_completed
    assert not again.resumed
    assert again.session is not None
    assert again.session.ticket


def test_no_tickets_unless_both_want_them() -> None:
    for client, server in (
        (new_client(session_tickets=False), new_server(ticket_keys=TicketKeys(b"secret"))),
        (new_client(), new_server()),
    ):
        converse(client, server)
        assert client.session is None


def test_a_ticket_remembers_the_client() -> None:
    from tests.tls.handshake.test_client_authentication import CLIENTS
    from tls.configuration import ClientAuthentication

    keys = TicketKeys(b"secret")
    settings = {
        "ticket_keys": keys,
        "client_authentication": ClientAuthentication.REQUIRE,
        "client_trust": CLIENTS,
    }
    identity = client_identity("ecdsa")
    client = new_client(identities=[identity])
    converse(client, new_server(**settings))
    server = new_server(**settings)
    converse(new_client(client.session, identities=[identity]), server)
    assert server.resumed
    assert server.session is not None
    assert server.session.certificates == identity.chain
