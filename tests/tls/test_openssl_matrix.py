"""Every suite OpenSSL has too, in both roles: full, resumed, with client certificates.

The peer is the OpenSSL of the standard library, `ssl`, through memory: real in every byte.
"""

from __future__ import annotations

import ssl
import warnings
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

import tls
from tests.tls.authority import ROOT, client_identity, server_identity
from tests.tls.conversation import SERVER_NAME, data_in
from tls.suites import SUITES

pytestmark = pytest.mark.interop

VERSIONS = {
    tls.TLS_1_0: ssl.TLSVersion.TLSv1,
    tls.TLS_1_1: ssl.TLSVersion.TLSv1_1,
    tls.TLS_1_2: ssl.TLSVersion.TLSv1_2,
}
KINDS = ("rsa", "ecdsa", "dsa")
TRUST = tls.TrustStore([ROOT.der])
EVERYTHING = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"


def _openssl_suites() -> dict[int, str]:
    """OpenSSL's name of every suite that both sides have, by its code."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_ciphers(EVERYTHING)
    codes = {cipher["id"] & 0xFFFF: cipher["name"] for cipher in context.get_ciphers()}
    return {code: name for code, name in codes.items() if code in SUITES}


NAMES = _openssl_suites()
EVERY = [
    pytest.param(version, code, id=f"{tls.version_name(version)} {SUITES[code].name}")
    for version in VERSIONS
    for code in NAMES
    if SUITES[code].allowed_in(version)
]


@pytest.fixture(scope="module")
def pem_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with root.pem, and for each kind of key KIND.pem and client-KIND.pem."""
    folder = tmp_path_factory.mktemp("openssl")
    (folder / "root.pem").write_text(ssl.DER_cert_to_PEM_cert(ROOT.der))
    for kind in KINDS:
        for name, identity in (
            (kind, server_identity(kind)),
            (f"client-{kind}", client_identity(kind)),
        ):
            key = identity.private_key.private_bytes(
                Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
            ).decode()
            chain = "".join(ssl.DER_cert_to_PEM_cert(der) for der in identity.chain)
            (folder / f"{name}.pem").write_text(key + chain)
    return folder


def context_of(protocol: ssl._SSLMethod, version: int, suite: int) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = VERSIONS[version]
    context.set_ciphers(f"{NAMES[suite]}:@SECLEVEL=0")
    return context


class OpenSsl:
    """One side of a connection by OpenSSL, with the face of an engine as far as needed."""

    def __init__(self, context: ssl.SSLContext, **wrapping: object) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.side = context.wrap_bio(self._incoming, self._outgoing, **wrapping)
        self.completed = False
        self.data = b""
        self.advance()

    def advance(self) -> None:
        try:
            if not self.completed:
                self.side.do_handshake()
                self.completed = True
            self.data += self.side.read(65_536)
        except ssl.SSLWantReadError:
            pass

    def receive(self, data: bytes) -> None:
        self._incoming.write(data)
        self.advance()

    def outgoing(self) -> bytes:
        return self._outgoing.read()


def converse(engine: tls.ClientConnection | tls.ServerConnection, peer: OpenSsl) -> bytes:
    """Exchange until silence; returns the data that the engine received."""
    received = b""
    while True:
        to_peer, to_engine = engine.outgoing(), peer.outgoing()
        if to_peer:
            peer.receive(to_peer)
        if to_engine:
            received += data_in(engine.receive(to_engine))
        if not (to_peer or to_engine):
            return received


def exchange_data(engine: tls.ClientConnection | tls.ServerConnection, peer: OpenSsl) -> None:
    engine.send(b"from the engine" * 3_000)
    peer.side.write(b"from openssl" * 1_000)
    assert converse(engine, peer) == b"from openssl" * 1_000
    while len(peer.data) < 45_000:
        peer.data += peer.side.read(65_536)
    assert peer.data == b"from the engine" * 3_000


@pytest.mark.parametrize(("version", "suite"), EVERY)
@pytest.mark.parametrize("tickets", [False, True], ids=["by ID", "by ticket"])
def test_openssl_client(version: int, suite: int, tickets: bool, pem_files: Path) -> None:
    config = tls.ServerConfig(
        [server_identity(kind) for kind in KINDS],
        suites=[suite],
        versions=[version],
        sessions=tls.SessionCache(lifetime=None),
        ticket_keys=tls.TicketKeys(b"secret") if tickets else None,
    )
    context = context_of(ssl.PROTOCOL_TLS_CLIENT, version, suite)
    context.load_verify_locations(pem_files / "root.pem")
    if SUITES[suite].is_anonymous:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    session = None
    for resumed in (False, True):
        server = tls.ServerConnection(config)
        client = OpenSsl(context, server_hostname=SERVER_NAME, session=session)
        converse(server, client)
        assert client.completed
        assert server.handshake_completed
        assert (server.version, server.suite) == (version, suite)
        assert client.side.session_reused == server.resumed == resumed
        exchange_data(server, client)
        session = client.side.session


@pytest.mark.parametrize(("version", "suite"), EVERY)
@pytest.mark.parametrize("tickets", [False, True], ids=["by ID", "by ticket"])
def test_openssl_server(version: int, suite: int, tickets: bool, pem_files: Path) -> None:
    context = context_of(ssl.PROTOCOL_TLS_SERVER, version, suite)
    for kind in KINDS:
        context.load_cert_chain(pem_files / f"{kind}.pem")
    context.load_dh_params(Path(__file__).with_name("ffdhe2048.pem"))
    config = tls.ClientConfig(TRUST, suites=[suite], versions=[version], session_tickets=tickets)
    session = None
    for resumed in (False, True):
        client = tls.ClientConnection(config, SERVER_NAME, session=session)
        server = OpenSsl(context, server_side=True)
        converse(client, server)
        assert client.handshake_completed
        assert (client.version, client.suite) == (version, suite)
        assert client.resumed == resumed
        exchange_data(client, server)
        session = client.session
        # OpenSSL forgets the session of a connection that ends without close_notify.
        client.close()
        converse(client, server)
        server.side.unwrap()
        assert session is not None
        assert bool(session.ticket) == tickets


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_client_certificates(version: int, kind: str, pem_files: Path) -> None:
    suite = 0x0035
    server_context = context_of(ssl.PROTOCOL_TLS_SERVER, version, suite)
    server_context.load_cert_chain(pem_files / "rsa.pem")
    server_context.load_verify_locations(pem_files / "root.pem")
    server_context.verify_mode = ssl.CERT_REQUIRED
    config = tls.ClientConfig(
        TRUST, suites=[suite], versions=[version], identities=[client_identity(kind)]
    )
    client = tls.ClientConnection(config, SERVER_NAME)
    peer = OpenSsl(server_context, server_side=True)
    converse(client, peer)
    assert client.handshake_completed
    assert peer.side.getpeercert(binary_form=True) == client_identity(kind).chain[0]

    client_context = context_of(ssl.PROTOCOL_TLS_CLIENT, version, suite)
    client_context.load_verify_locations(pem_files / "root.pem")
    client_context.load_cert_chain(pem_files / f"client-{kind}.pem")
    server = tls.ServerConnection(
        tls.ServerConfig(
            [server_identity("rsa")],
            client_authentication=tls.ClientAuthentication.REQUIRE,
            client_trust=TRUST,
        )
    )
    converse(server, OpenSsl(client_context, server_hostname=SERVER_NAME))
    assert server.handshake_completed
    assert server.peer_certificates[0] == client_identity(kind).chain[0]


def test_the_matrix_is_as_large_as_it_should_be() -> None:
    """OpenSSL 3 has these families; a build without one would shrink the matrix in silence."""
    families = {SUITES[code].key_exchange for code in NAMES}
    assert families >= {
        "RSA",
        "DHE_RSA",
        "DHE_DSS",
        "ECDHE_RSA",
        "ECDHE_ECDSA",
        "DH_anon",
        "ECDH_anon",
    }
    ciphers = {SUITES[code].cipher.name for code in NAMES}
    assert ciphers >= {
        "null",
        "aes-128-cbc",
        "aes-256-gcm",
        "aes-128-ccm",
        "aes-256-ccm-8",
        "camellia-256-cbc",
        "chacha20-poly1305",
    }
