"""The server's handshake, SSL 3.0 and TLS 1.0 (RFC 2246 §7.3, figures 1 and 2)."""

from __future__ import annotations

from tls.alerts import HANDSHAKE_FAILURE, PROTOCOL_VERSION
from tls.certificates import Identity
from tls.configuration import ServerConfig
from tls.errors import PeerError
from tls.events import HandshakeCompleted, SessionLookedUp
from tls.exchange import rsa
from tls.extensions import (
    EMPTY_RENEGOTIATION_INFO,
    RENEGOTIATION_INFO,
    SERVER_NAME,
    Extensions,
    decode_server_name,
)
from tls.handshake.context import (
    HandshakeContext,
    check_null_compression,
    check_renegotiation_info,
)
from tls.handshake.requests import (
    AgreeOnVersion,
    Emit,
    Expect,
    Handshake,
    LookUpSession,
    Send,
    StoreSession,
)
from tls.keys import secrets_from_master, secrets_from_premaster
from tls.messages import (
    Certificate,
    ClientHello,
    ClientKeyExchange,
    ServerHello,
    ServerHelloDone,
)
from tls.sessions import Session
from tls.suites import EMPTY_RENEGOTIATION_INFO_SCSV
from tls.versions import SSL_3_0, version_name

_EXPECT_CLIENT_HELLO = Expect(ClientHello)
_EXPECT_CLIENT_KEY_EXCHANGE = Expect(ClientKeyExchange)

SESSION_ID_LENGTH = 32


def server_handshake(context: HandshakeContext, config: ServerConfig) -> Handshake:
    """From the ClientHello to the last Finished."""
    hello: ClientHello = yield _EXPECT_CLIENT_HELLO
    version = negotiate_version(config, hello.client_version)
    context.version = version
    yield AgreeOnVersion(version)
    check_null_compression(hello.compression_methods)
    check_renegotiation_info(hello.extensions.get(RENEGOTIATION_INFO))
    server_name = _server_name(hello, version)
    context.client_random = hello.random
    context.server_random = context.hello_random()

    session = yield from _resumable_session(config, hello, version, server_name)
    if session is not None:
        yield from _resume(context, hello, session)
        yield Emit(HandshakeCompleted(version, session.suite, True, session))
    else:
        session = yield from _negotiate(context, config, hello, server_name)
        if session.id:
            yield StoreSession(session)
        remembered = session if session.id else None
        yield Emit(HandshakeCompleted(version, session.suite, False, remembered))


def negotiate_version(config: ServerConfig, client_version: int) -> int:
    """The highest version both sides speak (RFC 2246 appendix E)."""
    common = [version for version in config.versions if version <= client_version]
    if not common:
        raise PeerError(
            PROTOCOL_VERSION, f"the client speaks at most {version_name(client_version)}"
        )
    return common[-1]


def choose_suite(config: ServerConfig, offered: tuple[int, ...]) -> int:
    """The first of the server's suites that the client offers: by default the strongest."""
    common = next((suite for suite in config.suites if suite in offered), None)
    if common is None:
        raise PeerError(HANDSHAKE_FAILURE, "no cipher suite in common")
    return common


def _server_name(hello: ClientHello, version: int) -> str | None:
    data = hello.extensions.get(SERVER_NAME)
    return None if data is None or version == SSL_3_0 else decode_server_name(data)


def _resumable_session(
    config: ServerConfig, hello: ClientHello, version: int, server_name: str | None
) -> Handshake:
    """The offered session, if it is still known and fits this hello; else `None`."""
    if not hello.session_id or config.sessions is None:
        return None
    session: Session | None = yield LookUpSession(hello.session_id)
    yield Emit(SessionLookedUp(hello.session_id, session is not None))
    if (
        session is not None
        and session.version == version
        and session.suite in hello.cipher_suites
        and session.suite in config.suites
        and session.server_name == server_name
    ):
        return session
    return None


def _resume(context: HandshakeContext, hello: ClientHello, session: Session) -> Handshake:
    """ServerHello with the session's own ID, then Finished both ways, the server's first."""
    yield Send(
        ServerHello(
            session.version,
            context.server_random,
            session.id,
            session.suite,
            extensions=_answered_extensions(hello),
        )
    )
    secrets = secrets_from_master(session.version, session.master_secret, context.meter)
    yield from context.exchange_finished(session.suite, secrets, client_first=False)


def _negotiate(
    context: HandshakeContext, config: ServerConfig, hello: ClientHello, server_name: str | None
) -> Handshake:
    """The full handshake; returns the new session, whose ID is empty if it is not remembered."""
    suite = choose_suite(config, hello.cipher_suites)
    identity: Identity = config.identity_for(server_name)
    remembers = config.sessions is not None and config.sessions.accepts()
    session_id = context.random.draw(SESSION_ID_LENGTH) if remembers else b""
    version = context.version
    yield Send(
        ServerHello(
            version,
            context.server_random,
            session_id,
            suite,
            extensions=_answered_extensions(hello),
        )
    )
    yield Send(Certificate(identity.chain))
    yield Send(ServerHelloDone())

    exchange: ClientKeyExchange = yield _EXPECT_CLIENT_KEY_EXCHANGE
    premaster = yield from rsa.server_premaster(
        identity, exchange, hello.client_version, context.random
    )
    secrets = secrets_from_premaster(
        version, premaster, context.client_random, context.server_random, context.meter
    )
    yield from context.exchange_finished(suite, secrets, client_first=True)
    return Session(session_id, version, suite, secrets.master_secret, server_name)


def _answered_extensions(hello: ClientHello) -> Extensions:
    if (
        RENEGOTIATION_INFO in hello.extensions
        or EMPTY_RENEGOTIATION_INFO_SCSV in hello.cipher_suites
    ):
        return {RENEGOTIATION_INFO: EMPTY_RENEGOTIATION_INFO}
    return {}
