"""The server's side of a connection."""

from __future__ import annotations

import time
from collections.abc import Callable

from tls.configuration import ServerConfig
from tls.connection import Connection
from tls.entropy import Entropy
from tls.errors import UsageError
from tls.handshake.role import ServerRole
from tls.state import State


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
        super().__init__(config, ServerRole(config), entropy=entropy, clock=clock)

    def request_client_certificate(self) -> None:
        """Ask for the client's certificate after the handshake (RFC 8446 §4.6.2).

        Whether the handshake has asked for it does not matter; where it has not, the request names
        no authorities unless `client_authorities` does. `ClientAuthenticated` tells when it has
        come; a client without one ends the connection only where the configuration requires it.

        Raises:
            UsageError: before the handshake of TLS 1.3 is completed, while another request waits,
                and where the client has not said that it may be asked.
        """
        after = self._after_handshake()
        if self.state is not State.OPEN:
            raise UsageError("the connection is closed for sending")
        self._handshake.run(after.request_certificate())
