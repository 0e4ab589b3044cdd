"""The server's side of a connection."""

from __future__ import annotations

import time
from collections.abc import Callable

from tls.configuration import ServerConfig
from tls.connection import Connection
from tls.entropy import Entropy
from tls.handshake.role import ServerRole


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
