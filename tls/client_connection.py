"""The client's side of a connection."""

from __future__ import annotations

import time
from collections.abc import Callable

from tls.configuration import ClientConfig
from tls.connection import Connection
from tls.entropy import Entropy
from tls.handshake.role import ClientRole
from tls.host_names import host_name
from tls.sessions import Session


class ClientConnection(Connection):
    """The client's side of one connection; its hello is ready at once.

    Args:
        config: shared by all the client's connections.
        server_name: the DNS name or IP address wanted: what the certificate must name, in any
            form that `tls.host_name` takes. Raises `UsageError` for others.
        session: offered for resumption.
        entropy: a source of random bytes, or `None` for the system's.
        clock: calendar time in seconds since 1970 (Unix time).
    """

    def __init__(
        self,
        config: ClientConfig,
        server_name: str,
        *,
        session: Session | None = None,
        entropy: Entropy | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        role = ClientRole(config, host_name(server_name), session)
        super().__init__(config, role, entropy=entropy, clock=clock)
