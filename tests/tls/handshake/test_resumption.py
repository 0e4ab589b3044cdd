"""When a session may be resumed, and what stays of it."""

from __future__ import annotations

import datetime
from dataclasses import replace

import pytest

import tls
from tests.tls.authority import (
    ROOT,
    Shape,
    authority,
    identity_of,
    issue,
    revocation_list,
    server_identity,
    site_identity,
)
from tests.tls.conversation import (
    EPOCH,
    SERVER_NAME,
    TRUST,
    changed_hello,
    converse,
    new_client,
    new_server,
)
from tls.messages import ServerHello, encode_message

Problem = tls.CertificateProblem
YEAR = 86_400.0 * 365


# -- SSL 3.0 has no extensions


@pytest.mark.parametrize("highest", [tls.SSL_3_0, tls.TLS_1_2])
def test_ssl_3_0_sends_no_ticket(highest: int) -> None:
    """A hello of TLS that asks for a ticket may be answered in SSL 3.0 (RFC 5077 §3.2)."""
    sessions = tls.SessionCache()
    server = new_server(sessions, versions=[tls.SSL_3_0], ticket_keys=tls.TicketKeys(b"secret"))
    client = new_client(versions=[tls.SSL_3_0, highest])
    converse(client, server)
    assert client.version == tls.SSL_3_0
    assert client.session is not None
    assert client.session.ticket == b""
    again = new_client(client.session, versions=[tls.SSL_3_0, highest])
    converse(again, new_server(sessions, versions=[tls.SSL_3_0]))
    assert again.resumed


def test_extensions_have_no_effect_in_ssl_3_0() -> None:
    settings = {"alpn": ["h2"], "record_size_limit": 512}
    client = new_client(**settings)
    server = new_server(
        tls.SessionCache(),
        versions=[tls.SSL_3_0],
        ticket_keys=tls.TicketKeys(b"secret"),
        **settings,
    )
    converse(client, server)
    for side in (client, server):
        assert side.application_protocol is None
        assert side.session is not None
        assert not side.session.extended_master_secret
        assert side._records.send_limit == side._records.receive_limit == 1 << 14
        assert not side._handshake._context.encrypt_then_mac


@pytest.mark.parametrize("kind", [22, 23, 35], ids=["etm", "ems", "ticket"])
def test_a_server_of_ssl_3_0_may_answer_none(kind: int) -> None:
    client = new_client(suites=[0x002F])
    client.outgoing()
    answer = ServerHello(tls.SSL_3_0, bytes(32), b"", 0x002F, 0, {kind: b""})
    message = encode_message(answer, tls.SSL_3_0)
    with pytest.raises(tls.PeerError) as caught:
        client.receive(b"\x16\x03\x00" + len(message).to_bytes(2, "big") + message)
    assert caught.value.reason is tls.Reason.EXTENSION_IN_SSL_3_0


# -- a ticket's session has no ID


def test_a_fatal_alert_of_a_ticket_s_session_evicts_nobody_else_s() -> None:
    """The ID beside a ticket is made up by the client (RFC 5077 §3.4): it may be a stranger's."""
    keys, sessions = tls.TicketKeys(b"secret"), tls.SessionCache()
    stranger = new_client(session_tickets=False)
    converse(stranger, new_server(sessions, ticket_keys=keys, identities=[site_identity()]))
    assert len(sessions) == 1
    client = new_client()
    converse(client, new_server(sessions, ticket_keys=keys, identities=[site_identity()]))
    attacker = new_client(client.session)
    server = new_server(sessions, ticket_keys=keys)
    server.receive(changed_hello(attacker, session_id=stranger.session.id))
    answer = server.outgoing()
    assert stranger.session.id in answer
    server._channel.completed = tls.HandshakeCompleted(
        tls.TLS_1_2, client.suite, True, server_session(keys, client.session)
    )
    server.abort(40)
    assert len(sessions) == 1


def server_session(keys: tls.TicketKeys, session: tls.Session) -> tls.Session:
    opened = keys.open(session.ticket, EPOCH, tls.Meter())
    assert opened is not None
    return opened[0]


def test_a_ticket_s_session_has_no_id() -> None:
    keys = tls.TicketKeys(b"secret")
    client = new_client()
    converse(client, new_server(ticket_keys=keys))
    again, server = new_client(client.session), new_server(ticket_keys=keys)
    converse(again, server)
    assert server.resumed
    assert server.session is not None
    assert server.session.id == b""


# -- a certificate that would not be accepted now


NOT_ACCEPTED = {problem.reason for problem in Problem} | {tls.Reason.CERTIFICATE_MISSING}
CLIENT = issue(
    ROOT,
    Shape(
        "somebody",
        (),
        purposes=[],
        key_name="ecdsa",
        not_after=datetime.datetime(1999, 6, 30),
    ),
)


def visit(
    sessions: tls.SessionCache, session: tls.Session | None, now: float = EPOCH, **server: object
) -> tls.ServerConnection:
    settings = {
        "client_authentication": tls.ClientAuthentication.REQUIRE,
        "client_trust": TRUST,
        **server,
    }
    config = tls.ServerConfig([server_identity("ecdsa")], sessions=sessions, **settings)
    engine = tls.ServerConnection(config, clock=lambda: now)
    client = new_client(session, identities=[identity_of(CLIENT)])
    converse(client, engine)
    engine.of_client = client  # type: ignore[attr-defined]
    return engine


@pytest.mark.parametrize(
    ("now", "trust", "resumed"),
    [
        (EPOCH, TRUST, True),
        (EPOCH + 2 * YEAR, TRUST, False),
        (EPOCH, tls.TrustStore([authority("Another root", 3).der]), False),
        (
            EPOCH,
            tls.TrustStore([ROOT.der], [revocation_list(ROOT, CLIENT.certificate.serial_number)]),
            False,
        ),
    ],
    ids=["as it was", "expired", "no more trusted", "revoked"],
)
def test_a_session_whose_client_would_not_be_accepted_now(
    now: float, trust: tls.TrustStore, resumed: bool
) -> None:
    """A session is as good as the certificate that authenticated it (RFC 5246 §F.1.4)."""
    sessions = tls.SessionCache(lifetime=None)
    first = visit(sessions, None)
    assert first.peer_certificates == (CLIENT.der,)
    session = first.of_client.session  # type: ignore[attr-defined]
    if resumed:
        again = visit(sessions, session, now, client_trust=trust)
        assert again.resumed
        assert again.peer_certificates == (CLIENT.der,)
    else:
        with pytest.raises(tls.PeerError) as caught:
            visit(sessions, session, now, client_trust=trust)
        # The full handshake that came instead ended.
        assert caught.value.reason in NOT_ACCEPTED


def test_a_renegotiation_without_a_certificate_forgets_who_it_was() -> None:
    server = visit(tls.SessionCache(), None)
    client = server.of_client  # type: ignore[attr-defined]
    assert server.peer_certificates
    client._handshake.role.config = replace(client._config, identities=())
    wants_none = replace(server._config, client_authentication=tls.ClientAuthentication.REQUEST)
    server._handshake.role.config = wants_none
    client.renegotiate()
    converse(client, server)
    assert server.peer_certificates == ()


def test_a_client_offers_no_session_whose_server_it_would_not_accept_now() -> None:
    sessions = tls.SessionCache(lifetime=None)
    leaf = issue(ROOT, Shape(not_after=datetime.datetime(1999, 6, 30), key_name="ecdsa"))
    config = tls.ServerConfig([identity_of(leaf)], sessions=sessions)
    client = new_client()
    converse(client, tls.ServerConnection(config, clock=lambda: EPOCH))
    session = client.session
    assert session is not None

    def offers(
        trust: tls.TrustStore = TRUST, name: str = SERVER_NAME, now: float = EPOCH, **more: object
    ) -> bool:
        again = tls.ClientConnection(
            tls.ClientConfig(trust, **more), name, session=session, clock=lambda: now
        )
        return session.id in again.outgoing()

    assert offers()
    assert not offers(now=EPOCH + 2 * YEAR)
    assert offers(now=EPOCH + 2 * YEAR, accept=frozenset({Problem.EXPIRED}))
    assert not offers(tls.TrustStore([authority("Another root", 3).der]))
    assert not offers(name="www.fabrikam.com")
    assert not offers(versions=[tls.TLS_1_0])
    assert not offers(suites=[0x0005])
    assert not offers(extended_master_secret=False)


@pytest.mark.parametrize("by", ["id", "ticket"])
def test_a_client_knows_whom_it_resumed_with(by: str) -> None:
    """A resumed session is as authenticated as the full handshake was (RFC 5246 §F.1.4)."""
    keys = tls.TicketKeys(b"secret") if by == "ticket" else None
    sessions = tls.SessionCache() if by == "id" else None
    chain = site_identity().chain
    first = new_client()
    converse(first, new_server(sessions, ticket_keys=keys, identities=[site_identity()]))
    assert first.peer_certificates == chain
    again = new_client(first.session)
    assert again.peer_certificates == ()
    converse(again, new_server(sessions, ticket_keys=keys, identities=[site_identity()]))
    assert again.resumed
    assert again.peer_certificates == chain


# -- names


@pytest.mark.parametrize("by", ["id", "ticket"])
def test_a_hello_without_a_name_does_not_resume_a_session_with_one(by: str) -> None:
    """RFC 6066 §3: a session is resumed under the name that it was made under."""
    keys = tls.TicketKeys(b"secret") if by == "ticket" else None
    sessions = tls.SessionCache()
    named = new_client()
    converse(named, new_server(sessions, ticket_keys=keys, identities=[site_identity()]))
    unnamed = new_client(named.session, server_name_indication=False)
    server = new_server(sessions, ticket_keys=keys)
    converse(unnamed, server)
    assert not server.resumed
    assert not unnamed.resumed
    assert server.handshake_completed
