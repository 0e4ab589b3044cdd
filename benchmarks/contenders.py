"""One whole handshake, client and server, by each implementation, all in this process.

Every contender uses TLS_RSA_WITH_AES_128_CBC_SHA and the same RSA-2048 identity of two
certificates. The engine's and ssl's clients verify the chain and the name; tlslite-ng's does not.
"""

from __future__ import annotations

import contextlib
import ssl
import tempfile
import warnings
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tlslite import api as tlslite

import tls
from sim import identities

SERVER_NAME = "www.contoso.com"
IDENTITY = identities.identity("contoso-rsa-2048")
SUITE = tls.suite_from_name("TLS_RSA_WITH_AES_128_CBC_SHA")

Handshake = Callable[[], object]


def engine(version: int, *, resumed: bool) -> Handshake:
    """Tlscape's engine."""
    server_config = tls.ServerConfig(
        [IDENTITY], versions=[version], suites=[SUITE], sessions=tls.SessionCache(lifetime=None)
    )
    client_config = tls.ClientConfig(identities.trust_store(), versions=[version], suites=[SUITE])

    def shake_hands(offered: tls.Session | None) -> tls.ClientConnection:
        client = tls.ClientConnection(client_config, SERVER_NAME, session=offered)
        server = tls.ServerConnection(server_config)
        while data := client.outgoing():
            server.receive(data)
            if answer := server.outgoing():
                client.receive(answer)
        return client

    session = shake_hands(None).session if resumed else None
    assert shake_hands(session).resumed is resumed
    return lambda: shake_hands(session)


def standard_library(version: int, *, resumed: bool) -> Handshake:
    """The standard library's ssl: OpenSSL through memory buffers.

    A resumed handshake's two close_notify are in its time; the others have none.
    """
    assert version == tls.TLS_1_0, "ssl speaks no SSL 3.0"
    with tempfile.TemporaryDirectory() as folder:
        chain, key, root = (Path(folder, name) for name in ("chain", "key", "root"))
        chain.write_text(chain_pem())
        key.write_bytes(key_pem())
        root.write_bytes(root_pem())
        server_context = _context(ssl.PROTOCOL_TLS_SERVER)
        server_context.load_cert_chain(chain, key)
        client_context = _context(ssl.PROTOCOL_TLS_CLIENT)
        client_context.load_verify_locations(root)

    def shake_hands(offered: ssl.SSLSession | None) -> ssl.SSLObject:
        to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = client_context.wrap_bio(
            to_client, to_server, server_hostname=SERVER_NAME, session=offered
        )
        server = server_context.wrap_bio(to_server, to_client, server_side=True)
        waiting = deque((client, server))
        while waiting:
            try:
                waiting[0].do_handshake()
                waiting.popleft()
            except ssl.SSLWantReadError:
                waiting.rotate()
        if resumed:
            # OpenSSL forgets the session of a connection that ends without a close_notify.
            for end in (client, server):
                with contextlib.suppress(ssl.SSLWantReadError):
                    end.unwrap()
        return client

    session = shake_hands(None).session if resumed else None
    assert shake_hands(session).session_reused is resumed
    return lambda: shake_hands(session)


def tlslite_ng(version: int, *, resumed: bool) -> Handshake:
    """tlslite-ng: pure Python but for what its optional accelerators do."""
    settings = tlslite.HandshakeSettings()
    settings.minVersion = settings.maxVersion = (version >> 8, version & 0xFF)
    settings.cipherNames, settings.macNames = ["aes128"], ["sha"]
    settings.keyExchangeNames = ["rsa"]
    chain = tlslite.X509CertChain()
    chain.parsePemList(chain_pem())
    key = tlslite.parsePEMKey(key_pem().decode(), private=True)
    cache = tlslite.SessionCache()

    def shake_hands(offered: object) -> tlslite.TLSConnection:
        to_client, to_server = bytearray(), bytearray()
        client = tlslite.TLSConnection(_MemorySocket(to_client, to_server))
        server = tlslite.TLSConnection(_MemorySocket(to_server, to_client))
        _take_turns(
            client.handshakeClientCert(settings=settings, session=offered, async_=True),
            server.handshakeServerAsync(
                certChain=chain, privateKey=key, settings=settings, sessionCache=cache
            ),
        )
        return client

    session = shake_hands(None).session if resumed else None
    assert shake_hands(session).resumed is resumed
    return lambda: shake_hands(session)


def chain_pem() -> str:
    """The identity's certificates, leaf first."""
    return "".join(ssl.DER_cert_to_PEM_cert(der) for der in IDENTITY.chain)


def key_pem() -> bytes:
    """The identity's private key."""
    return IDENTITY.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def root_pem() -> bytes:
    """The authority that clients trust."""
    return (
        Path(identities.__file__).with_name("authorities").joinpath("contoso-root.pem").read_bytes()
    )


def _context(protocol: ssl._SSLMethod) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("AES128-SHA:@SECLEVEL=0")
    context.options |= ssl.OP_NO_TICKET
    return context


def _take_turns(*coroutines: Iterable[int]) -> None:
    """Run tlslite-ng's coroutines until all have ended; they yield when they would block."""
    waiting = deque(iter(coroutine) for coroutine in coroutines)
    while waiting:
        try:
            next(waiting[0])
            waiting.rotate()
        except StopIteration:
            waiting.popleft()


class _MemorySocket:
    """One end of a connection in memory: as much of a socket as tlslite-ng asks for."""

    def __init__(self, incoming: bytearray, outgoing: bytearray) -> None:
        self._incoming = incoming
        self._outgoing = outgoing

    def recv(self, size: int) -> bytes:
        if not self._incoming:
            raise BlockingIOError(11, "nothing has arrived")
        data = bytes(self._incoming[:size])
        del self._incoming[:size]
        return data

    def send(self, data: bytes) -> int:
        self._outgoing += data
        return len(data)

    def sendall(self, data: bytes) -> None:
        self._outgoing += data

    def setsockopt(self, level: int, option: int, value: int) -> None:
        """Nothing to set."""

    def getsockname(self) -> tuple[str, int]:
        return "memory", 0
