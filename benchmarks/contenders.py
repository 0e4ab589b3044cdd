"""One whole handshake, client and server, by each implementation, all in this process.

Every contender uses the kind's suite and the same identity. The engine's and ssl's clients verify
the chain and the name; tlslite-ng's does not.
"""

from __future__ import annotations

import contextlib
import ssl
import tempfile
import warnings
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from aioquic import tls as aioquic_tls
from aioquic.buffer import Buffer
from credentials import SERVER_NAME, credentials
from cryptography import x509
from kinds import Kind
from tlslite import api as tlslite

import tls
from tls.groups import DEFAULT_GROUPS, SECP256R1, X25519

Handshake = Callable[[], object]


def engine(kind: Kind) -> Handshake:
    """Tlscape's engine."""
    config = client_config(kind), server_config(kind)

    def shake_hands(offered: tls.Session | None) -> tls.ClientConnection:
        return connected(*config, offered, bytes(kind.early_data))[0]

    session = session_to_offer(kind, *config)
    assert shake_hands(session).resumed is kind.resumed
    return lambda: shake_hands(session)


def client_config(kind: Kind) -> tls.ClientConfig:
    """The engine's client for a kind of handshake.

    It verifies every signature of every full handshake, as `ssl` and the floor do, though by
    default the engine remembers the chains that it checked last.
    """
    root = credentials(kind.identity).root
    return tls.ClientConfig(
        tls.TrustStore([root], remembered_checks=64 if kind.resumed else 0),
        versions=[kind.version],
        suites=[kind.suite],
        groups=(X25519, kind.group) if kind.retried else _groups(kind),
        session_tickets=kind.resumed_by == "ticket",
        early_data=kind.early_data > 0,
    )


def server_config(kind: Kind) -> tls.ServerConfig:
    """The engine's server for a kind of handshake."""
    by_ticket = kind.resumed_by == "ticket"
    return tls.ServerConfig(
        [credentials(kind.identity).identity],
        versions=[kind.version],
        suites=[kind.suite],
        sessions=None if by_ticket else tls.SessionCache(lifetime=None),
        ticket_keys=tls.TicketKeys(bytes(32)) if by_ticket else None,
        groups=_groups(kind),
        tickets=0,
        max_early_data=kind.early_data,
        early_data_guard=_TakesEverything() if kind.early_data else None,
    )


class _TakesEverything:
    """No guard at all: one ticket is used again and again."""

    def accepts(self, hello: bytes, age_error: float, now: float) -> bool:
        """Always."""
        return True


def _groups(kind: Kind) -> tuple[int, ...]:
    # The one key share of TLS 1.3 is for the group that all agree on.
    return (kind.group,) if kind.version == tls.TLS_1_3 else DEFAULT_GROUPS


def session_to_offer(
    kind: Kind, client_config: tls.ClientConfig, server_config: tls.ServerConfig
) -> tls.Session | None:
    """The session that is resumed again and again, if one is."""
    if not kind.resumed:
        return None
    if kind.version < tls.TLS_1_3:
        return connected(client_config, server_config, None)[0].session
    client = tls.ClientConnection(client_config, SERVER_NAME)
    server = tls.ServerConnection(replace(server_config, tickets=1))
    while True:
        server.receive(client.outgoing())
        for event in client.receive(server.outgoing()):
            if isinstance(event, tls.TicketReceived):
                return event.session


def connected(
    client_config: tls.ClientConfig,
    server_config: tls.ServerConfig,
    offered: tls.Session | None,
    early_data: bytes = b"",
) -> tuple[tls.ClientConnection, tls.ServerConnection]:
    """A client and a server of the engine after their handshake."""
    client = tls.ClientConnection(client_config, SERVER_NAME, session=offered)
    server = tls.ServerConnection(server_config)
    if early_data:
        client.send(early_data)
    while data := client.outgoing():
        server.receive(data)
        if answer := server.outgoing():
            client.receive(answer)
    return client, server


def standard_library(kind: Kind) -> Handshake:
    """The standard library's ssl: OpenSSL through memory buffers.

    A resumed handshake's two close_notify are in its time; the others have none.
    """
    client_context, server_context = ssl_contexts(kind)
    if kind.retried:
        assert kind.group == SECP256R1
        server_context.set_ecdh_curve("prime256v1")
    server_context.num_tickets = int(kind.resumed)

    def shake_hands(offered: ssl.SSLSession | None) -> ssl.SSLObject:
        client, server = ssl_connected(client_context, server_context, offered)
        if kind.resumed and kind.version < tls.TLS_1_3:
            # OpenSSL forgets the session of a connection that ends without a close_notify.
            for end in (client, server):
                with contextlib.suppress(ssl.SSLWantReadError):
                    end.unwrap()
        return client

    session = None
    if kind.resumed:
        client = shake_hands(None)
        if kind.version == tls.TLS_1_3:
            with contextlib.suppress(ssl.SSLWantReadError):
                client.read()  # the ticket
            server_context.num_tickets = 0
        session = client.session
    assert shake_hands(session).session_reused is kind.resumed
    return lambda: shake_hands(session)


def ssl_contexts(kind: Kind) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A client's and a server's context of the standard library; it speaks no SSL 3.0."""
    assert kind.version >= tls.TLS_1_0
    of_server = credentials(kind.identity)
    with tempfile.TemporaryDirectory() as folder:
        chain, key = Path(folder, "chain"), Path(folder, "key")
        chain.write_text(of_server.chain_pem)
        key.write_bytes(of_server.key_pem)
        server_context = _context(ssl.PROTOCOL_TLS_SERVER, kind)
        server_context.load_cert_chain(chain, key)
    client_context = _context(ssl.PROTOCOL_TLS_CLIENT, kind)
    client_context.load_verify_locations(cadata=of_server.root_pem)
    return client_context, server_context


def ssl_connected(
    client_context: ssl.SSLContext, server_context: ssl.SSLContext, offered: ssl.SSLSession | None
) -> tuple[ssl.SSLObject, ssl.SSLObject]:
    """A client and a server of the standard library after their handshake."""
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
    return client, server


def tlslite_ng(kind: Kind) -> Handshake:
    """tlslite-ng: pure Python but for what its optional accelerators do."""
    settings = tlslite.HandshakeSettings()
    settings.minVersion = settings.maxVersion = (kind.version >> 8, kind.version & 0xFF)
    exchange, cipher, mac = kind.tlslite_suite
    settings.keyExchangeNames, settings.cipherNames = [exchange], [cipher]
    settings.macNames = [mac]
    settings.eccCurves = ["x25519", "secp256r1"]
    settings.keyShares = ["x25519"]
    if kind.resumed_by == "ticket":
        settings.ticketKeys = [bytes(32)]
    else:
        settings.ticket_count = 0
    of_server = credentials(kind.identity)
    chain = tlslite.X509CertChain()
    chain.parsePemList(of_server.chain_pem)
    key = tlslite.parsePEMKey(of_server.key_pem.decode(), private=True)
    cache = None if kind.resumed_by == "ticket" else tlslite.SessionCache()

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

    session = shake_hands(None).session if kind.resumed else None
    assert shake_hands(session).resumed is kind.resumed
    return lambda: shake_hands(session)


def aioquic(kind: Kind) -> Handshake:
    """The TLS 1.3 of aioquic, in Python on `cryptography` as the engine.

    It makes and reads messages only: their records, QUIC's packets, are protected elsewhere, so
    that it needs no traffic keys, IVs and AEAD, nor change_cipher_spec or a session ID.
    """
    of_server = credentials(kind.identity)
    identity = of_server.identity
    leaf, *others = [x509.load_der_x509_certificate(der) for der in identity.chain]
    root = of_server.root_pem.encode()
    tickets: dict[bytes, aioquic_tls.SessionTicket] = {}

    def context(**settings: Any) -> aioquic_tls.Context:
        made = aioquic_tls.Context(
            cipher_suites=[aioquic_tls.CipherSuite.AES_128_GCM_SHA256], **settings
        )
        made._supported_groups = [aioquic_tls.Group.X25519]  # there is no other way
        return made

    def shake_hands(
        offered: aioquic_tls.SessionTicket | None,
        keep: Callable[[aioquic_tls.SessionTicket], None] | None = None,
    ) -> aioquic_tls.Context:
        client = context(is_client=True, cadata=root, server_name=SERVER_NAME)
        client.session_ticket = offered
        server = context(is_client=False, max_early_data=kind.early_data or None)
        server.certificate, server.certificate_chain = leaf, others
        server.certificate_private_key = identity.private_key
        server.get_session_ticket_cb = tickets.get
        client.new_session_ticket_cb = server.new_session_ticket_cb = keep
        sent = b""
        for end in (client, server, client, server):
            written = {epoch: Buffer(capacity=8_192) for epoch in _AIOQUIC_EPOCHS}
            end.handle_message(sent, written)
            sent = b"".join([buffer.data for buffer in written.values()])
        assert server.state is aioquic_tls.State.SERVER_POST_HANDSHAKE
        return client

    def keep(ticket: aioquic_tls.SessionTicket) -> None:
        tickets[ticket.ticket] = ticket

    session = None
    if kind.resumed:
        shake_hands(None, keep)
        (session,) = tickets.values()
    client = shake_hands(session)
    assert client.session_resumed is kind.resumed
    assert client.early_data_accepted is bool(kind.early_data)
    return lambda: shake_hands(session)


_AIOQUIC_EPOCHS = (
    aioquic_tls.Epoch.INITIAL,
    aioquic_tls.Epoch.HANDSHAKE,
    aioquic_tls.Epoch.ONE_RTT,
)


def _context(protocol: ssl._SSLMethod, kind: Kind) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        version = ssl.TLSVersion(kind.version)
        context.minimum_version = context.maximum_version = version
    context.set_ciphers(f"{kind.openssl_suite}:@SECLEVEL=0")
    if kind.resumed_by != "ticket" and kind.version < tls.TLS_1_3:
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
