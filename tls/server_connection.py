"""The server's side of a connection."""

from __future__ import annotations

import time
from collections.abc import Callable

from tls.configuration import ServerConfig
from tls.connection import Connection
from tls.entropy import Entropy
from tls.handshake.context import HandshakeContext
from tls.handshake.requests import Deferrable, Handshake, LookUpSession, PrivateKeyOperation
from tls.handshake.server import server_handshake
from tls.sessions import Session


class ServerConnection(Connection):
    """The server's side of one connection.

    Args:
        config: shared by all the server's connections.
        entropy: a source of random bytes, or `None` for the system's.
        clock: calendar time in seconds since 1970 (Unix time).
    """

    def __init__(
        self,
        config: ServerConfig,
        *,
        entropy: Entropy | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._server_config = config
        super().__init__(config, is_client=False, entropy=entropy, clock=clock)

    def _handshake_of_role(self, context: HandshakeContext) -> Handshake:
        return server_handshake(context, self._server_config)

    def _serve(self, request: Deferrable) -> object:
        if isinstance(request, PrivateKeyOperation):
            return self._use_private_key(request)
        sessions = self._server_config.sessions
        if sessions is None:
            return None
        if isinstance(request, LookUpSession):
            return sessions.lookup(request.session_id, self._clock())
        return sessions.store(request.session, self._clock())

    def _accepts_ssl2_hello(self) -> bool:
        return self._server_config.ssl2_hello

    def _forget_session(self, session: Session) -> None:
        if self._server_config.sessions is not None:
            self._server_config.sessions.remove(session.id)
