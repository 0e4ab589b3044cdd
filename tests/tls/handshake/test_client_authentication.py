"""Client certificates: requested, shown, verified, missing."""

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

import tls
from tests.tls.authority import (
    ROOT,
    Shape,
    authority,
    client_identity,
    identity_of,
    issue,
    revocation_list,
    server_identity,
)
from tests.tls.conversation import (
    EPOCH,
    SERVER_NAME,
    VERSIONS,
    converse,
    new_client,
    new_server,
    position_of,
)
from tls.alerts import (
    DECRYPT_ERROR,
    HANDSHAKE_FAILURE,
    NO_CERTIFICATE,
    UNKNOWN_CA,
    UNSUPPORTED_CERTIFICATE,
)
from tls.certificates import Certificate
from tls.configuration import ClientAuthentication
from tls.messages import CertificateVerify
from tls.meter import Meter

CLIENTS_ONLY = [ExtendedKeyUsageOID.CLIENT_AUTH]
CLIENTS = tls.TrustStore([ROOT.der])
KINDS = ["rsa-client", "ecdsa", "dsa", "ed25519", "ed448"]


def servers(authentication: ClientAuthentication, **settings: object) -> tls.ServerConnection:
    return new_server(
        tls.SessionCache(),
        client_authentication=authentication,
        client_trust=CLIENTS,
        **settings,
    )


# Ed25519 and Ed448 sign from TLS 1.2 on (RFC 8422 §5.10).
VERSIONS_AND_KINDS = [
    (version, kind)
    for version in VERSIONS
    for kind in KINDS
    if version >= tls.TLS_1_2 or not kind.startswith("ed")
]


@pytest.mark.parametrize(("version", "kind"), VERSIONS_AND_KINDS)
def test_a_client_proves_who_it_is(version: int, kind: str) -> None:
    identity = client_identity(kind)
    client = new_client(versions=[version], identities=[identity])
    server = servers(ClientAuthentication.REQUIRE)
    _, events = converse(client, server)
    assert tls.ClientAuthenticated(identity.chain) in events
    assert server.peer_certificates == identity.chain
    assert server.session is not None
    assert server.session.certificates == identity.chain


@pytest.mark.parametrize("version", VERSIONS)
def test_a_client_without_a_certificate(version: int) -> None:
    client, server = new_client(versions=[version]), servers(ClientAuthentication.REQUEST)
    _, events = converse(client, server)
    assert server.handshake_completed
    assert server.peer_certificates == ()
    warned = tls.AlertReceived(NO_CERTIFICATE, fatal=False) in events
    assert warned == (version == tls.SSL_3_0)

    with pytest.raises(tls.PeerError) as caught:
        converse(new_client(versions=[version]), servers(ClientAuthentication.REQUIRE))
    assert caught.value.alert == HANDSHAKE_FAILURE


def test_a_client_shows_only_what_is_asked_for() -> None:
    """A certificate of an authority that the server does not list stays at home."""
    other = tls.TrustStore([authority("Another root", key_name=7).der])
    client = new_client(identities=[client_identity("ecdsa")])
    server = new_server(client_authentication=ClientAuthentication.REQUEST, client_trust=other)
    converse(client, server)
    assert server.handshake_completed
    assert server.peer_certificates == ()


def test_a_server_that_lists_nobody_is_shown_anything() -> None:
    server = new_server(client_authentication=ClientAuthentication.REQUIRE)
    with pytest.raises(tls.PeerError) as caught:
        converse(new_client(identities=[client_identity("ecdsa")]), server)
    assert caught.value.alert == UNKNOWN_CA


def test_a_certificate_of_the_wrong_purpose() -> None:
    client = new_client(identities=[server_identity("ecdsa")])
    with pytest.raises(tls.PeerError) as caught:
        converse(client, servers(ClientAuthentication.REQUIRE))
    assert caught.value.alert == UNSUPPORTED_CERTIFICATE


def test_problems_that_the_server_accepts() -> None:
    problem = tls.CertificateProblem.WRONG_PURPOSE
    client = new_client(identities=[server_identity("ecdsa")])
    server = servers(ClientAuthentication.REQUIRE, accept=frozenset({problem}))
    _, events = converse(client, server)
    assert tls.CertificateAccepted(frozenset({problem})) in events


@pytest.mark.parametrize("version", VERSIONS)
def test_a_forged_possession(version: int) -> None:
    client = new_client(
        versions=[version],
        identities=[client_identity("rsa-client")],
        extended_master_secret=False,
    )
    server = servers(ClientAuthentication.REQUIRE)
    server.receive(client.outgoing())
    client.receive(server.outgoing())
    records = bytearray(client.outgoing())
    position = position_of(CertificateVerify.type, records)
    records[position + 20] ^= 1
    with pytest.raises(tls.PeerError) as caught:
        server.receive(bytes(records))
    expected = HANDSHAKE_FAILURE if version == tls.SSL_3_0 else DECRYPT_ERROR
    assert caught.value.alert == expected


def test_anonymous_suites_ask_for_no_certificate() -> None:
    client = new_client(suites=[0x0034], identities=[client_identity("ecdsa")])
    server = servers(ClientAuthentication.REQUEST)
    converse(client, server)
    assert server.handshake_completed
    assert server.peer_certificates == ()


def test_where_a_certificate_is_required_anonymous_suites_are_not_agreed_on() -> None:
    """An anonymous server cannot ask for it (RFC 5246 §7.4.4)."""
    with pytest.raises(tls.PeerError) as caught:
        converse(new_client(suites=[0x0034]), servers(ClientAuthentication.REQUIRE))
    assert caught.value.reason is tls.Reason.NO_SUITE_IN_COMMON
    identity = client_identity("ecdsa")
    client = new_client(suites=[0x0034, 0x002F], identities=[identity])
    server = servers(ClientAuthentication.REQUIRE)
    converse(client, server)
    assert server.suite == 0x002F
    assert server.peer_certificates == identity.chain
    with pytest.raises(tls.UsageError, match="anonymous"):
        tls.ServerConfig([], suites=[0x0034], client_authentication=ClientAuthentication.REQUIRE)


def test_a_session_remembers_the_client() -> None:
    sessions = tls.SessionCache()
    identity = client_identity("ecdsa")
    client = new_client(identities=[identity])
    settings = {
        "client_authentication": ClientAuthentication.REQUIRE,
        "client_trust": CLIENTS,
    }
    converse(client, new_server(sessions, **settings))
    again = new_client(client.session, identities=[identity])
    server = new_server(sessions, **settings)
    converse(again, server)
    assert server.resumed
    assert server.session is not None
    assert server.session.certificates == identity.chain


def test_a_session_without_a_client_is_not_resumed_where_one_is_required() -> None:
    sessions = tls.SessionCache()
    client = new_client()
    converse(client, new_server(sessions))
    identity = client_identity("ecdsa")
    again = new_client(client.session, identities=[identity])
    server = new_server(
        sessions, client_authentication=ClientAuthentication.REQUIRE, client_trust=CLIENTS
    )
    converse(again, server)
    assert not server.resumed
    assert server.peer_certificates == identity.chain


def resumed_work(
    sessions: tls.SessionCache | None, count: int, now: float = EPOCH, **settings: object
) -> list[list[tls.Operation]]:
    """What servers do to resume sessions of so many clients, each with its own certificate."""
    shapes = (Shape(f"client {number}", (), purposes=CLIENTS_ONLY) for number in range(count))
    identities = [identity_of(issue(ROOT, shape)) for shape in shapes]
    settings = {
        "client_authentication": ClientAuthentication.REQUIRE,
        "client_trust": CLIENTS,
        **settings,
    }
    first = []
    for identity in identities:
        client = new_client(identities=[identity])
        converse(client, new_server(sessions, **settings))
        first.append(client.session)
    done = []
    for session in first:
        config = tls.ServerConfig(
            [server_identity("rsa-2048")],
            sessions=sessions,
            **settings,  # type: ignore[arg-type]
        )
        server = tls.ServerConnection(config, clock=lambda: now)
        converse(
            tls.ClientConnection(
                tls.ClientConfig(tls.TrustStore([ROOT.der])),
                SERVER_NAME,
                session=session,
                clock=lambda: now,
            ),
            server,
        )
        assert server.resumed
        done.append(server.meter.take())
    return done


PUBLIC = {"rsa.public", "rsa.private", "ecdsa.verify"}


@pytest.fixture
def verifications(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """One entry for each signature of a certificate that is verified from now on."""
    made: list[None] = []
    verify = Certificate.is_signed_by

    def counted(self: Certificate, issuer: Certificate, meter: Meter) -> bool:
        made.append(None)
        return verify(self, issuer, meter)

    monkeypatch.setattr(Certificate, "is_signed_by", counted)
    return made


@pytest.mark.parametrize("by_ticket", [False, True])
def test_no_signature_is_verified_again_to_resume(
    by_ticket: bool, verifications: list[None]
) -> None:
    """However many clients there are."""
    keys = tls.TicketKeys(b"secret") if by_ticket else None
    count = 80
    for operations in resumed_work(tls.SessionCache(), count, ticket_keys=keys):
        assert not PUBLIC & {each.name for each in operations}
    assert count <= len(verifications) <= count + 2  # the server's two may be known already


def test_what_can_change_is_asked_again(verifications: list[None]) -> None:
    """Another authority of the same name verifies nothing, whatever the session remembers."""
    sessions = tls.SessionCache()
    identity = client_identity("ecdsa")
    client = new_client(identities=[identity])
    settings = {"client_authentication": ClientAuthentication.REQUEST, "client_trust": CLIENTS}
    converse(client, new_server(sessions, **settings))
    namesake = authority(ROOT.common_name, key_name=7)
    both = tls.TrustStore([namesake.der, ROOT.der])
    for trust, accepted, anew in (
        (CLIENTS, True, 0),
        (both, True, 1),  # the namesake's, which nobody has asked yet
        (tls.TrustStore([namesake.der]), False, 0),
        (CLIENTS, True, 0),
    ):
        verifications.clear()
        server = new_server(sessions, **{**settings, "client_trust": trust})
        converse(new_client(client.session), server)
        assert server.resumed == accepted
        assert len(verifications) <= anew


def test_revocation() -> None:
    identity = client_identity("ecdsa")
    store = tls.TrustStore([ROOT.der], [revocation_list(ROOT, identity.leaf.serial_number)])
    problems = store.client_problems(identity.chain, EPOCH, tls.Meter())
    assert problems == [tls.CertificateProblem.REVOKED]
