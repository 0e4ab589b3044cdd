"""What a vector has no room for is refused when configured, or left out as the RFC says."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import tls
from tests.tls.authority import (
    ROOT,
    Issued,
    Shape,
    authority,
    client_identity,
    issue,
    server_identity,
)
from tests.tls.conversation import SERVER_NAME, TRUST, converse, new_client, new_server
from tls.certificates.validation import MAX_KEPT_CHAIN
from tls.groups import FiniteField

Setting = dict[str, object]


def padded_identity(length: int) -> tls.Identity:
    """A client's identity whose chain has at least so many bytes, most of them of no use."""
    leaf = client_identity("ecdsa")
    others: list[bytes] = []
    while sum(map(len, others)) < length:
        names = tuple(f"{len(others):03}-{number:03}.{'x' * 50}.example" for number in range(240))
        others.append(issue(ROOT, Shape("filler", names, key_name=1)).der)
    return tls.Identity((*leaf.chain, *others), leaf.private_key)


WANTS_CERTIFICATES: Setting = {
    "client_authentication": tls.ClientAuthentication.REQUIRE,
    "client_trust": TRUST,
}


@pytest.mark.parametrize("by", ["id", "ticket"])
def test_a_long_chain_makes_no_session(by: str) -> None:
    """A ticket of no length takes back what the hello said (RFC 5077 §3.3)."""
    sessions = tls.SessionCache()
    keys = tls.TicketKeys(b"secret") if by == "ticket" else None
    identity = padded_identity(72_000)
    client = new_client(identities=[identity])
    server = new_server(sessions, ticket_keys=keys, **WANTS_CERTIFICATES)
    converse(client, server)
    assert server.peer_certificates == identity.chain
    assert client.handshake_completed
    assert len(sessions) == 0
    assert server.session is None
    if by == "ticket":
        assert client.session is None


def test_what_is_kept_of_chains_is_bounded() -> None:
    sessions = tls.SessionCache()
    for length in range(0, 3 * MAX_KEPT_CHAIN, MAX_KEPT_CHAIN // 2):
        client = new_client(identities=[padded_identity(length)])
        converse(client, new_server(sessions, **WANTS_CERTIFICATES))
    kept = [sum(map(len, entry.certificates)) for entry in sessions._whole.values()]
    assert kept
    assert max(kept) <= MAX_KEPT_CHAIN


def authorities(count: int) -> list[bytes]:
    return [authority(f"{number:04} {'x' * 59}").der for number in range(count)]


def test_more_authorities_than_a_certificate_request_has_room_for() -> None:
    trust = tls.TrustStore(authorities(900))
    required = {"client_authentication": tls.ClientAuthentication.REQUIRE}
    with pytest.raises(tls.UsageError, match="client_authorities"):
        new_server(client_trust=trust, **required)
    # Whom nobody is asked for may be as many as one likes.
    new_server(client_trust=trust)
    server = new_server(
        client_trust=tls.TrustStore([ROOT.der, *authorities(900)]),
        client_authorities=(),
        **required,
    )
    converse(new_client(identities=[client_identity("ecdsa")]), server)
    assert server.handshake_completed


@pytest.mark.parametrize("length", [32_768, 65_000, 65_535])
def test_a_ticket_that_a_hello_has_no_room_for_is_not_offered(length: int) -> None:
    session = new_session(ticket=b"t" * length)
    client = new_client(session)
    hello = client.outgoing()
    assert (b"t" * length in join_records(hello)) == (length < 65_300)


def new_session(**fields: object) -> tls.Session:
    client = new_client()
    converse(client, new_server(tls.SessionCache()))
    assert client.session is not None
    for name, value in fields.items():
        setattr(client.session, name, value)
    return client.session


def join_records(flight: bytes) -> bytes:
    body = b""
    while flight:
        end = 5 + int.from_bytes(flight[3:5], "big")
        body += flight[5:end]
        flight = flight[end:]
    return body


@pytest.mark.parametrize("now", [-1.0, -3_600.0 * 24 * 365 * 30, 0.0, float(1 << 33)])
def test_a_clock_before_1970_or_long_after(now: float) -> None:
    keys = tls.TicketKeys(b"secret")
    config = tls.ServerConfig([client_identity("ecdsa")], ticket_keys=keys)

    def visit(session: tls.Session | None) -> tls.ClientConnection:
        client = tls.ClientConnection(
            tls.ClientConfig(TRUST, accept=frozenset(tls.CertificateProblem)),
            SERVER_NAME,
            session=session,
            clock=lambda: now,
        )
        converse(client, tls.ServerConnection(config, clock=lambda: now))
        return client

    session = visit(None).session
    assert visit(session).resumed


@pytest.mark.parametrize(
    "setting",
    [
        {"suites": [0x002F] * 33_000},
        {"suites": [0x1_0000]},
        {"suites": [-1]},
        {"groups": [23] * 33_000},
        {"signature_schemes": [0x0401] * 33_000},
        {"alpn": [f"protocol {number:05}" for number in range(4_700)]},
        {"alpn": ["é" * 128]},
        {"alpn": [""]},
        {"suites": [0x002F] * 2_800, "ssl2_hello": True},
        {"record_size_limit": 1 << 16},
    ],
    ids=lambda setting: ",".join(setting),
)
def test_a_client_cannot_be_configured_with(setting: Setting) -> None:
    with pytest.raises(tls.UsageError):
        new_client(**setting)


@pytest.mark.parametrize(
    "field",
    [
        FiniteField((1 << 400) | 1, 2),
        FiniteField((1 << 9_000) | 1, 2),
        FiniteField(1 << 1_024, 2),
        FiniteField((1 << 1_024) | 1, 0),
        FiniteField((1 << 1_024) | 1, 1),
    ],
)
def test_a_server_cannot_be_configured_with_a_field(field: FiniteField) -> None:
    with pytest.raises(tls.UsageError):
        new_server(diffie_hellman_field=field)


@pytest.mark.parametrize("lifetime", [-1.0, float(1 << 32), float("inf"), float("nan")])
def test_a_ticket_lifetime_that_a_hint_does_not_hold(lifetime: float) -> None:
    with pytest.raises(tls.UsageError):
        tls.TicketKeys(b"secret", lifetime=lifetime)


@pytest.mark.parametrize("make", [lambda: tls.TicketKeys(b"", rotation_period=0.0)])
def test_a_rotation_that_never_comes(make: Callable[[], object]) -> None:
    with pytest.raises(tls.UsageError):
        make()


def test_an_identity_that_a_certificate_message_has_no_room_for() -> None:
    leaf: Issued = issue(ROOT, Shape(key_name=1))
    with pytest.raises(tls.UsageError, match="bytes"):
        tls.Identity((leaf.der, *([leaf.der] * (17_000_000 // len(leaf.der)))), leaf.key)


def test_a_remote_signer_s_answer_that_is_no_signature() -> None:
    deferred = frozenset({tls.PrivateKeyOperation})
    for answer in (b"", b"s" * 65_536, None):
        client = new_client(suites=[0xC02F])
        server = new_server(deferred=deferred)
        server.receive(client.outgoing())
        with pytest.raises(tls.UsageError, match="signature"):
            server.answer(answer)


def test_application_protocols_that_are_not_ascii() -> None:
    client, server = new_client(alpn=["h2", "é"]), new_server(alpn=["é"])
    converse(client, server)
    assert client.application_protocol == server.application_protocol == "é"


@pytest.mark.parametrize("now", [1e30, -1e30, float("inf"), float("-inf"), float("nan")])
def test_a_clock_that_tells_no_time(now: float) -> None:
    for keys in (None, tls.TicketKeys(b"secret")):
        with pytest.raises(tls.UsageError, match="clock"):
            tls.ClientConnection(tls.ClientConfig(TRUST), SERVER_NAME, clock=lambda: now)
        config = tls.ServerConfig([server_identity("rsa-1024")], ticket_keys=keys)
        server = tls.ServerConnection(config, clock=lambda: now)
        with pytest.raises(tls.UsageError, match="clock"):
            server.receive(new_client().outgoing())


def test_a_session_id_that_no_hello_has_room_for() -> None:
    """RFC 5246 §7.4.1.2."""
    assert tls.Session(bytes(32), tls.TLS_1_2, 0xC02F, bytes(48)).id == bytes(32)
    with pytest.raises(tls.UsageError, match="32"):
        tls.Session(b"i" * 33, tls.TLS_1_2, 0xC02F, bytes(48))


def test_a_protocol_without_a_form_in_bytes() -> None:
    with pytest.raises(tls.UsageError, match="protocol"):
        tls.ClientConfig(TRUST, alpn=["\ud800"])


def test_an_authority_without_a_name() -> None:
    """RFC 5246 §7.4.4: DistinguishedName<1..2^16-1>."""
    with pytest.raises(tls.UsageError, match="authority"):
        tls.ServerConfig(
            [server_identity("rsa-1024")],
            client_authentication=tls.ClientAuthentication.REQUEST,
            client_authorities=(b"",),
        )
