"""What a connection's two roles do differently."""

from __future__ import annotations

from typing import Protocol, cast

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from tls.configuration import ClientConfig, ServerConfig
from tls.deferrable import Deferrable, LookUpSession, PrivateKeyOperation, StoreSession
from tls.errors import UsageError
from tls.exchange.rsa import decrypt_premaster
from tls.handshake.client import client_handshake
from tls.handshake.context import HandshakeContext
from tls.handshake.requests import Handshake
from tls.handshake.server import server_handshake
from tls.messages import ClientHello, HelloRequest
from tls.sessions import Session
from tls.signatures import sign, sign_md5_and_sha1


class Role(Protocol):
    """One side of a connection.

    Attributes:
        is_client: whether this is the client's side.
        renegotiation_request: the type of the message by which the peer asks for another handshake.
        takes_ssl2_hello: whether a ClientHello may come in SSL 2.0's format.
    """

    is_client: bool
    renegotiation_request: int
    takes_ssl2_hello: bool

    def handshake(self, context: HandshakeContext) -> Handshake:
        """The coroutine of one handshake."""

    def answer(self, request: Deferrable, context: HandshakeContext) -> object:
        """Answer what the configuration did not defer."""

    def forget(self, session: Session) -> None:
        """A session that may not be resumed any more."""


class ClientRole:
    """The client's: it wants `server_name` and perhaps to resume `offered`."""

    is_client = True
    renegotiation_request = HelloRequest.type
    takes_ssl2_hello = False

    def __init__(self, config: ClientConfig, server_name: str, offered: Session | None) -> None:
        self.config = config
        self.server_name = server_name
        self.offered = offered

    def handshake(self, context: HandshakeContext) -> Handshake:
        """The client's coroutine."""
        return client_handshake(context, self.config, self.server_name, self.offered)

    def answer(self, request: Deferrable, context: HandshakeContext) -> object:
        """Use the private key of a client's certificate."""
        assert isinstance(request, PrivateKeyOperation)
        return use_private_key(request, context)

    def forget(self, session: Session) -> None:
        """Whoever kept the session hears of the alert."""


class ServerRole:
    """The server's, with the sessions that it remembers."""

    is_client = False
    renegotiation_request = ClientHello.type

    def __init__(self, config: ServerConfig) -> None:
        self.config = config
        self.takes_ssl2_hello = config.ssl2_hello

    def handshake(self, context: HandshakeContext) -> Handshake:
        """The server's coroutine."""
        return server_handshake(context, self.config)

    def answer(self, request: Deferrable, context: HandshakeContext) -> object:
        """Use the private key, or the session store."""
        if isinstance(request, PrivateKeyOperation):
            return use_private_key(request, context)
        sessions = self.config.sessions
        if sessions is None:
            return None
        if isinstance(request, LookUpSession):
            return sessions.lookup(request.session_id, context.clock())
        assert isinstance(request, StoreSession)
        return sessions.store(request.session, context.clock())

    def forget(self, session: Session) -> None:
        """Remove it from the store, if it has an ID to be found by."""
        if self.config.sessions is not None and session.id:
            self.config.sessions.remove(session.id)


def use_private_key(request: PrivateKeyOperation, context: HandshakeContext) -> bytes | None:
    """Sign or decrypt in this process. Raises `UsageError` for a key that does not decrypt."""
    key, meter = request.identity.private_key, context.meter
    if request.operation == "decrypt":
        if request.identity.key_kind != "rsa":
            raise UsageError("only RSA keys decrypt")
        return decrypt_premaster(cast("RSAPrivateKey", key), request.data, meter)
    deterministic = context.random.seeded
    if request.scheme is None:
        return sign_md5_and_sha1(key, request.data, deterministic=deterministic, meter=meter)
    return sign(key, request.scheme, request.data, deterministic=deterministic, meter=meter)
