"""What a connection's two roles do differently."""

from __future__ import annotations

from typing import Protocol

from tls.configuration import ClientConfig, ServerConfig
from tls.deferrable import (
    AcceptEarlyData,
    AcceptSession,
    Deferrable,
    LookUpSession,
    OpenTicket,
    PrivateKeyOperation,
    RemoveSession,
    SealTicket,
    StoreSession,
)
from tls.handshake.context import HandshakeContext
from tls.handshake.requests import Handshake
from tls.handshake.version_agreement import client_handshake, server_handshake
from tls.messages import ClientHello, HelloRequest
from tls.private_keys import use_private_key
from tls.sessions import Session
from tls.versions import TLS_1_0

# A union would be made anew for each request.
_OF_TICKETS = (OpenTicket, SealTicket)


class Role(Protocol):
    """One side of a connection.

    Attributes:
        is_client: whether this is the client's side.
        renegotiation_request: the type of the message by which the peer asks for another handshake.
        takes_ssl2_hello: whether a ClientHello may come in SSL 2.0's format.
        record_version: of the records that it begins with.
        keeps_no_hello: whether the first hello may be a second one, with a cookie, so that
            change_cipher_spec may come before it (RFC 8446 appendix D.4).
    """

    is_client: bool
    renegotiation_request: int
    takes_ssl2_hello: bool
    record_version: int
    keeps_no_hello: bool

    def handshake(self, context: HandshakeContext) -> Handshake:
        """The coroutine of one handshake."""

    def answer(self, request: Deferrable, context: HandshakeContext) -> object:
        """Answer what the configuration did not defer."""

    def forget(self, session: Session) -> RemoveSession | None:
        """What to ask for where a session may not be resumed any more, if anything."""


class ClientRole:
    """The client's: it wants `server_name` and perhaps to resume `offered`."""

    is_client = True
    renegotiation_request = HelloRequest.type
    takes_ssl2_hello = False
    keeps_no_hello = False

    def __init__(self, config: ClientConfig, server_name: str, offered: Session | None) -> None:
        self.config = config
        self.server_name = server_name
        self.offered = offered
        said = None if config.hello is None else config.hello.record_version
        self.record_version = min(config.versions[-1], TLS_1_0) if said is None else said

    def handshake(self, context: HandshakeContext) -> Handshake:
        """The client's coroutine."""
        return client_handshake(context, self.config, self.server_name, self.offered)

    def answer(self, request: Deferrable, context: HandshakeContext) -> object:
        """Use the private key of a client's certificate."""
        assert isinstance(request, PrivateKeyOperation)
        return _use_private_key(request, context)

    def forget(self, session: Session) -> RemoveSession | None:
        """Nothing: whoever kept the session hears of the alert."""


class ServerRole:
    """The server's, with the sessions that it remembers."""

    is_client = False
    renegotiation_request = ClientHello.type

    def __init__(self, config: ServerConfig) -> None:
        self.config = config
        self.record_version = min(config.versions[-1], TLS_1_0)
        self.takes_ssl2_hello = config.ssl2_hello
        self.keeps_no_hello = config.retry_cookie_key is not None

    def handshake(self, context: HandshakeContext) -> Handshake:
        """The server's coroutine."""
        return server_handshake(context, self.config)

    def answer(self, request: Deferrable, context: HandshakeContext) -> object:
        """Use the private key, the session store, or the ticket keys."""
        sessions = self.config.sessions
        if isinstance(request, LookUpSession):
            if sessions is None:
                return None
            return sessions.lookup(request.session_id, context.clock())
        if isinstance(request, PrivateKeyOperation):
            return _use_private_key(request, context)
        if isinstance(request, _OF_TICKETS):
            return self._use_ticket_keys(request, context)
        if isinstance(request, AcceptEarlyData):
            guard = self.config.early_data_guard
            return guard is not None and guard.accepts(
                request.hello, request.age_error, context.clock()
            )
        if isinstance(request, AcceptSession):
            return sessions is None or sessions.accepts()
        if sessions is None:
            return None
        if isinstance(request, StoreSession):
            return sessions.store(request.session, context.clock())
        sessions.remove(request.session_id)
        return None

    def _use_ticket_keys(
        self, request: OpenTicket | SealTicket, context: HandshakeContext
    ) -> object:
        keys, now, meter = self.config.ticket_keys, context.clock(), context.meter
        assert keys is not None
        if isinstance(request, OpenTicket):
            return keys.open(request.ticket, now, meter)
        return keys.seal(request.session, now, context.random, meter)

    def forget(self, session: Session) -> RemoveSession | None:
        """Its removal from the store, if it has an ID to be found by."""
        return RemoveSession(session.id) if session.id and self.config.remembers else None


def _use_private_key(request: PrivateKeyOperation, context: HandshakeContext) -> bytes | None:
    return use_private_key(request, context.meter, deterministic=context.random.seeded)
