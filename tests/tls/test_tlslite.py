"""The engine against tlslite-ng, a living peer of SSL 3.0, both roles."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

import tls
from tests.tls.authority import server_identity
from tests.tls.conversation import EPOCH, SERVER_NAME, TRUST

tlslite_api = pytest.importorskip("tlslite.api")
from cryptography.hazmat.primitives.serialization import (  # noqa: E402
    Encoding,
    NoEncryption,
    PrivateFormat,
)

pytestmark = pytest.mark.interop

IDENTITY = server_identity("rsa-2048")
CIPHERS = {
    0x0004: ("rc4", "md5"),
    0x0005: ("rc4", "sha"),
    0x000A: ("3des", "sha"),
    0x002F: ("aes128", "sha"),
    0x0035: ("aes256", "sha"),
}
EVERY = [
    pytest.param(
        version,
        suite,
        id=f"{tls.version_name(version)} {tls.suite_name(suite)}",
        # Its triple DES is in Python.
        marks=[pytest.mark.slow] if CIPHERS[suite][0] == "3des" else [],
    )
    for version in (tls.SSL_3_0, tls.TLS_1_0)
    for suite in CIPHERS
]
Engine = tls.ClientConnection | tls.ServerConnection


def settings(version: int, suite: int) -> object:
    wanted = tlslite_api.HandshakeSettings()
    wanted.minVersion = wanted.maxVersion = (version >> 8, version & 0xFF)
    cipher, mac = CIPHERS[suite]
    wanted.cipherNames = [cipher]
    wanted.macNames = [mac]
    wanted.keyExchangeNames = ["rsa"]
    return wanted


def chain_and_key() -> tuple[object, object]:
    pem = "".join(ssl.DER_cert_to_PEM_cert(der) for der in IDENTITY.chain)
    chain = tlslite_api.X509CertChain()
    chain.parsePemList(pem)
    key = IDENTITY.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return chain, tlslite_api.parsePEMKey(key.decode(), private=True)


def run_engine(engine: Engine, transport: socket.socket, greeting: bytes) -> None:
    """Drive an engine until the peer closes: it sends `greeting` and echoes what it receives."""
    greeted = False
    while not engine.closed:
        if engine.handshake_completed and not greeted:
            engine.send(greeting)
            greeted = True
        # The peer may have closed already, and even nothing cannot be sent to it then.
        if outgoing := engine.outgoing():
            transport.sendall(outgoing)
        data = transport.recv(65_536)
        if not data:
            return
        for event in engine.receive(data):
            if isinstance(event, tls.ApplicationData) and not greeting:
                engine.send(event.data)
    with contextlib.suppress(BrokenPipeError):  # the peer may not wait for our close_notify
        transport.sendall(engine.outgoing())


def converse(engine: Engine, greeting: bytes, peer: Callable[[object], object]) -> object:
    ours, theirs = socket.socketpair()
    with ours, theirs, ThreadPoolExecutor(1) as pool:
        for end in (ours, theirs):
            end.settimeout(20)
        running = pool.submit(lambda: peer(tlslite_api.TLSConnection(theirs)))
        run_engine(engine, ours, greeting)
        return running.result()


@pytest.mark.parametrize(("version", "suite"), EVERY)
def test_tlslite_client(version: int, suite: int) -> None:
    config = tls.ServerConfig([IDENTITY], sessions=tls.SessionCache(lifetime=None))

    def talk(session: object) -> tuple[bool, object, bool]:
        def peer(connection: object) -> object:
            connection.handshakeClientCert(settings=settings(version, suite), session=session)
            connection.write(b"abc" * 9_000)
            echoed = connection.read(min=27_000, max=27_000)
            assert len(echoed) == 27_000
            connection.close()
            return connection.session

        server = tls.ServerConnection(config)
        new_session = converse(server, b"", peer)
        assert server.handshake_completed
        assert (server.version, server.suite) == (version, suite)
        return server.resumed, new_session, server.closed

    assert talk(None)[0] is False
    _, session, closed = talk(None)
    assert closed
    resumed, _, _ = talk(session)
    assert resumed


@pytest.mark.parametrize(("version", "suite"), EVERY)
def test_tlslite_server(version: int, suite: int) -> None:
    chain, key = chain_and_key()
    cache = tlslite_api.SessionCache()
    config = tls.ClientConfig(TRUST, suites=[suite], versions=[version])

    def peer(connection: object) -> object:
        connection.handshakeServer(
            certChain=chain,
            privateKey=key,
            settings=settings(version, suite),
            sessionCache=cache,
        )
        connection.write(connection.read(min=5, max=5))
        connection.close()
        return connection.resumed

    def talk(session: tls.Session | None) -> tls.ClientConnection:
        client = tls.ClientConnection(config, SERVER_NAME, session=session, clock=lambda: EPOCH)
        resumed = converse(client, b"hello", peer)
        assert (client.version, client.suite) == (version, suite)
        assert client.resumed == resumed
        return client

    first = talk(None)
    assert not first.resumed
    assert first.session is not None
    assert talk(first.session).resumed
