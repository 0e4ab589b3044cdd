"""TLS 1.3 with the standard library's ssl, in both roles."""

from __future__ import annotations

import re
import ssl
from typing import Any

import pytest

import tls
from tests.interop.identities import SERVER_NAME, Files, Identities
from tests.interop.modes import shows
from tls.groups import SECP256R1, SECP384R1, SECP521R1, X25519

pytestmark = pytest.mark.interop


def ssl_context(identities: Identities, *, server: bool) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    if server:
        files: Files = identities.server["RSA"]
        context.load_cert_chain(files.certificate, files.key)
    else:
        context.load_verify_locations(identities.authority)
    return context


class Memory:
    """An end of the standard library that talks through memory."""

    def __init__(
        self, context: ssl.SSLContext, *, server: bool, session: ssl.SSLSession | None = None
    ) -> None:
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        name = None if server else SERVER_NAME
        self.end = context.wrap_bio(
            self.incoming, self.outgoing, server_side=server, server_hostname=name, session=session
        )
        self.done = False

    def turn(self, data: bytes) -> bytes:
        self.incoming.write(data)
        if not self.done:
            try:
                self.end.do_handshake()
                self.done = True
            except ssl.SSLWantReadError:
                pass
        return self.outgoing.read()

    def read(self) -> bytes:
        try:
            return self.end.read()
        except ssl.SSLWantReadError:
            return b""


@shows("Python's ssl", "client", "full", "resumed")
def test_our_client_with_the_standard_librarys_server(identities: Identities) -> None:
    context = ssl_context(identities, server=True)
    config = tls.ClientConfig(identities.trust, versions=[tls.TLS_1_2, tls.TLS_1_3])
    session: tls.Session | None = None
    for number in range(3):
        peer = Memory(context, server=True)
        client = tls.ClientConnection(config, SERVER_NAME, session=session)
        for _ in range(4):
            client.receive(peer.turn(client.outgoing()))
        assert client.resumed is peer.end.session_reused is (number > 0)
        client.send(b"hello")
        peer.turn(client.outgoing())
        assert peer.read() == b"hello"
        peer.end.write(b"hello yourself")
        events = client.receive(peer.turn(b""))
        assert events[-1] == tls.ApplicationData(b"hello yourself")
        session = client.session
        assert session is not None


@shows("Python's ssl", "server", "full", "resumed")
def test_our_server_with_the_standard_librarys_client(identities: Identities) -> None:
    context = ssl_context(identities, server=False)
    config = tls.ServerConfig(
        [identities.server_identities["RSA"]],
        versions=[tls.TLS_1_3],
        ticket_keys=tls.TicketKeys(b"a secret"),
    )
    session: ssl.SSLSession | None = None
    for number in range(3):
        peer = Memory(context, server=False, session=session)
        server = tls.ServerConnection(config)
        for _ in range(4):
            server.receive(peer.turn(server.outgoing()))
        assert server.resumed is bool(peer.end.session_reused) is (number > 0)
        server.send(b"hello")
        peer.turn(server.outgoing())
        assert peer.read() == b"hello"
        assert re.fullmatch(r"TLS_\w+", peer.end.cipher()[0])  # type: ignore[index]
        session = peer.end.session
        assert session is not None
        assert session.has_ticket


# -- what else it does


def talk(ours: tls.ClientConnection | tls.ServerConnection, peer: Memory) -> list[tls.Event]:
    """Exchange flights until both are quiet, then data both ways; what ours was told."""
    events: list[tls.Event] = []
    for _ in range(5):
        events += ours.receive(peer.turn(ours.outgoing()))
    ours.send(b"hello")
    peer.turn(ours.outgoing())
    assert peer.read() == b"hello"
    peer.end.write(b"hello yourself")
    events += ours.receive(peer.turn(b""))
    assert events[-1] == tls.ApplicationData(b"hello yourself")
    return events


def ends(
    files: Identities, role: str, context: ssl.SSLContext, **settings: Any
) -> tuple[tls.ClientConnection | tls.ServerConnection, Memory]:
    """Our side in that role, and the peer's of a context."""
    if role == "client":
        client = tls.ClientConfig(files.trust, versions=[tls.TLS_1_3], **settings)
        return tls.ClientConnection(client, SERVER_NAME), Memory(context, server=True)
    server = tls.ServerConfig(
        [files.server_identities["ECDSA"]],
        versions=[tls.TLS_1_3],
        client_trust=files.trust,
        **settings,
    )
    return tls.ServerConnection(server), Memory(context, server=False)


def completed(events: list[tls.Event]) -> tls.HandshakeCompleted:
    return next(event for event in events if isinstance(event, tls.HandshakeCompleted))


CURVES = {"prime256v1": SECP256R1, "secp384r1": SECP384R1, "secp521r1": SECP521R1}


@shows("Python's ssl", "both", "groups", "retried")
@pytest.mark.parametrize("role", ["client", "server"])
@pytest.mark.parametrize("curve", CURVES)
def test_groups_at_once_and_after_a_retry(identities: Identities, role: str, curve: str) -> None:
    group = CURVES[curve]
    context = ssl_context(identities, server=role == "client")
    if role == "client":
        context.set_ecdh_curve(curve)
    # Its client sends a share of X25519 first unless it is told of one curve.
    for first in (group, X25519):
        settings: dict[str, Any] = {"groups": [group]}
        if role == "client":
            settings = {"groups": [first, group], "key_shares": [first]}
        elif first == group:
            own = ssl_context(identities, server=False)
            own.set_ecdh_curve(curve)
            ours, peer = ends(identities, role, own, **settings)
            assert not completed(talk(ours, peer)).retried
            continue
        ours, peer = ends(identities, role, context, **settings)
        done = completed(talk(ours, peer))
        assert done.group == group
        assert done.retried is (first != group)


@shows("Python's ssl", "both", "certificate")
@pytest.mark.parametrize("role", ["client", "server"])
@pytest.mark.parametrize("kind", ["RSA", "ECDSA"])
def test_certificates_of_clients(identities: Identities, role: str, kind: str) -> None:
    if role == "client":
        context = ssl_context(identities, server=True)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(identities.authority)
        own = [identities.client_identities[kind]]
        ours, peer = ends(identities, role, context, identities=own)
        talk(ours, peer)
        assert peer.end.getpeercert(True) == own[0].chain[0]
        ours, peer = ends(identities, role, context)
        with pytest.raises(ssl.SSLError, match="PEER_DID_NOT_RETURN_A_CERTIFICATE"):
            talk(ours, peer)
        return
    required = {"client_authentication": tls.ClientAuthentication.REQUIRE}
    context = ssl_context(identities, server=False)
    ours, peer = ends(identities, role, context, **required)
    with pytest.raises(tls.PeerError, match="certificate_required"):
        talk(ours, peer)
    files = identities.client[kind]
    context.load_cert_chain(files.certificate, files.key)
    ours, peer = ends(identities, role, context, **required)
    talk(ours, peer)
    assert ours.peer_certificates[:1] == identities.client_identities[kind].chain


@shows("Python's ssl", "client", "later")
def test_it_asks_our_client_later(identities: Identities) -> None:
    context = ssl_context(identities, server=True)
    context.load_verify_locations(identities.authority)
    context.post_handshake_auth = True
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    own = identities.client_identities["ECDSA"]
    ours, peer = ends(
        identities, "client", context, identities=[own], post_handshake_authentication=True
    )
    talk(ours, peer)
    assert peer.end.getpeercert(True) is None
    peer.end.verify_client_post_handshake()
    peer.end.write(b"who are you?")
    ours.receive(peer.turn(b""))
    ours.send(b"me")
    peer.turn(ours.outgoing())
    assert peer.read() == b"me"
    assert peer.end.getpeercert(True) == own.chain[0]


@shows("Python's ssl", "server", "later")
def test_our_server_asks_it_later(identities: Identities) -> None:
    context = ssl_context(identities, server=False)
    context.post_handshake_auth = True
    files = identities.client["RSA"]
    context.load_cert_chain(files.certificate, files.key)
    ours, peer = ends(identities, "server", context)
    talk(ours, peer)
    assert isinstance(ours, tls.ServerConnection)
    ours.request_client_certificate()
    peer.turn(ours.outgoing())
    assert peer.read() == b""
    events = ours.receive(peer.turn(b""))
    (event,) = events
    assert isinstance(event, tls.ClientAuthenticated)
    assert event.chain[:1] == identities.client_identities["RSA"].chain


@shows("Python's ssl", "both", "KeyUpdate")
@pytest.mark.parametrize("role", ["client", "server"])
def test_it_follows_new_keys(identities: Identities, role: str) -> None:
    ours, peer = ends(identities, role, ssl_context(identities, server=role == "client"))
    talk(ours, peer)
    for _ in range(3):
        ours.update_keys(update_requested=True)
        ours.send(b"under new keys")
        peer.turn(ours.outgoing())
        assert peer.read() == b"under new keys"
        peer.end.write(b"and back")
        events = ours.receive(peer.turn(b""))
        assert any(isinstance(event, tls.KeysUpdated) for event in events)
        assert events[-1] == tls.ApplicationData(b"and back")
